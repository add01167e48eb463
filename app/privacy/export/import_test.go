package export_test

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp/packet"
	"github.com/ProtonMail/go-crypto/openpgp/s2k"
	openpgp "github.com/ProtonMail/go-crypto/openpgp/v2"

	"sotto/app/apptest/memstore"
	"sotto/app/privacy"
	"sotto/app/privacy/export"
	"sotto/app/security"
	"sotto/chat"
)

// talkWith is the real conversation with a peer; an import knows no other.
func (w *world) talkWith(peer chat.ContactID) chat.ConversationID {
	return privacy.DirectConversation(w.me, peer)
}

// fill stores a conversation in which everything stands that a message can have.
func (w *world) fill(peer chat.ContactID, n int) []chat.Message {
	w.t.Helper()
	var out []chat.Message
	w.update(func(tx chat.Tx) error {
		conv := chat.Conversation{ID: w.talkWith(peer), Kind: chat.Direct, Members: []chat.ContactID{peer}, Created: clock, NextSeq: 1}
		for _, of := range []chat.ContactID{ada, bob} { // of the other tests
			if err := tx.Conversations().Destroy(conversation(of).ID); err != nil && !errors.Is(err, chat.ErrNotFound) {
				return err
			}
		}
		if err := tx.Conversations().Put(conv); err != nil {
			return err
		}
		for i := range n {
			m := chat.Message{
				ID: chat.MessageID{peer[0], byte(i >> 8), byte(i), 1}, Conversation: conv.ID, Author: peer, Device: chat.DeviceID{7}, Direction: chat.In,
				Kind: chat.KindText, Seq: uint64(i + 1), Text: fmt.Sprintf("line %d <b>&\u2028 世界", i), State: chat.Read,
				Sent: clock.Add(time.Duration(i) * time.Minute), Received: clock.Add(time.Duration(i)*time.Minute + time.Second),
			}
			switch i % 8 {
			case 1:
				m.Author, m.Direction, m.State, m.Device = w.me, chat.Out, chat.Sent, chat.DeviceID{9}
			case 2:
				m.Edited, m.EditSeq = true, uint64(i+50)
			case 3:
				m.Deleted, m.Text = true, ""
			case 4:
				m.Reactions = []chat.Reaction{{From: w.me, Emoji: "👍", Seq: 12}}
			case 5:
				m.ReplyTo, m.Missing, m.NoForward = chat.MessageID{peer[0], 0, 0, 1}, 3, true
			case 6:
				m.Kind, m.Text, m.Raw = chat.KindUnknown, "", []byte{1, 2, 3}
			case 7:
				m.Kind, m.Author, m.Notice, m.Seq, m.Text = chat.KindNotice, w.me, "contact-verified", 0, ""
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

func (w *world) importer() *export.Importer {
	return &export.Importer{
		Store: w.store, Audit: w.x.Audit, Self: func() chat.ContactID { return w.me }, Temp: w.t.TempDir(), Now: w.x.Now, Blobs: w.x.Blobs,
	}
}

// lines returns the conversations' files of an export of everything as it is now.
func (w *world) lines() map[string]string {
	w.t.Helper()
	folder, s := w.write(export.Request{})
	out := map[string]string{}
	for _, c := range s.Manifest.Conversations {
		out[c.ID] = string(read(w.t, folder, c.Folder+"/messages.jsonl"))
	}
	return out
}

// elsewhere is the same identity in a profile without history.
func (w *world) elsewhere() *world {
	other := &world{t: w.t, store: memstore.New(), me: w.me, dir: w.t.TempDir()}
	x := *w.x
	x.Store, x.Audit = other.store, security.NewAudit(w.x.Now)
	other.x = &x
	return other
}

func TestAnExportTakenInAgainIsTheSameExport(t *testing.T) {
	for _, row := range []struct {
		name    string
		encrypt export.Encryption
	}{{"folder", export.Plain}, {"export code", export.ExportCode}} {
		t.Run(row.name, func(t *testing.T) {
			w := newWorld(t)
			w.fill(ada, 450)
			w.fill(bob, 3)
			before := w.lines()
			out, s := w.write(export.Request{Encrypt: row.encrypt})

			fresh := w.elsewhere()
			got, err := fresh.importer().Import(t.Context(), export.ImportRequest{Path: out, Code: strings.ToLower(s.Code)})
			if err != nil {
				t.Fatal(err)
			}
			if got.Added != 453 || got.Conversations != 2 || got.Contacts != 2 || got.Known+got.Deleted+got.Expired != 0 {
				t.Errorf("imported %+v", got)
			}
			after := fresh.lines()
			for id, lines := range before {
				if after[id] != lines {
					t.Errorf("conversation %.8s differs after the way out and back", id)
				}
			}
			fresh.view(func(tx chat.Tx) error {
				c, err := tx.Contacts().Get(ada)
				if c.Verification != chat.Unverified {
					t.Errorf("a contact came back as %s", c.Verification)
				}
				return err
			})

			again, err := fresh.importer().Import(t.Context(), export.ImportRequest{Path: out, Code: s.Code})
			if err != nil || again.Added != 0 || again.Known != 453 {
				t.Errorf("a second time: %+v, %v", again, err)
			}
		})
	}
}

func (w *world) view(f func(chat.Tx) error) {
	w.t.Helper()
	if err := w.store.View(w.t.Context(), f); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) order(peer chat.ContactID) (ids []chat.MessageID) {
	w.t.Helper()
	w.view(func(tx chat.Tx) error {
		rows, err := tx.Messages().PageAfter(w.talkWith(peer), 0, 10000)
		for _, m := range rows {
			ids = append(ids, m.ID)
		}
		return err
	})
	return ids
}

// TestAnImportKeepsWhatIsHereInItsPlace removes rows at random, adds newer ones, and takes the export in.
func TestAnImportKeepsWhatIsHereInItsPlace(t *testing.T) {
	for seed := range uint64(8) {
		w := newWorld(t)
		all := w.fill(ada, 60)
		out, _ := w.write(export.Request{})
		choose := rand.New(rand.NewPCG(seed, 1))
		var want []chat.MessageID
		gone, buried := 0, 0
		w.update(func(tx chat.Tx) error {
			for _, m := range all {
				want = append(want, m.ID)
				switch choose.IntN(4) {
				case 0, 1:
					gone++
					if err := tx.Messages().Delete(m.ID); err != nil {
						return err
					}
				case 2:
					if m.Deleted {
						continue
					}
					buried++
					m.Deleted, m.Text, m.Raw, m.Reactions = true, "", nil, nil
					if _, err := tx.Messages().Put(m); err != nil {
						return err
					}
				}
			}
			late, err := tx.Messages().Put(chat.Message{
				ID: chat.MessageID{0xff}, Conversation: w.talkWith(ada), Author: ada, Direction: chat.In, Kind: chat.KindText, Text: "newer",
				Seq: 1000, State: chat.Read, Sent: clock.Add(24 * time.Hour), Received: clock.Add(24 * time.Hour),
			})
			want = append(want, late.ID)
			return err
		})
		got, err := w.importer().Import(t.Context(), export.ImportRequest{Path: out})
		if err != nil {
			t.Fatal(err)
		}
		if got.Added != gone || got.Deleted != buried {
			t.Errorf("seed %d: added %d of %d, %d of %d stayed deleted", seed, got.Added, gone, got.Deleted, buried)
		}
		if ids := w.order(ada); !slices.Equal(ids, want) {
			t.Errorf("seed %d: order is lost", seed)
		}
		w.view(func(tx chat.Tx) error {
			for _, id := range want {
				m, err := tx.Messages().Get(id)
				if err != nil {
					return err
				}
				if m.Deleted && m.Text != "" {
					t.Errorf("seed %d: a tombstone has a text again", seed)
				}
			}
			return nil
		})
	}
}

func TestWhatRanOutStaysAway(t *testing.T) {
	w := newWorld(t)
	w.fill(ada, 1)
	w.update(func(tx chat.Tx) error {
		m, err := tx.Messages().Get(chat.MessageID{ada[0], 0, 0, 1})
		if err != nil {
			return err
		}
		m.ExpiresAfter, m.Expires = time.Minute, clock.Add(time.Minute)
		_, err = tx.Messages().Put(m)
		return err
	})
	out, _ := w.write(export.Request{})
	fresh := w.elsewhere()
	got, err := fresh.importer().Import(t.Context(), export.ImportRequest{Path: out})
	if err != nil || got.Expired != 1 || got.Added != 0 {
		t.Errorf("imported %+v, %v", got, err)
	}
}

func TestAnExportThatIsNotWhatWasSignedChangesNothing(t *testing.T) {
	w := newWorld(t)
	w.fill(ada, 20)
	sealed, s := w.write(export.Request{Encrypt: export.ExportCode})
	file, err := os.ReadFile(sealed)
	if err != nil {
		t.Fatal(err)
	}
	stranger := newWorld(t)
	stranger.fill(ada, 3)
	foreign, _ := stranger.write(export.Request{})

	folder := func(spoil func(dir string)) string {
		out, _ := w.write(export.Request{})
		spoil(out)
		return out
	}
	saved := func(b []byte) string {
		path := filepath.Join(t.TempDir(), "file")
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	entries := entriesOf(t, file, s.Code)
	for _, row := range []struct {
		name string
		path string
		code string
		want error
	}{
		{"nothing there", filepath.Join(t.TempDir(), "none"), "", chat.ErrNotFound},
		{"an empty folder", t.TempDir(), "", chat.ErrNotFound},
		{"another identity's", foreign, "", export.ErrForeign},
		{"a changed line", folder(func(dir string) {
			name := find(t, dir, "messages.jsonl", "line 1")
			overwrite(t, dir, name, bytes.Replace(read(t, dir, name), []byte("line 1"), []byte("lime 1"), 1))
		}), "", export.ErrAltered},
		{"a file more", folder(func(dir string) { overwrite(t, dir, "more.txt", []byte("x")) }), "", export.ErrAltered},
		{"a link in it", folder(func(dir string) {
			if err := errors.Join(os.Remove(filepath.Join(dir, "contacts.jsonl")), os.Symlink("/etc/passwd", filepath.Join(dir, "contacts.jsonl"))); err != nil {
				t.Fatal(err)
			}
		}), "", export.ErrAltered},
		{"wrong code", sealed, "AAAA-BBBB-CCCC-DDDD-EEEE-FFFF", chat.ErrWrongSecret},
		{"cut off", saved(file[:len(file)-30]), s.Code, chat.ErrMalformed},
		{"altered", saved(flip(file, len(file)-100)), s.Code, chat.ErrMalformed},
		{"not encrypted at all", saved([]byte(strings.Repeat("plain ", 100))), s.Code, chat.ErrMalformed},
		{"encrypted without authentication", saved(append([]byte{0xc9}, file[1:]...)), s.Code, chat.ErrMalformed},
		{"a path that leaves", saved(pack(t, s.Code, append(entries, entry{name: "sotto-export/../../outside", body: "x"}), false)), s.Code, export.ErrAltered},
		{"an absolute path", saved(pack(t, s.Code, append(entries, entry{name: "/outside", body: "x"}), false)), s.Code, export.ErrAltered},
		{"a link in the archive", saved(pack(t, s.Code, append(entries, entry{name: "sotto-export/link", link: "/etc/passwd"}), false)), s.Code, export.ErrAltered},
		{"a file twice", saved(pack(t, s.Code, append(entries, entries[0]), false)), s.Code, export.ErrAltered},
		{"a folder where a file is", saved(pack(t, s.Code, append(entries, entry{name: entries[0].name + "/x", body: "x"}), false)), s.Code, export.ErrAltered},
		{"an archive that swells", saved(pack(t, s.Code, append(entries, entry{name: "sotto-export/big", body: strings.Repeat("0", 32<<20)}), true)), s.Code, chat.ErrMalformed},
	} {
		t.Run(row.name, func(t *testing.T) {
			fresh := w.elsewhere()
			i := fresh.importer()
			_, err := i.Import(t.Context(), export.ImportRequest{Path: row.path, Code: row.code})
			if !errors.Is(err, row.want) {
				t.Errorf("answered %v, want %v", err, row.want)
			}
			fresh.view(func(tx chat.Tx) error {
				c, err := tx.Conversations().List()
				if len(c) > 0 {
					t.Error("something was taken in")
				}
				return err
			})
			if left, err := os.ReadDir(i.Temp); err != nil || len(left) > 0 {
				t.Errorf("left behind: %v, %v", left, err)
			}
		})
	}
}

func TestACanceledImportIsFinishedByAnother(t *testing.T) {
	w := newWorld(t)
	w.fill(ada, 900)
	before := w.lines()
	out, _ := w.write(export.Request{})
	fresh := w.elsewhere()
	ctx, cancel := context.WithCancel(t.Context())
	_, err := fresh.importer().Import(ctx, export.ImportRequest{Path: out, Progress: func(done, total int) {
		if done >= total/2 {
			cancel()
		}
	}})
	if !errors.Is(err, context.Canceled) {
		t.Fatalf("answered %v", err)
	}
	got, err := fresh.importer().Import(t.Context(), export.ImportRequest{Path: out})
	if err != nil || got.Known == 0 || got.Added == 0 || got.Known+got.Added != 900 {
		t.Errorf("imported %+v, %v", got, err)
	}
	if after := fresh.lines(); after[w.talkWith(ada).String()] != before[w.talkWith(ada).String()] {
		t.Error("the conversation differs")
	}
}

type entry struct{ name, body, link string }

func entriesOf(t *testing.T, file []byte, code string) (out []entry) {
	t.Helper()
	prompt := func([]openpgp.Key, bool) ([]byte, error) { return []byte(code), nil }
	m, err := openpgp.ReadMessage(bytes.NewReader(file), nil, prompt, nil)
	if err != nil {
		t.Fatal(err)
	}
	for archive := tar.NewReader(m.UnverifiedBody); ; {
		h, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return out
		}
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(archive)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, entry{name: h.Name, body: string(b)})
	}
}

// pack makes an encrypted archive that opens with the code, compressed or not.
func pack(t *testing.T, code string, entries []entry, compress bool) []byte {
	t.Helper()
	var out bytes.Buffer
	c := &packet.Config{DefaultCipher: packet.CipherAES256, S2KConfig: &s2k.Config{S2KMode: s2k.IteratedSaltedS2K, S2KCount: 65536}}
	if compress {
		c.DefaultCompressionAlgo = packet.CompressionZLIB
	}
	w, err := openpgp.SymmetricallyEncrypt(&out, []byte(code), nil, c)
	if err != nil {
		t.Fatal(err)
	}
	archive := tar.NewWriter(w)
	for _, e := range entries {
		h := &tar.Header{Name: e.name, Mode: 0o600, Size: int64(len(e.body)), Typeflag: tar.TypeReg}
		if e.link != "" {
			h.Typeflag, h.Linkname = tar.TypeSymlink, e.link
		}
		if err := archive.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(archive, e.body); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(archive.Close(), w.Close()); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func flip(b []byte, at int) []byte {
	out := slices.Clone(b)
	out[at] ^= 1
	return out
}

func TestALookTakesNothingInAndLeavesNoCopy(t *testing.T) {
	w := newWorld(t)
	w.fill(ada, 4)
	out, s := w.write(export.Request{Encrypt: export.ExportCode})
	fresh := w.elsewhere()
	i := fresh.importer()
	got, err := i.Look(t.Context(), export.ImportRequest{Path: out, Code: s.Code})
	if err != nil || got.Manifest.Counts.Messages != 4 || got.Manifest.Root != s.Manifest.Root || chat.ContactID(got.Exporter) != w.me {
		t.Fatalf("saw %+v, %v", got.Manifest.Counts, err)
	}
	if _, err := i.Look(t.Context(), export.ImportRequest{Path: out, Code: "AAAA"}); !errors.Is(err, chat.ErrWrongSecret) {
		t.Errorf("a wrong code: %v", err)
	}
	if left, err := os.ReadDir(i.Temp); err != nil || len(left) != 0 {
		t.Errorf("left %v, %v", left, err)
	}
	if lines := fresh.lines(); len(lines) != 0 {
		t.Errorf("%d conversations were taken in", len(lines))
	}
}

func TestOnlyTheExportThatWasLookedAtIsTakenIn(t *testing.T) {
	w := newWorld(t)
	w.fill(ada, 2)
	first, s := w.write(export.Request{})
	w.fill(bob, 1)
	second, _ := w.write(export.Request{})
	fresh := w.elsewhere()
	if _, err := fresh.importer().Import(t.Context(), export.ImportRequest{Path: second, Root: s.Manifest.Root}); !errors.Is(err, export.ErrAltered) {
		t.Errorf("another export in its place: %v", err)
	}
	if _, err := fresh.importer().Import(t.Context(), export.ImportRequest{Path: first, Root: s.Manifest.Root}); err != nil {
		t.Error(err)
	}
}
