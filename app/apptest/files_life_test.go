package apptest_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"sotto/app/apptest"
	"sotto/app/messenger"
	"sotto/chat"
	"sotto/transport/transporttest"
	"sotto/transport/wire"
)

func TestTwentyCutsBothWaysLoseNothingOfAFile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, ada, ben := friends(t)
		ben.Ledger.Allow(chat.ReadReceipts, true)
		file := apptest.Bytes(1, 4<<20)
		cuts := slices.Repeat([]int64{150_000}, 20)
		w.Relay.CutBlobs(slices.Clone(cuts)...)
		msg := ada.Give(ben, "film.webm", file)
		offered(ben, msg.ID)
		if n := w.Relay.CutsLeft(); n != 0 {
			t.Errorf("%d cuts were not made on the way up", n)
		}
		w.Relay.CutBlobs(slices.Clone(cuts)...)
		fetched(t, ben, msg.ID, file)
		if n := w.Relay.CutsLeft(); n != 0 {
			t.Errorf("%d cuts were not made on the way down", n)
		}
		ben.Until("the relay to have let go", func() bool { return len(w.BlobsAt(w.Relay)) == 0 })
	})
}

// slow is a relay over which no file moves until it is released.
type slow struct {
	messenger.Relay
	gate *gate
}

type gate struct {
	mu     sync.Mutex
	open   chan struct{}
	waited chan struct{}
}

func newGate() *gate { return &gate{open: make(chan struct{}), waited: make(chan struct{}, 100)} }

func (g *gate) wait(ctx context.Context) error {
	g.mu.Lock()
	open := g.open
	g.mu.Unlock()
	select {
	case g.waited <- struct{}{}:
	default:
	}
	select {
	case <-open:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (s slow) Upload(ctx context.Context, key wire.UploadKey, offset int64, r io.Reader, n int64) (int64, error) {
	if err := s.gate.wait(ctx); err != nil {
		return offset, err
	}
	return s.Relay.Upload(ctx, key, offset, r, n)
}

func (s slow) Fetch(ctx context.Context, key wire.ReadKey, offset, size int64, w io.Writer) (int64, error) {
	if err := s.gate.wait(ctx); err != nil {
		return 0, err
	}
	return s.Relay.Fetch(ctx, key, offset, size, w)
}

// slowly returns friends of whom both move files only once their gates are open.
func slowly(t *testing.T) (w *apptest.World, ada, ben *apptest.Person, up, down *gate) {
	t.Helper()
	w, up, down = apptest.NewWorld(t), newGate(), newGate()
	person := func(name string, g *gate) *apptest.Person {
		return w.Person(name, apptest.PersonOptions{Relay: func(r messenger.Relay) messenger.Relay { return slow{r, g} }})
	}
	ada, ben = person("Ada", up), person("Ben", down)
	w.Befriend(ada, ben)
	return w, ada, ben, up, down
}

func TestAFileOnItsWayHoldsUpNoTexts(t *testing.T) {
	_, ada, ben, up, down := slowly(t)
	close(down.open)
	file := apptest.Bytes(2, 100_000)
	msg := ada.Give(ben, "figures.ods", file)
	<-up.waited
	ben.Ledger.Allow(chat.DeliveryReceipts, true)
	text := ada.Say(ben, "It follows.")
	ben.Until("the text", func() bool { return len(ben.Thread(ada)) == 1 })
	ada.Until("its receipt", func() bool { return stateOf(t, ada, text.ID) == chat.Delivered })
	if s := stateOf(t, ada, msg.ID); s != chat.Queued {
		t.Errorf("the message of the file is %s", s)
	}
	close(up.open)
	offered(ben, msg.ID)
	rows := ben.Thread(ada)
	if len(rows) != 2 || rows[0].ID != msg.ID || rows[0].Missing != 0 {
		t.Errorf("Ben has %+v", rows) // its number is the lower one
	}
	fetched(t, ben, msg.ID, file)
}

func TestAFileThatIsCancelledBeforeItLeftIsNowhere(t *testing.T) {
	w, ada, ben, up, _ := slowly(t)
	msg := ada.Give(ben, "figures.ods", apptest.Bytes(3, 100_000))
	<-up.waited
	if err := ada.CancelFile(t.Context(), msg.ID); err != nil {
		t.Fatal(err)
	}
	ada.Say(ben, "never mind")
	ben.Until("the text", func() bool { return len(ben.Thread(ada)) == 1 })
	if _, err := ada.Message(t.Context(), msg.ID); !errors.Is(err, chat.ErrNotFound) {
		t.Errorf("Ada's message: %v", err)
	}
	if n := kept(t, ada); n != 0 {
		t.Errorf("Ada keeps %d files", n)
	}
	ada.Until("the relay to have let go", func() bool { return len(w.BlobsAt(w.Relay)) == 0 })
	w.Forward(25 * time.Hour)
	ben.Crash()
	settle(t, ben)
	if rows := ben.Thread(ada); len(rows) != 1 || rows[0].Missing != 0 {
		t.Errorf("Ben has %+v", rows)
	}
	sent := ada.Give(ben, "other.ods", apptest.Bytes(4, 10))
	close(up.open)
	offered(ben, sent.ID)
	if err := ada.CancelFile(t.Context(), sent.ID); !errors.Is(err, chat.ErrRefused) {
		t.Errorf("cancelling what has left: %v", err)
	}
}

func TestAFetchThatIsCancelledLeavesAnOffer(t *testing.T) {
	_, ada, ben, up, down := slowly(t)
	close(up.open)
	file := apptest.Bytes(5, 100_000)
	msg := ada.Give(ben, "figures.ods", file)
	offered(ben, msg.ID)
	if err := ben.CancelFile(t.Context(), msg.ID); !errors.Is(err, chat.ErrRefused) {
		t.Errorf("cancelling what nobody fetches: %v", err)
	}
	if err := ben.FetchFile(t.Context(), msg.ID); err != nil {
		t.Fatal(err)
	}
	<-down.waited
	if err := ben.CancelFile(t.Context(), msg.ID); err != nil {
		t.Fatal(err)
	}
	if s := ben.File(msg.ID); s.State != chat.FileOffered {
		t.Errorf("it is %+v", s)
	}
	ben.Until("the part to be gone", func() bool { return kept(t, ben) == 0 })
	close(down.open)
	fetched(t, ben, msg.ID, file)
}

func TestAFileTakenBackIsGoneFromBothAndFromTheRelay(t *testing.T) {
	for name, fetch := range map[string]bool{"fetched": true, "offered": false} {
		t.Run(name, func(t *testing.T) {
			w, ada, ben := friends(t)
			file := apptest.Bytes(6, 100_000)
			msg := ada.Give(ben, "figures.ods", file)
			offered(ben, msg.ID)
			if fetch {
				fetched(t, ben, msg.ID, file)
			}
			if _, err := ada.DeleteForEveryone(t.Context(), msg.ID); err != nil {
				t.Fatal(err)
			}
			for _, p := range []*apptest.Person{ada, ben} {
				p.Until("the tombstone", func() bool { m, err := p.Message(t.Context(), msg.ID); return err == nil && m.Deleted })
				m, err := p.Message(t.Context(), msg.ID)
				if err != nil || !m.File.IsZero() || m.Text != "" {
					t.Errorf("%s has %+v, %v", p.Name, m, err)
				}
				p.Until("the file to be gone", func() bool { return kept(t, p) == 0 })
				if _, err := p.Contents(msg.ID); !errors.Is(err, chat.ErrNotFound) {
					t.Errorf("%s opens it: %v", p.Name, err)
				}
				if err := p.FetchFile(t.Context(), msg.ID); !errors.Is(err, chat.ErrNotFound) {
					t.Errorf("%s fetches it: %v", p.Name, err)
				}
			}
			ada.Until("the relay to have let go", func() bool { return len(w.BlobsAt(w.Relay)) == 0 })
		})
	}
}

func TestAFileDeletedBeforeItLeftNeverLeaves(t *testing.T) {
	w, ada, ben, up, _ := slowly(t)
	msg := ada.Give(ben, "figures.ods", apptest.Bytes(6, 100_000))
	<-up.waited
	if _, err := ada.DeleteForEveryone(t.Context(), msg.ID); err != nil {
		t.Fatal(err)
	}
	ada.Say(ben, "instead")
	ben.Until("what follows", func() bool { return len(ben.Thread(ada)) == 1 })
	if n := kept(t, ada); n != 0 {
		t.Errorf("Ada keeps %d files", n)
	}
	ada.Until("the relay to have let go", func() bool { return len(w.BlobsAt(w.Relay)) == 0 })
}

func TestAFileFollowsItsReceiverToAnotherRelay(t *testing.T) {
	w, ada, ben, up, down := slowly(t)
	close(down.open)
	other := w.AddRelay(wire.Address{Host: "127.0.0.1", Port: 4002, Mode: wire.Plain})
	file := apptest.Bytes(1, 100_000)
	msg := ada.Give(ben, "figures.ods", file)
	<-up.waited
	if err := ben.SetHomeRelay(t.Context(), w.PassOf(other)); err != nil {
		t.Fatal(err)
	}
	ada.Until("the new route", func() bool { return reachedAt(t, ada, ben) == "127.0.0.1:4002" })
	ada.Crash() // what is on its way to the old relay is given up
	close(up.open)
	offered(ben, msg.ID)
	if n := len(w.BlobsAt(other)); n != 1 {
		t.Errorf("%d files are on the new relay", n)
	}
	ben.Ledger.Allow(chat.ReadReceipts, true)
	fetched(t, ben, msg.ID, file)
	for _, r := range []*transporttest.Relay{w.Relay, other} {
		ada.Until("the relays to have let go", func() bool { return len(w.BlobsAt(r)) == 0 })
	}
}

func reachedAt(t *testing.T, p, to *apptest.Person) (relay string) {
	t.Helper()
	err := p.Store.View(t.Context(), func(tx chat.Tx) error {
		list, err := tx.Routes().ForPeer(to.ID)
		for _, r := range list {
			if a, err := wire.ParseAddress(r.Relay); err == nil {
				relay = a.HostPort()
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return relay
}

func TestRemovingAContactRemovesItsFiles(t *testing.T) {
	_, ada, ben := friends(t)
	file := apptest.Bytes(1, 100_000)
	msg := ada.Give(ben, "a", file)
	offered(ben, msg.ID)
	fetched(t, ben, msg.ID, file)
	for _, p := range []struct{ p, other *apptest.Person }{{ada, ben}, {ben, ada}} {
		if err := p.p.Remove(t.Context(), p.other.ID); err != nil {
			t.Fatal(err)
		}
		p.p.Until("the file to be gone", func() bool { return kept(t, p.p) == 0 })
	}
}

func TestAFileEndsWithItsMessage(t *testing.T) {
	w, ada, ben := friends(t)
	if err := ada.SetTimer(t.Context(), ada.ConversationWith(ben.ID), time.Hour); err != nil {
		t.Fatal(err)
	}
	file := apptest.Bytes(1, 100_000)
	read, unread := ada.Give(ben, "a", file), ada.Give(ben, "b", file)
	offered(ben, read.ID)
	offered(ben, unread.ID)
	fetched(t, ben, read.ID, file)
	if err := ben.Read(t.Context(), ben.ConversationWith(ada.ID), 0); err != nil {
		t.Fatal(err)
	}
	w.Forward(2 * time.Hour)
	for _, p := range []*apptest.Person{ada, ben} {
		if err := p.Expire(t.Context()); err != nil {
			t.Fatal(err)
		}
		p.Until("the files to be gone", func() bool { return kept(t, p) == 0 && p.File(read.ID).State == "" })
	}
	w.Forward(26 * time.Hour)
	ben.Flush()
	ben.Until("the relay to have let go", func() bool { return len(w.BlobsAt(w.Relay)) == 0 })
}

func TestAFileIsAMessageLikeOthers(t *testing.T) {
	_, ada, ben := friends(t)
	first := ben.Say(ada, "Send me the figures, please.")
	ada.Until("it", func() bool { return len(ada.Thread(ben)) == 1 })
	f := apptest.FileOf("../the \u202efigures.ods", apptest.Bytes(1, 100))
	f.Type, f.Width, f.Height, f.Thumbnail = "image/png", 640, 480, []byte{0xff, 0xd8, 0xff, 0xd9}
	conv := ada.ConversationWith(ben.ID)
	var steps []int64
	msg, err := ada.SendFile(t.Context(), conv, f, messenger.SendOptions{ReplyTo: first.ID}, func(done, total int64) { steps = append(steps, done, total) })
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(steps, []int64{100, 100}) {
		t.Errorf("progress %v", steps)
	}
	offered(ben, msg.ID)
	got, err := ben.Message(t.Context(), msg.ID)
	want := chat.File{Name: "the figures.ods", Type: "image/png", Size: 100, Width: 640, Height: 480}
	if err != nil || got.Kind != chat.KindAttachment || got.File != want || got.ReplyTo != first.ID || got.Text != "" {
		t.Errorf("Ben has %+v, %v", got, err)
	}
	if p, err := ben.Preview(t.Context(), msg.ID); err != nil || !bytes.Equal(p, f.Thumbnail) {
		t.Errorf("the small picture is %x, %v", p, err)
	}
	for _, p := range []*apptest.Person{ada, ben} {
		if c, err := p.Conversation(t.Context(), conv); err != nil || c.Preview != "the figures.ods" {
			t.Errorf("%s sees %q in the list, %v", p.Name, c.Preview, err)
		}
	}
	if _, err := ada.Edit(t.Context(), msg.ID, "other"); !errors.Is(err, chat.ErrRefused) {
		t.Errorf("an edit: %v", err)
	}
	if _, err := ben.React(t.Context(), msg.ID, "👍"); err != nil {
		t.Fatal(err)
	}
	ada.Until("the reaction", func() bool { m, err := ada.Message(t.Context(), msg.ID); return err == nil && len(m.Reactions) == 1 })
	f = apptest.FileOf("b.txt", nil)
	f.Caption = "The rest."
	if _, err := ada.SendFile(t.Context(), conv, f, messenger.SendOptions{}, nil); err != nil {
		t.Fatal(err)
	}
	ben.Until("the caption", func() bool {
		c, err := ben.Conversation(t.Context(), conv)
		return err == nil && c.Preview == "The rest."
	})
	if err := ben.PutPreview(t.Context(), msg.ID, make([]byte, chat.MaxPreview+1)); !errors.Is(err, chat.ErrTooLarge) {
		t.Errorf("a large small picture: %v", err)
	}
}

func TestWhoDeletesAnOfferHereLeavesNothingOnTheRelay(t *testing.T) {
	w, ada, ben := friends(t)
	file := apptest.Bytes(1, 1000)
	first, second := ada.Give(ben, "a", file), ada.Give(ben, "b", file)
	offered(ben, first.ID)
	offered(ben, second.ID)
	msg, err := ben.Message(t.Context(), first.ID)
	if err != nil {
		t.Fatal(err)
	}
	err = ben.Store.Erase(t.Context(), func(tx chat.Tx) error { // as privacy does
		return errors.Join(ben.LetGo(tx, msg), tx.Messages().Delete(msg.ID))
	})
	if err != nil {
		t.Fatal(err)
	}
	w.Forward(26 * time.Hour) // not at once: that would tell when
	ben.Flush()
	ben.Until("the first to be gone", func() bool { return len(w.BlobsAt(w.Relay)) == 1 })
	if err := ben.Remove(t.Context(), ada.ID); err != nil {
		t.Fatal(err)
	}
	ben.Until("the second to be gone", func() bool { return len(w.BlobsAt(w.Relay)) == 0 })
}

// TestAFileIsFoundWhereverTheReceiverIsRead: its message came in at the new mailbox, the file lies with the old one.
func TestAFileIsFoundWhereverTheReceiverIsRead(t *testing.T) {
	w, ada, ben := friends(t)
	other := w.AddRelay(wire.Address{Host: "127.0.0.1", Port: 4002, Mode: wire.Plain})
	file := apptest.Bytes(1, 1000)
	msg := ada.Give(ben, "a", file)
	offered(ben, msg.ID)
	if err := ben.SetHomeRelay(t.Context(), w.PassOf(other)); err != nil {
		t.Fatal(err)
	}
	ada.Until("the new route", func() bool { return reachedAt(t, ada, ben) == "127.0.0.1:4002" })
	err := ben.Store.Update(t.Context(), func(tx chat.Tx) error {
		a, err := tx.Attachments().Get(msg.ID)
		a.Relay = "sotto-relay://127.0.0.1:4002#plain"
		return errors.Join(err, tx.Attachments().Put(a))
	})
	if err != nil {
		t.Fatal(err)
	}
	ben.Ledger.Allow(chat.ReadReceipts, true)
	fetched(t, ben, msg.ID, file)
	ben.Until("the relay to have let go", func() bool { return len(w.BlobsAt(w.Relay)) == 0 })
}
