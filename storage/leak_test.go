package storage_test

import (
	"bytes"
	"crypto/rand"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"sotto/app/apptest/leak"
	"sotto/chat"
	"sotto/crypto/filecrypt"
	"sotto/storage"
)

// TestNothingOfAFileStandsInClear searches every file of a profile with files, here, on their way and removed: name and type,
// caption, content, thumbnail, preview, and the keys.
func TestNothingOfAFileStandsInClear(t *testing.T) {
	random := func() []byte {
		b := make([]byte, 32)
		rand.Read(b) //nolint:errcheck // never fails
		return b
	}
	dir, s, _ := create(t)
	converse(t, s, kept, doomed)
	picture, preview := append([]byte("\xff\xd8\xff\xe0 a small picture "), random()...), append([]byte("\xff\xd8 a preview "), random()...)
	content := bytes.Repeat([]byte("Meet me behind the greenhouse. "), 9000) // several chunks
	secrets := []leak.Secret{
		{Name: "name", Value: []byte("Scheidungsvertrag 2026.odt")},
		{Name: "type", Value: []byte("application/vnd.oasis")},
		{Name: "caption", Value: []byte("do not show this to Claire")},
		{Name: "content", Value: []byte("behind the greenhouse")},
		{Name: "thumbnail", Value: picture},
		{Name: "preview", Value: preview},
		{Name: "relay", Value: []byte("relay.example.org:8443")},
	}
	for i, state := range []chat.FileState{chat.FileHere, chat.FileFetching, chat.FileSending, chat.FileOffered, chat.FileHere} {
		a := sealed(t, s, content, state == chat.FileHere)
		a.State, a.Relay, a.ReadKey, a.UploadKey = state, "relay.example.org:8443", random(), random()
		if state == chat.FileOffered {
			if err := s.Blobs().Remove(a.Blob); err != nil {
				t.Fatal(err)
			}
			a.Blob = chat.BlobID{}
		}
		a.Message = chat.MessageID{byte(i + 1)}
		secrets = append(secrets, leak.Secret{Name: "file key", Value: a.Key}, leak.Secret{Name: "hash", Value: a.Hash[:]},
			leak.Secret{Name: "read key", Value: a.ReadKey}, leak.Secret{Name: "upload key", Value: a.UploadKey})
		c := kept
		if i == 4 {
			c = doomed
		}
		err := s.Update(ctx, func(tx chat.Tx) error {
			_, err := tx.Messages().Put(chat.Message{
				ID: a.Message, Conversation: c, Kind: chat.KindAttachment, Text: "do not show this to Claire",
				File: chat.File{Name: "Scheidungsvertrag 2026.odt", Type: "application/vnd.oasis.opendocument.text", Size: int64(len(content)), Width: 3, Height: 4},
			})
			return errors.Join(err, tx.Attachments().Put(a), tx.Attachments().PutPreview(a.Message, preview))
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Update(ctx, func(tx chat.Tx) error { return tx.Attachments().PutPreview(a.Message, picture) }); err != nil {
			t.Fatal(err)
		}
	}
	scanner := leak.NewScanner(secrets...)
	scan := func(when string) {
		t.Helper()
		hits, files, err := scanner.ScanDir(dir)
		if err != nil || files < 5 {
			t.Errorf("%s: %d files, %v", when, files, err)
		}
		for _, h := range hits[:min(len(hits), 8)] {
			t.Errorf("%s: %v", when, h)
		}
	}
	scan("open")
	if err := s.Erase(ctx, func(tx chat.Tx) error { return tx.Conversations().Destroy(doomed) }); err != nil {
		t.Fatal(err)
	}
	scan("after an erasure")
	closed(t, s)
	scan("closed")

	// The control: what is not sealed is found.
	if err := os.WriteFile(filepath.Join(dir, storage.BlobFolder, "plain"), content, 0o600); err != nil {
		t.Fatal(err)
	}
	if hits, _, err := scanner.ScanDir(dir); err != nil || len(hits) != 1 {
		t.Errorf("the scan does not find a file in clear: %v, %v", hits, err)
	}
}

// TestAThiefOfTheFolderAfterADeletionCannotOpenTheFile takes the ciphertext from before a deletion, as an undelete of the file
// system may give it back, and every key that the profile still has. Without the deletion it opens.
func TestAThiefOfTheFolderAfterADeletionCannotOpenTheFile(t *testing.T) {
	for _, deleted := range []bool{false, true} {
		dir, s, _ := create(t)
		converse(t, s, doomed)
		content := bytes.Repeat([]byte("once there "), 500)
		a := sealed(t, s, content, true)
		attach(t, s, doomed, doomedText, a, time.Time{})
		path := filepath.Join(dir, storage.BlobFolder, a.Blob.String())
		ciphertext, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if deleted {
			if err := s.Erase(ctx, func(tx chat.Tx) error { return tx.Messages().Delete(doomedText) }); err != nil {
				t.Fatal(err)
			}
		}
		closed(t, s)
		found := false
		for _, b := range takeImage(t, dir) {
			found = found || bytes.Contains(b, ciphertext[:64])
		}
		if found == deleted {
			t.Errorf("deleted: %t, the ciphertext lies in the folder: %t", deleted, found)
		}
		s = reopen(t, dir, storage.Passphrase("first passphrase"))
		var got []byte
		err = s.View(ctx, func(tx chat.Tx) error {
			a, err := tx.Attachments().Get(doomedText)
			if err != nil {
				return err
			}
			key, err := filecrypt.KeyFrom(a.Key)
			if err != nil {
				return err
			}
			r, err := filecrypt.NewReader(bytes.NewReader(ciphertext), key, a.Sealed, int64(len(content)))
			if err != nil {
				return err
			}
			got = make([]byte, len(content))
			_, err = r.ReadAt(got, 0)
			return err
		})
		switch {
		case deleted && !errors.Is(err, chat.ErrNotFound):
			t.Errorf("the key is still there: %v", err)
		case !deleted && (err != nil || !bytes.Equal(got, content)):
			t.Errorf("the control does not open it: %v", err)
		}
		closed(t, s)
	}
}
