package chat

import "time"

// ContactState is where a contact stands between first word and block.
type ContactState string

// Contact states.
const (
	ContactPending  ContactState = "pending"  // we added them and they have not answered yet
	ContactRequest  ContactState = "request"  // they wrote first and wait for our answer
	ContactAccepted ContactState = "accepted" // both sides talk
	ContactBlocked  ContactState = "blocked"  // refused; nothing of theirs is taken
)

// Verification says whether the safety number was compared.
type Verification string

// Verification states.
const (
	Unverified Verification = "unverified"
	Verified   Verification = "verified"
	Changed    Verification = "changed" // was verified or known; identity restored or copied since
)

// Contact is a person or bot this profile knows.
type Contact struct {
	ID           ContactID
	Name         string // as shown: the own choice, else the peer's profile name
	ProfileName  string // what the peer calls itself; bounded, bidi controls stripped
	Bot          bool   // the peer says that it is a bot
	State        ContactState
	Verification Verification
	Certificate  []byte // identity certificate, pinned
	DeviceList   []byte // last accepted signed device list
	Created      time.Time
	Accepted     time.Time // zero until accepted
	FirstText    string    // text of the request, shown before acceptance
	Removed      bool      // removed from the list; kept only as a refusal while blocked
}

// ConversationKind is direct or group.
type ConversationKind string

// Conversation kinds. Groups come later; the kind and the members are stored from day one.
const (
	Direct ConversationKind = "direct"
	Group  ConversationKind = "group"
)

// Conversation is a thread with its members and what the list shows of it.
type Conversation struct {
	ID         ConversationID
	Kind       ConversationKind
	Members    []ContactID // without oneself
	Created    time.Time
	NextSeq    uint64 // next own seq, from 1
	Unread     int
	ReadUpTo   int64     // position up to which it was read here
	Draft      string    // unsent text
	Last       time.Time // display time of the newest visible message
	Preview    string    // one line of the newest visible message
	PreviewOut bool      // the newest visible message is one's own
	Pinned     bool
	Muted      bool
}

// Direction is who wrote a message.
type Direction string

// Directions.
const (
	In  Direction = "in"
	Out Direction = "out"
)

// MessageState is how far a message got. Incoming messages are delivered, then read.
type MessageState string

// Message states.
const (
	Queued    MessageState = "queued"
	Sent      MessageState = "sent" // the peer's relay stored it durably
	Delivered MessageState = "delivered"
	Read      MessageState = "read"
	Failed    MessageState = "failed" // cannot be sent as it is; retry or discard
)

// Rank orders states so that a late receipt never moves a message backwards. Failed ranks with Queued.
func (s MessageState) Rank() int {
	switch s {
	case Sent:
		return 1
	case Delivered:
		return 2
	case Read:
		return 3
	}
	return 0
}

// MessageKind is what a row of a conversation holds.
type MessageKind string

// Kinds of visible rows.
const (
	KindText       MessageKind = "text"
	KindAttachment MessageKind = "attachment"
	KindNotice     MessageKind = "notice"  // a local event in the thread: verified, identity changed, consent
	KindUnknown    MessageKind = "unknown" // from a newer version; Raw keeps it
)

// Notices that stand in a page for rows of the history, after an attack on the file or damage to it: NoticeLost where rows
// are missing, NoticeDamaged where they are there and are not what was written. They have an id that no Get finds, and the
// position of the row. Of several of a kind in a row the first holds in Missing how many they are.
const (
	NoticeLost    = "lost"
	NoticeDamaged = "damaged"
)

// Reaction is one author's emoji on a message; an author has at most one.
type Reaction struct {
	From  ContactID
	Emoji string
	Seq   uint64
}

// Message is one visible row of a conversation.
type Message struct {
	ID           MessageID
	Conversation ConversationID
	Author       ContactID
	Device       DeviceID
	Direction    Direction
	Kind         MessageKind
	Seq          uint64 // per conversation and author device
	Sent         time.Time
	Received     time.Time // when it was stored here
	State        MessageState
	Text         string        // of an attachment: what was written with it, may be empty
	File         File          // of an attachment; gone from a tombstone
	ReplyTo      MessageID     // zero: none
	ExpiresAfter time.Duration // how long it stays, 0: for ever; of a notice about the timer: what it was set to
	Expires      time.Time     // when it is removed; zero: never
	Edited       bool
	EditSeq      uint64
	Deleted      bool // tombstone: text gone, nothing revives it
	Reactions    []Reaction
	Notice       string // code of a notice
	Raw          []byte // undecoded content of KindUnknown
	Missing      int    // messages of the same author known to be missing just before this one
	Failure      string // code of the failure while State is Failed
	NoForward    bool   // first message without a one-time key: no forward secrecy until the first reply
	Position     int64  // order inside the conversation; assigned by storage when zero
	Revision     int64  // grows with every change of the row; assigned by storage
}

// StandsIn reports whether m is no stored message but stands for one that is missing or damaged (NoticeLost,
// NoticeDamaged): it can be shown, and neither be changed nor deleted.
func (m Message) StandsIn() bool {
	return m.Kind == KindNotice && (m.Notice == NoticeLost || m.Notice == NoticeDamaged)
}

// DisplayTime is the author's claim, clamped to five minutes after it was received here.
func (m Message) DisplayTime() time.Time {
	if limit := m.Received.Add(5 * time.Minute); !m.Received.IsZero() && m.Sent.After(limit) {
		return limit
	}
	return m.Sent
}

// AnnotationKind says what an annotation does to its target.
type AnnotationKind string

// Annotation kinds.
const (
	AnnotateEdit     AnnotationKind = "edit"
	AnnotateDelete   AnnotationKind = "delete"
	AnnotateReaction AnnotationKind = "reaction"
)

// Annotation is an edit, deletion or reaction that points at a message, kept also while its target is missing.
type Annotation struct {
	ID           MessageID // its own content id
	Conversation ConversationID
	Target       MessageID
	Kind         AnnotationKind
	Author       ContactID
	Seq          uint64
	Sent         time.Time
	Text         string // new text or emoji; an empty emoji removes the reaction
}

// Session is a ratchet session with one device of a peer; State is opaque.
type Session struct {
	ID       SessionID
	Peer     ContactID
	Device   DeviceID
	State    []byte
	Header   []byte // initial header that travels until the peer's first reply; nil afterwards
	Created  time.Time
	Used     time.Time
	Archived time.Time // zero: the one that sends
}

// PrekeyKind is the role of a stored private prekey.
type PrekeyKind string

// Prekey kinds.
const (
	PrekeySigned  PrekeyKind = "signed"   // X25519 signed prekey with its last-resort ML-KEM-1024 key
	PrekeyOneTime PrekeyKind = "one-time" // pair, deleted with the first successful decryption
)

// Prekey is the private half of a published prekey; Private is opaque.
type Prekey struct {
	ID      KeyID
	Kind    PrekeyKind
	Mailbox MailboxID
	Private []byte
	Created time.Time
	Erase   time.Time // when the private half is erased
}

// Mailbox is an own mailbox on a relay. Secrets are opaque bytes sealed by storage.
type Mailbox struct {
	ID         MailboxID
	Relay      string // relay address
	OwnerKey   []byte // Ed25519 seed
	Salt       []byte
	Secret     []byte    // S: seals its bundle
	Token      []byte    // capability handed to the sender(s)
	Contact    ContactID // zero for an invitation's
	Invitation string    // invitation id, empty for a contact's
	Created    time.Time
	Expires    time.Time // zero: none
	Renewed    time.Time // last bundle published
	Cell       []byte    // last known state cell
	Retired    time.Time // replaced by another route; read until then plus 30 d
}

// Route is where a peer's device is reached.
type Route struct {
	Peer    ContactID
	Device  DeviceID
	Seq     uint64
	Relay   string
	Mailbox MailboxID
	Token   []byte
	Secret  []byte // S of that mailbox
}

// Invitation is an own invitation link and its bookkeeping.
type Invitation struct {
	ID       string // 16 hexadecimal digits
	Link     string
	Reusable bool
	Created  time.Time
	Expires  time.Time
	Max      int // 0: no limit
	Used     int
	Revoked  bool
	Mailbox  MailboxID
}

// QueueState is where an outgoing content stands.
type QueueState string

// Queue states.
const (
	QueueWaiting QueueState = "waiting" // not encrypted yet
	QueueFlushed QueueState = "flushed" // encrypted and committed; the envelope may be re-sent as it is
	QueueParked  QueueState = "parked"  // cannot be sent until the person acts
	QueueHeld    QueueState = "held"    // waits for its file to be on the relay; nothing behind it waits for that
)

// QueueItem is one content on its way to one device. Content is the inner plaintext, Envelope the ciphertext that was
// committed with the ratchet state before it left.
type QueueItem struct {
	ID         int64 // assigned by storage, grows
	Peer       ContactID
	Device     DeviceID // zero: the peer's current device
	Message    MessageID
	Visible    bool // a message, edit or reaction: its state is shown
	Content    []byte
	Envelope   []byte
	EnvelopeID [16]byte
	Session    SessionID
	State      QueueState
	Failure    string
	Attempts   int
	NotBefore  time.Time // back-off
	Created    time.Time
	Expires    time.Time // dropped after (typing, receipts); zero: never
}

// Rejected counts what was refused without being opened.
type Rejected struct {
	Hash  [32]byte // of the envelope
	Count int
	First time.Time
	Last  time.Time
}
