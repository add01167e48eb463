package storage_test

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"sotto/chat"
	"sotto/crypto/filecrypt"
	"sotto/storage"
)

// sealed puts a file into a store, committed or begun, without an attachment that names it.
func sealed(t *testing.T, s *storage.Store, content []byte, commit bool) chat.Attachment {
	t.Helper()
	blob, err := s.Blobs().Create()
	if err != nil {
		t.Fatal(err)
	}
	key := filecrypt.NewKey()
	w := filecrypt.NewWriter(blob, key, int64(len(content)))
	if _, err := w.Write(content); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	end := blob.Close
	if commit {
		end = blob.Commit
	}
	if err := end(); err != nil {
		t.Fatal(err)
	}
	return chat.Attachment{Key: key.Bytes(), Hash: w.Sum(), Sealed: blob.Size(), Blob: blob.ID(), Stored: commit, State: chat.FileHere}
}

// attach stores a message with the attachment.
func attach(t *testing.T, s *storage.Store, c chat.ConversationID, m chat.MessageID, a chat.Attachment, ends time.Time) {
	t.Helper()
	a.Message = m
	err := s.Update(ctx, func(tx chat.Tx) error {
		_, err := tx.Messages().Put(chat.Message{
			ID: m, Conversation: c, Kind: chat.KindAttachment, Expires: ends,
			File: chat.File{Name: "plan of the house.pdf", Size: 1000},
		})
		return errors.Join(err, tx.Attachments().Put(a))
	})
	if err != nil {
		t.Fatal(err)
	}
}

func converse(t *testing.T, s *storage.Store, ids ...chat.ConversationID) {
	t.Helper()
	err := s.Update(ctx, func(tx chat.Tx) error {
		var errs []error
		for _, id := range ids {
			errs = append(errs, tx.Conversations().Put(chat.Conversation{ID: id, Kind: chat.Direct}))
		}
		return errors.Join(errs...)
	})
	if err != nil {
		t.Fatal(err)
	}
}

// files returns the names in the folder of attachments.
func files(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(filepath.Join(dir, storage.BlobFolder))
	if err != nil {
		t.Fatal(err)
	}
	out := []string{}
	for _, e := range entries {
		out = append(out, e.Name())
	}
	return out
}

func lies(t *testing.T, when, dir string, want ...chat.Attachment) {
	t.Helper()
	names := []string{}
	for _, a := range want {
		name := a.Blob.String()
		if !a.Stored {
			name += ".part"
		}
		names = append(names, name)
	}
	slices.Sort(names)
	if got := files(t, dir); !slices.Equal(got, names) {
		t.Errorf("%s: %d files %q, want %d", when, len(got), got, len(names))
	}
}

func TestAFileGoesWithItsMessage(t *testing.T) {
	ended := options().Now().Add(-time.Minute)
	for _, c := range []struct {
		name   string
		remove func(*storage.Store) error
		stays  bool
	}{
		{"nothing happens", func(*storage.Store) error { return nil }, true},
		{"the unit of work fails", func(s *storage.Store) error {
			err := s.Update(ctx, func(tx chat.Tx) error { return errors.Join(tx.Messages().Delete(doomedText), io.ErrNoProgress) })
			if !errors.Is(err, io.ErrNoProgress) {
				return err
			}
			return nil
		}, true},
		{"deleted", func(s *storage.Store) error {
			return s.Update(ctx, func(tx chat.Tx) error { return tx.Messages().Delete(doomedText) })
		}, false},
		{"its conversation destroyed", func(s *storage.Store) error {
			return s.Erase(ctx, func(tx chat.Tx) error { return tx.Conversations().Destroy(doomed) })
		}, false},
		{"the attachment deleted", func(s *storage.Store) error {
			return s.Update(ctx, func(tx chat.Tx) error { return tx.Attachments().Delete(doomedText) })
		}, false},
		{"ended while locked", func(s *storage.Store) error {
			k, err := s.Leave(ctx)
			if err != nil {
				return err
			}
			if err := s.Close(); err != nil {
				return err
			}
			n, err := k.Remove(options().Now())
			if n != 1 {
				t.Errorf("%d messages ended", n)
			}
			return err
		}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir, s, _ := create(t)
			converse(t, s, doomed, kept)
			gone, stays := sealed(t, s, bytes.Repeat([]byte("gone"), 250), true), sealed(t, s, bytes.Repeat([]byte("stay"), 250), true)
			attach(t, s, doomed, doomedText, gone, ended)
			attach(t, s, kept, keptText, stays, time.Time{})
			if err := c.remove(s); err != nil {
				t.Fatal(err)
			}
			want := []chat.Attachment{stays}
			if c.stays {
				want = append(want, gone)
			}
			lies(t, "at once", dir, want...)
			s.Close() //nolint:errcheck // one case closed it
			s = reopen(t, dir, storage.Passphrase("first passphrase"))
			lies(t, "opened again", dir, want...)
			r, err := s.Blobs().Open(stays.Blob)
			if err != nil {
				t.Fatal(err)
			}
			if err := r.Close(); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestWhatACrashLeftIsSweptAtTheNextOpening(t *testing.T) {
	dir, s, _ := create(t)
	converse(t, s, doomed, kept)
	gone, stays, coming := sealed(t, s, []byte("a"), true), sealed(t, s, []byte("b"), true), sealed(t, s, []byte("c"), false)
	attach(t, s, doomed, doomedText, gone, time.Time{})
	attach(t, s, kept, keptText, stays, time.Time{})
	coming.State = chat.FileFetching
	attach(t, s, kept, chat.MessageID{3}, coming, time.Time{})
	begun, unnamed := sealed(t, s, []byte("d"), false), sealed(t, s, []byte("e"), true)
	s.OnRemoved(nil) // as if the process ended between the commit and the removal of the file
	if err := s.Update(ctx, func(tx chat.Tx) error { return tx.Messages().Delete(doomedText) }); err != nil {
		t.Fatal(err)
	}
	closed(t, s)
	lies(t, "after the crash", dir, gone, stays, coming, begun, unnamed)
	refused(t, dir, storage.Passphrase("another"), chat.ErrWrongSecret)
	lies(t, "not opened", dir, gone, stays, coming, begun, unnamed)
	s = reopen(t, dir, storage.Passphrase("first passphrase"))
	lies(t, "opened", dir, stays, coming)
	w, err := s.Blobs().Resume(coming.Blob)
	if err != nil || w.Size() != coming.Sealed {
		t.Fatalf("the begun file goes on: %v", err)
	}
	if err := w.Close(); err != nil {
		t.Error(err)
	}
}

func TestOnlyAStoreWithAFolderKeepsFiles(t *testing.T) {
	dir, s, _ := create(t)
	guide, err := storage.OpenWithKey(ctx, filepath.Join(dir, "guide.db"), s.Subkey("guide"), options())
	if err != nil {
		t.Fatal(err)
	}
	if guide.Blobs() != nil {
		t.Error("a store without a folder keeps files")
	}
	closed(t, guide)
	of := options()
	of.Blobs = filepath.Join(dir, "guide.db"+storage.BlobSuffix)
	guide, err = storage.OpenWithKey(ctx, filepath.Join(dir, "guide.db"), s.Subkey("guide"), of)
	if err != nil {
		t.Fatal(err)
	}
	sealed(t, guide, []byte("the Guide's"), true)
	lies(t, "another store's", dir)
	closed(t, guide)
}

func TestTheFilesOfAProfileWithoutVaultAreSetAside(t *testing.T) {
	dir, s, _ := create(t)
	left := sealed(t, s, []byte("kept for a vault from a backup"), true)
	closed(t, s)
	if err := os.Remove(filepath.Join(dir, storage.VaultFile)); err != nil {
		t.Fatal(err)
	}
	s, _, err := storage.Create(ctx, dir, options())
	if err != nil {
		t.Fatal(err)
	}
	closed(t, s)
	lies(t, "new profile", dir)
	if _, err := os.Stat(filepath.Join(dir, storage.BlobFolder+".orphan", left.Blob.String())); err != nil {
		t.Error(err)
	}
	if err := storage.Destroy(dir); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the folder stays: %v", err)
	}
}

func TestAnAdoptedProfileBringsItsFiles(t *testing.T) {
	from, s, _ := create(t)
	converse(t, s, kept)
	a := sealed(t, s, []byte("moved"), true)
	attach(t, s, kept, keptText, a, time.Time{})
	closed(t, s)
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, storage.BlobFolder, "older"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := storage.Adopt(from, dir); err != nil {
		t.Fatal(err)
	}
	reopen(t, dir, storage.Passphrase("first passphrase"))
	lies(t, "adopted", dir, a)
}

func TestAnAbandonedProfileLeavesNoFiles(t *testing.T) {
	from, s, _ := create(t)
	sealed(t, s, []byte("moved half the way"), true)
	closed(t, s)
	dir := t.TempDir()
	if err := os.Rename(filepath.Join(from, storage.BlobFolder), filepath.Join(dir, storage.BlobFolder)); err != nil {
		t.Fatal(err)
	}
	if err := storage.Abandon(from, dir); err != nil {
		t.Fatal(err)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 0 {
		t.Errorf("left %v, %v", left, err)
	}
}
