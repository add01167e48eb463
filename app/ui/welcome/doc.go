// Package welcome is the screen of the first start: it makes a profile with a name and a passphrase, shows the recovery
// code once and asks for three of its words, and then leads to the Guide or to a first invitation.
//
// A profile can also be restored from a backup (restore.go). It exists as soon as the code is shown; the window gets it
// when the last step is left.
package welcome
