package apptest_test

import (
	"context"
	"strings"
	"sync"
	"testing"

	"sotto/app/apptest"
	"sotto/app/apptest/leak"
	"sotto/app/messenger"
	"sotto/chat"
	"sotto/transport/relay"
	"sotto/transport/wire"
)

func TestTheRelaySeesNoWordNameOrIdentity(t *testing.T) {
	w := apptest.NewWorld(t)
	var mu sync.Mutex
	var seen []byte
	lengths := map[int]int{}
	w.Relay.Observe(func(_ relay.Direction, f wire.Frame) {
		b, err := wire.Append(nil, f)
		mu.Lock()
		defer mu.Unlock()
		if err == nil {
			seen = append(seen, b...)
		}
		if send, ok := f.Body.(*wire.Send); ok {
			lengths[len(send.Envelope)]++
		}
	})
	ada, ben := w.Person("Ada Augusta", apptest.PersonOptions{}), w.Person("Benedict", apptest.PersonOptions{})
	w.Befriend(ada, ben)
	mu.Lock()
	clear(lengths)
	mu.Unlock()
	ada.Say(ben, "meet me by the harbour")
	ada.Say(ben, strings.Repeat("a longer text by far ", 50))
	ben.Say(ada, "at nine o'clock")
	same(t, ada, ben)
	settle(t, ada)
	settle(t, ben)
	device := ada.Self().Device
	conv := ada.ConversationWith(ben.ID)
	scanner := leak.NewScanner(
		leak.Secret{Name: "name", Value: []byte("Ada Augusta")},
		leak.Secret{Name: "other name", Value: []byte("Benedict")},
		leak.Secret{Name: "text", Value: []byte("meet me by the harbour")},
		leak.Secret{Name: "answer", Value: []byte("at nine o'clock")},
		leak.Secret{Name: "fingerprint", Value: ada.ID[:]},
		leak.Secret{Name: "other fingerprint", Value: ben.ID[:]},
		leak.Secret{Name: "device", Value: device[:]},
		leak.Secret{Name: "conversation", Value: conv[:]},
	)
	mu.Lock()
	defer mu.Unlock()
	if hits := scanner.Scan("frames", seen); len(hits) > 0 {
		t.Errorf("the relay saw %v", hits)
	}
	if hits := scanner.Scan("planted", append(seen[:len(seen):len(seen)], "meet me by the harbour"...)); len(hits) != 1 {
		t.Error("the scan does not find a planted copy")
	}
	if len(lengths) != 1 || lengths[4096] == 0 {
		t.Errorf("lines of text have envelopes of %v", lengths)
	}
}

// TestAnotherIdentityIsRefusedInAContactsMailbox gives a stranger everything that Ben has to write to Ada, save his
// identity (I14).
func TestAnotherIdentityIsRefusedInAContactsMailbox(t *testing.T) {
	w := apptest.NewWorld(t)
	ada, ben := w.Person("Ada", apptest.PersonOptions{}), w.Person("Ben", apptest.PersonOptions{})
	eve := w.Person("Eve", apptest.PersonOptions{})
	w.Befriend(ada, ben)
	settle(t, ada)
	stolen := routeOf(t, ben, ada)
	conv := eve.ConversationWith(ada.ID)
	err := eve.Store.Update(t.Context(), func(tx chat.Tx) error {
		if err := tx.Contacts().Put(chat.Contact{ID: ada.ID, Name: "Ada", State: chat.ContactAccepted}); err != nil {
			return err
		}
		if err := tx.Conversations().Put(chat.Conversation{ID: conv, Kind: chat.Direct, Members: []chat.ContactID{ada.ID}, NextSeq: 1}); err != nil {
			return err
		}
		return tx.Routes().Put(stolen)
	})
	if err != nil {
		t.Fatal(err)
	}
	msg := eve.Say(ada, "I am Ben, trust me")
	eve.Until("it to leave", func() bool { return stateOf(t, eve, msg.ID) == chat.Sent })
	settle(t, ada)
	if ada.State(eve) != "" || len(ada.Thread(eve)) != 0 || len(ada.Thread(ben)) != 0 {
		t.Error("Ada took it")
	}
	if ada.Alerts(messenger.AlertRejected) != 1 {
		t.Error("Ada was not told")
	}
	ben.Say(ada, "this is me")
	same(t, ada, ben)
}

func TestLostSessionsHeal(t *testing.T) {
	w := apptest.NewWorld(t)
	ada, ben := w.Person("Ada", apptest.PersonOptions{}), w.Person("Ben", apptest.PersonOptions{})
	w.Befriend(ada, ben)
	ada.Say(ben, "before")
	ben.Say(ada, "before")
	same(t, ada, ben)
	settle(t, ada)
	settle(t, ben)
	ben.Sleep()
	err := ben.Store.Update(t.Context(), func(tx chat.Tx) error {
		sessions, err := tx.Sessions().ForPeer(ada.ID)
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
	ben.Wake()
	ben.Say(ada, "I forgot everything")
	ada.Until("it", func() bool { return len(ada.Thread(ben)) == 3 })
	ada.Say(ben, "I did not")
	same(t, ada, ben)
	var active int
	err = ada.Store.View(context.Background(), func(tx chat.Tx) error {
		sessions, err := tx.Sessions().ForPeer(ben.ID)
		for _, s := range sessions {
			if s.Archived.IsZero() {
				active++
			}
		}
		return err
	})
	if err != nil || active != 1 {
		t.Errorf("%d sessions send, %v", active, err)
	}
}

func TestOneTimeKeysAreGoneAfterTheFirstMessage(t *testing.T) {
	w := apptest.NewWorld(t)
	ada, ben := w.Person("Ada", apptest.PersonOptions{}), w.Person("Ben", apptest.PersonOptions{})
	inv, _, err := ada.Invite(t.Context(), messenger.InviteOptions{})
	if err != nil {
		t.Fatal(err)
	}
	pairs := func() (n int) {
		err := ada.Store.View(t.Context(), func(tx chat.Tx) error {
			keys, err := tx.Prekeys().ForMailbox(inv.Mailbox)
			for _, k := range keys {
				if k.Kind == chat.PrekeyOneTime {
					n++
				}
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	before := pairs()
	ben.AddLink(inv.Link, "hello")
	ada.Until("the request", func() bool { return ada.State(ben) == chat.ContactRequest })
	if after := pairs(); after != before-1 {
		t.Errorf("%d pairs before, %d after", before, after)
	}
}

func TestMovingHomeTakesTheContactsAlong(t *testing.T) {
	w := apptest.NewWorld(t)
	second := w.AddRelay(wire.Address{Host: "127.0.0.1", Port: 4002, Mode: wire.Plain})
	ada, ben := w.Person("Ada", apptest.PersonOptions{}), w.Person("Ben", apptest.PersonOptions{})
	w.Befriend(ada, ben)
	if err := ada.TestRelay(t.Context(), w.PassOf(second)); err != nil {
		t.Fatal(err)
	}
	if err := ada.SetHomeRelay(t.Context(), w.PassOf(second)); err != nil {
		t.Fatal(err)
	}
	ben.Until("the new route", func() bool { return routeOf(t, ben, ada).Relay == "sotto-relay://127.0.0.1:4002#plain" })
	ben.Say(ada, "found you")
	ada.Say(ben, "moved")
	same(t, ada, ben)
	home, err := ada.HomeRelay(t.Context())
	if err != nil || home != "sotto-relay://127.0.0.1:4002#plain" {
		t.Errorf("home is %q, %v", home, err)
	}
}
