package storage_test

import (
	"bytes"
	"errors"
	"fmt"
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

// TestFilesAreSavedAsFarAsKeyAndFileAreWhole salvages a profile with files that are whole, cut, missing and begun, and whose
// database has lost its index pages and its header.
func TestFilesAreSavedAsFarAsKeyAndFileAreWhole(t *testing.T) {
	dir, s, _ := create(t)
	converse(t, s, kept)
	content := bytes.Repeat([]byte("plan of the house "), 1000)
	kinds := []string{"whole", "cut", "missing", "begun", "altered"}
	of := map[string]chat.Attachment{}
	id := func(kind string) chat.MessageID { return chat.MessageID{1, byte(slices.Index(kinds, kind))} }
	for _, kind := range kinds {
		a := sealed(t, s, content, kind != "begun")
		attach(t, s, kept, id(kind), a, time.Time{})
		of[kind] = a
	}
	path := func(kind string) string { return filepath.Join(dir, storage.BlobFolder, of[kind].Blob.String()) }
	orphan := sealed(t, s, []byte("nobody's"), true)
	closed(t, s)
	if err := errors.Join(os.Truncate(path("cut"), 1000), os.Remove(path("missing"))); err != nil {
		t.Fatal(err)
	}
	alter(t, path("altered"), 5000)
	alter(t, filepath.Join(dir, storage.HistoryFile), 3) // no SQLite opens that
	before := takeImage(t, dir)

	out, err := storage.Salvage(ctx, dir, storage.Passphrase("first passphrase"), filepath.Join(t.TempDir(), "scratch"), options(), nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, kind := range kinds {
		var a chat.Attachment
		err := out.View(ctx, func(tx chat.Tx) (err error) {
			a, err = tx.Attachments().Get(id(kind))
			return err
		})
		if err != nil || a.Blob != of[kind].Blob || !bytes.Equal(a.Key, of[kind].Key) || a.Stored != of[kind].Stored {
			t.Errorf("%s: the attachment is %+v, %v", kind, a, err)
			continue
		}
		got, err := plaintext(out.Blobs(), a, int64(len(content)))
		want := map[string]error{
			"cut": filecrypt.ErrTruncated, "missing": chat.ErrNotFound, "begun": chat.ErrNotFound, "altered": filecrypt.ErrChunk,
		}[kind]
		if !errors.Is(err, want) || want == nil && !bytes.Equal(got, content) {
			t.Errorf("%s: %d bytes, %v, want %v", kind, len(got), err, want)
		}
	}
	_, created := out.Blobs().Create()
	_, resumed := out.Blobs().Resume(of["begun"].Blob)
	for what, err := range map[string]error{"Create": created, "Resume": resumed, "Remove": out.Blobs().Remove(orphan.Blob)} {
		if !errors.Is(err, chat.ErrReadOnly) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if err := out.Update(ctx, func(tx chat.Tx) error { return tx.Messages().Delete(id("whole")) }); err != nil {
		t.Error(err)
	}
	if err := out.Discard(); err != nil {
		t.Error(err)
	}
	after := takeImage(t, dir)
	if len(after) != len(before) {
		t.Errorf("%d files, then %d", len(before), len(after))
	}
	for name, b := range before {
		if !bytes.Equal(after[name], b) {
			t.Errorf("%s was changed", name)
		}
	}
}

func alter(t *testing.T, path string, at int) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	b[at] ^= 0x55
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
}

// plaintext reads what a file holds.
func plaintext(blobs chat.Blobs, a chat.Attachment, size int64) ([]byte, error) {
	blob, err := blobs.Open(a.Blob)
	if err != nil {
		return nil, err
	}
	defer blob.Close() //nolint:errcheck // read only
	key, err := filecrypt.KeyFrom(a.Key)
	if err != nil {
		return nil, err
	}
	r, err := filecrypt.NewReader(blob, key, a.Sealed, size)
	if err != nil {
		return nil, fmt.Errorf("opening: %w", err)
	}
	defer r.Close() //nolint:errcheck // it clears only
	return io.ReadAll(r)
}
