// Package add adds a contact by a link that one was given. The link is looked at before anything is sent: which relay it
// leads to, how far that reaches, whether it was used before. A relay not used before is shown and has to be agreed to.
package add
