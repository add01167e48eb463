package security_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sotto/app/apptest/memstore"
	"sotto/app/security"
	"sotto/chat"
)

type guesses struct {
	*security.Attempts
	path  string
	clock time.Time
}

func newGuesses(t *testing.T) *guesses {
	t.Helper()
	g := &guesses{path: filepath.Join(t.TempDir(), "attempts"), clock: start.Truncate(time.Millisecond)}
	g.reopen()
	return g
}

func (g *guesses) reopen() {
	g.Attempts = security.NewAttempts(g.path, func() time.Time { return g.clock })
}

func wrong() error { return chat.ErrWrongSecret }

func (g *guesses) wait(t *testing.T) time.Duration {
	t.Helper()
	d, err := g.Wait()
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestTheDelayGrowsAndSurvivesARestart(t *testing.T) {
	g := newGuesses(t)
	want := []time.Duration{0, 0, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900}
	for i, seconds := range want {
		if err := g.Try(wrong); !errors.Is(err, chat.ErrWrongSecret) {
			t.Fatalf("attempt %d: %v", i+1, err)
		}
		g.reopen()
		delay := seconds * time.Second
		if got := g.wait(t); got != delay {
			t.Fatalf("after %d wrong attempts the wait is %v, want %v", i+1, got, delay)
		}
		if delay == 0 {
			continue
		}
		tried := false
		err := g.Try(func() error { tried = true; return nil })
		var wait *chat.DelayError
		if !errors.Is(err, chat.ErrTryLater) || !errors.As(err, &wait) || wait.Wait != delay || tried {
			t.Fatalf("an early attempt: %v, tried %v", err, tried)
		}
		g.clock = g.clock.Add(delay)
	}
	if err := g.Try(func() error { return nil }); err != nil {
		t.Fatalf("the right one after the wait: %v", err)
	}
	if g.wait(t) != 0 {
		t.Error("success does not clear the count")
	}
	if _, err := os.Stat(g.path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the file is left: %v", err)
	}
}

func TestAnAttemptCountsBeforeItsAnswer(t *testing.T) {
	g := newGuesses(t)
	for range 3 {
		// The process ends in the middle of the attempt: another one sees what it left.
		_ = g.Try(func() error {
			other := security.NewAttempts(g.path, func() time.Time { return g.clock })
			if b, err := os.ReadFile(g.path); err != nil || len(b) != 16 {
				t.Errorf("nothing durable before the answer: %v", err)
			}
			_, err := other.Wait()
			return errors.Join(err, chat.ErrWrongSecret)
		})
	}
	if g.wait(t) != 2*time.Second {
		t.Error("the attempts did not count")
	}
}

func TestOtherFailuresDoNotCount(t *testing.T) {
	g := newGuesses(t)
	for range 10 {
		if err := g.Try(func() error { return chat.ErrVaultDamaged }); !errors.Is(err, chat.ErrVaultDamaged) {
			t.Fatal(err)
		}
	}
	if g.wait(t) != 0 {
		t.Error("a damaged vault counts as a wrong passphrase")
	}
}

func TestAClockSetBackOrForwardDoesNotShortenOrExtendTheDelayBeyondItself(t *testing.T) {
	g := newGuesses(t)
	for range 3 {
		_ = g.Try(wrong)
	}
	g.clock = g.clock.AddDate(-1, 0, 0)
	if got := g.wait(t); got != 2*time.Second {
		t.Errorf("a year back the wait is %v", got)
	}
}

func TestATornCountIsTheWorstCase(t *testing.T) {
	g := newGuesses(t)
	if err := os.WriteFile(g.path, []byte("torn"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(g.path, g.clock, g.clock); err != nil {
		t.Fatal(err)
	}
	if got := g.wait(t); got != 15*time.Minute {
		t.Errorf("the wait is %v", got)
	}
	g.clock = g.clock.Add(15 * time.Minute)
	if err := g.Try(func() error { return nil }); err != nil {
		t.Errorf("a torn file locks out for ever: %v", err)
	}
}

func TestFailuresNameNoPath(t *testing.T) {
	a := security.NewAttempts(filepath.Join(t.TempDir(), "ada", "attempts"), time.Now)
	err := a.Try(wrong)
	if err == nil || strings.Contains(err.Error(), "ada") {
		t.Errorf("Try = %v", err)
	}
}

type passphrase string

func (p passphrase) VerifyPassphrase(_ context.Context, got []byte) error {
	if string(got) != string(p) {
		return chat.ErrWrongSecret
	}
	return nil
}

func TestAStepUpAllowsOneActOnce(t *testing.T) {
	g := newGuesses(t)
	store := memstore.New()
	now := func() time.Time { return g.clock }
	s := security.NewStepUp(store, security.NewAudit(now), passphrase("right"), g.Attempts, now)
	for _, act := range security.Acts() {
		if err := s.Use(act); !errors.Is(err, chat.ErrRefused) {
			t.Errorf("%s without a passphrase: %v", act, err)
		}
	}
	confirm := func(act security.Act) {
		t.Helper()
		if err := s.Confirm(t.Context(), act, []byte("right")); err != nil {
			t.Fatal(err)
		}
	}
	confirm(security.ActExport)
	if err := s.Use(security.ActEraseEverything); !errors.Is(err, chat.ErrRefused) {
		t.Errorf("a confirmation serves another act: %v", err)
	}
	if err := s.Use(security.ActExport); err != nil {
		t.Errorf("the confirmed act: %v", err)
	}
	if err := s.Use(security.ActExport); !errors.Is(err, chat.ErrRefused) {
		t.Errorf("a second time: %v", err)
	}
	confirm(security.ActSlots)
	g.clock = g.clock.Add(security.StepUpLife)
	if err := s.Use(security.ActSlots); !errors.Is(err, chat.ErrRefused) {
		t.Errorf("too late: %v", err)
	}
	confirm(security.ActSlots)
	s.Forget()
	if err := s.Use(security.ActSlots); !errors.Is(err, chat.ErrRefused) {
		t.Errorf("after the profile was locked: %v", err)
	}
	if err := s.Confirm(t.Context(), "fly", []byte("right")); !errors.Is(err, chat.ErrMalformed) {
		t.Errorf("an unknown act: %v", err)
	}
}

func TestGuessingAtTheStepUpIsDelayedAndRecorded(t *testing.T) {
	g := newGuesses(t)
	store := memstore.New()
	now := func() time.Time { return g.clock }
	s := security.NewStepUp(store, security.NewAudit(now), passphrase("right"), g.Attempts, now)
	for range 3 {
		if err := s.Confirm(t.Context(), security.ActExport, []byte("guess")); !errors.Is(err, chat.ErrWrongSecret) {
			t.Fatal(err)
		}
	}
	if err := s.Confirm(t.Context(), security.ActExport, []byte("right")); !errors.Is(err, chat.ErrTryLater) {
		t.Errorf("the fourth attempt at once: %v", err)
	}
	if err := s.Use(security.ActExport); !errors.Is(err, chat.ErrRefused) {
		t.Errorf("guessing allowed the act: %v", err)
	}
	if err := store.View(t.Context(), func(tx chat.Tx) error {
		entries, err := tx.Audit().List(0, 10)
		if len(entries) != 3 || entries[0].Action != "step-up.refused" || entries[0].Detail != "export" {
			t.Errorf("audit log: %+v", entries)
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
}
