package privacy_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"sotto/app/privacy"
	"sotto/chat"
	"sotto/chat/content"
)

func (w *world) get(id chat.MessageID) (chat.Message, error) {
	var m chat.Message
	err := w.store.View(w.t.Context(), func(tx chat.Tx) (err error) {
		m, err = tx.Messages().Get(id)
		return err
	})
	return m, err
}

func (w *world) count(conv chat.ConversationID) int {
	w.t.Helper()
	n := 0
	w.view(func(tx chat.Tx) (err error) {
		n, err = tx.Messages().Count(conv)
		return err
	})
	return n
}

// queueFor puts a content for Ada into the queue, as the messenger does.
func (w *world) queueFor(id chat.MessageID, seq uint64, body content.Body) {
	w.t.Helper()
	b, err := content.Content{ID: id, Conv: conversation(ada), Seq: seq, Sent: w.clock, Body: body}.Encode()
	if err != nil {
		w.t.Fatal(err)
	}
	w.update(func(tx chat.Tx) error {
		_, err := tx.Queue().Add(chat.QueueItem{Peer: ada, Message: id, Visible: true, Content: b, State: chat.QueueWaiting})
		return err
	})
}

func (w *world) queued() int {
	w.t.Helper()
	n := 0
	w.view(func(tx chat.Tx) error {
		items, err := tx.Queue().List()
		n = len(items)
		return err
	})
	return n
}

func TestADeletedMessageLeavesATombstoneAndNothingElse(t *testing.T) {
	w := newWorld(t)
	m := w.message(ada, me, "the blue folder")
	other := w.message(ada, ada, "which one")
	w.queueFor(m.ID, 1, content.Text{Text: "the blue folder"})
	w.queueFor(chat.NewMessageID(), 2, content.Edit{Target: m.ID, Text: "the blue binder"})
	w.queueFor(chat.NewMessageID(), 3, content.Text{Text: "unrelated"})
	w.update(func(tx chat.Tx) error {
		for _, a := range []chat.Annotation{
			{ID: chat.NewMessageID(), Conversation: m.Conversation, Target: m.ID, Kind: chat.AnnotateEdit, Author: me, Seq: 2, Text: "the blue binder"},
			{ID: chat.NewMessageID(), Conversation: m.Conversation, Target: other.ID, Kind: chat.AnnotateReaction, Author: me, Seq: 3, Text: "?"},
		} {
			if err := tx.Annotations().Put(a); err != nil {
				return err
			}
		}
		for _, body := range []string{`{"id":"` + m.ID.String() + `","text":"the blue folder"}`, "raw " + string(m.ID[:]), "about another"} {
			if _, err := tx.Events().Append("message", []byte(body), w.clock); err != nil {
				return err
			}
		}
		return nil
	})
	if n, err := w.eraser.DeleteMessages(t.Context(), m.ID); n != 1 || err != nil {
		t.Fatalf("DeleteMessages = %d, %v", n, err)
	}
	got, err := w.get(m.ID)
	if err != nil || !got.Deleted || got.Text != "" || got.Position != m.Position {
		t.Errorf("the tombstone is %+v, %v", got, err)
	}
	if w.queued() != 1 {
		t.Errorf("%d contents wait, want the unrelated one", w.queued())
	}
	w.view(func(tx chat.Tx) error {
		events, err := tx.Events().Since(0, 100)
		if err != nil || len(events) != 1 || string(events[0].Body) != "about another" {
			t.Errorf("events that are left: %d, %v", len(events), err)
		}
		gone, _ := tx.Annotations().ForTarget(m.Conversation, m.ID)
		kept, _ := tx.Annotations().ForTarget(m.Conversation, other.ID)
		if len(gone) != 0 || len(kept) != 1 {
			t.Errorf("annotations: %d of the deleted message, %d of the other", len(gone), len(kept))
		}
		return nil
	})
	if n, err := w.eraser.DeleteMessages(t.Context(), m.ID); n != 0 || err != nil {
		t.Errorf("deleting it again = %d, %v", n, err)
	}
	if kept, _ := w.get(other.ID); kept.Text != "which one" {
		t.Error("the neighbour was touched")
	}
}

func TestDeletingAnUnreadNewestMessageCorrectsTheList(t *testing.T) {
	w := newWorld(t)
	m := w.message(ada, ada, "call me")
	w.update(func(tx chat.Tx) error {
		conv, err := tx.Conversations().Get(m.Conversation)
		if err != nil {
			return err
		}
		conv.Unread, conv.Preview = 1, "call me"
		return tx.Conversations().Put(conv)
	})
	if _, err := w.eraser.DeleteMessages(t.Context(), m.ID); err != nil {
		t.Fatal(err)
	}
	w.view(func(tx chat.Tx) error {
		conv, err := tx.Conversations().Get(m.Conversation)
		if err != nil || conv.Unread != 0 || conv.Preview != "" {
			t.Errorf("unread %d, preview %q, %v", conv.Unread, conv.Preview, err)
		}
		return nil
	})
}

func TestDeletingOneUnknownMessageDeletesNone(t *testing.T) {
	w := newWorld(t)
	m := w.message(ada, me, "stays")
	if _, err := w.eraser.DeleteMessages(t.Context(), m.ID, chat.NewMessageID()); !errors.Is(err, chat.ErrNotFound) {
		t.Fatalf("DeleteMessages = %v", err)
	}
	if got, _ := w.get(m.ID); got.Deleted {
		t.Error("half of the request was carried out")
	}
}

func TestADeletedConversationKeepsOnlyItsNumbering(t *testing.T) {
	w := newWorld(t)
	for i := range 7 {
		w.message(ada, ada, fmt.Sprint("line ", i))
	}
	w.message(bob, bob, "elsewhere")
	w.queueFor(chat.NewMessageID(), 1, content.Text{Text: "not sent yet"})
	w.queueFor(chat.NewMessageID(), 0, content.Consent{Purpose: "typing", At: 1})
	w.update(func(tx chat.Tx) error {
		conv, err := tx.Conversations().Get(conversation(ada))
		if err != nil {
			return err
		}
		conv.Draft, conv.Preview, conv.Unread = "half a thought", "line 6", 3
		return tx.Conversations().Put(conv)
	})
	n, err := w.eraser.DeleteConversation(t.Context(), conversation(ada), false)
	if n != 7 || err != nil {
		t.Fatalf("DeleteConversation = %d, %v", n, err)
	}
	w.view(func(tx chat.Tx) error {
		conv, err := tx.Conversations().Get(conversation(ada))
		if err != nil || conv.Draft != "" || conv.Preview != "" || conv.Unread != 0 || conv.NextSeq != 5 {
			t.Errorf("what is left: %+v, %v", conv, err)
		}
		return nil
	})
	if w.count(conversation(ada)) != 0 || w.count(conversation(bob)) != 1 {
		t.Error("the wrong messages went")
	}
	if w.queued() != 1 {
		t.Errorf("%d contents wait, want the consent alone", w.queued())
	}
	if got := w.out.take(); len(got) != 0 {
		t.Errorf("deleting from this computer told the peer %+v", got)
	}
	if _, err := w.eraser.DeleteConversation(t.Context(), chat.ConversationID{9}, false); !errors.Is(err, chat.ErrNotFound) {
		t.Errorf("deleting an unknown conversation: %v", err)
	}
}

type remover struct {
	w       *world
	removed []chat.ContactID
	err     error
}

// Remove does as the messenger: it looks at what is left when its turn comes.
func (r *remover) Remove(_ context.Context, id chat.ContactID) error {
	if got := r.w.kept(id); got != 0 {
		r.w.t.Errorf("%d consents and requests are left when the contact goes", got)
	}
	r.removed = append(r.removed, id)
	return r.err
}

// acquaint gives the profile a message, a consent and a request of and to the contact.
func (w *world) acquaint(id chat.ContactID) {
	w.t.Helper()
	w.message(id, id, "hello")
	w.update(func(tx chat.Tx) error {
		return tx.Consents().Append(chat.Consent{ID: chat.NewMessageID().String(), Subject: id, Purpose: chat.ReadReceipts, State: chat.Given})
	})
	w.request(id)
	if err := w.eraser.AskConversation(w.t.Context(), conversation(id)); err != nil {
		w.t.Fatal(err)
	}
}

// kept counts the consents and requests of a contact.
func (w *world) kept(id chat.ContactID) int {
	w.t.Helper()
	n := 0
	w.view(func(tx chat.Tx) error {
		consents, err := tx.Consents().List()
		for _, c := range consents {
			if c.Subject == id {
				n++
			}
		}
		return err
	})
	asked, err := w.eraser.Asked(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	for _, a := range asked {
		if a.Peer == id {
			n++
		}
	}
	for _, q := range w.questions() {
		if q.Peer == id {
			n++
		}
	}
	return n
}

func TestADeletedContactLeavesNeitherConsentsNorRequests(t *testing.T) {
	w := newWorld(t)
	eve := chat.ContactID{0xe}
	w.update(func(tx chat.Tx) error {
		return errors.Join(
			tx.Contacts().Put(chat.Contact{ID: eve, State: chat.ContactAccepted}),
			tx.Conversations().Put(chat.Conversation{ID: conversation(eve), Kind: chat.Direct, Members: []chat.ContactID{eve}}),
		)
	})
	w.acquaint(ada)
	w.acquaint(eve)
	if w.kept(ada) != 3 || w.kept(eve) != 3 {
		t.Fatalf("the test sets up %d and %d records", w.kept(ada), w.kept(eve))
	}
	r := &remover{w: w}
	report, err := w.eraser.DeleteContact(t.Context(), ada, r)
	if err != nil || report.Messages != 1 || report.Conversations != 1 || report.Contacts != 1 {
		t.Fatalf("DeleteContact = %+v, %v", report, err)
	}
	if len(r.removed) != 1 || r.removed[0] != ada || w.kept(eve) != 3 {
		t.Errorf("removed %v; %d records of the other contact", r.removed, w.kept(eve))
	}
	if _, err := w.eraser.DeleteContact(t.Context(), chat.ContactID{9}, r); !errors.Is(err, chat.ErrNotFound) || len(r.removed) != 1 {
		t.Errorf("deleting nobody: %v", err)
	}
	r.err = errors.New("interrupted")
	if _, err := w.eraser.DeleteContact(t.Context(), eve, r); !errors.Is(err, r.err) {
		t.Errorf("an interrupted deletion: %v", err)
	}
	if w.allowed(eve, chat.ReadReceipts) {
		t.Error("an interrupted deletion leaves a gate open")
	}
}

type relays struct {
	asked     int
	unreached []privacy.Unreached
	err       error
}

func (r *relays) DeleteMailboxes(context.Context) ([]privacy.Unreached, error) {
	r.asked++
	return r.unreached, r.err
}

func TestEverythingDeletesMailboxesBeforeTheProfile(t *testing.T) {
	w := newWorld(t)
	w.acquaint(ada)
	lost := privacy.Unreached{Relay: "relay", Mailbox: chat.MailboxID{2, 1}}
	r := &relays{unreached: []privacy.Unreached{lost}}
	destroyed := false
	destroy := func(context.Context) error {
		if r.asked != 1 {
			t.Error("the profile was destroyed before its mailboxes")
		}
		destroyed = true
		return nil
	}
	report, err := w.eraser.Everything(t.Context(), r, destroy)
	if err != nil || !destroyed {
		t.Fatalf("destroyed %v, %v", destroyed, err)
	}
	if report.Contacts != 2 || report.Conversations != 2 || report.Messages != 1 || len(report.Unreached) != 1 || report.Unreached[0] != lost {
		t.Errorf("the report says %+v", report)
	}
	failure := errors.New("disk on fire")
	if _, err := w.eraser.Everything(t.Context(), r, func(context.Context) error { return failure }); !errors.Is(err, failure) {
		t.Errorf("a failed destruction is reported as %v", err)
	}
	destroyed = false
	if _, err := w.eraser.Everything(t.Context(), &relays{err: failure}, destroy); !errors.Is(err, failure) || destroyed {
		t.Errorf("destroyed %v though nothing was tried at the relays: %v", destroyed, err)
	}
}
