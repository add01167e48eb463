package profile

import (
	"errors"
	"path/filepath"
	"testing"
	"time"

	"sotto/app/messenger"
	"sotto/chat"
	"sotto/crypto/vault"
)

// TestWhatEndedWhileNothingRanIsGoneWhenTheProfileOpens opens a profile two hours later and looks before it is started.
func TestWhatEndedWhileNothingRanIsGoneWhenTheProfileOpens(t *testing.T) {
	const passphrase = "correct horse battery staple"
	now := time.Now()
	options := Options{
		Params: vault.Params{Memory: 64, Time: 1, Threads: 1},
		Limits: vault.Limits{MinMemory: 64, MaxMemory: 4 << 20, MinTime: 1, MaxTime: 16},
		Now:    func() time.Time { return now },
	}
	dir := filepath.Join(t.TempDir(), "profile")
	p, _, err := Create(t.Context(), CreateOptions{Options: options, Dir: dir, Name: "Ada", Passphrase: passphrase})
	if err != nil {
		t.Fatal(err)
	}
	peer := chat.ContactID{7}
	conv := p.Messenger.ConversationWith(peer)
	err = p.store.Update(t.Context(), func(tx chat.Tx) error {
		return errors.Join(
			tx.Contacts().Put(chat.Contact{ID: peer, Name: "Ben", State: chat.ContactPending, Created: now}),
			tx.Conversations().Put(chat.Conversation{ID: conv, Kind: chat.Direct, Members: []chat.ContactID{peer}, Created: now}))
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Messenger.SetTimer(t.Context(), conv, time.Hour); err != nil {
		t.Fatal(err)
	}
	if _, err := p.Messenger.Send(t.Context(), conv, "ends", messenger.SendOptions{}); err != nil {
		t.Fatal(err)
	}
	texts := func() (n int) {
		list, err := p.Messenger.Messages(t.Context(), conv, 0, 10)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range list {
			if m.Kind == chat.KindText {
				n++
			}
		}
		return n
	}
	for _, later := range []struct {
		by   time.Duration
		want int
	}{{30 * time.Minute, 1}, {2 * time.Hour, 0}} {
		if err := p.Close(); err != nil {
			t.Fatal(err)
		}
		now = now.Add(later.by)
		if p, err = Open(t.Context(), OpenOptions{Options: options, Dir: dir, Secret: Passphrase(passphrase)}); err != nil {
			t.Fatal(err)
		}
		if n := texts(); n != later.want {
			t.Errorf("%s later there are %d messages, want %d", later.by, n, later.want)
		}
		if c, err := p.Messenger.Conversation(t.Context(), conv); err != nil || later.want == 0 && c.Preview != "" {
			t.Errorf("%s later the preview is %q, %v", later.by, c.Preview, err)
		}
	}
	if err := p.Close(); err != nil {
		t.Error(err)
	}
}
