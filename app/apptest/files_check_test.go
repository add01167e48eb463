package apptest_test

import (
	"context"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"testing"

	"sotto/app/apptest"
	"sotto/app/apptest/memstore"
	"sotto/app/messenger"
	"sotto/chat"
	"sotto/storage/blob"
)

// inFolder is a store whose files lie in a folder that is known.
type inFolder struct {
	*memstore.Store
	blobs chat.Blobs
}

func (s inFolder) Blobs() chat.Blobs { return s.blobs }

func storeIn(t *testing.T, dir string) chat.Store {
	t.Helper()
	folder, err := blob.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	s := inFolder{memstore.New(), folder}
	s.OnRemoved(func(ids ...chat.BlobID) {
		if err := folder.Remove(ids...); err != nil {
			t.Error(err)
		}
	})
	return s
}

// blobIn returns where the file of a message lies.
func blobIn(t *testing.T, dir string, p *apptest.Person, id chat.MessageID) string {
	t.Helper()
	var a chat.Attachment
	err := p.Store.View(t.Context(), func(tx chat.Tx) (err error) {
		a, err = tx.Attachments().Get(id)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return filepath.Join(dir, a.Blob.String())
}

func TestACheckOfTheFilesFindsWhatIsMissingShortOrAlteredAndItCanBeFetchedAgain(t *testing.T) {
	adas, bens := filepath.Join(t.TempDir(), "ada"), filepath.Join(t.TempDir(), "ben")
	w := apptest.NewWorld(t)
	ada := w.Person("Ada", apptest.PersonOptions{Store: storeIn(t, adas)})
	ben := w.Person("Ben", apptest.PersonOptions{Store: storeIn(t, bens)})
	w.Befriend(ada, ben)
	want := apptest.Bytes(7, 300_000)
	var ids []chat.MessageID
	for range 5 {
		m := ada.Give(ben, "letter.bin", want)
		offered(ben, m.ID)
		fetched(t, ben, m.ID, want)
		ids = append(ids, m.ID)
	}
	sound, err := ben.CheckFiles(t.Context(), nil)
	if err != nil || !sound.Sound() || sound.Files != 5 {
		t.Fatalf("before: %+v, %v", sound, err)
	}

	damage := func(id chat.MessageID, change func([]byte) []byte) {
		path := blobIn(t, bens, ben, id)
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, change(b), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Remove(blobIn(t, bens, ben, ids[0])); err != nil {
		t.Fatal(err)
	}
	damage(ids[1], func(b []byte) []byte { return b[:len(b)-1] })
	damage(ids[2], func(b []byte) []byte { b[len(b)/2] ^= 1; return b })
	damage(ids[3], func(b []byte) []byte { return append(b, 0) })

	told, all := int64(0), int64(0)
	found, err := ben.CheckFiles(t.Context(), func(done, total int64) { told, all = done, total })
	codes := map[string]int{messenger.FaultMissing: 1, messenger.FaultShort: 1, messenger.FaultAltered: 2}
	if err != nil || found.Files != 5 || !maps.Equal(found.Faults, codes) {
		t.Errorf("found %+v, %v", found, err)
	}
	if told == 0 || all != sound.Bytes {
		t.Errorf("told of %d of %d bytes", told, all)
	}
	for i, id := range ids {
		s := ben.File(id)
		if i < 4 && (s.State != chat.FileFailed || s.Failure != messenger.FailureFileDamaged || s.Stored) {
			t.Errorf("file %d: %+v", i, s)
		}
		if i == 4 && s.State != chat.FileHere {
			t.Errorf("the sound one: %+v", s)
		}
		if m, err := ben.Message(t.Context(), id); err != nil || m.File.IsZero() {
			t.Errorf("message %d: %+v, %v", i, m, err)
		}
	}
	if n := kept(t, ben); n != 1 {
		t.Errorf("%d files are kept", n)
	}
	if again, err := ben.CheckFiles(t.Context(), nil); err != nil || !again.Sound() || again.Files != 1 {
		t.Errorf("again: %+v, %v", again, err)
	}
	fetched(t, ben, ids[1], want)

	// An own one was delivered: its message stays as it is.
	if err := os.Remove(blobIn(t, adas, ada, ids[0])); err != nil {
		t.Fatal(err)
	}
	found, err = ada.CheckFiles(t.Context(), nil)
	if err != nil || found.Faults[messenger.FaultMissing] != 1 {
		t.Errorf("of the sender: %+v, %v", found, err)
	}
	if m, err := ada.Message(t.Context(), ids[0]); err != nil || m.State == chat.Failed {
		t.Errorf("the sender's message: %+v, %v", m, err)
	}
}

func TestACheckOfTheFilesStops(t *testing.T) {
	_, ada, ben := friends(t)
	want := apptest.Bytes(8, 1<<20)
	m := ada.Give(ben, "letter.bin", want)
	offered(ben, m.ID)
	fetched(t, ben, m.ID, want)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	_, err := ben.CheckFiles(ctx, func(int64, int64) { stop() })
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	if s := ben.File(m.ID); s.State != chat.FileHere {
		t.Errorf("it is set aside: %+v", s)
	}
}
