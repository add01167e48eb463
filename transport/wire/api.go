package wire

import (
	"crypto/ed25519"
	"time"
)

// MailboxKind says what a mailbox is for.
type MailboxKind uint8

const (
	// ContactMailbox receives from one accepted contact.
	ContactMailbox MailboxKind = 1
	// InvitationMailbox receives first messages; one requester may hold a quarter of it.
	InvitationMailbox MailboxKind = 2
)

// MailboxSpec describes a mailbox to open.
type MailboxSpec struct {
	OwnerKey    ed25519.PrivateKey
	Salt        Salt
	Kind        MailboxKind
	Credential  Credential
	MaxMessages uint32    // 0 = the relay's limit (2,000)
	MaxBytes    uint64    // 0 = the relay's limit (64 MiB)
	Expires     time.Time // zero = never; the mailbox and all in it ends then
}

// Mailbox returns the address the mailbox will have; it can be stored before the mailbox is opened.
func (s MailboxSpec) Mailbox() Mailbox {
	return MailboxAddress(s.OwnerKey.Public().(ed25519.PublicKey), s.Salt)
}

// Owned returns the mailbox with its owner key.
func (s MailboxSpec) Owned() Owned { return Owned{Mailbox: s.Mailbox(), Key: s.OwnerKey} }

// Credential is what lets someone open a mailbox: the secret of the relay pass, or a grant, or the
// zero value at an open relay.
type Credential struct {
	Secret PassSecret
	Grant  Grant
}

// Owned is a mailbox with the key that owns it.
type Owned struct {
	Mailbox Mailbox
	Key     ed25519.PrivateKey
}

// TokenLimits bounds what a token may do. The zero value is the relay's default: prekey pops burst 6,
// then one per 10 minutes, no end.
type TokenLimits struct {
	PopBurst uint16        // prekeys taken at once, at most MaxPopBurst
	PopEvery time.Duration // one more after each; whole seconds
	MaxPops  uint32        // in all; 0 = unbounded
	Expires  time.Time     // zero = never
}

// Prekey is one sealed one-time prekey pair, opaque to the relay. The id is the owner's, unique in a
// mailbox.
type Prekey struct {
	ID     uint64 `cbor:"1,keyasint"`
	Sealed []byte `cbor:"2,keyasint"`
}

// Push is one delivered envelope. It is delivered again after a reconnect until acknowledged.
type Push struct {
	Mailbox  Mailbox
	Seq      uint64 // grows by mailbox, never used twice
	Received time.Time
	Envelope []byte
}

// EventKind says what happened to the connection to a relay.
type EventKind uint8

const (
	// Online: connected, authenticated and subscribed.
	Online EventKind = 1
	// Offline: the connection broke or could not be made; it is tried again.
	Offline EventKind = 2
	// Refused: the relay is not the one of the address (ErrPinMismatch) or speaks no version of ours
	// (ErrUnsupported); tried again, slowly.
	Refused EventKind = 3
	// MailboxGone: the relay does not hold a mailbox that was subscribed.
	MailboxGone EventKind = 4
)

// Event is a change of the connection that receives.
type Event struct {
	Kind    EventKind
	Mailbox Mailbox // of MailboxGone
	Err     error   // of Offline and Refused
}

// UnixMilli converts a time to the wire; the zero time is 0.
func UnixMilli(t time.Time) uint64 {
	if t.IsZero() {
		return 0
	}
	return uint64(max(t.UnixMilli(), 0))
}

// Time converts a time of the wire; 0 is the zero time.
func Time(ms uint64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(int64(min(ms, maxTime))).UTC()
}
