package apptest_test

import (
	"context"
	"errors"
	"io"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"sotto/app/apptest"
	"sotto/app/messenger"
	"sotto/chat"
	"sotto/transport/wire"
)

// narrow is a disk with little room.
type narrow struct {
	chat.Blobs
	free *atomic.Int64 // as it says
	room *atomic.Int64 // as it is
}

func (n narrow) Free() (int64, error) { return n.free.Load(), nil }

func (n narrow) Create() (chat.BlobWriter, error) {
	w, err := n.Blobs.Create()
	return narrowWriter{w, n.room}, err
}

func (n narrow) Resume(id chat.BlobID) (chat.BlobWriter, error) {
	w, err := n.Blobs.Resume(id)
	return narrowWriter{w, n.room}, err
}

type narrowWriter struct {
	chat.BlobWriter
	room *atomic.Int64
}

func (w narrowWriter) Write(p []byte) (int, error) {
	if w.room.Add(-int64(len(p))) < 0 {
		return 0, chat.ErrDiskFull
	}
	return w.BlobWriter.Write(p)
}

func TestAFullDiskStopsAFileAndKeepsNothingOfIt(t *testing.T) {
	_, ada, ben := friends(t)
	var free, room atomic.Int64
	free.Store(1 << 40)
	room.Store(100_000)
	for _, p := range []*apptest.Person{ada, ben} {
		p.Sleep()
		p.Blobs = narrow{p.Blobs, &free, &room}
		p.Wake()
	}
	file := apptest.Bytes(1, 300_000)
	give := func() (chat.Message, error) {
		return ada.SendFile(t.Context(), ada.ConversationWith(ben.ID), apptest.FileOf("a", file), messenger.SendOptions{}, nil)
	}
	folder := func(p *apptest.Person) int {
		n, _ := p.Blobs.(narrow)
		list, err := n.Blobs.(interface {
			List() ([]chat.BlobID, error)
		}).List()
		if err != nil {
			t.Fatal(err)
		}
		return len(list)
	}
	if _, err := give(); !isFull(err) || folder(ada) != 0 {
		t.Errorf("sending on a full disk: %v, %d files kept", err, folder(ada))
	}
	free.Store(1000)
	room.Store(1 << 40)
	if _, err := give(); !isFull(err) || folder(ada) != 0 {
		t.Errorf("sending on a disk that says it is full: %v, %d files kept", err, folder(ada))
	}
	free.Store(1 << 40)
	msg, err := give()
	if err != nil {
		t.Fatal(err)
	}
	offered(ben, msg.ID)
	for _, c := range []struct{ free, room int64 }{{1 << 40, 100_000}, {1000, 1 << 40}} {
		free.Store(c.free)
		room.Store(c.room)
		if err := ben.FetchFile(t.Context(), msg.ID); err != nil {
			t.Fatal(err)
		}
		if got := failed(ben, msg.ID); got != messenger.FailureDiskFull || folder(ben) != 0 {
			t.Errorf("fetching with %+v: %s, %d files kept", c, got, folder(ben))
		}
	}
	free.Store(1 << 40)
	room.Store(1 << 40)
	if err := ben.Retry(t.Context(), msg.ID); err != nil {
		t.Fatal(err)
	}
	fetched(t, ben, msg.ID, file)
}

func isFull(err error) bool { return errors.Is(err, chat.ErrDiskFull) }

// TestBytesThatAPowerLossSpoiltAreFetchedAgain: what a part holds after a cut is not what was written, and nobody knows.
func TestBytesThatAPowerLossSpoiltAreFetchedAgain(t *testing.T) {
	w, ada, ben := friends(t)
	file := apptest.Bytes(1, 1<<20)
	msg := ada.Give(ben, "a", file)
	offered(ben, msg.ID)
	w.Relay.CutBlobs(600_000, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1)
	if err := ben.FetchFile(t.Context(), msg.ID); err != nil {
		t.Fatal(err)
	}
	ben.Until("a part", func() bool { return w.Relay.CutsLeft() < 19 })
	ben.Sleep()
	parts := spoil(t, ben)
	if parts != 1 {
		t.Fatalf("%d parts", parts)
	}
	w.Relay.CutBlobs()
	ben.Wake()
	fetched(t, ben, msg.ID, file)
}

// spoil alters a byte of every part of a file.
func spoil(t *testing.T, p *apptest.Person) (parts int) {
	t.Helper()
	list, err := p.Folder().List()
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range list {
		w, err := p.Folder().Resume(id)
		if err != nil {
			t.Fatal(err)
		}
		b := make([]byte, w.Size())
		_, readErr := w.ReadAt(b, 0)
		b[len(b)/2] ^= 1
		truncErr := w.Truncate(0)
		_, writeErr := w.Write(b)
		if err := errors.Join(readErr, truncErr, writeErr, w.Close()); err != nil {
			t.Fatal(err)
		}
	}
	return len(list)
}

// hanging is a relay that answers nothing about a file at first.
type hanging struct {
	messenger.Relay
	left *atomic.Int32
}

func (h hanging) Fetch(ctx context.Context, key wire.ReadKey, offset, size int64, w io.Writer) (int64, error) {
	if h.left.Add(-1) >= 0 {
		<-ctx.Done()
		return 0, wire.ErrOffline
	}
	return h.Relay.Fetch(ctx, key, offset, size, w)
}

func TestAFileThatStandsStillIsBegunAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var left atomic.Int32
		left.Store(3)
		w := apptest.NewWorld(t)
		ada := w.Person("Ada", apptest.PersonOptions{})
		ben := w.Person("Ben", apptest.PersonOptions{Relay: func(r messenger.Relay) messenger.Relay { return hanging{r, &left} }})
		w.Befriend(ada, ben)
		file := apptest.Bytes(1, 1000)
		msg := ada.Give(ben, "a", file)
		offered(ben, msg.ID)
		if err := ben.FetchFile(t.Context(), msg.ID); err != nil {
			t.Fatal(err)
		}
		time.Sleep(5 * time.Minute)
		if s := ben.File(msg.ID); s.State != chat.FileHere {
			t.Errorf("after five minutes it is %+v", s)
		}
	})
}

func TestWhoWatchesFilesHearsOfThemTenTimesASecondAtMost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, ada, ben := friends(t)
		file := apptest.Bytes(1, 6<<20)
		msg := ada.Give(ben, "a", file)
		offered(ben, msg.ID)
		var heard []messenger.FileStatus
		done := make(chan struct{})
		stop := ben.WatchFiles(func(s messenger.FileStatus) {
			heard = append(heard, s)
			if s.State == chat.FileHere {
				close(done)
			}
		})
		defer stop()
		begun := time.Now()
		if err := ben.FetchFile(t.Context(), msg.ID); err != nil {
			t.Fatal(err)
		}
		<-done
		most := 5 + int(10*time.Since(begun).Seconds()) // beside the changes of state, the beginning and the end
		if len(heard) < 3 || len(heard) > most {
			t.Errorf("heard %d times in %v", len(heard), time.Since(begun))
		}
		last := int64(0)
		for _, s := range heard {
			if s.Message != msg.ID || s.Done < last || s.Done > s.Total {
				t.Errorf("heard %+v after %d", s, last)
			}
			last = s.Done
		}
		if last != heard[0].Total {
			t.Errorf("the last is %d of %d", last, heard[0].Total)
		}
	})
}

func TestAFileIsSentAgainToWhoLostItsState(t *testing.T) {
	w, ada, ben := friends(t)
	ada.Say(ben, "before the image")
	ben.Say(ada, "and back")
	same(t, ada, ben)
	settle(t, ada)
	settle(t, ben)
	image := ben.Image()
	ben.Crash() // the life after the image
	file := apptest.Bytes(1, 100_000)
	msg := ada.Give(ben, "a", file)
	offered(ben, msg.ID)
	ben.Ledger.Allow(chat.ReadReceipts, true)
	fetched(t, ben, msg.ID, file) // and so it is gone from the relay
	ben.Until("the relay to have let go", func() bool { return len(w.BlobsAt(w.Relay)) == 0 })
	for range 3 {
		ben.Say(ada, "I hear you")
		ada.Say(ben, "after the image")
		same(t, ada, ben)
	}
	settle(t, ada)
	settle(t, ben)
	ben.Restore(image)
	ben.Until("the alert", func() bool { return ben.Alerts(messenger.AlertRolledBack) == 1 })
	ben.Say(ada, "where was I?")
	offered(ben, msg.ID)
	fetched(t, ben, msg.ID, file)
}

// full is a relay that says for a while that it has no room.
type full struct {
	messenger.Relay
	left *atomic.Int32
}

func (f full) GrantBlob(ctx context.Context, m wire.Mailbox, token wire.Token, name wire.BlobName, upload wire.UploadHash, size int64) error {
	if f.left.Add(-1) >= 0 {
		return &wire.Error{Code: wire.CodeQuota, After: time.Hour}
	}
	return f.Relay.GrantBlob(ctx, m, token, name, upload, size)
}

func TestAFullRelayIsWaitedForAndThePersonMayTryBefore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var left atomic.Int32
		w := apptest.NewWorld(t)
		ada := w.Person("Ada", apptest.PersonOptions{Relay: func(r messenger.Relay) messenger.Relay { return full{r, &left} }})
		ben := w.Person("Ben", apptest.PersonOptions{})
		w.Befriend(ada, ben)
		for _, impatient := range []bool{false, true} {
			left.Store(1)
			msg := ada.Give(ben, "a", apptest.Bytes(1, 1000))
			ada.Until("the answer", func() bool { return ada.File(msg.ID).Failure == messenger.FailureQuota })
			if s := ada.File(msg.ID); s.State != chat.FileSending || left.Load() != 0 {
				t.Errorf("it is %+v", s)
			}
			begun := time.Now()
			if impatient {
				if err := ada.Retry(t.Context(), msg.ID); err != nil {
					t.Fatal(err)
				}
			}
			for ben.File(msg.ID).State == "" {
				time.Sleep(time.Minute)
			}
			if waited := time.Since(begun); impatient == (waited > 30*time.Minute) || waited > 2*time.Hour {
				t.Errorf("impatient: %t, waited %v", impatient, waited)
			}
		}
	})
}
