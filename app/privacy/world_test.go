package privacy_test

import (
	"context"
	"testing"
	"time"

	"sotto/app/apptest/memblob"
	"sotto/app/apptest/memstore"
	"sotto/app/privacy"
	"sotto/app/security"
	"sotto/chat"
	"sotto/chat/content"
)

var (
	me  = chat.ContactID{1}
	ada = chat.ContactID{2}
	bob = chat.ContactID{3}
)

// world is one profile: store, ledger, eraser, and an outbox that keeps what was sent.
type world struct {
	t      *testing.T
	store  *memstore.Store
	blobs  *memblob.Blobs
	ledger *privacy.Ledger
	eraser *privacy.Eraser
	out    *outbox
	clock  time.Time
}

type outbox struct {
	sent    []sent
	let     []chat.MessageID // whose files were let go
	flushed int
}

type sent struct {
	to chat.ContactID
	content.Content
}

func (o *outbox) Enqueue(_ chat.Tx, to chat.ContactID, _ chat.MessageID, b []byte) error {
	c, err := content.Decode(b)
	if err != nil {
		return err
	}
	o.sent = append(o.sent, sent{to, c})
	return nil
}

func (o *outbox) LetGo(_ chat.Tx, m chat.Message) error {
	o.let = append(o.let, m.ID)
	return nil
}

func (o *outbox) Flush() { o.flushed++ }

// take returns what was sent since the last call.
func (o *outbox) take() []sent {
	out := o.sent
	o.sent = nil
	return out
}

// newWorld has Ada accepted and Bob blocked, and a direct conversation with each.
func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, store: memstore.New(), blobs: memblob.New(), out: &outbox{}, clock: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}
	w.store.OnRemoved(func(ids ...chat.BlobID) {
		if err := w.blobs.Remove(ids...); err != nil {
			t.Error(err)
		}
	})
	now := func() time.Time { return w.clock }
	audit := security.NewAudit(now)
	w.ledger = privacy.NewLedger(w.store, audit, now)
	w.ledger.Connect(me, w.out)
	w.eraser = privacy.NewEraser(w.store, audit, now)
	w.eraser.Connect(me, w.out)
	w.update(func(tx chat.Tx) error {
		for id, state := range map[chat.ContactID]chat.ContactState{ada: chat.ContactAccepted, bob: chat.ContactBlocked} {
			if err := tx.Contacts().Put(chat.Contact{ID: id, State: state, Name: "someone", Created: w.clock}); err != nil {
				return err
			}
			if err := tx.Conversations().Put(chat.Conversation{
				ID: conversation(id), Kind: chat.Direct, Members: []chat.ContactID{id}, Created: w.clock, NextSeq: 5,
			}); err != nil {
				return err
			}
		}
		return nil
	})
	return w
}

func conversation(peer chat.ContactID) chat.ConversationID {
	return privacy.DirectConversation(me, peer)
}

func (w *world) update(f func(chat.Tx) error) {
	w.t.Helper()
	if err := w.store.Update(context.Background(), f); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) view(f func(chat.Tx) error) {
	w.t.Helper()
	if err := w.store.View(context.Background(), f); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) allowed(subject chat.ContactID, p chat.Purpose) bool {
	w.t.Helper()
	var allowed bool
	w.view(func(tx chat.Tx) (err error) {
		allowed, err = w.ledger.Allowed(tx, subject, p)
		return err
	})
	return allowed
}

func (w *world) record(c privacy.Choice) {
	w.t.Helper()
	c.Method = "privacy-page"
	if err := w.ledger.Record(w.t.Context(), c); err != nil {
		w.t.Fatal(err)
	}
}

// message stores a message of the conversation with peer.
func (w *world) message(peer, author chat.ContactID, text string) chat.Message {
	w.t.Helper()
	m := chat.Message{
		ID: chat.NewMessageID(), Conversation: conversation(peer), Author: author, Kind: chat.KindText, Text: text,
		Direction: chat.In, State: chat.Delivered, Sent: w.clock, Received: w.clock,
	}
	if author == me {
		m.Direction, m.State = chat.Out, chat.Sent
	}
	w.update(func(tx chat.Tx) (err error) {
		m, err = tx.Messages().Put(m)
		return err
	})
	return m
}

func (w *world) audits() []string {
	w.t.Helper()
	var out []string
	w.view(func(tx chat.Tx) error {
		entries, err := tx.Audit().List(0, 1000)
		for _, e := range entries {
			out = append(out, e.Action)
		}
		return err
	})
	return out
}
