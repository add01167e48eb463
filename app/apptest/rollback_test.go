package apptest_test

import (
	"context"
	"crypto/ed25519"
	"testing"
	"time"

	"sotto/app/apptest"
	"sotto/app/messenger"
	"sotto/chat"
	"sotto/transport/wire"
)

// sessionsOf returns the sessions that a person has with another, newest first.
func sessionsOf(t *testing.T, p, with *apptest.Person) (list []chat.Session) {
	t.Helper()
	err := p.Store.View(context.Background(), func(tx chat.Tx) (err error) {
		list, err = tx.Sessions().ForPeer(with.ID)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// sendingTo returns the session a person sends under; it fails when there is not exactly one.
func sendingTo(t *testing.T, p, to *apptest.Person) chat.Session {
	t.Helper()
	var out []chat.Session
	for _, s := range sessionsOf(t, p, to) {
		if s.Archived.IsZero() {
			out = append(out, s)
		}
	}
	if len(out) != 1 {
		t.Fatalf("%s has %d sessions that send to %s", p.Name, len(out), to.Name)
	}
	return out[0]
}

func ownedBy(mb chat.Mailbox) wire.Owned {
	return wire.Owned{Mailbox: wire.Mailbox(mb.ID), Key: ed25519.NewKeyFromSeed(mb.OwnerKey)}
}

func TestI11ARestoredImageIsNoticedAndItsSessionsGivenUp(t *testing.T) {
	w := apptest.NewWorld(t)
	ada, ben := w.Person("Ada", apptest.PersonOptions{}), w.Person("Ben", apptest.PersonOptions{})
	w.Befriend(ada, ben)
	ada.Say(ben, "before the image")
	ben.Say(ada, "and back")
	same(t, ada, ben)
	settle(t, ada)
	settle(t, ben)
	image := ada.Image()
	ada.Crash() // the life after the image: a start, and messages under ratchets that the image does not know
	for range 3 {
		ada.Say(ben, "after the image")
		ben.Say(ada, "I hear you")
		same(t, ada, ben)
	}
	settle(t, ada)
	settle(t, ben)
	old := sendingTo(t, ada, ben).ID
	ada.Restore(image)
	ada.Until("the alert", func() bool { return ada.Alerts(messenger.AlertRolledBack) == 1 })
	ada.Say(ben, "where was I?")
	ada.Until("a new session", func() bool {
		s := sessionsOf(t, ada, ben)
		return len(s) > 0 && s[0].ID != old && s[0].Archived.IsZero()
	})
	ben.Until("the words of the restored", func() bool {
		thread := ben.Thread(ada)
		return len(thread) > 0 && thread[len(thread)-1].Text == "where was I?"
	})
	last := ben.Say(ada, "right here")
	ada.Until("the answer", func() bool { _, err := ada.Message(t.Context(), last.ID); return err == nil })
	if sendingTo(t, ada, ben).ID == old || sendingTo(t, ada, ben).ID != sendingTo(t, ben, ada).ID {
		t.Error("they go on under the session of the image")
	}
	for _, s := range sessionsOf(t, ada, ben) {
		if s.ID == old && s.Archived.IsZero() {
			t.Error("the session of the image still sends")
		}
	}
	settle(t, ada)
	ada.Crash()
	settle(t, ada)
	if n := ada.Alerts(messenger.AlertRolledBack); n != 1 {
		t.Errorf("%d alerts after an honest restart", n)
	}
}

// TestI11HonestStartsAndLostAnswersRaiseNoAlarm cuts the relay off at every step of many starts.
func TestI11HonestStartsAndLostAnswersRaiseNoAlarm(t *testing.T) {
	w := apptest.NewWorld(t)
	ada, ben := w.Person("Ada", apptest.PersonOptions{}), w.Person("Ben", apptest.PersonOptions{})
	w.Befriend(ada, ben)
	for i := range 30 {
		ada.Sleep()
		switch i % 3 {
		case 0:
			w.Relay.Down(true)
		case 1:
			w.Relay.Cut()
		}
		ada.Wake()
		if i%3 == 1 {
			w.Relay.Cut()
		}
		if i%5 == 0 {
			continue // ended before anything was answered
		}
		w.Relay.Down(false)
		settle(t, ada)
	}
	w.Relay.Down(false)
	ada.Say(ben, "still me")
	same(t, ada, ben)
	if n := ada.Alerts(messenger.AlertRolledBack); n != 0 {
		t.Errorf("%d false alarms", n)
	}
}

func TestI11ARelayThatIsAwayHoldsUpNoStart(t *testing.T) {
	w := apptest.NewWorld(t)
	far := w.AddRelay(wire.Address{Host: "127.0.0.1", Port: 4003, Mode: wire.Plain})
	ada, ben := w.Person("Ada", apptest.PersonOptions{Home: far}), w.Person("Ben", apptest.PersonOptions{})
	w.Befriend(ada, ben)
	settle(t, ada)
	ada.Sleep()
	far.Down(true) // only Ada's own relay, which holds her cells
	ada.Wake()
	before := time.Now()
	msg := ada.Say(ben, "my relay is away")
	ben.Until("it", func() bool { _, err := ben.Message(t.Context(), msg.ID); return err == nil })
	if took := time.Since(before); took > 20*time.Second {
		t.Errorf("sent after %v", took)
	}
}

func TestI11TheCellAtTheRelayIsSmallAndSealed(t *testing.T) {
	w := apptest.NewWorld(t)
	ada, ben := w.Person("Ada", apptest.PersonOptions{}), w.Person("Ben", apptest.PersonOptions{})
	w.Befriend(ada, ben)
	settle(t, ada)
	var boxes []chat.Mailbox
	err := ada.Store.View(t.Context(), func(tx chat.Tx) (err error) {
		boxes, err = tx.Mailboxes().List()
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	client := w.Relay.Client(t, nil)
	read := func() (cells []string) {
		for _, mb := range boxes {
			if mb.Contact != ben.ID {
				continue
			}
			client.Own(ownedBy(mb))
			cell, err := client.State(t.Context(), wire.Mailbox(mb.ID))
			if err != nil {
				t.Fatal(err)
			}
			cells = append(cells, string(cell))
		}
		return cells
	}
	var first []string
	ada.Until("the cell", func() bool { first = read(); return len(first) == 1 && first[0] != "" })
	if n := len(first[0]); n > 256 {
		t.Errorf("a cell of %d bytes", n)
	}
	ada.Crash()
	ada.Until("another", func() bool { return read()[0] != first[0] })
	if len(read()[0]) != len(first[0]) {
		t.Error("the length of the cell tells the starts")
	}
}

// TestI11AnImageFromBeforeAMoveFindsItsContactsAgain restores an image whose mailbox the contact has left since.
func TestI11AnImageFromBeforeAMoveFindsItsContactsAgain(t *testing.T) {
	w := apptest.NewWorld(t)
	second := w.AddRelay(wire.Address{Host: "127.0.0.1", Port: 4002, Mode: wire.Plain})
	ada, ben := w.Person("Ada", apptest.PersonOptions{}), w.Person("Ben", apptest.PersonOptions{})
	w.Befriend(ada, ben)
	settle(t, ada)
	settle(t, ben)
	image := ada.Image()
	old := routeOf(t, ben, ada).Mailbox
	ada.Crash()
	settle(t, ada)
	moveTo(t, w, ada, second)
	ben.Until("the new route", func() bool { return routeOf(t, ben, ada).Mailbox != old })
	missed := ben.Say(ada, "to the new mailbox")
	ada.Until("it", func() bool { _, err := ada.Message(t.Context(), missed.ID); return err == nil })
	w.Forward(time.Minute)
	ada.Restore(image)
	ben.Until("the way back", func() bool { return routeOf(t, ben, ada).Mailbox == old })
	ada.Until("what Ben had sent since", func() bool { _, err := ada.Message(t.Context(), missed.ID); return err == nil })
	last := ben.Say(ada, "found you")
	ada.Until("it", func() bool { _, err := ada.Message(t.Context(), last.ID); return err == nil })
}
