package privacy_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

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

func (w *world) incoming(from chat.ContactID, id chat.MessageID, body content.Erasure) {
	w.t.Helper()
	c := content.Content{ID: id, Conv: conversation(from), Sent: w.clock, Body: body}
	w.update(func(tx chat.Tx) error { return w.eraser.Incoming(tx, from, c) })
}

func (w *world) request(from chat.ContactID, targets ...chat.MessageID) chat.MessageID {
	w.t.Helper()
	id := chat.NewMessageID()
	w.incoming(from, id, content.Erasure{Request: id, Targets: targets})
	return id
}

func (w *world) questions() []privacy.Question {
	w.t.Helper()
	q, err := w.eraser.Questions(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	return q
}

// answer returns the one answer that left.
func (w *world) answer() content.Erasure {
	w.t.Helper()
	got := w.out.take()
	if len(got) != 1 {
		w.t.Fatalf("%d contents left, want one answer", len(got))
	}
	body, ok := got[0].Body.(content.Erasure)
	if !ok {
		w.t.Fatalf("sent %T", got[0].Body)
	}
	return body
}

func TestOnlyThePeerThatWasAskedCanAnswerAndOnce(t *testing.T) {
	w := newWorld(t)
	w.message(ada, me, "please forget")
	if err := w.eraser.AskConversation(t.Context(), conversation(ada)); err != nil {
		t.Fatal(err)
	}
	got := w.out.take()
	if len(got) != 1 || got[0].to != ada || w.out.flushed != 1 {
		t.Fatalf("sent %+v", got)
	}
	id := got[0].ID
	if body := got[0].Body.(content.Erasure); body.Outcome != content.Requested || body.Request != id || len(body.Targets) != 0 {
		t.Errorf("the request says %+v", body)
	}
	outcome := func() privacy.Asked {
		asked, err := w.eraser.Asked(t.Context())
		if err != nil || len(asked) != 1 {
			t.Fatalf("%d requests, %v", len(asked), err)
		}
		return asked[0]
	}
	w.incoming(bob, chat.NewMessageID(), content.Erasure{Outcome: content.Honoured, Request: id, Erased: 9})
	if outcome().Outcome != content.Requested {
		t.Fatal("Bob answered for Ada")
	}
	w.incoming(ada, chat.NewMessageID(), content.Erasure{Outcome: content.Partial, Request: id, Erased: 1})
	w.incoming(ada, chat.NewMessageID(), content.Erasure{Outcome: content.Honoured, Request: id, Erased: 5})
	w.incoming(ada, chat.NewMessageID(), content.Erasure{Outcome: content.Honoured, Request: chat.NewMessageID()})
	if a := outcome(); a.Outcome != content.Partial || a.Erased != 1 || !a.Answered.Equal(w.clock) {
		t.Errorf("the answer is kept as %+v", a)
	}
	if w.count(conversation(ada)) != 1 {
		t.Error("asking the peer deleted something here")
	}
}

func TestARequestWithoutAnAnswerExpires(t *testing.T) {
	w := newWorld(t)
	if err := w.eraser.AskConversation(t.Context(), conversation(ada)); err != nil {
		t.Fatal(err)
	}
	w.clock = w.clock.Add(privacy.RequestLife)
	asked, err := w.eraser.Asked(t.Context())
	if err != nil || len(asked) != 1 || asked[0].Outcome != content.Expired {
		t.Errorf("%+v, %v", asked, err)
	}
	if err := w.eraser.AskConversation(t.Context(), conversation(bob)); !errors.Is(err, chat.ErrNotAccepted) {
		t.Errorf("asking a blocked contact: %v", err)
	}
}

func TestDeletingForEveryoneAsksInTheSameUnitOfWork(t *testing.T) {
	w := newWorld(t)
	w.message(ada, me, "gone on both sides, perhaps")
	if _, err := w.eraser.DeleteConversation(t.Context(), conversation(ada), true); err != nil {
		t.Fatal(err)
	}
	if got := w.answer(); got.Outcome != content.Requested {
		t.Errorf("sent %+v", got)
	}
	if asked, err := w.eraser.Asked(t.Context()); err != nil || len(asked) != 1 {
		t.Errorf("the request is not remembered: %d, %v", len(asked), err)
	}
}

func TestAPeersRequestWaitsForThePerson(t *testing.T) {
	cases := []struct {
		outcome content.Outcome
		erased  int
		left    int // messages with a text
	}{
		{content.Honoured, 3, 0},
		{content.Partial, 2, 1},
		{content.Refused, 0, 3},
	}
	for _, c := range cases {
		t.Run(c.outcome.String(), func(t *testing.T) {
			w := newWorld(t)
			ids := []chat.MessageID{w.message(ada, ada, "a").ID, w.message(ada, me, "b").ID, w.message(ada, ada, "c").ID}
			id := w.request(ada)
			w.incoming(ada, id, content.Erasure{Request: id}) // a repetition
			if q := w.questions(); len(q) != 1 || q[0].Peer != ada || len(w.out.take()) != 0 {
				t.Fatalf("questions %+v", q)
			}
			n, err := w.eraser.Answer(t.Context(), id, c.outcome)
			if n != c.erased || err != nil {
				t.Fatalf("Answer = %d, %v", n, err)
			}
			left := 0
			for _, m := range ids {
				if got, err := w.get(m); err == nil && got.Text != "" {
					left++
				}
			}
			if left != c.left {
				t.Errorf("%d messages are left, want %d", left, c.left)
			}
			if got := w.answer(); got.Outcome != c.outcome || got.Request != id || got.Erased != uint64(c.erased) {
				t.Errorf("answered %+v", got)
			}
			if _, err := w.eraser.Answer(t.Context(), id, c.outcome); !errors.Is(err, chat.ErrNotFound) {
				t.Errorf("answering twice: %v", err)
			}
			if !slices.Contains(w.audits(), "erasure."+c.outcome.String()) {
				t.Errorf("audit log: %v", w.audits())
			}
		})
	}
}

func TestARequestForThePeersOwnMessagesIsHonouredAtOnce(t *testing.T) {
	w := newWorld(t)
	m := w.message(ada, ada, "my own words")
	w.request(ada, m.ID, chat.NewMessageID())
	if got := w.answer(); got.Outcome != content.Honoured || got.Erased != 1 {
		t.Errorf("answered %+v", got)
	}
	if got, _ := w.get(m.ID); got.Text != "" || !got.Deleted {
		t.Error("the message is still there")
	}
	mine := w.message(ada, me, "not hers")
	w.request(ada, mine.ID)
	if len(w.questions()) != 1 || len(w.out.take()) != 0 {
		t.Error("a request for my message was not put to me")
	}
	elsewhere := w.message(bob, ada, "in another thread")
	w.request(ada, elsewhere.ID)
	if got, _ := w.get(elsewhere.ID); got.Deleted {
		t.Error("a request reached into another conversation")
	}
}

func TestAPeerCannotFloodThePersonWithQuestions(t *testing.T) {
	w := newWorld(t)
	w.message(ada, me, "mine")
	for range 16 {
		w.request(ada)
	}
	if len(w.out.take()) != 0 {
		t.Fatal("refused before the bound")
	}
	w.request(ada)
	if got := w.answer(); got.Outcome != content.Refused || len(w.questions()) != 16 {
		t.Errorf("the 17th: %+v with %d questions", got, len(w.questions()))
	}
}

func TestThePolicyRefusesWithoutAsking(t *testing.T) {
	w := newWorld(t)
	if p, err := w.eraser.Policy(t.Context()); p != privacy.PolicyAsk || err != nil {
		t.Fatalf("default policy %q, %v", p, err)
	}
	if err := w.eraser.SetPolicy(t.Context(), "always"); !errors.Is(err, chat.ErrMalformed) {
		t.Errorf("SetPolicy of nonsense: %v", err)
	}
	if err := w.eraser.SetPolicy(t.Context(), privacy.PolicyRefuse); err != nil {
		t.Fatal(err)
	}
	m := w.message(ada, me, "mine")
	w.request(ada)
	if got := w.answer(); got.Outcome != content.Refused || len(w.questions()) != 0 {
		t.Errorf("answered %+v", got)
	}
	if got, _ := w.get(m.ID); got.Deleted {
		t.Error("a refused request erased")
	}
}

func TestRequestsWithoutSubjectOrWithAnotherIdAreHarmless(t *testing.T) {
	w := newWorld(t)
	m := w.message(ada, me, "mine")
	id := chat.NewMessageID()
	w.incoming(ada, id, content.Erasure{Request: chat.NewMessageID()})
	if len(w.questions()) != 0 || len(w.out.take()) != 0 {
		t.Error("a request under another id was taken")
	}
	// Ada names a conversation she does not belong to: for her, nothing of it is here.
	c := content.Content{ID: id, Conv: conversation(bob), Sent: w.clock, Body: content.Erasure{Request: id}}
	w.update(func(tx chat.Tx) error { return w.eraser.Incoming(tx, ada, c) })
	if got := w.answer(); got.Outcome != content.Honoured || got.Erased != 0 || len(w.questions()) != 0 {
		t.Errorf("answered %+v", got)
	}
	if got, _ := w.get(m.ID); got.Deleted {
		t.Error("something was erased")
	}
}

func TestQuestionsExpireWithAnAnswer(t *testing.T) {
	w := newWorld(t)
	w.message(ada, me, "mine")
	w.request(ada)
	if n, err := w.eraser.ExpireQuestions(t.Context()); n != 0 || err != nil {
		t.Fatalf("ExpireQuestions = %d, %v", n, err)
	}
	w.clock = w.clock.Add(privacy.RequestLife)
	if n, err := w.eraser.ExpireQuestions(t.Context()); n != 1 || err != nil {
		t.Fatalf("ExpireQuestions = %d, %v", n, err)
	}
	if got := w.answer(); got.Outcome != content.Expired || len(w.questions()) != 0 {
		t.Errorf("answered %+v", got)
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

func TestRequestsToEraseOlderThanTheClockKeepTheirOrder(t *testing.T) {
	w := newWorld(t)
	w.message(ada, me, "mine")
	first := w.request(ada)
	w.clock = w.clock.Add(time.Minute)
	w.request(ada)
	if q := w.questions(); len(q) != 2 || q[0].ID != first {
		t.Errorf("questions %+v", q)
	}
}
