package messenger

import (
	"time"

	"sotto/chat"
	"sotto/chat/content"
)

// Handler takes a content that belongs to another use case (consents and erasures, registered by privacy), inside the
// unit of work that receives it. An error of the store fails the unit; to refuse the content return nil.
type Handler func(tx chat.Tx, from chat.ContactID, c content.Content) error

// Options of a Messenger. Store, Relays and Gate are required.
type Options struct {
	Store    chat.Store
	Relays   Relays
	Gate     chat.Gate
	Auditor  chat.Auditor     // nil: nothing is audited
	Now      func() time.Time // nil: time.Now
	Handlers map[content.Kind]Handler
	// Blobs keeps the ciphertexts of files; nil: this profile neither sends nor fetches any.
	Blobs chat.Blobs
	// Retention says which messages the person's rules do not keep; nil: there are no rules.
	Retention Retention
	// Seen is a time that has passed for sure, as a locked profile saw it; zero: what the store knows.
	Seen time.Time
}

// Profile is what Create needs.
type Profile struct {
	Name  string // 1 to content.MaxName bytes, cleaned by content.CleanName
	Bot   bool
	Relay string // relay pass or address of the home relay; empty: set later with SetHomeRelay
}

// Self is who this messenger is.
type Self struct {
	ID     chat.ContactID
	Device chat.DeviceID
	Name   string
	Bot    bool
}

// Reach says from where a relay can be reached.
type Reach string

// Reaches.
const (
	ReachComputer Reach = "this-computer"
	ReachNetwork  Reach = "local-network"
	ReachAnywhere Reach = "anywhere"
)

// InviteOptions of an invitation.
type InviteOptions struct {
	Reusable bool
	Expires  time.Duration // 0: 7 days for one-time, 365 days for reusable invitations
	Max      int           // accepted contacts of a reusable invitation; 0: no limit. A one-time invitation has 1.
}

// LinkInfo is what a link says, without any connection.
type LinkInfo struct {
	Relay      string // address
	KnownRelay bool   // used before; otherwise Add wants ConfirmRelay
	Reach      Reach
	Peer       chat.ContactID
	OneTime    bool
	Expires    time.Time // zero: never
	Expired    bool
	Own        bool // an invitation of this profile
	// MovesThere is true when the own home relay reaches less far, so that the mailbox for the answers would be opened
	// on the invitation's relay.
	MovesThere bool
}

// AddOptions of adding a contact.
type AddOptions struct {
	Message      string // first text, at most content.MaxText
	Name         string // how the contact is called here; empty: its own profile name
	ConfirmRelay bool   // the person saw the relay and agreed
}

// Request is a stranger who wrote first.
type Request struct {
	ID       chat.ContactID
	Name     string // what the stranger calls itself
	Bot      bool
	Text     string
	Received time.Time
	Relay    string // where its answers would go; connected to after Accept only
	Reach    Reach
	Spent    bool // its one-time invitation was accepted for another; Accept answers ErrInviteUsed
}

// SendOptions of a message.
type SendOptions struct {
	ReplyTo chat.MessageID
}

// SafetyNumber is what two people compare.
type SafetyNumber struct {
	Digits [12]string // groups of 5
	QR     []byte     // payload of the code
}

// PQState is how far the post-quantum proof of a session got.
type PQState string

// States of the post-quantum part.
const (
	PQNone          PQState = "none" // no session yet
	PQPending       PQState = "pending"
	PQAuthenticated PQState = "authenticated"
	PQOverdue       PQState = "overdue"
)

// SecurityState is what the head of a chat shows.
type SecurityState struct {
	State        chat.ContactState
	Verification chat.Verification
	PQ           PQState
	NoForward    bool // the last first message had no one-time key; cured by the next reply
	SkippedKeys  int  // message keys kept for messages that have not arrived
	Online       bool // the relay where this contact writes to us is reached
	Waiting      int  // contents on their way to the contact
	Parked       int  // contents that need Retry or Discard
	Relay        string
	NeedsConsent bool // a bot that may not read what is written to it: nothing is sent until chat.BotReads is given

	Devices        int       // on the contact's last accepted list
	NewDevices     int       // of these, came later and wait for ConfirmIdentity
	DevicesUntil   time.Time // end of that list; the contact renews it in time
	DevicesExpired bool      // it ended: the identity does not vouch for its devices any more
	Restored       bool      // the identity was restored or copied and waits for ConfirmIdentity
	ResendHeld     bool      // a device that waits for ConfirmIdentity asked for messages again
}

// RelayStatus is one relay this profile reads.
type RelayStatus struct {
	Address   string
	Reach     Reach
	Home      bool
	Online    bool
	Mailboxes int
	Error     string // code of the last failure: "offline", "pin-mismatch", "unsupported"
}

// Status is the state of delivery.
type Status struct {
	Relays    []RelayStatus
	Waiting   int // contents to send
	Parked    int // contents that cannot be sent as they are
	Mailboxes int
	Pending   int // mailboxes that are not opened on their relay yet
	Rejected  int // envelopes refused so far
}

// MailboxReport says what became of one mailbox when everything was deleted.
type MailboxReport struct {
	Mailbox chat.MailboxID
	Relay   string
	Err     error // nil: gone from the relay
}
