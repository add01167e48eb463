package profile_test

import (
	"context"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"sotto/app/messenger"
	"sotto/app/platform"
	"sotto/app/profile"
)

func TestWhatEndedWhileTheComputerSleptGoesWhenItWakesUp(t *testing.T) {
	var slept atomic.Int64
	events := make(chan platform.SessionEvent)
	options := cheap
	options.Now = func() time.Time { return time.Now().Add(time.Duration(slept.Load())) }
	options.Session = func(context.Context) (<-chan platform.SessionEvent, error) { return events, nil }
	p, _, err := profile.Create(t.Context(), profile.CreateOptions{
		Options: options, Dir: filepath.Join(t.TempDir(), "ada"), Name: "Ada", Passphrase: passphrase,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { closed(t, p) })
	if err := p.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	ben := create(t, "Ben", "")
	introduce(t, p, ben)
	conv := p.Messenger.ConversationWith(ben.Messenger.Self().ID)
	if err := p.Messenger.SetTimer(t.Context(), conv, 2*time.Hour); err != nil {
		t.Fatal(err)
	}
	ended := eventOf(p, messenger.EventDelete, messenger.RemovedExpired)
	m, err := p.Messenger.Send(t.Context(), conv, "ends", messenger.SendOptions{})
	if err != nil {
		t.Fatal(err)
	}
	events <- platform.Suspending
	slept.Store(int64(3 * time.Hour))
	events <- platform.ScreenUnlocked
	if _, err := p.Messenger.Message(t.Context(), m.ID); err != nil {
		t.Fatalf("before the computer woke up: %v", err)
	}
	events <- platform.Resumed
	if e := await(t, ended); e.Message != m.ID {
		t.Errorf("%v ended", e.Message)
	}
}
