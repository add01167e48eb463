package security_test

import (
	"errors"
	"testing"
	"time"

	"sotto/app/apptest/memstore"
	"sotto/app/security"
	"sotto/chat"
)

func TestFailedCountsWrongSecretsUntilARightOne(t *testing.T) {
	g := newGuesses(t)
	failed := func() security.Failures {
		t.Helper()
		f, err := g.Failed()
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	if got := failed(); got != (security.Failures{}) {
		t.Errorf("before anything %+v", got)
	}
	for range 3 {
		g.clock = g.clock.Add(time.Hour)
		if err := g.Try(wrong); !errors.Is(err, chat.ErrWrongSecret) {
			t.Fatal(err)
		}
	}
	if got := failed(); got.Count != 3 || !got.Last.Equal(g.clock) {
		t.Errorf("%+v, want 3, the last at %v", got, g.clock)
	}
	g.clock = g.clock.Add(time.Hour)
	if err := g.Try(func() error { return nil }); err != nil {
		t.Fatal(err)
	}
	if got := failed(); got != (security.Failures{}) {
		t.Errorf("after a right one %+v", got)
	}
}

func TestAnUnlockAfterThreeFailuresRaisesOneAlert(t *testing.T) {
	store := memstore.New()
	alerts, audit := security.NewAlerts(store), security.NewAudit(func() time.Time { return start })
	unlock := func(f security.Failures) []security.Alert {
		t.Helper()
		err := store.Update(t.Context(), func(tx chat.Tx) error { return security.RecordUnlock(tx, audit, f) })
		if err != nil {
			t.Fatal(err)
		}
		list, err := alerts.List(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return list
	}
	for count := range 3 {
		if got := unlock(security.Failures{Count: count, Last: start}); len(got) != 0 {
			t.Errorf("after %d failures: %+v", count, got)
		}
	}
	if got := unlock(security.Failures{Count: 3, Last: start}); len(got) != 1 || got[0].Count != 3 || !got[0].Last.Equal(start) || got[0].Seen {
		t.Fatalf("after three: %+v", got)
	}
	later := start.Add(time.Hour)
	if got := unlock(security.Failures{Count: 4, Last: later}); len(got) != 1 || got[0].Count != 7 || !got[0].Last.Equal(later) {
		t.Errorf("unseen, they add up: %+v", got)
	}
	if err := alerts.MarkSeen(t.Context(), later); err != nil {
		t.Fatal(err)
	}
	if got := unlock(security.Failures{}); len(got) != 1 || !got[0].Seen {
		t.Errorf("an unlock without failures touched them: %+v", got)
	}
	if got := unlock(security.Failures{Count: 5, Last: later.Add(time.Hour)}); len(got) != 1 || got[0].Count != 5 || got[0].Seen {
		t.Errorf("after they were seen: %+v", got)
	}
	err := store.View(t.Context(), func(tx chat.Tx) error {
		entries, err := tx.Audit().List(0, 100)
		if err != nil || len(entries) != 7 || entries[0].Action != "profile.unlocked" {
			t.Errorf("audit log %+v, %v", entries, err)
		}
		_, err = security.Verify(tx)
		return err
	})
	if err != nil {
		t.Error(err)
	}
}
