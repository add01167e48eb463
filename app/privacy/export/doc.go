// Package export writes one conversation or everything to a folder that people can read, programs can take in, and anyone
// can check: JSON Lines with their schema, pages for a browser, contacts, consents, the audit log, and a manifest signed
// by the identity.
//
// It follows docs/PRIVACY.md (export, and the form of one). The signature proves who exported and
// that nothing changed since, not what a peer wrote. Nothing in the folder is encrypted.
//
// [Exporter.Write] works in a temporary folder beside the target and renames it at the end; memory does not grow with the
// history. [Verify] needs no profile: it finds any changed byte, line or file and names the place.
package export
