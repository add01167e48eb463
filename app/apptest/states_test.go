package apptest_test

import (
	"testing"
	"time"

	"sotto/app/apptest"
	"sotto/app/messenger"
	"sotto/chat"
)

// The rows of docs/PROTOCOL.md appendix C that no other test shows.

func TestWhoWasRefusedOrRemovedIsAStrangerAgain(t *testing.T) {
	w := apptest.NewWorld(t)
	ada, eve := w.Person("Ada", apptest.PersonOptions{}), w.Person("Eve", apptest.PersonOptions{})
	w.Befriend(ada, eve)
	fail := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	unknown := func(when string) {
		t.Helper()
		if c, err := ada.Contact(t.Context(), eve.ID); err == nil {
			t.Fatalf("%s Eve is %+v", when, c)
		}
	}
	fail(ada.Remove(t.Context(), eve.ID))
	unknown("removed,")
	settle(t, ada)
	fail(eve.Remove(t.Context(), ada.ID))

	w.Befriend(ada, eve)
	fail(ada.Block(t.Context(), eve.ID))
	fail(ada.Remove(t.Context(), eve.ID))
	if c, err := ada.Contact(t.Context(), eve.ID); err != nil || c.State != chat.ContactBlocked || !c.Removed || c.Certificate != nil {
		t.Fatalf("blocked and removed, Eve is %+v, %v", c, err)
	}
	inv, _, err := eve.Invite(t.Context(), messenger.InviteOptions{Reusable: true})
	fail(err)
	fail(eve.Remove(t.Context(), ada.ID))
	ada.AddLink(inv.Link, "")
	if s := ada.State(eve); s != chat.ContactPending {
		t.Errorf("refused and added, Eve is %s", s)
	}
	fail(ada.Block(t.Context(), eve.ID))
	fail(ada.Remove(t.Context(), eve.ID))
	fail(ada.Unblock(t.Context(), eve.ID))
	unknown("refused and unblocked,")
}

func TestARequestOutlivesItsInvitation(t *testing.T) {
	w := apptest.NewWorld(t)
	ada, ben := w.Person("Ada", apptest.PersonOptions{}), w.Person("Ben", apptest.PersonOptions{})
	inv, _, err := ada.Invite(t.Context(), messenger.InviteOptions{})
	if err != nil {
		t.Fatal(err)
	}
	ben.AddLink(inv.Link, "hello")
	ada.Until("the request", func() bool { return ada.State(ben) == chat.ContactRequest })
	if err := ada.RevokeInvitation(t.Context(), inv.ID); err != nil {
		t.Fatal(err)
	}
	settle(t, ada)
	ada.AcceptFrom(ben)
	ben.UntilAccepted(ada)
	ben.Say(ada, "still here")
	same(t, ada, ben)
}

func TestWhatIsWrittenToAPendingContactWaits(t *testing.T) {
	w := apptest.NewWorld(t)
	ada, ben := w.Person("Ada", apptest.PersonOptions{}), w.Person("Ben", apptest.PersonOptions{})
	inv, _, err := ada.Invite(t.Context(), messenger.InviteOptions{})
	if err != nil {
		t.Fatal(err)
	}
	ben.AddLink(inv.Link, "hello")
	msg := ben.Say(ada, "and more")
	ada.Until("the request", func() bool { return ada.State(ben) == chat.ContactRequest })
	settle(t, ben)
	if s := stateOf(t, ben, msg.ID); s != chat.Queued {
		t.Errorf("before Ada accepted the message is %s", s)
	}
	ada.AcceptFrom(ben)
	ben.UntilAccepted(ada)
	same(t, ada, ben)
}

func TestAMessageDeletedBeforeItLeftNeverLeaves(t *testing.T) {
	w := apptest.NewWorld(t)
	ada, ben := w.Person("Ada", apptest.PersonOptions{}), w.Person("Ben", apptest.PersonOptions{})
	inv, _, err := ada.Invite(t.Context(), messenger.InviteOptions{})
	if err != nil {
		t.Fatal(err)
	}
	ben.AddLink(inv.Link, "")
	msg := ben.Say(ada, "a second thought")
	if _, err := ben.DeleteForEveryone(t.Context(), msg.ID); err != nil {
		t.Fatal(err)
	}
	ben.Say(ada, "instead")
	ada.Until("the request", func() bool { return ada.State(ben) == chat.ContactRequest })
	ada.AcceptFrom(ben)
	ben.UntilAccepted(ada)
	ada.Until("what follows", func() bool { return len(ada.Thread(ben)) == 1 })
	if _, err := ada.Message(t.Context(), msg.ID); err == nil {
		t.Error("the deleted message arrived")
	}
	if rows := ada.Thread(ben); rows[0].Text != "instead" || rows[0].Missing != 0 {
		t.Errorf("Ada has %+v", rows)
	}
}

func TestAContactRemovedAndAddedAgainGoesOnWhereThePeerIs(t *testing.T) {
	w := apptest.NewWorld(t)
	ada, ben := w.Person("Ada", apptest.PersonOptions{}), w.Person("Ben", apptest.PersonOptions{})
	w.Befriend(ada, ben)
	for _, text := range []string{"one", "two", "three"} {
		ada.Say(ben, "Ada's "+text)
		ben.Say(ada, "Ben's "+text)
	}
	same(t, ada, ben)
	if err := ada.Remove(t.Context(), ben.ID); err != nil {
		t.Fatal(err)
	}
	w.Forward(time.Minute)
	inv, _, err := ben.Invite(t.Context(), messenger.InviteOptions{Reusable: true})
	if err != nil {
		t.Fatal(err)
	}
	ada.AddLink(inv.Link, "")
	ada.UntilAccepted(ben)
	ada.Say(ben, "me again")
	ben.Until("it", func() bool { return len(ben.Thread(ada)) == 7 })
	rows := ben.Thread(ada)
	if last := rows[len(rows)-1]; last.Text != "me again" {
		t.Errorf("the newest message of Ben is %q", last.Text)
	}
	ben.Say(ada, "welcome back")
	ada.Until("the answer", func() bool { return len(ada.Thread(ben)) == 2 })
	w.Forward(25 * time.Hour)
	ada.Sleep() // the next start shows what is missing for a day
	ada.Wake()
	settle(t, ada)
	for _, m := range ada.Thread(ben) {
		if m.Missing != 0 {
			t.Errorf("%d messages are said to be missing before %q", m.Missing, m.Text)
		}
	}
}
