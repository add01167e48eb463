package chat

import (
	"context"
	"time"
)

// Store is the encrypted history. All reads and writes happen in a unit of work.
type Store interface {
	// View runs f on one consistent snapshot, beside other readers.
	View(ctx context.Context, f func(Tx) error) error
	// Update runs f as the single writer and commits all of it, durably, or nothing.
	Update(ctx context.Context, f func(Tx) error) error
	// Purge runs f like Update and then leaves nothing of what f removed in the files: the WAL is truncated and a snapshot
	// of the search index made unreadable. Interrupted after the commit, the next opening finishes it.
	Purge(ctx context.Context, f func(Tx) error) error
	// Erase runs f like Update and then makes what f removed unreadable with the current files: the WAL is truncated
	// and the erasure epoch turned. Interrupted after the commit, the next opening finishes it.
	Erase(ctx context.Context, f func(Tx) error) error
}

// Tx is the unit of work. Its repositories are valid until the function that received it returns. Getters answer
// ErrNotFound for what is not there, and ErrDamaged for what does not authenticate.
type Tx interface {
	Contacts() Contacts
	Conversations() Conversations
	Messages() Messages
	Annotations() Annotations
	Attachments() Attachments
	Deadlines() Deadlines
	Sessions() Sessions
	Prekeys() Prekeys
	Replays() Replays
	Mailboxes() Mailboxes
	Routes() Routes
	Invitations() Invitations
	Queue() Queue
	Consents() Consents
	Audit() Audit
	Events() Events
	Settings() Settings
}

// Contacts holds the contacts.
type Contacts interface {
	Get(ContactID) (Contact, error)
	List() ([]Contact, error) // by creation
	Put(Contact) error
	Delete(ContactID) error
}

// Conversations holds the conversations; each has a sealing key of its own.
type Conversations interface {
	Get(ConversationID) (Conversation, error)
	List() ([]Conversation, error) // newest activity first
	Put(Conversation) error        // creates its key on first use
	Destroy(ConversationID) error  // key, rows and tags; call inside Store.Erase
}

// MaxLate is how many rows a late message can be placed back.
const MaxLate = 4096

// Messages holds the visible rows. Positions grow in steps of 2^20 so that a late row fits between two others.
type Messages interface {
	Get(MessageID) (Message, error)
	// Page returns at most limit messages of the conversation in ascending position: those before the position, the
	// newest when before is 0.
	Page(conv ConversationID, before int64, limit int) ([]Message, error)
	// PageAfter returns at most limit messages with a greater position, ascending.
	PageAfter(conv ConversationID, after int64, limit int) ([]Message, error)
	// Put inserts or, for a known id, replaces. Position 0 appends; a position that is taken is an ErrExists.
	Put(Message) (Message, error)
	// Between returns a free position p with after < p < before, the positions of two neighbours (after may be 0: before
	// the first row). Where no room is left it first moves rows, so that positions read earlier are no longer valid.
	Between(conv ConversationID, before, after int64) (int64, error)
	Delete(MessageID) error
	Count(conv ConversationID) (int, error)
	// LastSeq returns the highest seq ever stored of the author's device in the conversation (a later Delete does not
	// lower it), 0 if none.
	LastSeq(conv ConversationID, author ContactID, device DeviceID) (uint64, error)
	// FirstAbove returns the first message, by position, of that author and device with a higher seq, ErrNotFound if none,
	// among the newest [MaxLate] rows: whoever invents low numbers neither reaches far back nor makes anyone search. The caller keeps the rows of one author's device in the order of their seq; seq 0 (notices) is outside that order.
	FirstAbove(conv ConversationID, author ContactID, device DeviceID, seq uint64) (Message, error)
}

// Annotations holds edits, deletions and reactions, also those whose target has not arrived.
type Annotations interface {
	// Put inserts or, for a known id, replaces. An id of another author, kind or target is an ErrExists.
	Put(Annotation) error
	ForTarget(ConversationID, MessageID) ([]Annotation, error)
	// List returns at most limit annotations of the conversation in the order they came, those after the one named; all
	// from the first on after the zero id.
	List(conv ConversationID, after MessageID, limit int) ([]Annotation, error)
	DeleteForTarget(ConversationID, MessageID) error
}

// Deadlines finds the stored messages that have an end ([Message.Expires]).
type Deadlines interface {
	// Due returns at most limit messages that end at t or before, those that end first coming first.
	Due(t time.Time, limit int) ([]Message, error)
	// Count returns how many messages end at t or before.
	Count(t time.Time) (int, error)
	// Next returns when the next message ends, ErrNotFound when none does.
	Next() (time.Time, error)
}

// Sessions holds ratchet sessions.
type Sessions interface {
	Get(SessionID) (Session, error)
	ForPeer(ContactID) ([]Session, error) // newest first, archived included
	Put(Session) error
	Delete(SessionID) error
}

// Prekeys holds private prekeys.
type Prekeys interface {
	Get(KeyID) (Prekey, error)
	ForMailbox(MailboxID) ([]Prekey, error)
	Put(Prekey) error
	Delete(KeyID) error
	DueBefore(time.Time) ([]KeyID, error) // whose Erase is not after t
}

// Replays remembers accepted initial messages, and what was rejected.
type Replays interface {
	// SeenInitial reports whether the replay hash was recorded.
	SeenInitial(hash [32]byte) (bool, error)
	RecordInitial(hash [32]byte, until time.Time) error
	// Reject counts a refused envelope; the table is bounded (oldest dropped beyond 1,000).
	Reject(hash [32]byte, now time.Time) (Rejected, error)
	Rejections() ([]Rejected, error)
	Expire(now time.Time) error
}

// Mailboxes holds own mailboxes.
type Mailboxes interface {
	Get(MailboxID) (Mailbox, error)
	List() ([]Mailbox, error)
	Put(Mailbox) error
	Delete(MailboxID) error
}

// Routes holds where peers are reached.
type Routes interface {
	Get(ContactID, DeviceID) (Route, error)
	ForPeer(ContactID) ([]Route, error)
	Put(Route) error
	Delete(ContactID, DeviceID) error
}

// Invitations holds own invitations.
type Invitations interface {
	Get(id string) (Invitation, error)
	ByMailbox(MailboxID) (Invitation, error)
	List() ([]Invitation, error)
	Put(Invitation) error
	Delete(id string) error
}

// Queue holds outgoing contents, in order per peer.
type Queue interface {
	Add(QueueItem) (QueueItem, error)
	Get(id int64) (QueueItem, error)
	ForMessage(MessageID) ([]QueueItem, error)
	List() ([]QueueItem, error) // by id
	Put(QueueItem) error
	Delete(id int64) error
}

// Consents is the ledger's table: append-only.
type Consents interface {
	Append(Consent) error
	Latest(subject ContactID, purpose Purpose, byPeer bool) (Consent, error)
	List() ([]Consent, error) // oldest first
	DeleteSubject(ContactID) error
}

// Audit is the audit log's table: append-only; its head is covered against truncation by older rows.
type Audit interface {
	Append(AuditEntry) error
	Head() (AuditEntry, error) // ErrNotFound when empty
	List(after uint64, limit int) ([]AuditEntry, error)
}

// Event is one line of the durable event stream that bots resume from; Body is opaque to storage.
type Event struct {
	Seq  uint64 // grows over restarts, from 1
	Time time.Time
	Type string
	Body []byte
}

// Events is the bounded, durable event stream (the newest 10,000 are kept).
type Events interface {
	Append(typ string, body []byte, now time.Time) (Event, error)
	Since(seq uint64, limit int) ([]Event, error)
	Last() (uint64, error)
	// Forget removes the events for which drop answers true (erasure of a message or conversation).
	Forget(drop func(Event) bool) error
}

// Settings holds small values by name.
type Settings interface {
	Get(name string) ([]byte, error)
	Put(name string, value []byte) error
	Delete(name string) error
	List() (map[string][]byte, error)
}

// Gate answers whether a processing is allowed. Privacy implements it; every gate asks it inside the unit of work that
// acts on the answer.
type Gate interface {
	Allowed(tx Tx, subject ContactID, purpose Purpose) (bool, error)
}

// Outbox takes contents on their way to a contact. Messenger implements it; privacy sends through it.
type Outbox interface {
	// Enqueue queues an encoded content (package chat/content) for the contact within the unit of work.
	Enqueue(tx Tx, to ContactID, id MessageID, content []byte) error
	// LetGo ends what goes on about the file of a message that the unit of work is about to delete, and lets its blob be
	// removed on the relay where nobody is to fetch it any more. nil for a message without a file.
	LetGo(tx Tx, m Message) error
	// Flush wakes the sender after the unit of work has committed.
	Flush()
}

// Auditor appends to the audit log within the unit of work that it records. Security implements it.
type Auditor interface {
	Record(tx Tx, action, subject, detail string) error
}
