// Package privacy holds the controls a person has over what is known about them: the consent ledger, erasure with its
// requests and receipts, the rules of retention, and the gate before notifications. Export and import are the package
// export below, backup and restoring the package backup.
//
// It follows docs/PRIVACY.md (the words, their versions, what each act promises) and docs/PROTOCOL.md section 8 (contents
// consent and erasure). Receipts have the shape of ISO/IEC TS 27560:2023 in the terms of the W3C Data Privacy Vocabulary.
//
// [Ledger] implements chat.Gate; the messenger asks it within the unit of work that acts on the answer. [Eraser] deletes
// here and asks peers to delete, [Retention] says what has been kept long enough. Ledger and Eraser send through
// chat.Outbox, which [Ledger.Connect] and [Eraser.Connect] hand them once the messenger is open, and offer a handler for
// what peers send.
package privacy
