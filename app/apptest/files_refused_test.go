package apptest_test

import (
	"context"
	"errors"
	"io"
	"testing"

	"sotto/app/apptest"
	"sotto/app/messenger"
	"sotto/chat"
	"sotto/transport/relay"
	"sotto/transport/wire"
)

func TestFilesAreFetchedByThemselvesOnlyByConsentAndBelowTheLimit(t *testing.T) {
	_, ada, ben := friends(t)
	if limit, err := ben.DownloadLimit(t.Context()); err != nil || limit != messenger.DefaultDownloadLimit {
		t.Errorf("the limit is %d, %v", limit, err)
	}
	if err := ben.SetDownloadLimit(t.Context(), 50_000); err != nil {
		t.Fatal(err)
	}
	if err := ben.SetDownloadLimit(t.Context(), chat.MaxFile+1); !errors.Is(err, chat.ErrMalformed) {
		t.Errorf("an endless limit: %v", err)
	}
	unasked := ada.Give(ben, "a", apptest.Bytes(1, 10_000))
	offered(ben, unasked.ID)
	ben.Ledger.Allow(chat.AutomaticDownload, true)
	small, large := ada.Give(ben, "b", apptest.Bytes(2, 50_000)), ada.Give(ben, "c", apptest.Bytes(3, 50_001))
	ben.Until("the small one", func() bool { return ben.File(small.ID).State == chat.FileHere })
	offered(ben, large.ID)
	ben.Ledger.Allow(chat.AutomaticDownload, false)
	later := ada.Give(ben, "d", apptest.Bytes(4, 10))
	offered(ben, later.ID)
	settle(t, ben)
	for _, id := range []chat.MessageID{unasked.ID, large.ID, later.ID} {
		if s := ben.File(id); s.State != chat.FileOffered {
			t.Errorf("%+v", s)
		}
	}
}

func TestARelayWithoutFilesRefusesThemAndTheMessageFails(t *testing.T) {
	w := apptest.NewWorld(t)
	bare := w.AddRelayWith(wire.Address{Host: "127.0.0.1", Port: 4002, Mode: wire.Plain}, func(o *relay.Options) { o.Blobs = nil })
	ada, ben := w.Person("Ada", apptest.PersonOptions{}), w.Person("Ben", apptest.PersonOptions{Home: bare})
	w.Befriend(ada, ben)
	msg := ada.Give(ben, "figures.ods", apptest.Bytes(1, 1000))
	if got := failed(ada, msg.ID); got != messenger.FailureFileRefused {
		t.Errorf("it failed with %s", got)
	}
	m, err := ada.Message(t.Context(), msg.ID)
	if err != nil || m.State != chat.Failed || m.Failure != messenger.FailureFileRefused {
		t.Errorf("the message is %s %s, %v", m.State, m.Failure, err)
	}
	ada.Say(ben, "so I tell you")
	ben.Until("the text", func() bool { return len(ben.Thread(ada)) == 1 })

	// He moves to one that keeps files; she tries again.
	if err := ben.SetHomeRelay(t.Context(), w.PassOf(w.Relay)); err != nil {
		t.Fatal(err)
	}
	settle(t, ben)
	settle(t, ada)
	if err := ada.Retry(t.Context(), msg.ID); err != nil {
		t.Fatal(err)
	}
	offered(ben, msg.ID)
	fetched(t, ben, msg.ID, apptest.Bytes(1, 1000))
	if err := ada.Discard(t.Context(), msg.ID); !errors.Is(err, chat.ErrRefused) {
		t.Errorf("discarding what was sent: %v", err)
	}
}

func TestWhoDoesNotTakeTextsGetsNoFiles(t *testing.T) {
	w := apptest.NewWorld(t)
	ada, ben := w.Person("Ada", apptest.PersonOptions{}), w.Person("Ben", apptest.PersonOptions{})
	bot := w.Person("Bot", apptest.PersonOptions{Bot: true})
	inv, _, err := ada.Invite(t.Context(), messenger.InviteOptions{})
	if err != nil {
		t.Fatal(err)
	}
	ben.AddLink(inv.Link, "hello")
	give := func(p, to *apptest.Person) error {
		f := apptest.FileOf("a", []byte("b"))
		f.Open = func() (io.ReadCloser, error) {
			t.Error("the file was opened")
			return nil, errors.New("unwanted")
		}
		_, err := p.SendFile(t.Context(), p.ConversationWith(to.ID), f, messenger.SendOptions{}, nil)
		return err
	}
	if err := give(ben, ada); !errors.Is(err, chat.ErrNotAccepted) {
		t.Errorf("to one who has not accepted: %v", err)
	}
	w.Befriend(bot, ada)
	if err := give(ada, bot); !errors.Is(err, chat.ErrNotConsented) {
		t.Errorf("to a bot that may not read: %v", err)
	}
	ada.AcceptFrom(ben)
	ben.UntilAccepted(ada)
	if err := ben.Block(t.Context(), ada.ID); err != nil {
		t.Fatal(err)
	}
	if err := give(ben, ada); !errors.Is(err, chat.ErrBlocked) {
		t.Errorf("to one who is blocked: %v", err)
	}
}

func TestAFileThatWaitsForABotStopsWithItsConsent(t *testing.T) {
	w, up := apptest.NewWorld(t), newGate()
	ada := w.Person("Ada", apptest.PersonOptions{Relay: func(r messenger.Relay) messenger.Relay { return slow{r, up} }})
	bot := w.Person("Bot", apptest.PersonOptions{Bot: true})
	w.Befriend(bot, ada)
	ada.Ledger.Allow(chat.BotReads, true)
	w.Relay.Down(true)
	msg := ada.Give(bot, "a", apptest.Bytes(1, 100))
	ada.Ledger.Allow(chat.BotReads, false)
	ada.Crash()
	w.Relay.Down(false)
	if got := failed(ada, msg.ID); got != messenger.FailureConsent {
		t.Errorf("it failed with %s", got)
	}
	if s := stateOf(t, ada, msg.ID); s != chat.Failed {
		t.Errorf("the message is %s", s)
	}
	if err := ada.Retry(t.Context(), msg.ID); !errors.Is(err, chat.ErrNotConsented) {
		t.Errorf("tried again: %v", err)
	}
	ada.Ledger.Allow(chat.BotReads, true)
	close(up.open)
	if err := ada.Retry(t.Context(), msg.ID); err != nil {
		t.Fatal(err)
	}
	offered(bot, msg.ID)
}

func TestAFileForSomeoneWhoIsBlockedFailsAndIsDiscarded(t *testing.T) {
	w, ada, ben, up, _ := slowly(t)
	msg := ada.Give(ben, "a", apptest.Bytes(1, 100))
	<-up.waited
	if err := ada.Block(t.Context(), ben.ID); err != nil {
		t.Fatal(err)
	}
	ada.Crash()
	if got := failed(ada, msg.ID); got != messenger.FailureBlocked {
		t.Errorf("it failed with %s", got)
	}
	if err := ada.Discard(t.Context(), msg.ID); err != nil {
		t.Fatal(err)
	}
	if n := kept(t, ada); n != 0 {
		t.Errorf("%d files are left", n)
	}
	ada.Until("the relay to have let go", func() bool { return len(w.BlobsAt(w.Relay)) == 0 })
}

func TestAFileThatIsNotWhatItSaysIsNotSent(t *testing.T) {
	_, ada, ben := friends(t)
	cancelled, cancel := context.WithCancel(t.Context())
	for name, c := range map[string]struct {
		ctx    context.Context
		change func(f *messenger.FileToSend)
		want   error
	}{
		"it grew":     {t.Context(), func(f *messenger.FileToSend) { f.Size-- }, chat.ErrMalformed},
		"it shrank":   {t.Context(), func(f *messenger.FileToSend) { f.Size++ }, chat.ErrMalformed},
		"it is large": {t.Context(), func(f *messenger.FileToSend) { f.Size = chat.MaxFile + 1 }, chat.ErrTooLarge},
		"negative":    {t.Context(), func(f *messenger.FileToSend) { f.Size = -1 }, chat.ErrMalformed},
		"it is gone":  {t.Context(), func(f *messenger.FileToSend) { f.Open = func() (io.ReadCloser, error) { return nil, io.ErrClosedPipe } }, io.ErrClosedPipe},
		"given up": {cancelled, func(f *messenger.FileToSend) {
			open := f.Open
			f.Open = func() (io.ReadCloser, error) { cancel(); return open() }
		}, context.Canceled},
	} {
		f := apptest.FileOf("a", apptest.Bytes(1, 100_000))
		c.change(&f)
		_, err := ada.SendFile(c.ctx, ada.ConversationWith(ben.ID), f, messenger.SendOptions{}, nil)
		if !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if n, rows := kept(t, ada), ada.Thread(ben); n != 0 || len(rows) != 0 {
		t.Errorf("%d files and %d messages are kept", n, len(rows))
	}
}
