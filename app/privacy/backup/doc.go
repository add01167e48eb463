// Package backup writes everything that makes a profile into one encrypted file, reads it back, and brings it into an
// empty store: identity, settings, contacts and where they are reached, consents, the audit log, and every conversation.
//
// The form is that of docs/PRIVACY.md (the form of a backup): lines of JSON in one OpenPGP message (RFC 9580), encrypted
// with AES-256-GCM under a passphrase of its own. What belongs to one device (sessions, prekeys, mailbox tokens, vault
// keys, what waits to be sent) is never in it: a profile restored from it is a new device of the same identity. Whoever
// has the file and its passphrase is that person.
//
//	s, err := w.Write(ctx, backup.Request{Out: "ada.sottobackup", Passphrase: p})
//	s, err := backup.Verify(ctx, file, p, backup.Reading{})
//	s, err := backup.Restore(ctx, store, file, p, backup.Reading{Settings: allowed})
//
// [Writer.Write] works in a temporary file, reads it back to the end, and renames it then. [Restore] fills a store that
// nobody uses yet: the caller gives it its name only after a nil error, because a file is authentic only once it was read
// to its end.
package backup
