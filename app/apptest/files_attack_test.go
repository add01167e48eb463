package apptest_test

import (
	"context"
	"errors"
	"io"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"sotto/app/apptest"
	"sotto/app/messenger"
	"sotto/chat"
	"sotto/transport/relay"
	"sotto/transport/wire"
)

// amnesiac is a relay that takes every byte of a file and then has none of them.
type amnesiac struct {
	messenger.Relay
	after error // the answer to the end of an upload
	bytes *atomic.Int64
}

func (a amnesiac) UploadOffset(context.Context, wire.UploadKey) (int64, error) {
	return 0, wire.ErrNotFound
}

func (a amnesiac) GrantBlob(context.Context, wire.Mailbox, wire.Token, wire.BlobName, wire.UploadHash, int64) error {
	return nil
}

func (a amnesiac) Upload(_ context.Context, _ wire.UploadKey, offset int64, r io.Reader, n int64) (int64, error) {
	got, err := io.Copy(io.Discard, io.LimitReader(r, n))
	a.bytes.Add(got)
	return offset + got, err
}

func (a amnesiac) CommitBlob(context.Context, wire.UploadKey, [32]byte) error { return a.after }

// TestARelayThatLosesAFileAgainAndAgainIsGivenUp: the relay of a contact is chosen by the contact.
func TestARelayThatLosesAFileAgainAndAgainIsGivenUp(t *testing.T) {
	for name, after := range map[string]error{
		"another digest": wire.ErrDigest, "bytes are missing": wire.ErrConflict, "busy": wire.ErrUnavailable, "gone": wire.ErrNotFound,
		"away": wire.ErrOffline,
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var taken atomic.Int64
				w := apptest.NewWorld(t)
				ada := w.Person("Ada", apptest.PersonOptions{Relay: func(r messenger.Relay) messenger.Relay { return amnesiac{r, after, &taken} }})
				ben := w.Person("Ben", apptest.PersonOptions{})
				w.Befriend(ada, ben)
				file := apptest.Bytes(1, 1<<20)
				msg := ada.Give(ben, "film.webm", file)
				time.Sleep(24 * time.Hour)
				if s := ada.File(msg.ID); s.State != chat.FileFailed || s.Failure != messenger.FailureFileRefused {
					t.Errorf("after a day it is %+v", s)
				}
				if most := int64(80 << 20); taken.Load() > most {
					t.Errorf("%d bytes went to it, more than %d", taken.Load(), most)
				}
			})
		})
	}
}

// dawdler is a relay that takes a file so slowly that it never ends, if it is the first that one is offered to.
type dawdler struct {
	messenger.Relay
	one     *atomic.Pointer[dawdler]
	waiting chan struct{}
}

func (d *dawdler) Upload(ctx context.Context, key wire.UploadKey, offset int64, r io.Reader, n int64) (int64, error) {
	if d.one.CompareAndSwap(nil, d); d.one.Load() != d {
		return d.Relay.Upload(ctx, key, offset, r, n)
	}
	d.waiting <- struct{}{}
	<-ctx.Done()
	return offset, ctx.Err()
}

func TestARelayThatDawdlesHoldsUpNoOther(t *testing.T) {
	w := apptest.NewWorld(t)
	var one atomic.Pointer[dawdler]
	waiting := make(chan struct{}, 10)
	ada := w.Person("Ada", apptest.PersonOptions{Relay: func(r messenger.Relay) messenger.Relay { return &dawdler{r, &one, waiting} }})
	eve := w.Person("Eve", apptest.PersonOptions{Home: w.AddRelay(wire.Address{Host: "127.0.0.1", Port: 4002, Mode: wire.Plain})})
	ben := w.Person("Ben", apptest.PersonOptions{})
	w.Befriend(ada, eve)
	w.Befriend(ada, ben)
	for i := range 5 {
		ada.Give(eve, "film.webm", apptest.Bytes(uint64(i), 1000))
	}
	<-waiting
	<-waiting
	file := apptest.Bytes(9, 3<<20)
	msg := ada.Give(ben, "figures.ods", file)
	offered(ben, msg.ID)
	fetched(t, ben, msg.ID, file)
}

// TestBlockingEndsWhatIsOnItsWay: nothing of a blocked contact is taken, and nothing goes to it.
func TestBlockingEndsWhatIsOnItsWay(t *testing.T) {
	_, ada, ben, up, down := slowly(t)
	close(up.open)
	in := ada.Give(ben, "in.ods", apptest.Bytes(1, 100_000))
	offered(ben, in.ID)
	if err := ben.FetchFile(t.Context(), in.ID); err != nil {
		t.Fatal(err)
	}
	<-down.waited
	out := ben.Give(ada, "out.ods", apptest.Bytes(2, 100_000)) // waits at the same gate
	<-down.waited
	if err := ben.Block(t.Context(), ada.ID); err != nil {
		t.Fatal(err)
	}
	if s := ben.File(in.ID); s.State != chat.FileOffered {
		t.Errorf("what was on its way from the contact is %+v", s)
	}
	if s := ben.File(out.ID); s.State != chat.FileFailed || s.Failure != messenger.FailureBlocked {
		t.Errorf("what was on its way to the contact is %+v", s)
	}
	close(down.open)
	ben.Until("the part to go", func() bool { return kept(t, ben) == 1 })
}

// TestAContactFillsNoDiskUnasked: consent below a size is none for any number of such files.
func TestAContactFillsNoDiskUnasked(t *testing.T) {
	_, ada, ben := friends(t)
	ben.Ledger.Allow(chat.AutomaticDownload, true)
	if err := ben.SetDownloadLimit(t.Context(), 100_000); err != nil {
		t.Fatal(err)
	}
	var ids []chat.MessageID
	for i := range 40 {
		ids = append(ids, ada.Give(ben, "a.bin", apptest.Bytes(uint64(i), 100_000)).ID)
	}
	var here, left int
	for _, id := range ids {
		ben.Until("all of them", func() bool { s := ben.File(id).State; return s == chat.FileHere || s == chat.FileOffered })
		if ben.File(id).State == chat.FileHere {
			here++
		} else {
			left++
		}
	}
	if here < 8 || here > 16 || left == 0 {
		t.Errorf("%d were fetched unasked, %d wait", here, left)
	}
	fetched(t, ben, ids[39], apptest.Bytes(39, 100_000)) // asked for, it is fetched
}

// TestWhatWasNotAskedForIsNotFetchedOnceConsentIsTakenBack: the relay was away meanwhile.
func TestWhatWasNotAskedForIsNotFetchedOnceConsentIsTakenBack(t *testing.T) {
	_, ada, ben, up, down := slowly(t)
	close(up.open)
	ben.Ledger.Allow(chat.AutomaticDownload, true)
	unasked, asked := ada.Give(ben, "a", apptest.Bytes(1, 1000)), ada.Give(ben, "b", apptest.Bytes(2, 1000))
	offered(ben, unasked.ID)
	offered(ben, asked.ID)
	<-down.waited
	if err := ben.FetchFile(t.Context(), asked.ID); err != nil {
		t.Fatal(err)
	}
	ben.Crash()
	ben.Ledger.Allow(chat.AutomaticDownload, false)
	close(down.open)
	ben.Wake()
	ben.Until("the one that was asked for", func() bool { return ben.File(asked.ID).State == chat.FileHere })
	ben.Until("the other to be let go", func() bool { return ben.File(unasked.ID).State == chat.FileOffered })
}

// TestNobodySeesAtTheRelayWhenItsFileWasFetched: who brought a blob has both of its keys, and may ask for it all day.
func TestNobodySeesAtTheRelayWhenItsFileWasFetched(t *testing.T) {
	for name, row := range map[string]struct {
		allowed []chat.Purpose
		deleted bool // before it was fetched
		atOnce  bool
	}{
		"without receipts":                   {},
		"deleted and not fetched":            {deleted: true},
		"with receipts of what is delivered": {allowed: []chat.Purpose{chat.DeliveryReceipts}},
		"unasked, without receipts":          {allowed: []chat.Purpose{chat.AutomaticDownload}},
		"unasked, with those":                {allowed: []chat.Purpose{chat.AutomaticDownload, chat.DeliveryReceipts}, atOnce: true},
		"with receipts of what is read":      {allowed: []chat.Purpose{chat.ReadReceipts}, atOnce: true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w, ada, ben := friends(t)
				for _, p := range row.allowed {
					ben.Ledger.Allow(p, true)
				}
				file := apptest.Bytes(1, 1000)
				var msg chat.Message
				for range 3 {
					msg = ada.Give(ben, "a", file)
					offered(ben, msg.ID)
					switch {
					case row.deleted:
						got, err := ben.Message(t.Context(), msg.ID)
						if err == nil {
							err = ben.Store.Erase(t.Context(), func(tx chat.Tx) error { // as privacy does
								return errors.Join(ben.LetGo(tx, got), tx.Messages().Delete(msg.ID))
							})
						}
						if err != nil {
							t.Fatal(err)
						}
						ben.Flush()
					case slices.Contains(row.allowed, chat.AutomaticDownload):
						ben.Until("the file", func() bool { return ben.File(msg.ID).State == chat.FileHere })
					default:
						fetched(t, ben, msg.ID, file)
					}
				}
				time.Sleep(time.Minute)
				if n := len(w.BlobsAt(w.Relay)); n != 0 && row.atOnce || n != 3 && !row.atOnce {
					t.Errorf("%d are on the relay a minute later", n)
				}
				ben.Crash()
				time.Sleep(time.Until(time.Now().UTC().Truncate(24*time.Hour).Add(24*time.Hour)) - time.Second)
				if n := len(w.BlobsAt(w.Relay)); n != 3 && !row.atOnce {
					t.Errorf("%d are on the relay at the end of the day", n)
				}
				time.Sleep(2 * time.Hour)
				if n := len(w.BlobsAt(w.Relay)); n != 0 {
					t.Errorf("%d are on the relay on the next", n)
				}
			})
		})
	}
}

// TestWhoClaimsALostStateIsNotSentFilesWithoutEnd: each is brought to its relay anew when it has removed the blob.
func TestWhoClaimsALostStateIsNotSentFilesWithoutEnd(t *testing.T) {
	_, ada, ben := friends(t)
	ada.Say(ben, "before the image")
	ben.Say(ada, "and back")
	same(t, ada, ben)
	settle(t, ada)
	settle(t, ben)
	image := ben.Image()
	ben.Crash() // the life after the image
	var ids []chat.MessageID
	for i := range 8 {
		msg := ada.Give(ben, "a", apptest.Bytes(uint64(i), 1000))
		offered(ben, msg.ID)
		ids = append(ids, msg.ID)
	}
	for range 3 {
		ben.Say(ada, "I hear you")
		ada.Say(ben, "after the image")
		same(t, ada, ben)
	}
	settle(t, ada)
	settle(t, ben)
	err := ada.Store.Update(t.Context(), func(tx chat.Tx) error { // as if they were large
		for _, id := range ids {
			a, err := tx.Attachments().Get(id)
			if err != nil {
				return err
			}
			a.Sealed = 100 << 20
			if err := tx.Attachments().Put(a); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	ben.Restore(image)
	ben.Until("the alert", func() bool { return ben.Alerts(messenger.AlertRolledBack) == 1 })
	ben.Say(ada, "where was I?")
	again := func() (n int) {
		for _, id := range ids {
			if s := ada.File(id); s.State != chat.FileHere {
				n++
			}
		}
		return n
	}
	ada.Until("files to be sent again", func() bool { return again() > 0 })
	if n := again(); n != 5 || ada.File(ids[2]).State != chat.FileHere {
		t.Errorf("%d of %d files go again", n, len(ids))
	}
}

// TestWhoSendsMoreThanTheRelayHoldsInADayWaitsForTheNext: what was fetched makes room with the day.
func TestWhoSendsMoreThanTheRelayHoldsInADayWaitsForTheNext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := apptest.NewWorld(t)
		small := w.AddRelayWith(wire.Address{Host: "127.0.0.1", Port: 4002, Mode: wire.Plain}, func(o *relay.Options) {
			o.Limits = relay.EmbeddedLimits()
			o.Limits.TokenBlobs = 2
		})
		ada, ben := w.Person("Ada", apptest.PersonOptions{}), w.Person("Ben", apptest.PersonOptions{Home: small})
		w.Befriend(ada, ben)
		var ids []chat.MessageID
		for i := range 4 {
			ids = append(ids, ada.Give(ben, "a", apptest.Bytes(uint64(i), 1000)).ID)
		}
		for range 3 * 24 * 60 {
			time.Sleep(time.Minute)
			for _, id := range ids {
				if ben.File(id).State == chat.FileOffered {
					if err := ben.FetchFile(t.Context(), id); err != nil {
						t.Fatal(err)
					}
				}
			}
		}
		for i, id := range ids {
			if a, b := ada.File(id).State, ben.File(id).State; a != chat.FileHere || b != chat.FileHere {
				t.Errorf("file %d is %s at Ada and %s at Ben", i, a, b)
			}
		}
	})
}
