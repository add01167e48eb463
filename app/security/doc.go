// Package security keeps what a person needs in order to trust an unattended computer and to look back: the audit log,
// the idle lock with its step-up, and the alerts.
//
// It follows docs/THREATMODEL.md (what lock and step-up stop, and what they do not) and docs/STORAGE.md (the audit
// table, whose head is covered by the keyed hash of the small tables).
//
// [Audit] implements chat.Auditor: every use case records through it in the unit of work it is about; [Verify] walks the
// chain. [Lock] and [Advance] are the state machine of the idle lock, [Idle] drives it with timers. [Attempts] delays
// guesses at a secret, [StepUp] asks for it again before an act that cannot be undone. [RecordUnlock] and
// [RecordLock] keep the log of openings. [Alerts] lists what deserves a look.
package security
