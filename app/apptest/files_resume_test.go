package apptest_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"slices"
	"sync"
	"testing"

	"sotto/app/apptest"
	"sotto/app/messenger"
	"sotto/chat"
	"sotto/crypto/filecrypt"
	"sotto/transport/wire"
)

// meter counts the bytes of files that a person brings and fetches, once for each time.
type meter struct {
	messenger.Relay
	*counts
}

type counts struct {
	mu                sync.Mutex
	brought, fetched  int64
	uploads, fetchesN int
}

func (m meter) Upload(ctx context.Context, key wire.UploadKey, offset int64, r io.Reader, n int64) (int64, error) {
	m.mu.Lock()
	m.uploads++
	m.mu.Unlock()
	return m.Relay.Upload(ctx, key, offset, countedReader{r, m.counts}, n)
}

func (m meter) Fetch(ctx context.Context, key wire.ReadKey, offset, size int64, w io.Writer) (int64, error) {
	n, err := m.Relay.Fetch(ctx, key, offset, size, w)
	m.mu.Lock()
	m.fetched += n
	m.fetchesN++
	m.mu.Unlock()
	return n, err
}

type countedReader struct {
	io.Reader
	*counts
}

func (r countedReader) Read(p []byte) (int, error) {
	n, err := r.Reader.Read(p)
	r.mu.Lock()
	r.brought += int64(n)
	r.mu.Unlock()
	return n, err
}

// TestACutOrARestartCostsNoByteThatCameBefore: what is on a disk is not moved again, up or down.
func TestACutOrARestartCostsNoByteThatCameBefore(t *testing.T) {
	const size, cuts, cutAt = 6 << 20, 5, 1_000_000
	const onItsWay = 128 << 10 // read here, and lost with its connection
	sealed := filecrypt.SealedSize(size)
	for name, restart := range map[string]bool{"cuts": false, "restarts": true} {
		t.Run(name, func(t *testing.T) {
			var up, down counts
			w := apptest.NewWorld(t)
			ada := w.Person("Ada", apptest.PersonOptions{Relay: func(r messenger.Relay) messenger.Relay { return meter{r, &up} }})
			ben := w.Person("Ben", apptest.PersonOptions{Relay: func(r messenger.Relay) messenger.Relay { return meter{r, &down} }})
			w.Befriend(ada, ben)
			file := apptest.Bytes(1, size)
			// suffer cuts p off, and ends and starts it between.
			suffer := func(p *apptest.Person, c *counts, begin func()) {
				t.Helper()
				if !restart {
					w.Relay.CutBlobs(slices.Repeat([]int64{cutAt}, cuts)...)
					begin()
					p.Until("all cuts", func() bool { return w.Relay.CutsLeft() == 0 })
					return
				}
				for i := range cuts {
					w.Relay.CutBlobs(append([]int64{cutAt}, slices.Repeat([]int64{1}, 500)...)...)
					if i == 0 {
						begin()
					} else {
						p.Wake()
					}
					p.Until("some of it", func() bool { return w.Relay.CutsLeft() < 500 })
					p.Sleep()
				}
				w.Relay.CutBlobs()
				p.Wake()
			}
			var msg chat.Message
			suffer(ada, &up, func() { msg = ada.Give(ben, "film.webm", file) })
			offered(ben, msg.ID)
			suffer(ben, &down, func() {
				if err := ben.FetchFile(t.Context(), msg.ID); err != nil {
					t.Fatal(err)
				}
			})
			fetched(t, ben, msg.ID, file)
			up.mu.Lock()
			defer up.mu.Unlock()
			down.mu.Lock()
			defer down.mu.Unlock()
			if most := sealed + (cuts+1)*onItsWay; up.uploads <= cuts || up.brought > most {
				t.Errorf("%d bytes were brought in %d parts for %d", up.brought, up.uploads, sealed)
			}
			if down.fetchesN <= cuts || down.fetched != sealed {
				t.Errorf("%d bytes were fetched in %d times, of %d", down.fetched, down.fetchesN, sealed)
			}
		})
	}
}

// lossy are the files of a computer that ends right after a file got its name, and whose disk then gives other bytes.
type lossy struct {
	chat.Blobs
	*sync.Once
}

var errEnds = errors.New("the process ends")

func (l lossy) Create() (chat.BlobWriter, error) {
	w, err := l.Blobs.Create()
	return lossyWriter{w, l.Once}, err
}

func (l lossy) Resume(id chat.BlobID) (chat.BlobWriter, error) {
	w, err := l.Blobs.Resume(id)
	if err != nil {
		return nil, err
	}
	return lossyWriter{w, l.Once}, nil
}

type lossyWriter struct {
	chat.BlobWriter
	*sync.Once
}

func (w lossyWriter) Commit() error {
	var err error
	w.Do(func() {
		b := make([]byte, w.Size())
		_, readErr := w.ReadAt(b, 0)
		if errors.Is(readErr, io.EOF) {
			readErr = nil
		}
		b[len(b)/2] ^= 1
		truncErr := w.Truncate(0)
		_, writeErr := w.Write(b)
		err = errors.Join(readErr, truncErr, writeErr, w.BlobWriter.Commit(), errEnds)
	})
	if err != nil {
		return err
	}
	return w.BlobWriter.Commit()
}

// TestAFileThatWasCompleteWhenTheProcessEndedIsCheckedAgain: its row did not say yet that it is here.
func TestAFileThatWasCompleteWhenTheProcessEndedIsCheckedAgain(t *testing.T) {
	_, ada, ben := friends(t)
	ben.Sleep()
	folder := ben.Folder()
	ben.Blobs = lossy{folder, new(sync.Once)}
	ben.Wake()
	file := apptest.Bytes(3, 300_000)
	msg := ada.Give(ben, "figures.ods", file)
	offered(ben, msg.ID)
	if err := ben.FetchFile(t.Context(), msg.ID); err != nil {
		t.Fatal(err)
	}
	if got := failed(ben, msg.ID); got != messenger.FailureFileDamaged {
		t.Errorf("it says %s", got)
	}
	if b, err := ben.Contents(msg.ID); !errors.Is(err, chat.ErrNotFetched) || bytes.Equal(b, file) {
		t.Errorf("opening it says %v", err)
	}
	if list, err := folder.List(); err != nil || len(list) != 0 {
		t.Errorf("%d files are left, %v", len(list), err)
	}
	fetched(t, ben, msg.ID, file)
}
