package chat

import "time"

// Purpose is one processing that needs consent. The default of every purpose is no.
type Purpose string

// Purposes. Every gate asks the ledger with one of them.
const (
	DeliveryReceipts    Purpose = "delivery-receipts"
	ReadReceipts        Purpose = "read-receipts"
	TypingNotices       Purpose = "typing"
	LinkPreviews        Purpose = "link-previews"
	NotificationContent Purpose = "notification-content"
	AutomaticDownload   Purpose = "automatic-download"
	BotReads            Purpose = "bot-reads"
	BotRemembers        Purpose = "bot-remembers"
	PeerExports         Purpose = "peer-exports"
	UpdateChecks        Purpose = "update-checks"
)

// Purposes lists every purpose, in the order shown.
func Purposes() []Purpose {
	return []Purpose{
		DeliveryReceipts, ReadReceipts, TypingNotices, LinkPreviews, NotificationContent,
		AutomaticDownload, BotReads, BotRemembers, PeerExports, UpdateChecks,
	}
}

// ConsentState is what a record says.
type ConsentState string

// Consent states.
const (
	Given     ConsentState = "given"
	Withdrawn ConsentState = "withdrawn"
	Expired   ConsentState = "expired"
)

// Consent is one record of the ledger: append-only per (subject, purpose); the newest rules. A zero Subject is the own
// default, used where a contact has no record.
type Consent struct {
	ID      string // 32 hexadecimal digits
	Subject ContactID
	Purpose Purpose
	Notice  string // version of the words that were shown
	State   ConsentState
	Method  string // "sheet", "banner", "privacy-page", "cli", "rpc", "demo", "peer"
	Time    time.Time
	Expires time.Time // zero: none
	ByPeer  bool      // the peer told us its own choice; never opens one of our gates
}

// AuditEntry is one line of the audit log: what was done, never what was said.
type AuditEntry struct {
	Seq     uint64 // from 1, without gaps
	Time    time.Time
	Action  string // "profile.created", "export.written", "consent.given", ...
	Subject string // id concerned, in hexadecimal; may be empty
	Detail  string // short, no plaintext, no names
	Prev    [32]byte
	Hash    [32]byte
}
