package apptest_test

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"sotto/app/apptest"
	"sotto/app/apptest/memstore"
	"sotto/app/messenger"
	"sotto/chat"
	"sotto/transport/wire"
)

// pair is two friends under a clock that the test moves.
func pair(t *testing.T, f func(w *apptest.World, ada, ben *apptest.Person)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := apptest.NewWorld(t)
		ada, ben := w.Person("Ada", apptest.PersonOptions{}), w.Person("Ben", apptest.PersonOptions{})
		w.Befriend(ada, ben)
		f(w, ada, ben)
	})
}

func timer(t *testing.T, p, other *apptest.Person) time.Duration {
	t.Helper()
	d, err := p.Timer(t.Context(), p.ConversationWith(other.ID))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func setTimer(t *testing.T, p, other *apptest.Person, d time.Duration) {
	t.Helper()
	if err := p.SetTimer(t.Context(), p.ConversationWith(other.ID), d); err != nil {
		t.Fatal(err)
	}
}

// texts returns what stands in a conversation, without notices.
func texts(p, other *apptest.Person) (out []string) {
	for _, m := range p.Thread(other) {
		if m.Kind == chat.KindText {
			out = append(out, m.Text)
		}
	}
	return out
}

// notices returns what the timer was set to, and who set it.
func notices(p, other *apptest.Person) (out []time.Duration, by []chat.ContactID) {
	for _, m := range p.Thread(other) {
		if m.Kind == chat.KindNotice && m.Notice == messenger.NoticeTimer {
			out, by = append(out, m.ExpiresAfter), append(by, m.Author)
		}
	}
	return out, by
}

func hears(t *testing.T, p, other *apptest.Person, text string) {
	t.Helper()
	p.Until(text, func() bool { return slices.Contains(texts(p, other), text) })
}

func read(t *testing.T, p, other *apptest.Person) {
	t.Helper()
	if err := p.Read(t.Context(), p.ConversationWith(other.ID), 0); err != nil {
		t.Fatal(err)
	}
}

func gone(p *apptest.Person) (n int) {
	for _, e := range p.Events() {
		if e.Type == messenger.EventDelete && e.Detail == messenger.RemovedExpired {
			n++
		}
	}
	return n
}

func TestATimerThatOneSideSetsEndsTheMessagesOfBothOnBothSides(t *testing.T) {
	pair(t, func(_ *apptest.World, ada, ben *apptest.Person) {
		ada.Say(ben, "stays")
		setTimer(t, ada, ben, time.Hour)
		hears(t, ben, ada, "stays")
		ben.Until("the timer", func() bool { return timer(t, ben, ada) == time.Hour })
		for _, p := range [][2]*apptest.Person{{ada, ben}, {ben, ada}} {
			if set, by := notices(p[0], p[1]); len(set) != 1 || set[0] != time.Hour || by[0] != ada.ID {
				t.Errorf("%s sees the notices %v of %v", p[0].Name, set, by)
			}
		}
		ada.Say(ben, "from Ada")
		hears(t, ben, ada, "from Ada")
		ben.Say(ada, "from Ben")
		hears(t, ada, ben, "from Ben")
		time.Sleep(30 * time.Minute)
		synctest.Wait()
		read(t, ben, ada) // the time of what Ada wrote begins here
		read(t, ada, ben)
		both := []string{"stays", "from Ada", "from Ben"}
		if got := texts(ada, ben); !slices.Equal(got, both) {
			t.Errorf("Ada has %q", got)
		}
		time.Sleep(30*time.Minute - time.Second)
		synctest.Wait()
		if got := texts(ada, ben); !slices.Equal(got, both) {
			t.Errorf("a second before its end Ada has %q", got)
		}
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if got := texts(ada, ben); !slices.Equal(got, []string{"stays", "from Ben"}) {
			t.Errorf("after the own one ended Ada has %q", got)
		}
		if got := texts(ben, ada); !slices.Equal(got, []string{"stays", "from Ada"}) {
			t.Errorf("after the own one ended Ben has %q", got)
		}
		time.Sleep(30 * time.Minute)
		synctest.Wait()
		for _, p := range [][2]*apptest.Person{{ada, ben}, {ben, ada}} {
			if got := texts(p[0], p[1]); !slices.Equal(got, []string{"stays"}) {
				t.Errorf("%s has %q", p[0].Name, got)
			}
			if n := gone(p[0]); n != 2 {
				t.Errorf("%s heard of %d ends", p[0].Name, n)
			}
			conv, err := p[0].Conversation(t.Context(), p[0].ConversationWith(p[1].ID))
			if err != nil || conv.Preview != "stays" || conv.Unread != 0 {
				t.Errorf("%s sees %+v, %v", p[0].Name, conv, err)
			}
		}
		setTimer(t, ben, ada, 0)
		ada.Until("no timer", func() bool { return timer(t, ada, ben) == 0 })
		if m := ada.Say(ben, "for ever"); !m.Expires.IsZero() || m.ExpiresAfter != 0 {
			t.Errorf("after the timer was off: %+v", m)
		}
	})
}

func TestTimersThatCrossAgreeInTheEnd(t *testing.T) {
	pair(t, func(_ *apptest.World, ada, ben *apptest.Person) {
		for range 5 { // the numbers of the two are far apart
			ada.Say(ben, "x")
		}
		setTimer(t, ada, ben, time.Hour)
		setTimer(t, ben, ada, 24*time.Hour)
		ada.Say(ben, "after Ada's")
		ben.Say(ada, "after Ben's")
		hears(t, ben, ada, "after Ada's")
		hears(t, ada, ben, "after Ben's")
		synctest.Wait()
		if a, b := timer(t, ada, ben), timer(t, ben, ada); a != b || a == 0 {
			t.Fatalf("Ada has %v, Ben %v", a, b)
		}
		// Either may change it then, whatever their numbers and their clocks are.
		setTimer(t, ben, ada, time.Minute)
		ada.Until("Ben's timer", func() bool { return timer(t, ada, ben) == time.Minute })
		setTimer(t, ada, ben, 0)
		ben.Until("Ada's timer", func() bool { return timer(t, ben, ada) == 0 })
	})
}

func TestAnUnreadMessageBeginsToEndAfterFourWeeks(t *testing.T) {
	pair(t, func(_ *apptest.World, ada, ben *apptest.Person) {
		setTimer(t, ada, ben, time.Hour)
		ada.Say(ben, "unread")
		hears(t, ben, ada, "unread")
		time.Sleep(messenger.UnreadLife)
		synctest.Wait()
		if len(texts(ben, ada)) != 1 {
			t.Error("it went before its time")
		}
		time.Sleep(time.Hour + time.Second)
		synctest.Wait()
		if len(texts(ben, ada)) != 0 {
			t.Error("it stays unread for ever")
		}
		conv, err := ben.Conversation(t.Context(), ben.ConversationWith(ada.ID))
		if err != nil || conv.Unread != 0 || conv.Preview != "" {
			t.Errorf("%+v, %v", conv, err)
		}
	})
}

func TestAMessageThatEndsWhileItWaitsIsNotSentAndLeavesNoGap(t *testing.T) {
	pair(t, func(w *apptest.World, ada, ben *apptest.Person) {
		setTimer(t, ada, ben, time.Hour)
		ben.Until("the timer", func() bool { return timer(t, ben, ada) == time.Hour })
		ada.Sleep()
		m, err := messenger.Open(context.Background(), messenger.Options{Store: ada.Store, Relays: ada, Gate: ada.Ledger, Now: w.Now})
		if err != nil {
			t.Fatal(err)
		}
		late, err := m.Send(t.Context(), m.ConversationWith(ben.ID), "too late", messenger.SendOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := m.Edit(t.Context(), late.ID, "far too late"); err != nil {
			t.Fatal(err)
		}
		if err := m.Close(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * time.Hour)
		ada.Wake()
		if n := len(texts(ada, ben)); n != 0 {
			t.Errorf("Ada has %d messages after the start", n)
		}
		ada.Say(ben, "in time")
		hears(t, ben, ada, "in time")
		time.Sleep(26 * time.Hour)
		synctest.Wait()
		ada.Say(ben, "a day later")
		hears(t, ben, ada, "a day later")
		for _, row := range ben.Thread(ada) {
			if row.Missing > 0 || row.Text == "too late" || row.Text == "far too late" {
				t.Errorf("Ben has %+v", row)
			}
		}
	})
}

func TestAnEndThatAContactGivesIsHonouredWithoutATimer(t *testing.T) {
	pair(t, func(_ *apptest.World, ada, ben *apptest.Person) {
		conv := ada.ConversationWith(ben.ID)
		err := ada.Store.Update(t.Context(), func(tx chat.Tx) error { // what only she knows
			b, err := json.Marshal(map[string]any{"After": time.Minute, "Sent": time.Now(), "By": ada.ID})
			return errors.Join(err, tx.Settings().Put("messenger/timer/"+conv.String(), b))
		})
		if err != nil {
			t.Fatal(err)
		}
		ada.Say(ben, "short")
		hears(t, ben, ada, "short")
		if timer(t, ben, ada) != 0 {
			t.Fatal("Ben has a timer")
		}
		read(t, ben, ada)
		time.Sleep(time.Minute + time.Second)
		synctest.Wait()
		if len(texts(ben, ada)) != 0 {
			t.Error("it stays")
		}
	})
}

// wall is a clock that a person sets, without anything that counts beside it.
type wall struct{ at time.Time }

func (c *wall) now() time.Time { return c.at.Round(0) }

// alone opens the messenger of somebody whose store has one message that ends an hour after it was written.
func alone(t *testing.T, store *memstore.Store, clock *wall) *messenger.Messenger {
	t.Helper()
	m, err := messenger.Open(t.Context(), messenger.Options{Store: store, Relays: nowhere{}, Gate: apptest.NewLedger(), Now: clock.now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := m.Close(); err != nil {
			t.Error(err)
		}
	})
	return m
}

// nowhere has no relay.
type nowhere struct{}

func (nowhere) Open(wire.Address, func(wire.Event)) (messenger.Relay, error) {
	return nil, wire.ErrOffline
}

var beginning = time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)

func hermit(t *testing.T, clock *wall) (*memstore.Store, *messenger.Messenger, chat.ConversationID) {
	t.Helper()
	store := memstore.New()
	if _, err := messenger.Create(t.Context(), store, messenger.Profile{Name: "Ada"}, clock.now()); err != nil {
		t.Fatal(err)
	}
	peer := chat.ContactID{7}
	m := alone(t, store, clock)
	conv := m.ConversationWith(peer)
	err := store.Update(t.Context(), func(tx chat.Tx) error {
		return errors.Join(
			tx.Contacts().Put(chat.Contact{ID: peer, Name: "Ben", State: chat.ContactAccepted, Created: clock.now()}),
			tx.Conversations().Put(chat.Conversation{ID: conv, Kind: chat.Direct, Members: []chat.ContactID{peer}, Created: clock.now()}))
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := m.SetTimer(t.Context(), conv, time.Hour); err != nil {
		t.Fatal(err)
	}
	if err := m.Expire(t.Context()); err != nil {
		t.Fatal(err)
	}
	return store, m, conv
}

func write(t *testing.T, m *messenger.Messenger, conv chat.ConversationID, text string) {
	t.Helper()
	if _, err := m.Send(t.Context(), conv, text, messenger.SendOptions{}); err != nil {
		t.Fatal(err)
	}
}

func left(t *testing.T, m *messenger.Messenger, conv chat.ConversationID) (out []string) {
	t.Helper()
	if err := m.Expire(t.Context()); err != nil {
		t.Fatal(err)
	}
	list, err := m.Messages(t.Context(), conv, 0, 100)
	if err != nil {
		t.Fatal(err)
	}
	for _, msg := range list {
		if msg.Kind == chat.KindText {
			out = append(out, msg.Text)
		}
	}
	return out
}

func TestAClockThatIsSetBackKeepsNothingLonger(t *testing.T) {
	clock := &wall{beginning}
	store, m, conv := hermit(t, clock)
	write(t, m, conv, "an hour")
	clock.at = beginning.Add(50 * time.Minute)
	left(t, m, conv)
	write(t, m, conv, "seen at 50") // the time seen is sealed with it
	clock.at = beginning.AddDate(-1, 0, 0)
	m = alone(t, store, clock)
	if got := left(t, m, conv); len(got) != 2 {
		t.Fatalf("before its end: %q", got)
	}
	write(t, m, conv, "written a year before")
	list, err := m.Messages(t.Context(), conv, 0, 1)
	if err != nil || !list[0].Expires.Equal(beginning.Add(110*time.Minute)) {
		t.Errorf("ends %v, %v", list[0].Expires, err)
	}
	clock.at = beginning.Add(time.Hour)
	if got := left(t, m, conv); !slices.Equal(got, []string{"seen at 50", "written a year before"}) {
		t.Errorf("an hour later: %q", got)
	}
}

func TestALeapOfTheClockHoldsDeletionsUntilThePersonConfirms(t *testing.T) {
	clock := &wall{beginning}
	store, m, conv := hermit(t, clock)
	write(t, m, conv, "an hour")
	clock.at = beginning.Add(8 * 24 * time.Hour)
	for range 2 { // in the process that runs, and in the next
		if got := left(t, m, conv); !slices.Equal(got, []string{"an hour"}) {
			t.Fatalf("after the leap: %q", got)
		}
		state, err := m.Clock(t.Context())
		if err != nil || !state.Held || state.Due != 1 || !state.Clock.Equal(clock.at) || !state.Seen.Equal(beginning) {
			t.Fatalf("%+v, %v", state, err)
		}
		m = alone(t, store, clock)
	}
	alerts := 0
	events, err := m.EventsSince(t.Context(), 0, 1000)
	for _, e := range events {
		if e.Type == messenger.EventAlert && e.Detail == messenger.AlertClock && e.Count == 1 {
			alerts++
		}
	}
	if err != nil || alerts != 1 {
		t.Errorf("%d alerts, %v", alerts, err)
	}
	write(t, m, conv, "since the leap")
	if err := m.ConfirmClock(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := left(t, m, conv); !slices.Equal(got, []string{"since the leap"}) {
		t.Errorf("after the word: %q", got)
	}
	clock.at = clock.at.Add(time.Hour)
	if got := left(t, m, conv); len(got) != 0 {
		t.Errorf("an hour later: %q", got)
	}
	if err := m.ConfirmClock(t.Context()); !errors.Is(err, chat.ErrNotFound) {
		t.Errorf("confirming nothing: %v", err)
	}
}

func TestALeapThatIsSetRightIsForgotten(t *testing.T) {
	clock := &wall{beginning}
	_, m, conv := hermit(t, clock)
	write(t, m, conv, "an hour")
	clock.at = beginning.Add(400 * 24 * time.Hour)
	left(t, m, conv)
	write(t, m, conv, "in the wrong year")
	clock.at = beginning.Add(10 * time.Minute)
	if state, err := m.Clock(t.Context()); err != nil || state.Held {
		t.Errorf("%+v, %v", state, err)
	}
	if got := left(t, m, conv); len(got) != 2 {
		t.Errorf("set right: %q", got)
	}
	clock.at = beginning.Add(61 * time.Minute)
	if got := left(t, m, conv); len(got) != 0 {
		t.Errorf("an hour later: %q", got)
	}
}
