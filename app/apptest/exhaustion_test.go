package apptest_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"sotto/app/apptest"
	"sotto/app/messenger"
	"sotto/chat"
	"sotto/chat/content"
	"sotto/transport/wire"
)

// liar opens relays that all lead to the first of the world, counts those that are open, and says of every mailbox that
// its one-time prekeys are gone.
type liar struct {
	t    *testing.T
	w    *apptest.World
	open atomic.Int64
	ever atomic.Int64
}

func (l *liar) Open(_ wire.Address, onEvent func(wire.Event)) (messenger.Relay, error) {
	l.open.Add(1)
	l.ever.Add(1)
	return &lyingRelay{l.w.Relay.Client(l.t, onEvent), l}, nil
}

type lyingRelay struct {
	messenger.Relay
	l *liar
}

func (r *lyingRelay) PrekeyCount(context.Context, wire.Mailbox) (int, error) { return 0, nil }

func (r *lyingRelay) Close() error {
	r.l.open.Add(-1)
	return r.Relay.Close()
}

// lieTo lets a person live with lying relays from now on.
func lieTo(t *testing.T, w *apptest.World, p *apptest.Person, relays messenger.Relays) {
	t.Helper()
	p.Sleep()
	m, err := messenger.Open(t.Context(), messenger.Options{Store: p.Store, Relays: relays, Gate: p.Ledger, Now: w.Now})
	if err != nil {
		t.Fatal(err)
	}
	p.Messenger = m
	if err := m.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func TestRoutesWithoutEndOpenNoRelaysWithoutEnd(t *testing.T) {
	w := apptest.NewWorld(t)
	ada, eve := w.Person("Ada", apptest.PersonOptions{}), w.Person("Eve", apptest.PersonOptions{})
	w.Befriend(ada, eve)
	settle(t, ada)
	settle(t, eve)
	l := &liar{t: t, w: w}
	lieTo(t, w, ada, l)
	const routes = 60
	for i := range routes {
		route := content.Route{
			Seq: uint64(w.Now().Unix()) + 1000 + uint64(i), Device: eve.Self().Device,
			Relay: fmt.Sprintf("sotto-relay://r%d.example.org:443#web", i), Mailbox: chat.MailboxID{byte(i)},
			Token: make([]byte, 32), Secret: make([]byte, 32),
		}
		before := l.ever.Load()
		// Ada answers an introduction where it says.
		sends(t, w, eve, ada, chat.NewMessageID(), 0, content.Session{
			Action: content.Introduce, Profile: &content.Profile{Name: "Eve"}, Route: &route,
		})
		ada.Until("the relay to be opened", func() bool { return l.ever.Load() > before })
	}
	ada.Until("the others to be closed", func() bool { return l.open.Load() <= 33 })
	ben := w.Person("Ben", apptest.PersonOptions{})
	inv, _, err := ada.Invite(t.Context(), messenger.InviteOptions{})
	if err != nil {
		t.Fatal(err)
	}
	ben.AddLink(inv.Link, "")
	ada.AcceptFrom(ben)
	ben.UntilAccepted(ada)
}

func TestARelayThatLosesPrekeysGetsNoKeysWithoutEnd(t *testing.T) {
	w := apptest.NewWorld(t)
	ada := w.Person("Ada", apptest.PersonOptions{})
	inv, _, err := ada.Invite(t.Context(), messenger.InviteOptions{Reusable: true})
	if err != nil {
		t.Fatal(err)
	}
	l := &liar{t: t, w: w}
	kept := func() (n int) {
		err := ada.Store.View(t.Context(), func(tx chat.Tx) error {
			list, err := tx.Prekeys().ForMailbox(inv.Mailbox)
			n = len(list)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	for range 24 {
		w.Forward(2 * time.Hour)
		before := kept()
		lieTo(t, w, ada, l)
		ada.Until("the keys to be renewed", func() bool { return kept() > before })
	}
	if n := kept(); n > 2100 {
		t.Errorf("%d private keys kept", n)
	}
}
