// Package privacypage is the privacy centre: who may learn what (consent), export and import, backup, deletion with the
// answers of those who were asked, how long things stay, what Sotto stores about a person, and the audit log.
//
// A place with a contact shows the same about that contact alone. Each view is a file; all share one [Screen], so that
// Escape and the arrow lead from a view to the centre and from there back to where the person was.
package privacypage
