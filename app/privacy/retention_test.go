package privacy_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"sotto/app/privacy"
	"sotto/app/security"
	"sotto/chat"
)

const aDay = 24 * time.Hour

// stored puts messages with ada and bob that were stored so many days ago, oldest first.
func (w *world) stored(peer chat.ContactID, daysAgo ...int) {
	w.t.Helper()
	now := w.clock
	for _, n := range daysAgo {
		w.clock = now.Add(-time.Duration(n) * aDay)
		w.message(peer, peer, "old")
	}
	w.clock = now
}

// due returns how many days ago those were stored that the rules do not keep.
func due(w *world, r *privacy.Retention, limit int) (days []int, next time.Time) {
	w.t.Helper()
	w.view(func(tx chat.Tx) error {
		list, at, err := r.Due(tx, w.clock, limit)
		for _, m := range list {
			days = append(days, int(w.clock.Sub(m.Received)/aDay))
		}
		next = at
		return err
	})
	slices.Sort(days)
	return days, next
}

func newRetention(t *testing.T) (*world, *privacy.Retention, *int) {
	w := newWorld(t)
	woken := 0
	now := func() time.Time { return w.clock }
	r := privacy.NewRetention(w.store, security.NewAudit(now), now)
	r.Connect(func() { woken++ })
	return w, r, &woken
}

func TestNothingIsRemovedWithoutARule(t *testing.T) {
	w, r, _ := newRetention(t)
	w.stored(ada, 4000, 1)
	if days, next := due(w, r, 10); len(days) != 0 || !next.IsZero() {
		t.Errorf("due are %v, next %v", days, next)
	}
}

func TestARulePassesOverDamagedMessages(t *testing.T) {
	w, r, _ := newRetention(t)
	w.stored(ada, 40, 30, 1)
	var first chat.Message
	w.view(func(tx chat.Tx) error {
		page, err := tx.Messages().PageAfter(conversation(ada), 0, 1)
		first = page[0]
		return err
	})
	w.store.Damage(first.ID)
	if err := r.Set(t.Context(), privacy.RuleChange{Keep: 7 * aDay}); err != nil {
		t.Fatal(err)
	}
	if days, _ := due(w, r, 10); !slices.Equal(days, []int{30}) { // the same ones again and again would keep the messenger busy
		t.Errorf("due are %v", days)
	}
}

func TestARuleHoldsWhereNoOtherDoesAndCountsFromTheStoring(t *testing.T) {
	w, r, woken := newRetention(t)
	w.stored(ada, 100, 40, 20, 1)
	w.stored(bob, 100, 50, 2)
	kept, err := r.Preview(t.Context(), privacy.RuleChange{Keep: 30 * aDay})
	if err != nil || kept != (privacy.Kept{Messages: 4, Conversations: 2}) {
		t.Errorf("preview is %+v, %v", kept, err)
	}
	if rules, err := r.Rules(t.Context()); err != nil || rules.Default != 0 {
		t.Errorf("the preview changed %+v, %v", rules, err)
	}
	set := func(c privacy.RuleChange) {
		t.Helper()
		if err := r.Set(t.Context(), c); err != nil {
			t.Fatal(err)
		}
	}
	set(privacy.RuleChange{Keep: 30 * aDay})
	if days, _ := due(w, r, 10); !slices.Equal(days, []int{40, 50, 100, 100}) {
		t.Errorf("due are %v", days)
	}
	if days, _ := due(w, r, 3); len(days) != 3 {
		t.Errorf("three are %v", days)
	}
	set(privacy.RuleChange{Conversation: conversation(ada), Keep: 60 * aDay})
	set(privacy.RuleChange{Conversation: conversation(bob)})
	if days, _ := due(w, r, 10); !slices.Equal(days, []int{100}) {
		t.Errorf("with rules of their own due are %v", days)
	}
	set(privacy.RuleChange{Conversation: conversation(bob), Inherit: true})
	if days, _ := due(w, r, 10); !slices.Equal(days, []int{50, 100, 100}) {
		t.Errorf("bob as by default: %v", days)
	}
	if *woken != 4 {
		t.Errorf("woken %d times", *woken)
	}
	if got := w.audits(); !slices.Equal(got, []string{"retention.set", "retention.set", "retention.set", "retention.set"}) {
		t.Errorf("audited %v", got)
	}
}

func TestALateRowHidesNoneBehindIt(t *testing.T) {
	w, r, _ := newRetention(t)
	w.stored(ada, 100, 1, 50, 1, 40)
	if err := r.Set(t.Context(), privacy.RuleChange{Keep: 30 * aDay}); err != nil {
		t.Fatal(err)
	}
	if days, _ := due(w, r, 10); !slices.Equal(days, []int{40, 50, 100}) {
		t.Errorf("due are %v", days)
	}
}

func TestTheNextLookComesWhenTheNextMessageIsOldEnough(t *testing.T) {
	w, r, _ := newRetention(t)
	now := w.clock
	w.clock = now.Add(-7*aDay + 10*time.Minute)
	w.message(ada, ada, "soon")
	w.clock = now
	if err := r.Set(t.Context(), privacy.RuleChange{Keep: 7 * aDay}); err != nil {
		t.Fatal(err)
	}
	if days, next := due(w, r, 10); len(days) != 0 || !next.Equal(now.Add(10*time.Minute)) {
		t.Errorf("due are %v, next %v", days, next)
	}
	w.clock = now.Add(10 * time.Minute)
	if days, _ := due(w, r, 10); len(days) != 1 {
		t.Errorf("then due are %v", days)
	}
}

func TestWhatWaitsToBeSentStays(t *testing.T) {
	w, r, _ := newRetention(t)
	now := w.clock
	w.clock = now.Add(-100 * aDay)
	m := w.message(ada, me, "still here")
	w.clock = now
	w.update(func(tx chat.Tx) error {
		m.State = chat.Queued
		_, err := tx.Messages().Put(m)
		return err
	})
	if err := r.Set(t.Context(), privacy.RuleChange{Keep: aDay}); err != nil {
		t.Fatal(err)
	}
	if days, _ := due(w, r, 10); len(days) != 0 {
		t.Errorf("due are %v", days)
	}
}

func TestRulesOutOfBoundsAreRefused(t *testing.T) {
	_, r, woken := newRetention(t)
	for _, c := range []struct {
		change privacy.RuleChange
		want   error
	}{
		{privacy.RuleChange{Keep: privacy.ShortestKeep - 1}, chat.ErrMalformed},
		{privacy.RuleChange{Keep: privacy.LongestKeep + 1}, chat.ErrMalformed},
		{privacy.RuleChange{Keep: -1}, chat.ErrMalformed},
		{privacy.RuleChange{Inherit: true}, chat.ErrMalformed},
		{privacy.RuleChange{Conversation: chat.ConversationID{9}, Keep: aDay}, chat.ErrNotFound},
	} {
		if err := r.Set(context.Background(), c.change); !errors.Is(err, c.want) {
			t.Errorf("%+v: %v", c.change, err)
		}
		if _, err := r.Preview(context.Background(), c.change); !errors.Is(err, c.want) {
			t.Errorf("preview of %+v: %v", c.change, err)
		}
	}
	if *woken != 0 {
		t.Error("a refused rule woke somebody")
	}
}
