package memstore

import (
	"context"
	"errors"
	"sync"
	"time"

	"sotto/chat"
)

var (
	errReadOnlyTx = errors.New("memstore: write inside View")
	errFinished   = errors.New("memstore: unit of work is over")
)

// Store is a chat.Store in memory. Make one with New.
type Store struct {
	mu       sync.RWMutex
	sequence int64 // row numbers, over all tables

	contacts      map[chat.ContactID]row[chat.Contact]
	conversations map[chat.ConversationID]row[chat.Conversation]
	messages      map[chat.MessageID]chat.Message
	threads       map[chat.ConversationID][]place
	heads         map[author]uint64
	annotations   map[chat.MessageID]row[chat.Annotation]
	attachments   map[chat.MessageID]row[chat.Attachment]
	previews      map[chat.MessageID][]byte
	sessions      map[chat.SessionID]row[chat.Session]
	prekeys       map[chat.KeyID]row[chat.Prekey]
	initials      map[[32]byte]time.Time
	rejected      map[[32]byte]row[chat.Rejected]
	mailboxes     map[chat.MailboxID]row[chat.Mailbox]
	routes        map[routeKey]row[chat.Route]
	invitations   map[string]row[chat.Invitation]
	queue         map[int64]row[chat.QueueItem]
	consents      map[string]row[chat.Consent]
	audit         []chat.AuditEntry
	events        []chat.Event
	lastEvent     uint64
	settings      map[string][]byte
	damaged       map[chat.MessageID]bool
	removed       func(...chat.BlobID)
}

type row[V any] struct {
	n int64 // order of insertion
	v V
}

// New returns an empty store.
func New() *Store {
	return &Store{
		contacts:      map[chat.ContactID]row[chat.Contact]{},
		conversations: map[chat.ConversationID]row[chat.Conversation]{},
		messages:      map[chat.MessageID]chat.Message{},
		threads:       map[chat.ConversationID][]place{},
		heads:         map[author]uint64{},
		annotations:   map[chat.MessageID]row[chat.Annotation]{},
		attachments:   map[chat.MessageID]row[chat.Attachment]{},
		previews:      map[chat.MessageID][]byte{},
		sessions:      map[chat.SessionID]row[chat.Session]{},
		prekeys:       map[chat.KeyID]row[chat.Prekey]{},
		initials:      map[[32]byte]time.Time{},
		rejected:      map[[32]byte]row[chat.Rejected]{},
		mailboxes:     map[chat.MailboxID]row[chat.Mailbox]{},
		routes:        map[routeKey]row[chat.Route]{},
		invitations:   map[string]row[chat.Invitation]{},
		queue:         map[int64]row[chat.QueueItem]{},
		consents:      map[string]row[chat.Consent]{},
		settings:      map[string][]byte{},
		damaged:       map[chat.MessageID]bool{},
	}
}

// View implements chat.Store.
func (s *Store) View(ctx context.Context, f func(chat.Tx) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	t := &tx{s: s}
	defer t.finish()
	return f(t)
}

// Update implements chat.Store.
func (s *Store) Update(ctx context.Context, f func(chat.Tx) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.mu.Lock()
	var left []chat.BlobID
	removed := s.removed
	defer func() {
		s.mu.Unlock()
		if removed != nil && len(left) > 0 {
			removed(left...)
		}
	}()
	t := &tx{s: s, write: true}
	committed := false
	defer func() {
		t.finish()
		if !committed {
			for i := len(t.undo) - 1; i >= 0; i-- {
				t.undo[i]()
			}
		}
	}()
	if err := f(t); err != nil {
		return err
	}
	committed, left = true, t.left
	return nil
}

// OnRemoved lets f be told, after every commit, of the files that no attachment names any more.
func (s *Store) OnRemoved(f func(...chat.BlobID)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.removed = f
}

// Purge implements chat.Store.
func (s *Store) Purge(ctx context.Context, f func(chat.Tx) error) error { return s.Update(ctx, f) }

// Erase implements chat.Store.
func (s *Store) Erase(ctx context.Context, f func(chat.Tx) error) error {
	return s.Update(ctx, f)
}

// tx implements chat.Tx; each repository is a view of it.
type tx struct {
	s     *Store
	write bool
	over  bool
	undo  []func()
	left  []chat.BlobID // files that no attachment names any more
}

func (t *tx) finish() { t.over = true }

func (t *tx) reading() error {
	if t.over {
		return errFinished
	}
	return nil
}

func (t *tx) writing() error {
	if t.over {
		return errFinished
	}
	if !t.write {
		return errReadOnlyTx
	}
	return nil
}

func (t *tx) next() int64 {
	t.s.sequence++
	return t.s.sequence
}

func (t *tx) Contacts() chat.Contacts           { return contacts{t} }
func (t *tx) Conversations() chat.Conversations { return conversations{t} }
func (t *tx) Messages() chat.Messages           { return messages{t} }
func (t *tx) Annotations() chat.Annotations     { return annotations{t} }
func (t *tx) Attachments() chat.Attachments     { return attachments{t} }
func (t *tx) Deadlines() chat.Deadlines         { return deadlines{t} }
func (t *tx) Sessions() chat.Sessions           { return sessions{t} }
func (t *tx) Prekeys() chat.Prekeys             { return prekeys{t} }
func (t *tx) Replays() chat.Replays             { return replays{t} }
func (t *tx) Mailboxes() chat.Mailboxes         { return mailboxes{t} }
func (t *tx) Routes() chat.Routes               { return routes{t} }
func (t *tx) Invitations() chat.Invitations     { return invitations{t} }
func (t *tx) Queue() chat.Queue                 { return queue{t} }
func (t *tx) Consents() chat.Consents           { return consents{t} }
func (t *tx) Audit() chat.Audit                 { return audit{t} }
func (t *tx) Events() chat.Events               { return events{t} }
func (t *tx) Settings() chat.Settings           { return settings{t} }

// set puts a value into a map of the store and remembers how to undo it.
func set[K comparable, V any](t *tx, m map[K]V, k K, v V) {
	old, had := m[k]
	t.undo = append(t.undo, func() {
		if had {
			m[k] = old
		} else {
			delete(m, k)
		}
	})
	m[k] = v
}

// unset removes a key from a map of the store and remembers how to undo it; it answers ErrNotFound for what is not there.
func unset[K comparable, V any](t *tx, m map[K]V, k K) error {
	old, had := m[k]
	if !had {
		return chat.ErrNotFound
	}
	t.undo = append(t.undo, func() { m[k] = old })
	delete(m, k)
	return nil
}

// assign sets a field of the store and remembers how to undo it.
func assign[V any](t *tx, field *V, v V) {
	old := *field
	t.undo = append(t.undo, func() { *field = old })
	*field = v
}

// put keeps the row number of a known key and gives a new one to a new key.
func put[K comparable, V any](t *tx, m map[K]row[V], k K, v V) {
	n := m[k].n
	if n == 0 {
		n = t.next()
	}
	set(t, m, k, row[V]{n, v})
}
