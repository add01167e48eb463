package apptest_test

import (
	"errors"
	"testing"
	"time"

	"sotto/app/apptest"
	"sotto/app/messenger"
	"sotto/chat"
	"sotto/transport/wire"
)

const day = 24 * time.Hour

func keysOf(t *testing.T, p *apptest.Person) messenger.KeyReport {
	t.Helper()
	r, err := p.Keys(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// prekeysOf returns the private prekeys of a mailbox.
func prekeysOf(t *testing.T, p *apptest.Person, id chat.MailboxID) (out []chat.Prekey) {
	t.Helper()
	err := p.Store.View(t.Context(), func(tx chat.Tx) (err error) {
		out, err = tx.Prekeys().ForMailbox(id)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func mailboxOf(t *testing.T, p *apptest.Person, id chat.MailboxID) (mb chat.Mailbox) {
	t.Helper()
	err := p.Store.View(t.Context(), func(tx chat.Tx) (err error) {
		mb, err = tx.Mailboxes().Get(id)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return mb
}

func TestBundlesAreRenewedWeeklyAndTheirKeysErasedAfterFortyFiveDays(t *testing.T) {
	w := apptest.NewWorld(t)
	ada := w.Person("Ada", apptest.PersonOptions{})
	inv, _, err := ada.Invite(t.Context(), messenger.InviteOptions{Reusable: true})
	if err != nil {
		t.Fatal(err)
	}
	sets := func() (n int) {
		for _, k := range prekeysOf(t, ada, inv.Mailbox) {
			if k.Kind == chat.PrekeySigned {
				n++
			}
		}
		return n
	}
	first := prekeysOf(t, ada, inv.Mailbox)
	w.Forward(6 * day)
	settle(t, ada)
	if sets() != 1 {
		t.Errorf("%d prekey sets within the week", sets())
	}
	w.Forward(day)
	settle(t, ada)
	ada.Until("the renewed bundle", func() bool { return sets() == 2 })
	if r := keysOf(t, ada); len(r.Bundles) != 1 || r.Bundles[0].Stale(w.Now()) || r.Bundles[0].Size != 100 || r.Bundles[0].Left != 100 {
		t.Errorf("reported %+v", r.Bundles)
	}
	old := map[chat.KeyID]bool{}
	for _, k := range first {
		old[k.ID] = true
	}
	left := func() (n int) {
		for _, k := range prekeysOf(t, ada, inv.Mailbox) {
			if old[k.ID] {
				n++
			}
		}
		return n
	}
	w.Forward(37 * day) // 44 days old
	ada.Crash()
	settle(t, ada)
	if left() != len(first) {
		t.Errorf("%d of %d private prekeys left after 44 days", left(), len(first))
	}
	w.Forward(2 * day)
	ada.Crash()
	ada.Until("the erasure", func() bool { return left() == 0 })
	if r := keysOf(t, ada); r.Due != 0 || w.Now().Sub(r.Oldest) > 45*day {
		t.Errorf("reported %+v", r)
	}
}

func TestOneTimePairsAreRefilledBelowTwenty(t *testing.T) {
	w := apptest.NewWorld(t)
	ada := w.Person("Ada", apptest.PersonOptions{})
	inv, _, err := ada.Invite(t.Context(), messenger.InviteOptions{Reusable: true})
	if err != nil {
		t.Fatal(err)
	}
	mb := mailboxOf(t, ada, inv.Mailbox)
	client, owner := w.Relay.Client(t, nil), w.Relay.Client(t, nil)
	owner.Own(ownedBy(mb))
	count := func() int {
		n, err := owner.PrekeyCount(t.Context(), wire.Mailbox(mb.ID))
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	pop := func(n int) {
		for range n {
			if _, prekey, err := client.PopPrekey(t.Context(), wire.Mailbox(mb.ID), wire.Token(mb.Token)); err != nil || prekey == nil {
				t.Fatal(prekey == nil, err)
			}
		}
	}
	pop(80)
	w.Forward(2 * time.Hour)
	settle(t, ada)
	if n := count(); n != 20 {
		t.Errorf("%d pairs, refilled too early", n)
	}
	pop(1)
	w.Forward(2 * time.Hour)
	settle(t, ada)
	ada.Until("the refill", func() bool { return count() == 100 })
	ada.Until("the report", func() bool { r := keysOf(t, ada); return len(r.Bundles) == 1 && r.Bundles[0].Left == 100 })
	if n := len(prekeysOf(t, ada, mb.ID)); n != 202 { // nobody's message used any
		t.Errorf("%d private prekeys", n)
	}
}

// TestAFirstMessageWithoutAOneTimeKeyIsMarkedAndCured takes all pairs of an invitation before it is used.
func TestAFirstMessageWithoutAOneTimeKeyIsMarkedAndCured(t *testing.T) {
	w := apptest.NewWorld(t)
	ada, ben := w.Person("Ada", apptest.PersonOptions{}), w.Person("Ben", apptest.PersonOptions{})
	inv, _, err := ada.Invite(t.Context(), messenger.InviteOptions{})
	if err != nil {
		t.Fatal(err)
	}
	mb := mailboxOf(t, ada, inv.Mailbox)
	client := w.Relay.Client(t, nil)
	for range 2 {
		if _, prekey, err := client.PopPrekey(t.Context(), wire.Mailbox(mb.ID), wire.Token(mb.Token)); err != nil || prekey == nil {
			t.Fatal(prekey == nil, err)
		}
	}
	ben.AddLink(inv.Link, "who listens for 45 days?")
	marked := func(p, of *apptest.Person) bool {
		s, err := p.Security(t.Context(), of.ID)
		if err != nil && !errors.Is(err, chat.ErrNotFound) {
			t.Fatal(err)
		}
		return s.NoForward
	}
	if !marked(ben, ada) || keysOf(t, ben).NoForward != 1 {
		t.Error("not marked where it was written")
	}
	ada.Until("the request", func() bool { return ada.State(ben) == chat.ContactRequest })
	if !marked(ada, ben) {
		t.Error("not marked where it arrived")
	}
	ada.AcceptFrom(ben)
	ben.UntilAccepted(ada)
	if m := ada.Thread(ben); len(m) != 1 || !m[0].NoForward {
		t.Error("the message itself is not marked")
	}
	ben.Until("the cure", func() bool { return !marked(ben, ada) })
	ada.Until("the cure", func() bool { return !marked(ada, ben) })
	ben.Say(ada, "now it is well")
	same(t, ada, ben)
	if m := ada.Thread(ben); m[len(m)-1].NoForward || keysOf(t, ben).NoForward != 0 {
		t.Error("the mark stays")
	}
}
