package backup

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"sotto/app/apptest/memblob"
	"sotto/app/apptest/memstore"
	"sotto/app/security"
	"sotto/chat"
	"sotto/crypto/identity"
	"sotto/crypto/vault"
)

var clock = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// cheap costs for tests; no flag of a program reaches them.
var (
	cheap  = vault.Params{Memory: 64, Time: 1, Threads: 1}
	narrow = vault.Limits{MinMemory: 64, MaxMemory: 1 << 20, MinTime: 1, MaxTime: 16}
)

const secret = "a passphrase of a backup"

type world struct {
	t     *testing.T
	store *memstore.Store
	blobs *memblob.Blobs
	me    chat.ContactID
	w     *Writer
	dir   string
	now   time.Time
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, store: memstore.New(), blobs: memblob.New(), me: chat.ContactID{0xee}, dir: t.TempDir(), now: clock}
	now := func() time.Time { return w.now }
	w.w = &Writer{
		Store: w.store, Blobs: w.blobs, Audit: security.NewAudit(now), Cost: cheap, Limits: narrow, Now: now,
		Self: func() (chat.ContactID, string) { return w.me, "Ada" },
		Omit: func(_ chat.Tx, id chat.ContactID) (bool, error) { return id == chat.ContactID{0x99}, nil },
		Settings: func(tx chat.Tx) (map[string][]byte, error) {
			all, err := tx.Settings().List()
			delete(all, "secret")
			return all, err
		},
	}
	return w
}

func (w *world) update(f func(chat.Tx) error) {
	w.t.Helper()
	if err := w.store.Update(w.t.Context(), f); err != nil {
		w.t.Fatal(err)
	}
}

// fill stores something of everything, with n messages in the first conversation.
func (w *world) fill(n int) {
	w.t.Helper()
	who, err := identity.New(clock)
	if err != nil {
		w.t.Fatal(err)
	}
	peer := chat.ContactID(who.Fingerprint())
	w.update(func(tx chat.Tx) error {
		direct := chat.Conversation{ID: chat.ConversationID{1}, Kind: chat.Direct, Members: []chat.ContactID{peer}, Created: clock, NextSeq: 7, Draft: "half"}
		guide := chat.Conversation{ID: chat.ConversationID{2}, Kind: chat.Direct, Members: []chat.ContactID{{0x99}}, Created: clock, NextSeq: 1}
		err := errors.Join(
			tx.Settings().Put("kept", []byte{1, 2, 3}), tx.Settings().Put("secret", []byte("never")),
			tx.Contacts().Put(chat.Contact{ID: peer, Name: "Ben", State: chat.ContactAccepted, Verification: chat.Verified, Certificate: who.Certificate().Bytes(), Created: clock}),
			tx.Contacts().Put(chat.Contact{ID: chat.ContactID{0x66}, Name: "Blocked", State: chat.ContactBlocked, Verification: chat.Unverified, Removed: true, Created: clock}),
			tx.Contacts().Put(chat.Contact{ID: chat.ContactID{0x99}, Name: "Guide", State: chat.ContactAccepted, Verification: chat.Unverified, Certificate: []byte{1}, Created: clock}),
			tx.Routes().Put(chat.Route{Peer: peer, Device: chat.DeviceID{1}, Seq: 3, Relay: "relay", Mailbox: chat.MailboxID{4}, Token: []byte{5}, Secret: []byte{6}}),
			tx.Consents().Append(chat.Consent{ID: "c1", Subject: peer, Purpose: chat.ReadReceipts, Notice: "1", State: chat.Given, Method: "sheet", Time: clock}),
			tx.Conversations().Put(direct), tx.Conversations().Put(guide),
			w.w.Audit.Record(tx, "profile.created", "", ""),
		)
		if err != nil {
			return err
		}
		if _, err := tx.Messages().Put(chat.Message{ID: chat.MessageID{0x99}, Conversation: guide.ID, Author: chat.ContactID{0x99}, Direction: chat.In, Kind: chat.KindText, Text: "guide", State: chat.Read}); err != nil {
			return err
		}
		for i := range n {
			m := chat.Message{
				ID: chat.MessageID{1, byte(i >> 16), byte(i >> 8), byte(i)}, Conversation: direct.ID, Author: peer, Device: chat.DeviceID{1},
				Direction: chat.In, Kind: chat.KindText, Seq: uint64(i + 1), Sent: clock.Add(time.Duration(i) * time.Second), Received: clock,
				State: chat.Read, Text: fmt.Sprintf("message %d", i),
			}
			if i%3 == 1 {
				m.Author, m.Direction, m.State = w.me, chat.Out, chat.Queued
			}
			if i%5 == 4 {
				m.Deleted, m.Text = true, ""
			}
			if _, err := tx.Messages().Put(m); err != nil {
				return err
			}
		}
		for i := range n / 2 {
			if err := tx.Annotations().Put(chat.Annotation{
				ID: chat.MessageID{2, byte(i >> 8), byte(i)}, Conversation: direct.ID, Target: chat.MessageID{1, 0, 0, byte(i)}, Kind: chat.AnnotateReaction,
				Author: peer, Seq: uint64(i), Sent: clock, Text: "👍",
			}); err != nil {
				return err
			}
		}
		return nil
	})
}

func (w *world) write(name string) (string, Summary) {
	w.t.Helper()
	out := filepath.Join(w.dir, name)
	s, err := w.w.Write(w.t.Context(), Request{Out: out, Passphrase: secret})
	if err != nil {
		w.t.Fatal(err)
	}
	return out, s
}

// dump is everything in a store that a backup holds, as text.
func dump(t *testing.T, store chat.Store) string {
	t.Helper()
	var b strings.Builder
	err := store.View(t.Context(), func(tx chat.Tx) error {
		line := func(v any, err error) {
			if err != nil {
				t.Fatal(err)
			}
			text, err := json.Marshal(v)
			if err != nil {
				t.Fatal(err)
			}
			fmt.Fprintf(&b, "%s\n", text)
		}
		contacts, err := tx.Contacts().List()
		line(contacts, err)
		for _, c := range contacts {
			line(tx.Routes().ForPeer(c.ID))
		}
		line(tx.Consents().List())
		line(tx.Audit().List(0, 1000))
		conversations, err := tx.Conversations().List()
		line(conversations, err)
		for _, c := range conversations {
			rows, err := tx.Messages().PageAfter(c.ID, 0, 10000)
			for i := range rows {
				rows[i].Revision = 0
			}
			line(rows, err)
			line(tx.Annotations().List(c.ID, chat.MessageID{}, 10000))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestADamagedMessageDoesNotKeepTheRestFromBeingBackedUpAndIsCounted(t *testing.T) {
	w := newWorld(t)
	w.fill(10)
	w.store.Damage(chat.MessageID{1, 0, 0, 3}, chat.MessageID{1, 0, 0, 4})
	out, made := w.write("ada.sottobackup")
	if made.Damaged != 2 || made.Counts.Messages != 8 {
		t.Errorf("made: %d damaged, %d messages", made.Damaged, made.Counts.Messages)
	}
	in, err := os.Open(out)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	got, err := Restore(t.Context(), memstore.New(), in, secret, Reading{Limits: narrow, Settings: func(name string) bool { return name == "kept" }})
	if err != nil || got.Damaged != 2 || got.Counts.Messages != 8 {
		t.Errorf("restored: %d damaged, %d messages, %v", got.Damaged, got.Counts.Messages, err)
	}
}

func TestABackupRestoresToWhatItWasMadeOf(t *testing.T) {
	w := newWorld(t)
	w.fill(1300)
	out, made := w.write("ada.sottobackup")
	in, err := os.Open(out)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	again := memstore.New()
	allowed := func(name string) bool { return name == "kept" }
	got, err := Restore(t.Context(), again, in, secret, Reading{Limits: narrow, Settings: allowed})
	if err != nil {
		t.Fatal(err)
	}
	if got.Counts != made.Counts || got.ID != made.ID || got.Name != "Ada" || got.Identity != w.me || got.Counts.Messages != 1300 || got.Counts.Annotations != 650 {
		t.Errorf("restored %+v of %+v", got, made)
	}
	if len(got.Unsent) == 0 {
		t.Error("messages that waited to be sent are not named")
	}
	// The original without what stays out, and before the act of backing up was recorded.
	w.update(func(tx chat.Tx) error {
		return errors.Join(tx.Contacts().Delete(chat.ContactID{0x99}), tx.Conversations().Destroy(chat.ConversationID{2}))
	})
	want, have := dump(t, w.store), dump(t, again)
	if want = strings.Replace(want, lastAudit(t, w.store), "", 1); want != have {
		t.Error("the restored store differs from the one that was backed up")
	}
	if err := again.View(t.Context(), func(tx chat.Tx) error {
		all, err := tx.Settings().List()
		if !reflect.DeepEqual(all, map[string][]byte{"kept": {1, 2, 3}}) {
			t.Errorf("settings %q", all)
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
}

// lastAudit is the newest entry of the log as dump writes it, after another.
func lastAudit(t *testing.T, store chat.Store) string {
	t.Helper()
	var text []byte
	if err := store.View(t.Context(), func(tx chat.Tx) error {
		head, err := tx.Audit().Head()
		if err != nil {
			return err
		}
		text, err = json.Marshal(head)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return "," + string(text)
}

func TestABackupThatFailsLeavesNothing(t *testing.T) {
	w := newWorld(t)
	w.fill(1200)
	taken := filepath.Join(w.dir, "taken")
	if err := os.WriteFile(taken, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, row := range map[string]struct {
		r    Request
		want error
	}{
		"an empty passphrase":     {Request{Out: filepath.Join(w.dir, "x")}, chat.ErrMalformed},
		"a name that is taken":    {Request{Out: taken, Passphrase: secret}, chat.ErrExists},
		"a folder that is no one": {Request{Out: filepath.Join(w.dir, "none", "x"), Passphrase: secret}, os.ErrNotExist},
	} {
		if _, err := w.w.Write(t.Context(), row.r); !errors.Is(err, row.want) {
			t.Errorf("%s: %v, want %v", name, err, row.want)
		}
	}
	for part := range 4 { // while writing and while reading back
		ctx, cancel := context.WithCancel(t.Context())
		_, err := w.w.Write(ctx, Request{Out: filepath.Join(w.dir, "x"), Passphrase: secret, Progress: func(done, total int) {
			if 4*done >= part*total {
				cancel()
			}
		}})
		cancel()
		if !errors.Is(err, context.Canceled) {
			t.Errorf("canceled in part %d: %v", part, err)
		}
	}
	entries, err := os.ReadDir(w.dir)
	if err != nil || len(entries) != 1 {
		t.Errorf("left behind: %v, %v", entries, err)
	}
}

func TestTheReminderKnowsTheNewestBackup(t *testing.T) {
	w := newWorld(t)
	w.fill(1)
	state := func() (s Standing) {
		if err := w.store.View(t.Context(), func(tx chat.Tx) (err error) { s, err = State(tx); return err }); err != nil {
			t.Fatal(err)
		}
		return s
	}
	day := 24 * time.Hour
	if s := state(); s.Due(clock.Add(29*day)) || !s.Due(clock.Add(31*day)) {
		t.Error("without a backup the person is reminded 30 days after the beginning")
	}
	w.now = clock.Add(40 * day)
	w.write("a")
	if s := state(); s.Due(w.now.Add(29*day)) || !s.Due(w.now.Add(31*day)) || !s.Last.Equal(w.now) {
		t.Error("the reminder does not count from the newest backup")
	}
	w.update(func(tx chat.Tx) error { return SetReminder(tx, 0) })
	if state().Due(w.now.Add(1000 * day)) {
		t.Error("a reminder that is off reminds")
	}
	if err := w.store.Update(t.Context(), func(tx chat.Tx) error { return SetReminder(tx, time.Minute) }); !errors.Is(err, chat.ErrMalformed) {
		t.Errorf("a reminder every minute: %v", err)
	}
}

func TestKnownBackupsSayWhatWasDeletedSince(t *testing.T) {
	w := newWorld(t)
	w.fill(1)
	_, first := w.write("a")
	w.update(func(tx chat.Tx) error { return w.w.Audit.Record(tx, "message.deleted", "00", "") })
	w.now = w.now.Add(time.Hour)
	_, second := w.write("b")
	w.update(func(tx chat.Tx) error {
		return errors.Join(w.w.Audit.Record(tx, "conversation.deleted", "00", ""), w.w.Audit.Record(tx, "consent.expired", "00", ""))
	})
	list := func() (all []Known) {
		if err := w.store.View(t.Context(), func(tx chat.Tx) (err error) { all, err = List(tx); return err }); err != nil {
			t.Fatal(err)
		}
		return all
	}
	all := list()
	if len(all) != 2 || all[0].ID != second.ID || all[0].Since != 1 || all[1].ID != first.ID || all[1].Since != 2 {
		t.Errorf("known %+v", all)
	}
	w.update(func(tx chat.Tx) error { return Forget(tx, first.ID) })
	if all := list(); len(all) != 1 {
		t.Errorf("known after forgetting %+v", all)
	}
}

// A person may paste anything into the line where a message is written.
func TestAnEndlessDraftKeepsNobodyFromABackup(t *testing.T) {
	w := newWorld(t)
	w.fill(3)
	w.update(func(tx chat.Tx) error {
		c, err := tx.Conversations().Get(chat.ConversationID{1})
		if err != nil {
			return err
		}
		c.Draft = strings.Repeat("é\x01", maxLine)
		return tx.Conversations().Put(c)
	})
	if _, err := w.w.Write(t.Context(), Request{Out: filepath.Join(w.dir, "out"), Passphrase: secret}); err != nil {
		t.Error(err)
	}
}
