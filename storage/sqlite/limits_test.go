package sqlite

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"unicode/utf16"

	"sotto/chat"
	"sotto/crypto/vault"
)

func TestFullDatabaseIsDiskFullAndTheStoreGoesOn(t *testing.T) {
	s := newProfile(t).create(t)
	populate(t, s)
	if err := s.writer.script("PRAGMA max_page_count = 60"); err != nil {
		t.Fatal(err)
	}
	err := s.Update(context.Background(), func(tx chat.Tx) error {
		return tx.Settings().Put("large", make([]byte, 1<<20))
	})
	if !errors.Is(err, chat.ErrDiskFull) {
		t.Fatalf("error %v", err)
	}
	if err := s.writer.script("PRAGMA max_page_count = 100000"); err != nil {
		t.Fatal(err)
	}
	write(t, s, func(tx chat.Tx) error {
		if _, err := tx.Settings().Get("large"); !errors.Is(err, chat.ErrNotFound) {
			t.Errorf("half a unit of work stayed: %v", err)
		}
		return tx.Settings().Put("small", []byte("x"))
	})
}

func TestReadOnlyDatabaseIsNamed(t *testing.T) {
	s := newProfile(t).create(t)
	populate(t, s)
	if err := s.writer.script("PRAGMA query_only = ON"); err != nil {
		t.Fatal(err)
	}
	err := s.Update(context.Background(), func(tx chat.Tx) error { return tx.Settings().Put("a", nil) })
	if !errors.Is(err, chat.ErrReadOnly) {
		t.Errorf("error %v", err)
	}
	if err := s.View(context.Background(), everything); err != nil {
		t.Errorf("reading: %v", err)
	}
}

// TestNoPlaintextInAnyFile plants texts in every kind of row and looks for them, while the store is open, in the
// database, its write-ahead log and whatever else lies in the folder.
func TestNoPlaintextInAnyFile(t *testing.T) {
	const planted = "QuietHeronUnderBridge"
	p := newProfile(t)
	s := p.create(t)
	b := []byte(planted)
	id := [32]byte(append([]byte("FingerprintOf"), b...)[:32])
	write(t, s, func(tx chat.Tx) error {
		_, queued := tx.Queue().Add(chat.QueueItem{Content: b, Envelope: b, Failure: planted, Peer: id})
		_, event := tx.Events().Append(planted, b, day)
		if err := tx.Conversations().Put(chat.Conversation{ID: id, Draft: planted, Preview: planted}); err != nil {
			return err
		}
		_, message := tx.Messages().Put(chat.Message{
			ID: chat.MessageID{1}, Conversation: id, Author: id, Seq: 1, Kind: chat.KindAttachment, Text: planted, Raw: b,
			File: chat.File{Name: planted + ".pdf", Type: "application/" + planted},
		})
		attachment := chat.Attachment{
			Message: chat.MessageID{1}, Key: id[:], Hash: id, Blob: chat.BlobID{1}, State: chat.FileState(planted), Failure: planted,
			Relay: planted, ReadKey: id[:], UploadKey: id[:],
		}
		attached := tx.Attachments().Put(attachment)
		previewed := tx.Attachments().PutPreview(attachment.Message, bytes.Repeat(b, 1000))
		return errors.Join(queued, event, message, attached, previewed,
			tx.Contacts().Put(chat.Contact{ID: id, Name: planted, Certificate: b, DeviceList: b}),
			tx.Annotations().Put(chat.Annotation{Conversation: id, Text: planted}),
			tx.Sessions().Put(chat.Session{Peer: id, State: b, Header: b}),
			tx.Prekeys().Put(chat.Prekey{Mailbox: id, Private: b}),
			tx.Replays().RecordInitial(id, day),
			tx.Mailboxes().Put(chat.Mailbox{ID: id, Relay: planted, Secret: b, Token: b}),
			tx.Routes().Put(chat.Route{Peer: id, Mailbox: id, Relay: planted, Token: b}),
			tx.Invitations().Put(chat.Invitation{ID: planted, Link: planted, Mailbox: id}),
			tx.Consents().Append(chat.Consent{ID: planted, Subject: id, Notice: planted}),
			tx.Audit().Append(chat.AuditEntry{Seq: 1, Subject: planted, Detail: planted}),
			tx.Settings().Put(planted, b))
	})
	scan := func() (hits, files int) {
		err := filepath.WalkDir(filepath.Dir(p.db), func(path string, e os.DirEntry, err error) error {
			if err != nil || e.IsDir() {
				return err
			}
			files++
			content, err := os.ReadFile(path)
			for _, secret := range []string{planted, string(id[:]), passphrase} {
				for _, form := range forms(secret) {
					hits += bytes.Count(content, form)
				}
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return hits, files
	}
	if hits, files := scan(); hits != 0 || files < 3 {
		t.Errorf("%d hits in %d files", hits, files)
	}
	for i, form := range forms(planted) {
		path := filepath.Join(filepath.Dir(p.db), "control")
		if err := os.WriteFile(path, append([]byte("before"), form...), 0o600); err != nil {
			t.Fatal(err)
		}
		if hits, _ := scan(); hits == 0 {
			t.Errorf("form %d of a planted copy is not found", i)
		}
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
	}
}

// forms are the encodings in which a text might lie in a file.
func forms(s string) [][]byte {
	var wide []byte
	for _, u := range utf16.Encode([]rune(s)) {
		wide = append(wide, byte(u), byte(u>>8))
	}
	return [][]byte{
		[]byte(s), wide, []byte(hex.EncodeToString([]byte(s))),
		[]byte(base64.RawStdEncoding.EncodeToString([]byte(s))[:len(s)]),
	}
}

func TestClosedStoreIsLockedAndHoldsNoKeys(t *testing.T) {
	s := newProfile(t).create(t)
	populate(t, s)
	_, held := s.keys.purpose("contacts")
	if held.Equal(vault.RowKey{}) {
		t.Fatal("no key before closing")
	}
	closeStore(t, s)
	for name, err := range map[string]error{
		"View":   s.View(context.Background(), everything),
		"Update": s.Update(context.Background(), everything),
		"Erase":  s.Erase(context.Background(), everything),
	} {
		if !errors.Is(err, chat.ErrLocked) {
			t.Errorf("%s after Close: %v", name, err)
		}
	}
	if len(s.keys.keys) != 0 {
		t.Error("keys stay after Close")
	}
}

func TestReadersSeeOneSnapshotBesideTheWriter(t *testing.T) {
	s := newProfile(t).create(t)
	write(t, s, func(tx chat.Tx) error {
		return errors.Join(tx.Settings().Put("a", []byte{0}), tx.Settings().Put("b", []byte{0}))
	})
	var group sync.WaitGroup
	for range readers + 2 {
		group.Go(func() {
			for range 50 {
				err := s.View(context.Background(), func(tx chat.Tx) error {
					a, err := tx.Settings().Get("a")
					b, err2 := tx.Settings().Get("b")
					if !bytes.Equal(a, b) {
						t.Errorf("a is %v, b is %v", a, b)
					}
					return errors.Join(err, err2)
				})
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	for n := range byte(50) {
		work := func(tx chat.Tx) error {
			return errors.Join(tx.Settings().Put("a", []byte{n}), tx.Settings().Put("b", []byte{n}))
		}
		f := s.Update
		if n%10 == 9 {
			f = s.Erase
		}
		if err := f(context.Background(), work); err != nil {
			t.Error(err)
		}
	}
	group.Wait()
}

// TestFailedTurnStaysPending lets the vault file refuse to be written after the unit of work has committed.
func TestFailedTurnStaysPending(t *testing.T) {
	p := newProfile(t)
	s := p.create(t)
	populate(t, s)
	s.save = func([]byte) error { return chat.ErrDiskFull }
	destroy := func(tx chat.Tx) error { return tx.Conversations().Destroy(conv(1)) }
	if err := s.Erase(context.Background(), destroy); !errors.Is(err, chat.ErrDiskFull) {
		t.Fatalf("error %v", err)
	}
	// A later unit of work neither forgets the mark nor fails.
	write(t, s, func(tx chat.Tx) error { return tx.Settings().Put("a", nil) })
	epoch := s.epoch
	closeStore(t, s)
	s = p.open(t)
	if s.pending || s.epoch != epoch+1 {
		t.Errorf("pending %v, epoch %d after %d", s.pending, s.epoch, epoch)
	}
}
