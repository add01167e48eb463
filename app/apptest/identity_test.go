package apptest_test

import (
	"errors"
	"testing"
	"time"

	"sotto/app/apptest"
	"sotto/app/messenger"
	"sotto/chat"
	"sotto/chat/content"
	"sotto/crypto/identity"
)

// restore makes a person into what a backup restored elsewhere is: the same identity, another device, no sessions.
func restore(t *testing.T, w *apptest.World, p, peer *apptest.Person) {
	t.Helper()
	w.Forward(time.Minute)
	p.Sleep()
	err := p.Store.Update(t.Context(), func(tx chat.Tx) error {
		secret, err := tx.Settings().Get("messenger/identity")
		if err != nil {
			return err
		}
		id, err := identity.Parse(secret)
		if err != nil {
			return err
		}
		device, err := identity.NewDevice(w.Now())
		if err != nil {
			return err
		}
		list, err := identity.SignDeviceList(id, nil, [][]byte{device.Statement(id.Fingerprint())}, w.Now())
		if err != nil {
			return err
		}
		if err := tx.Settings().Put("messenger/device", device.Marshal()); err != nil {
			return err
		}
		if err := tx.Settings().Put("messenger/device-list", list.Bytes()); err != nil {
			return err
		}
		sessions, err := tx.Sessions().ForPeer(peer.ID)
		for _, s := range sessions {
			if err := tx.Sessions().Delete(s.ID); err != nil {
				return err
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	p.Wake()
}

func TestSendingToAVerifiedContactStopsWhenItsIdentityWasRestored(t *testing.T) {
	w := apptest.NewWorld(t)
	ada, ben := w.Person("Ada", apptest.PersonOptions{}), w.Person("Ben", apptest.PersonOptions{})
	w.Befriend(ada, ben)
	if err := ada.Verify(t.Context(), ben.ID, ""); err != nil {
		t.Fatal(err)
	}
	settle(t, ada)
	settle(t, ben)
	restore(t, w, ben, ada)
	ben.Say(ada, "from my new machine")
	ada.Until("it", func() bool { return len(ada.Thread(ben)) == 1 })
	if ada.Alerts(messenger.AlertIdentityChanged) != 1 {
		t.Error("no alert")
	}
	_, err := ada.Send(t.Context(), ada.ConversationWith(ben.ID), "hello?", messenger.SendOptions{})
	if !errors.Is(err, chat.ErrIdentityChanged) {
		t.Errorf("sending without confirmation = %v", err)
	}
	if err := ada.ConfirmIdentity(t.Context(), ben.ID); err != nil {
		t.Fatal(err)
	}
	if s, err := ada.Security(t.Context(), ben.ID); err != nil || s.Verification != chat.Unverified {
		t.Errorf("after confirmation %+v, %v", s, err)
	}
	ada.Say(ben, "so it is you")
	same(t, ada, ben)
}

func TestAGapShowsAfterADayAndClosesWhenItFills(t *testing.T) {
	w := apptest.NewWorld(t)
	ada, ben := w.Person("Ada", apptest.PersonOptions{}), w.Person("Ben", apptest.PersonOptions{})
	w.Befriend(ada, ben)
	send := func(seq uint64) {
		t.Helper()
		id := chat.NewMessageID()
		c := content.Content{ID: id, Conv: ada.ConversationWith(ben.ID), Seq: seq, Sent: w.Now(), Body: content.Text{Text: "x"}}
		b, err := c.Encode()
		if err != nil {
			t.Fatal(err)
		}
		if err := ben.Store.Update(t.Context(), func(tx chat.Tx) error { return ben.Enqueue(tx, ada.ID, id, b) }); err != nil {
			t.Fatal(err)
		}
		ben.Flush()
	}
	missing := func(place int) int { return ada.Thread(ben)[place].Missing }
	send(1)
	send(5)
	ada.Until("both", func() bool { return len(ada.Thread(ben)) == 2 })
	ada.Crash()
	settle(t, ada)
	if missing(1) != 0 {
		t.Error("a fresh gap is shown")
	}
	w.Forward(25 * time.Hour)
	ada.Crash()
	ada.Until("the gap", func() bool { return missing(1) == 3 })
	send(3)
	ada.Until("the third", func() bool { return len(ada.Thread(ben)) == 3 })
	if missing(2) != 1 {
		t.Errorf("%d shown before the last", missing(2))
	}
	ada.Crash()
	ada.Until("the rest", func() bool { return missing(1) == 1 })
	send(2)
	send(4)
	ada.Until("everything", func() bool {
		thread := ada.Thread(ben)
		if len(thread) != 5 {
			return false
		}
		for i, m := range thread {
			if m.Missing != 0 || m.Seq != uint64(i+1) {
				return false
			}
		}
		return true
	})
}
