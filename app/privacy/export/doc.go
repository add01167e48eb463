// Package export writes one conversation or everything to a folder that people can read, programs can take in, and anyone
// can check: JSON Lines with their schema, pages for a browser, contacts, consents, the audit log, and a manifest signed
// by the identity.
//
// It follows docs/PRIVACY.md (export, and the form of one). The signature proves who exported and
// that nothing changed since, not what a peer wrote. The folder is not encrypted; [ExportCode] makes one encrypted file of
// it instead.
//
// [Exporter.Write] works in a temporary folder beside the target and renames it at the end; memory does not grow with the
// history. [Verify] needs no profile: it finds any changed byte, line or file and names the place. [Importer] takes the
// messages of an export, folder or encrypted file, into a history.
package export
