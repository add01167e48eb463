package apptest_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"testing"

	"sotto/app/apptest"
	"sotto/app/messenger"
	"sotto/chat"
	"sotto/transport/wire"
)

// TestPoisonNeverHoldsUpTheGenuine puts garbage, an altered, a relabelled and a foreign envelope before a genuine one.
func TestPoisonNeverHoldsUpTheGenuine(t *testing.T) {
	w := apptest.NewWorld(t)
	ada, ben := w.Person("Ada", apptest.PersonOptions{}), w.Person("Ben", apptest.PersonOptions{})
	eve := w.Person("Eve", apptest.PersonOptions{})
	w.Befriend(ada, ben)
	w.Befriend(ada, eve)
	settle(t, ada)
	settle(t, ben)
	settle(t, eve)
	genuine := sealedFor(t, w, ada, ben, "relabel me")
	foreign := sealedFor(t, w, ada, eve, "from Eve")
	to := routeOf(t, ben, ada) // where Ben writes to Ada

	poison := [][]byte{foreign.Envelope} // a genuine one of Eve's, in the mailbox for Ben
	for i := range 64 {
		b := make([]byte, 4096)
		rand.Read(b)
		switch i % 4 {
		case 1:
			b[0], b[1] = 1, 2
		case 2:
			b[0], b[1] = 1, 1
		case 3:
			copy(b, genuine.Envelope[:100]) // the right session, garbage after the header
		}
		poison = append(poison, b)
	}
	relabelled := bytes.Clone(genuine.Envelope)
	relabelled[1] = 1 // a message sold as a first message
	altered := bytes.Clone(genuine.Envelope)
	altered[len(altered)-1] ^= 1
	flagged := bytes.Clone(genuine.Envelope)
	flagged[3] ^= 1 // inside the ratchet header
	poison = append(poison, relabelled, altered, flagged)

	client := w.Relay.Client(t, nil)
	for _, p := range poison {
		if err := client.Send(t.Context(), wire.Mailbox(to.Mailbox), wire.Token(to.Token), wire.NewEnvelopeID(), p); err != nil {
			t.Fatal(err)
		}
	}
	ben.Wake()
	eve.Wake()
	same(t, ada, ben)
	same(t, ada, eve)
	if n := ada.Alerts(messenger.AlertRejected); n != 1 {
		t.Errorf("%d alerts about rejected envelopes", n)
	}
	s, err := ada.Status(t.Context())
	if err != nil || s.Rejected != len(poison) {
		t.Errorf("%d of %d rejected, %v", s.Rejected, len(poison), err)
	}
}

// sealedFor lets from write to to while the relay is away, and returns the committed envelope. The
// writer sleeps afterwards.
func sealedFor(t *testing.T, w *apptest.World, to, from *apptest.Person, text string) chat.QueueItem {
	t.Helper()
	w.Relay.Down(true)
	from.Say(to, text)
	from.Until("the sealed envelope", func() bool {
		q := queue(t, from)
		return len(q) == 1 && len(q[0].Envelope) > 0
	})
	item := queue(t, from)[0]
	from.Sleep()
	w.Relay.Down(false)
	return item
}

func routeOf(t *testing.T, p, to *apptest.Person) chat.Route {
	t.Helper()
	var routes []chat.Route
	err := p.Store.View(context.Background(), func(tx chat.Tx) (err error) {
		routes, err = tx.Routes().ForPeer(to.ID)
		return err
	})
	if err != nil || len(routes) != 1 {
		t.Fatalf("%d routes, %v", len(routes), err)
	}
	return routes[0]
}
