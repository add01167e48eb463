package profile_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sotto/app/messenger"
	"sotto/app/profile"
	"sotto/app/security"
	"sotto/chat"
)

func TestAProfileWorksWithoutItsDamagedRelay(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "p")
	now := time.Now()
	o := cheap
	o.Now = func() time.Time { return now }
	open := func() *profile.Profile {
		t.Helper()
		p, err := profile.Open(t.Context(), profile.OpenOptions{Options: o, Dir: dir, Secret: profile.Passphrase(passphrase)})
		if err == nil {
			err = p.Start(t.Context())
		}
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	ada, _, err := profile.Create(t.Context(), profile.CreateOptions{Options: o, Dir: dir, Name: "Ada", Passphrase: passphrase})
	if err == nil {
		err = ada.Start(t.Context())
	}
	if err != nil {
		t.Fatal(err)
	}
	ben := create(t, "Ben", "")
	introduce(t, ada, ben)
	conv := ada.Messenger.ConversationWith(ben.Messenger.Self().ID)
	if err := ada.RenewRelay(t.Context()); !errors.Is(err, chat.ErrRefused) {
		t.Errorf("a sound relay is renewed: %v", err)
	}
	if err := ada.Close(); err != nil {
		t.Fatal(err)
	}
	store := filepath.Join(dir, "relay", "relay.db")
	broken := bytes.Repeat([]byte("broken "), 4096)
	if err := os.WriteFile(store, broken, 0o600); err != nil {
		t.Fatal(err)
	}

	now = now.Add(24 * time.Hour) // longer than a mailbox waits before it is opened again
	ada = open()
	defer func() { _ = ada.Close() }()
	if ada.Relay.Serving() || !ada.Relay.Damaged() {
		t.Errorf("serving %v, damaged %v", ada.Relay.Serving(), ada.Relay.Damaged())
	}
	alerts, err := ada.Alerts.List(t.Context())
	if err != nil || len(alerts) == 0 || alerts[0].Code != security.AlertRelayDamaged {
		t.Errorf("alerts %+v, %v", alerts, err)
	}
	if _, err := ada.Messenger.Send(t.Context(), conv, "written without it", messenger.SendOptions{}); err != nil {
		t.Errorf("sending: %v", err)
	}
	if b, err := os.ReadFile(store); err != nil || !bytes.Equal(b, broken) {
		t.Errorf("the damaged file was touched: %v", err)
	}

	gone := eventOf(ada, messenger.EventAlert, messenger.AlertMailboxGone)
	if err := ada.RenewRelay(t.Context()); err != nil || !ada.Relay.Serving() || ada.Relay.Damaged() {
		t.Fatalf("serving %v: %v", ada.Relay.Serving(), err)
	}
	if b, err := os.ReadFile(store + ".damaged"); err != nil || !bytes.Equal(b, broken) {
		t.Errorf("the damaged file is not kept aside: %v", err)
	}
	// Its mailboxes are opened again where they were, so that what a contact writes arrives.
	await(t, gone)
	if err := ada.Messenger.Sync(t.Context(), 10*time.Second); err != nil {
		t.Fatal(err)
	}
	arrived := eventOf(ada, messenger.EventMessage)
	if _, err := ben.Messenger.Send(t.Context(), conv, "are you there", messenger.SendOptions{}); err != nil {
		t.Fatal(err)
	}
	await(t, arrived)
	if err := ada.Close(); err != nil {
		t.Fatal(err)
	}
	ada = open()
	if !ada.Relay.Serving() {
		t.Error("the new store does not serve at the next start")
	}

	// A second one does not replace the first.
	if err := ada.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(store, broken[:100], 0o600); err != nil {
		t.Fatal(err)
	}
	ada = open()
	if err := ada.RenewRelay(t.Context()); err != nil {
		t.Fatal(err)
	}
	names, err := filepath.Glob(store + ".damaged*")
	if err != nil || len(names) < 2 || strings.Contains(strings.Join(names, ""), "-3") {
		t.Errorf("kept aside: %d files, %v", len(names), err)
	}
}
