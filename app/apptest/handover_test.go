package apptest_test

import (
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"sotto/app/apptest"
	"sotto/chat"
	"sotto/transport/transporttest"
	"sotto/transport/wire"
)

// boxesFor returns the own mailboxes of a person that another writes to, oldest first.
func boxesFor(t *testing.T, p, of *apptest.Person) (out []chat.Mailbox) {
	t.Helper()
	err := p.Store.View(t.Context(), func(tx chat.Tx) error {
		list, err := tx.Mailboxes().List()
		for _, mb := range list {
			if mb.Contact == of.ID {
				out = append(out, mb)
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// TestHandOverLosesNothingWhileBothWrite moves one side to another relay, then the other, then the first back, while both
// write without a pause over connections with faults, and are restarted.
func TestHandOverLosesNothingWhileBothWrite(t *testing.T) {
	w := apptest.NewWorld(t)
	second := w.AddRelay(wire.Address{Host: "127.0.0.1", Port: 4002, Mode: wire.Plain})
	faults := transporttest.Faults{DropAnswer: 0.1, Duplicate: 0.1, Reorder: 0.2, Delay: 2 * time.Millisecond}
	ada := w.Person("Ada", apptest.PersonOptions{Faults: faults, Seed: 5})
	ben := w.Person("Ben", apptest.PersonOptions{Faults: faults, Seed: 6})
	w.Befriend(ada, ben)
	const each = 60
	moves := map[int]func(){
		10: func() { moveTo(t, w, ada, second) },
		25: func() { moveTo(t, w, ben, second) },
		40: func() { moveTo(t, w, ada, w.Relay) },
	}
	var writing sync.WaitGroup
	writing.Go(func() {
		for i := range each {
			ben.Say(ada, fmt.Sprint("from Ben ", i))
			time.Sleep(time.Millisecond)
		}
	})
	for i := range each {
		if move := moves[i]; move != nil {
			move()
		}
		ada.Say(ben, fmt.Sprint("from Ada ", i))
		time.Sleep(time.Millisecond)
	}
	writing.Wait()
	ada.Crash()
	ben.Crash()
	for _, p := range []*apptest.Person{ada, ben} {
		p.Calm()
		p.Flush()
	}
	same(t, ada, ben)
	if n := len(ada.Written(ben, ben.ID)); n != each {
		t.Errorf("%d of Ben's messages", n)
	}
	if n := len(ben.Written(ada, ada.ID)); n != each {
		t.Errorf("%d of Ada's messages", n)
	}
	for _, p := range []struct{ writer, reader *apptest.Person }{{ada, ben}, {ben, ada}} {
		p.writer.Until("the last route", func() bool {
			boxes := boxesFor(t, p.reader, p.writer)
			return routeOf(t, p.writer, p.reader).Mailbox == boxes[len(boxes)-1].ID
		})
	}
}

// TestHandOverToAnotherMailboxOfTheSameRelayLosesNothing has both write before the other knows: the first moves away and
// back while the second sleeps, and only the last of the two routes counts.
func TestHandOverToAnotherMailboxOfTheSameRelayLosesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := apptest.NewWorld(t)
		second := w.AddRelay(wire.Address{Host: "127.0.0.1", Port: 4002, Mode: wire.Plain})
		ada, ben := w.Person("Ada", apptest.PersonOptions{}), w.Person("Ben", apptest.PersonOptions{})
		w.Befriend(ada, ben)
		for i := range 3 {
			ada.Say(ben, fmt.Sprint("from Ada ", i))
			ben.Say(ada, fmt.Sprint("from Ben ", i))
		}
		settle(t, ada)
		settle(t, ben)
		before := routeOf(t, ben, ada)
		ben.Sleep()
		moveTo(t, w, ada, second)
		ada.Say(ben, "on my way")
		settle(t, ada)
		moveTo(t, w, ada, w.Relay)
		ada.Say(ben, "back, but not where I was")
		settle(t, ada)

		ben.Wake()
		for i := range 3 { // to the old mailbox, or to the new one
			ben.Say(ada, fmt.Sprint("where are you? ", i))
			ada.Say(ben, fmt.Sprint("here ", i))
		}
		settle(t, ben)
		settle(t, ada)
		same(t, ada, ben)
		after := routeOf(t, ben, ada)
		if after.Relay != before.Relay || after.Mailbox == before.Mailbox || after.Seq <= before.Seq {
			t.Errorf("Ben writes to %s, sequence %d, the same mailbox %v", after.Relay, after.Seq, after.Mailbox == before.Mailbox)
		}
		ben.Say(ada, "found you")
		settle(t, ben)
		settle(t, ada)
		same(t, ada, ben)
		if n := len(ada.Written(ben, ben.ID)); n != 7 {
			t.Errorf("%d of Ben's messages", n)
		}
		for _, mb := range boxesFor(t, ada, ben) {
			if (mb.ID == after.Mailbox) == mb.Retired.After(time.Time{}) {
				t.Error("the mailbox in use is retired, or an old one is not")
			}
		}
	})
}

func moveTo(t *testing.T, w *apptest.World, p *apptest.Person, to *transporttest.Relay) {
	t.Helper()
	if err := p.SetHomeRelay(t.Context(), w.PassOf(to)); err != nil {
		t.Error(err)
	}
}

// TestTheOldMailboxIsReadUntilThePeerHasMovedAndThirtyDaysMore keeps the peer away while the home moves.
func TestTheOldMailboxIsReadUntilThePeerHasMovedAndThirtyDaysMore(t *testing.T) {
	w := apptest.NewWorld(t)
	second := w.AddRelay(wire.Address{Host: "127.0.0.1", Port: 4002, Mode: wire.Plain})
	ada, ben := w.Person("Ada", apptest.PersonOptions{}), w.Person("Ben", apptest.PersonOptions{})
	w.Befriend(ada, ben)
	settle(t, ada)
	ben.Sleep()
	old := boxesFor(t, ada, ben)[0]
	token := routeOf(t, ben, ada)
	moveTo(t, w, ada, second)
	ada.Until("the new mailbox", func() bool { b := boxesFor(t, ada, ben); return len(b) == 2 && !b[1].Renewed.IsZero() })
	settle(t, ada)

	w.Forward(40 * day) // Ben is on holiday
	ada.Crash()
	settle(t, ada)
	if b := boxesFor(t, ada, ben); len(b) != 2 || !b[0].Retired.IsZero() {
		t.Fatal("the old mailbox went before the peer knew of the new one")
	}
	ben.Wake()
	first := ben.Say(ada, "back from the sea") // perhaps still to the old mailbox
	ada.Until("it", func() bool { _, err := ada.Message(t.Context(), first.ID); return err == nil })
	ben.Until("the new route", func() bool { return routeOf(t, ben, ada).Mailbox != old.ID })
	next := ben.Say(ada, "to the new address")
	ada.Until("it", func() bool { _, err := ada.Message(t.Context(), next.ID); return err == nil })
	if b := boxesFor(t, ada, ben); len(b) != 2 || b[0].Retired.IsZero() {
		t.Fatal("the old mailbox is not retired though the peer has written to the new one")
	}

	// Something lay in the old mailbox after all: it is still read.
	w.Forward(29 * day)
	ada.Crash()
	settle(t, ada)
	client := w.Relay.Client(t, nil)
	send := func() error {
		return client.Send(t.Context(), wire.Mailbox(old.ID), wire.Token(token.Token), wire.NewEnvelopeID(), make([]byte, 4096))
	}
	rejected := func() int {
		s, err := ada.Status(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return s.Rejected
	}
	before := rejected()
	if err := send(); err != nil {
		t.Fatalf("the old mailbox within 30 days: %v", err)
	}
	ada.Until("the late envelope", func() bool { return rejected() == before+1 })

	w.Forward(2 * day)
	ada.Crash()
	ada.Until("the end of the old mailbox", func() bool { return len(boxesFor(t, ada, ben)) == 1 })
	if err := send(); err == nil {
		t.Error("the relay still takes envelopes for the old mailbox")
	}
	ben.Say(ada, "still here?")
	ada.Say(ben, "still here")
	same(t, ada, ben)
}
