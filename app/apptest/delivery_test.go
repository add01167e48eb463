package apptest_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"sotto/app/apptest"
	"sotto/app/messenger"
	"sotto/chat"
	"sotto/transport/transporttest"
)

func TestMessagesWaitForWhoIsAway(t *testing.T) {
	w := apptest.NewWorld(t)
	ada, ben := w.Person("Ada", apptest.PersonOptions{}), w.Person("Ben", apptest.PersonOptions{})
	w.Befriend(ada, ben)
	ben.Sleep()
	for i := range 40 {
		ada.Say(ben, fmt.Sprint("while you slept ", i))
	}
	last := ada.Say(ben, "and that was all")
	ada.Until("the relay to hold everything", func() bool { return stateOf(t, ada, last.ID) == chat.Sent })
	ben.Wake()
	same(t, ada, ben)
}

func TestMessagesWaitForTheRelay(t *testing.T) {
	w := apptest.NewWorld(t)
	ada, ben := w.Person("Ada", apptest.PersonOptions{}), w.Person("Ben", apptest.PersonOptions{})
	w.Befriend(ada, ben)
	w.Relay.Down(true)
	msg := ada.Say(ben, "into the void")
	ada.Until("Ada to notice", func() bool {
		s, err := ada.Status(t.Context())
		return err == nil && len(s.Relays) == 1 && !s.Relays[0].Online
	})
	if stateOf(t, ada, msg.ID) != chat.Queued {
		t.Error("sent without a relay")
	}
	w.Relay.Down(false)
	if err := ada.Sync(t.Context(), 20*time.Second); err != nil {
		t.Fatal(err)
	}
	same(t, ada, ben)
}

// TestFaultsLoseNothingAndDoubleNothing sends both ways over a transport that drops, doubles, reorders, delays and cuts,
// while both sides are closed and opened at random.
func TestFaultsLoseNothingAndDoubleNothing(t *testing.T) {
	for _, seed := range []uint64{1, 2, 3} {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			w := apptest.NewWorld(t)
			faults := transporttest.Faults{
				DropRequest: 0.1, DropAnswer: 0.1, Duplicate: 0.1, Reorder: 0.2, Delay: 3 * time.Millisecond, Cut: 0.02,
			}
			ada := w.Person("Ada", apptest.PersonOptions{Faults: faults, Seed: seed})
			ben := w.Person("Ben", apptest.PersonOptions{Faults: faults, Seed: seed + 1000})
			w.Befriend(ada, ben)
			random := rand.New(rand.NewPCG(seed, 7))
			people := []*apptest.Person{ada, ben}
			for i := range 80 {
				from := random.IntN(2)
				people[from].Say(people[1-from], fmt.Sprint("message ", i))
				if random.IntN(16) == 0 {
					people[random.IntN(2)].Crash()
				}
				people[from].Flush()
			}
			ada.Calm()
			ben.Calm()
			ada.Flush()
			ben.Flush()
			same(t, ada, ben)
			for _, p := range people {
				if n := p.Alerts(messenger.AlertRejected); n != 0 {
					t.Errorf("%s rejected genuine envelopes", p.Name)
				}
			}
		})
	}
}

func TestQueueSurvivesAndLeavesTheSameEnvelope(t *testing.T) {
	w := apptest.NewWorld(t)
	ada := w.Person("Ada", apptest.PersonOptions{Faults: transporttest.Faults{DropAnswer: 1}})
	ben := w.Person("Ben", apptest.PersonOptions{})
	inv, _, err := ben.Invite(t.Context(), messenger.InviteOptions{})
	if err != nil {
		t.Fatal(err)
	}
	ada.AddLink(inv.Link, "hello")
	// The relay has it, but Ada never hears so: sealed and committed, not yet sent.
	ben.Until("the request", func() bool { return ben.State(ada) == chat.ContactRequest })
	first := queue(t, ada)
	if len(first) != 1 || first[0].State != chat.QueueFlushed || len(first[0].Envelope) == 0 {
		t.Fatalf("queue holds %d", len(first))
	}
	ada.Crash()
	ada.Flush()
	again := queue(t, ada)
	if len(again) != 1 || again[0].EnvelopeID != first[0].EnvelopeID || string(again[0].Envelope) != string(first[0].Envelope) {
		t.Fatal("the envelope was made anew")
	}
	ada.Calm()
	ada.Flush()
	ada.Until("the queue to empty", func() bool { return len(queue(t, ada)) == 0 })
	if _, err := ben.Accept(t.Context(), ada.ID); err != nil {
		t.Fatal(err)
	}
	ada.UntilAccepted(ben)
	same(t, ada, ben)
}

func stateOf(t *testing.T, p *apptest.Person, id chat.MessageID) chat.MessageState {
	t.Helper()
	m, err := p.Message(context.Background(), id)
	if err != nil {
		t.Fatal(err)
	}
	return m.State
}

func queue(t *testing.T, p *apptest.Person) (out []chat.QueueItem) {
	t.Helper()
	err := p.Store.View(context.Background(), func(tx chat.Tx) (err error) {
		out, err = tx.Queue().List()
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}
