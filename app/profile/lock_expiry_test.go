package profile

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"sotto/app/messenger"
	"sotto/chat"
	"sotto/crypto/vault"
)

// TestWhatEndsWhileLockedIsGoneBeforeAnythingIsShown locks a profile with a message that ends a moment later, and one
// that stays.
func TestWhatEndsWhileLockedIsGoneBeforeAnythingIsShown(t *testing.T) {
	const passphrase = "correct horse battery staple"
	options := Options{
		Params: vault.Params{Memory: 64, Time: 1, Threads: 1},
		Limits: vault.Limits{MinMemory: 64, MaxMemory: 4 << 20, MinTime: 1, MaxTime: 16},
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
			tx.Contacts().Put(chat.Contact{ID: peer, Name: "Ben", State: chat.ContactPending, Created: time.Now()}),
			tx.Conversations().Put(chat.Conversation{ID: conv, Kind: chat.Direct, Members: []chat.ContactID{peer}, Created: time.Now()}))
	})
	if err != nil {
		t.Fatal(err)
	}
	say := func(text string) chat.Message {
		m, err := p.Messenger.Send(t.Context(), conv, text, messenger.SendOptions{})
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	say("stays")
	if err := p.Messenger.SetTimer(t.Context(), conv, messenger.ShortestTimer); err != nil {
		t.Fatal(err)
	}
	ending := say("ends")
	if _, err := p.Messenger.Edit(t.Context(), ending.ID, "ends soon"); err != nil {
		t.Fatal(err)
	}
	snapshot := filepath.Join(dir, searchName)
	l, err := p.Lock(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{snapshot, snapshot + ".new"} { // the second, where its last renaming was cut off
		if err := os.WriteFile(name, []byte("an index that knows the words"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	l.expiry.group.Wait() // ends with the last of them
	for _, name := range []string{snapshot, snapshot + ".new"} {
		if _, err := os.Stat(name); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("the search snapshot %s is there: %v", filepath.Base(name), err)
		}
	}
	if info, err := os.Stat(filepath.Join(dir, "history.db-wal")); err == nil && info.Size() > 0 {
		t.Error("the log holds what was removed")
	}
	if _, err := l.Unlock(t.Context(), Passphrase("another")); !errors.Is(err, chat.ErrWrongSecret) {
		t.Fatal(err)
	}
	if p, err = l.Unlock(t.Context(), Passphrase(passphrase)); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	}()
	list, err := p.Messenger.Messages(t.Context(), conv, 0, 10)
	if err != nil {
		t.Fatal(err)
	}
	if len(list) != 2 || list[0].Text != "stays" || list[1].Notice != messenger.NoticeTimer {
		t.Errorf("there are %+v", list)
	}
	c, err := p.Messenger.Conversation(t.Context(), conv)
	if err != nil || c.Preview != "stays" {
		t.Errorf("%+v, %v", c, err)
	}
	found, err := p.store.Examine(t.Context(), nil)
	if err != nil || !found.Sound() {
		t.Errorf("examined: %+v, %v", found, err)
	}
	err = p.store.View(t.Context(), func(tx chat.Tx) error {
		items, err := tx.Queue().List()
		for _, q := range items {
			if q.Message == ending.ID {
				t.Error("the message still waits to be sent")
			}
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}
