package privacy_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"sotto/app/privacy"
	"sotto/chat"
	"sotto/chat/content"
)

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
