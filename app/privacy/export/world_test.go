package export_test

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sotto/app/apptest/memstore"
	"sotto/app/privacy/export"
	"sotto/app/security"
	"sotto/chat"
	"sotto/crypto/identity"
)

var clock = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

var ada, bob = chat.ContactID{0xad}, chat.ContactID{0xb0}

type world struct {
	t     *testing.T
	store *memstore.Store
	x     *export.Exporter
	me    chat.ContactID
	dir   string
}

func newWorld(t *testing.T) *world {
	t.Helper()
	who, err := identity.New(clock)
	if err != nil {
		t.Fatal(err)
	}
	now := func() time.Time { return clock.Add(time.Hour) }
	w := &world{t: t, store: memstore.New(), me: chat.ContactID(who.Fingerprint()), dir: t.TempDir()}
	w.x = &export.Exporter{Store: w.store, Audit: security.NewAudit(now), Identity: who, Name: func() string { return "Grace" }, Now: now}
	w.update(func(tx chat.Tx) error {
		return errors.Join(
			tx.Contacts().Put(chat.Contact{ID: ada, Name: "Ada", State: chat.ContactAccepted, Verification: chat.Verified, Created: clock}),
			tx.Contacts().Put(chat.Contact{ID: bob, Name: "Bob", State: chat.ContactBlocked, Verification: chat.Unverified, Created: clock.Add(1)}),
			tx.Conversations().Put(conversation(ada)), tx.Conversations().Put(conversation(bob)),
			tx.Consents().Append(chat.Consent{ID: "a1", Subject: ada, Purpose: chat.ReadReceipts, Notice: "1", State: chat.Given, Method: "sheet", Time: clock}),
			tx.Consents().Append(chat.Consent{ID: "b1", Subject: bob, Purpose: chat.ReadReceipts, Notice: "1", State: chat.Given, Method: "sheet", Time: clock}),
			security.NewAudit(now).Record(tx, "profile.created", "", ""),
		)
	})
	return w
}

func conversation(peer chat.ContactID) chat.Conversation {
	return chat.Conversation{
		ID: chat.ConversationID{peer[0], 1}, Kind: chat.Direct, Members: []chat.ContactID{peer}, Created: clock, Last: clock.Add(time.Duration(peer[0])),
	}
}

func (w *world) update(f func(chat.Tx) error) {
	w.t.Helper()
	if err := w.store.Update(w.t.Context(), f); err != nil {
		w.t.Fatal(err)
	}
}

// say stores messages of the conversation with peer, alternating authors, a minute apart.
func (w *world) say(peer chat.ContactID, texts ...string) []chat.Message {
	w.t.Helper()
	var out []chat.Message
	w.update(func(tx chat.Tx) error {
		for i, text := range texts {
			m := chat.Message{
				ID: chat.NewMessageID(), Conversation: conversation(peer).ID, Author: peer, Device: chat.DeviceID{7}, Direction: chat.In,
				Kind: chat.KindText, Seq: uint64(i + 1), Text: text, State: chat.Read,
				Sent: clock.Add(time.Duration(i) * time.Minute), Received: clock.Add(time.Duration(i) * time.Minute),
			}
			if i%2 == 1 {
				m.Author, m.Direction = w.me, chat.Out
			}
			m, err := tx.Messages().Put(m)
			if err != nil {
				return err
			}
			out = append(out, m)
		}
		return nil
	})
	return out
}

func (w *world) write(r export.Request) (string, export.Summary) {
	w.t.Helper()
	if r.Out == "" {
		r.Out = filepath.Join(w.dir, fmt.Sprint("export-", len(w.entries())))
	}
	s, err := w.x.Write(w.t.Context(), r)
	if err != nil {
		w.t.Fatal(err)
	}
	return r.Out, s
}

func (w *world) entries() []string {
	w.t.Helper()
	all, err := os.ReadDir(w.dir)
	if err != nil {
		w.t.Fatal(err)
	}
	var names []string
	for _, e := range all {
		names = append(names, e.Name())
	}
	return names
}

func verify(folder string) error {
	_, err := export.Verify(folder, clock.Add(2*time.Hour))
	return err
}

// filesIn returns the paths inside a folder, with slashes.
func filesIn(t *testing.T, folder string) []string {
	t.Helper()
	var out []string
	err := fs.WalkDir(os.DirFS(folder), ".", func(name string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			out = append(out, name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func read(t *testing.T, folder, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(folder, filepath.FromSlash(name)))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func overwrite(t *testing.T, folder, name string, b []byte) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(folder, filepath.FromSlash(name)), b, 0o600); err != nil {
		t.Fatal(err)
	}
}

// find returns the one file whose path ends so and holds the text.
func find(t *testing.T, folder, suffix, text string) string {
	t.Helper()
	for _, f := range filesIn(t, folder) {
		if strings.HasSuffix(f, suffix) && bytes.Contains(read(t, folder, f), []byte(text)) {
			return f
		}
	}
	t.Fatalf("no %s holds %q", suffix, text)
	return ""
}
