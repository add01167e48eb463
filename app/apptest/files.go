package apptest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"path/filepath"
	"testing"

	"sotto/app/apptest/memstore"
	"sotto/app/messenger"
	"sotto/chat"
	"sotto/storage/blob"
)

// blobsOf returns the folder of files that belongs to a store; one in memory gets a folder of its own.
func blobsOf(t testing.TB, store chat.Store) chat.Blobs {
	t.Helper()
	if own, ok := store.(interface{ Blobs() chat.Blobs }); ok {
		return own.Blobs()
	}
	folder, err := blob.Open(filepath.Join(t.TempDir(), "blobs"))
	if err != nil {
		t.Fatal(err)
	}
	if s, ok := store.(*memstore.Store); ok {
		s.OnRemoved(func(ids ...chat.BlobID) {
			if err := folder.Remove(ids...); err != nil {
				t.Error(err)
			}
		})
	}
	return folder
}

// Bytes returns size bytes that are the same for the same seed.
func Bytes(seed uint64, size int) []byte {
	var key [32]byte
	key[0], key[1] = byte(seed), byte(seed>>8)
	out := make([]byte, size)
	rand.NewChaCha8(key).Read(out) //nolint:errcheck // never fails
	return out
}

// FileOf returns a file with these bytes.
func FileOf(name string, b []byte) messenger.FileToSend {
	return messenger.FileToSend{
		Name: name, Size: int64(len(b)), Open: func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(b)), nil },
	}
}

// Give sends a file to another.
func (p *Person) Give(other *Person, name string, b []byte) chat.Message {
	p.t.Helper()
	m, err := p.SendFile(p.t.Context(), p.ConversationWith(other.ID), FileOf(name, b), messenger.SendOptions{}, nil)
	if err != nil {
		p.t.Fatal(err)
	}
	return m
}

// File returns where the file of a message stands; the zero value when there is none.
func (p *Person) File(id chat.MessageID) messenger.FileStatus {
	p.t.Helper()
	list, err := p.FileStatus(p.t.Context(), id)
	if err != nil {
		p.t.Fatal(err)
	}
	if len(list) == 0 {
		return messenger.FileStatus{}
	}
	return list[0]
}

// Contents reads the whole file of a message.
func (p *Person) Contents(id chat.MessageID) ([]byte, error) {
	r, _, err := p.OpenFile(p.t.Context(), id)
	if err != nil {
		return nil, err
	}
	b, err := io.ReadAll(r)
	return b, errors.Join(err, r.Close())
}

// SweepFiles removes the files that no message names, as opening a profile does, and returns how many those were.
func (p *Person) SweepFiles() (removed int) {
	p.t.Helper()
	folder := p.Folder()
	named := map[chat.BlobID]bool{}
	err := p.Store.View(context.Background(), func(tx chat.Tx) error {
		conversations, err := tx.Conversations().List()
		if err != nil {
			return err
		}
		for _, c := range conversations {
			files, err := tx.Attachments().Page(c.ID, 0, 1_000_000)
			if err != nil {
				return err
			}
			for _, msg := range files {
				a, err := tx.Attachments().Get(msg.ID)
				if err != nil {
					return err
				}
				named[a.Blob] = true
			}
		}
		return nil
	})
	if err == nil {
		removed, err = folder.Sweep(func(id chat.BlobID) bool { return named[id] })
	}
	if err != nil {
		p.t.Fatal(err)
	}
	return removed
}

// Folder returns the folder of files of this person.
func (p *Person) Folder() *blob.Folder {
	p.t.Helper()
	folder, ok := p.Blobs.(*blob.Folder)
	if !ok {
		p.t.Fatal("files that lie in no folder")
	}
	return folder
}
