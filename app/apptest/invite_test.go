package apptest_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"sotto/app/apptest"
	"sotto/app/messenger"
	"sotto/chat"
	"sotto/transport/wire"
)

func TestARequestIsATextUntilItIsAccepted(t *testing.T) {
	w := apptest.NewWorld(t)
	ada, ben := w.Person("Ada", apptest.PersonOptions{}), w.Person("Ben", apptest.PersonOptions{Bot: true})
	ada.Ledger.Allow(chat.DeliveryReceipts, true)
	inv, reach, err := ada.Invite(t.Context(), messenger.InviteOptions{})
	if err != nil || reach != messenger.ReachComputer || inv.Reusable || inv.Max != 1 {
		t.Fatalf("invited %+v, %s, %v", inv, reach, err)
	}
	pending := ben.AddLink(inv.Link, "It is me, Ben")
	if pending.State != chat.ContactPending {
		t.Errorf("Ada is %s at once", pending.State)
	}
	waiting := ben.Say(ada, "and another thing")
	ada.Until("the request", func() bool { return ada.State(ben) == chat.ContactRequest })
	requests, err := ada.Requests(t.Context())
	if err != nil || len(requests) != 1 {
		t.Fatalf("%d requests, %v", len(requests), err)
	}
	r := requests[0]
	if r.ID != ben.ID || r.Name != "Ben" || !r.Bot || r.Text != "It is me, Ben" || r.Relay == "" || r.Spent {
		t.Errorf("request %+v", r)
	}
	if list, err := ada.Conversations(t.Context()); err != nil || len(list) != 0 {
		t.Errorf("%d conversations before acceptance, %v", len(list), err)
	}
	if _, err := ada.Send(t.Context(), ada.ConversationWith(ben.ID), "x", messenger.SendOptions{}); err == nil {
		t.Error("wrote to a stranger")
	}
	if stateOf(t, ben, waiting.ID) != chat.Queued {
		t.Error("a second message left before acceptance")
	}
	if _, err := ada.Accept(t.Context(), ben.ID); err != nil {
		t.Fatal(err)
	}
	ben.UntilAccepted(ada)
	same(t, ada, ben)
	ben.Until("the receipt", func() bool { return stateOf(t, ben, waiting.ID) == chat.Delivered })
}

func TestARejectedStrangerStaysOutside(t *testing.T) {
	w := apptest.NewWorld(t)
	ada, eve := w.Person("Ada", apptest.PersonOptions{}), w.Person("Eve", apptest.PersonOptions{})
	ada.Ledger.Allow(chat.DeliveryReceipts, true)
	inv, _, err := ada.Invite(t.Context(), messenger.InviteOptions{Reusable: true})
	if err != nil {
		t.Fatal(err)
	}
	eve.AddLink(inv.Link, "let me in")
	ada.Until("the request", func() bool { return ada.State(eve) == chat.ContactRequest })
	if err := ada.Reject(t.Context(), eve.ID); err != nil {
		t.Fatal(err)
	}
	if list, err := ada.Contacts(t.Context()); err != nil || len(list) != 0 {
		t.Errorf("%d contacts, %v", len(list), err)
	}
	if eve.State(ada) != chat.ContactPending {
		t.Errorf("Eve was told: %s", eve.State(ada))
	}
	// Trying once more over the same link, as someone without memory, changes nothing.
	if err := eve.Remove(t.Context(), ada.ID); err != nil {
		t.Fatal(err)
	}
	eve.AddLink(inv.Link, "please")
	if err := eve.WaitSent(t.Context(), ada.ID); err != nil {
		t.Fatal(err)
	}
	settle(t, ada)
	if r, err := ada.Requests(t.Context()); err != nil || len(r) != 0 {
		t.Errorf("%d requests, %v", len(r), err)
	}
	if len(ada.Thread(eve)) != 0 {
		t.Error("the rejected wrote")
	}
}

func TestAOneTimeInvitationIsForOne(t *testing.T) {
	w := apptest.NewWorld(t)
	ada := w.Person("Ada", apptest.PersonOptions{})
	ben, eve := w.Person("Ben", apptest.PersonOptions{}), w.Person("Eve", apptest.PersonOptions{})
	late := w.Person("Late", apptest.PersonOptions{})
	inv, _, err := ada.Invite(t.Context(), messenger.InviteOptions{})
	if err != nil {
		t.Fatal(err)
	}
	ben.AddLink(inv.Link, "")
	eve.AddLink(inv.Link, "")
	ada.Until("both requests", func() bool {
		return ada.State(ben) == chat.ContactRequest && ada.State(eve) == chat.ContactRequest
	})
	ada.AcceptFrom(ben)
	if ada.Alerts(messenger.AlertInviteReused) != 1 {
		t.Error("no alert about the second use")
	}
	if _, err := ada.Accept(t.Context(), eve.ID); !errors.Is(err, chat.ErrInviteUsed) {
		t.Errorf("accepting the second = %v", err)
	}
	if r, err := ada.Requests(t.Context()); err != nil || len(r) != 1 || !r[0].Spent {
		t.Errorf("requests %+v, %v", r, err)
	}
	ben.UntilAccepted(ada)
	settle(t, ada)
	_, err = late.Add(t.Context(), inv.Link, messenger.AddOptions{ConfirmRelay: true})
	if !errors.Is(err, chat.ErrInviteUsed) {
		t.Errorf("adding a used invitation = %v", err)
	}
	ben.Say(ada, "still here")
	same(t, ada, ben)
}

func TestInvitationsThatCannotBeUsedSayWhy(t *testing.T) {
	w := apptest.NewWorld(t)
	ada, ben := w.Person("Ada", apptest.PersonOptions{}), w.Person("Ben", apptest.PersonOptions{})
	add := func(link string) error {
		_, err := ben.Add(t.Context(), link, messenger.AddOptions{ConfirmRelay: true})
		return err
	}
	invite := func(o messenger.InviteOptions) chat.Invitation {
		inv, _, err := ada.Invite(t.Context(), o)
		if err != nil {
			t.Fatal(err)
		}
		return inv
	}
	good := invite(messenger.InviteOptions{Reusable: true, Max: 3})
	revoked := invite(messenger.InviteOptions{})
	if err := ada.RevokeInvitation(t.Context(), revoked.ID); err != nil {
		t.Fatal(err)
	}
	settle(t, ada)
	cases := []struct {
		name string
		link string
		want error
	}{
		{"cut short", good.Link[:len(good.Link)-3], chat.ErrMalformed},
		{"one letter changed", strings.Replace(good.Link, good.Link[20:21], other(good.Link[20:21]), 1), chat.ErrMalformed},
		{"no link", "https://example.org", chat.ErrMalformed},
		{"revoked", revoked.Link, chat.ErrInviteUsed},
	}
	for _, c := range cases {
		if err := add(c.link); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", c.name, err, c.want)
		}
	}
	if _, err := ada.Add(t.Context(), good.Link, messenger.AddOptions{}); !errors.Is(err, chat.ErrOwnInvite) {
		t.Errorf("own link: %v", err)
	}
	soon := invite(messenger.InviteOptions{Expires: time.Hour})
	w.Forward(2 * time.Hour)
	if err := add(soon.Link); !errors.Is(err, chat.ErrInviteExpired) {
		t.Errorf("expired: %v", err)
	}
	w.Relay.Down(true)
	if err := add(good.Link); !errors.Is(err, chat.ErrOffline) {
		t.Errorf("relay down: %v", err)
	}
	w.Relay.Down(false)
	if err := add(good.Link); err != nil {
		t.Errorf("good: %v", err)
	}
	if err := add(good.Link); !errors.Is(err, chat.ErrExists) {
		t.Errorf("twice: %v", err)
	}
}

func TestAnUnknownRelayIsConfirmedAndAnswersGoWhereTheyCanBeRead(t *testing.T) {
	w := apptest.NewWorld(t)
	public := w.AddRelay(wire.Address{Host: "relay.example", Port: 443, Mode: wire.Web})
	ada := w.Person("Ada", apptest.PersonOptions{Home: public})
	ben := w.Person("Ben", apptest.PersonOptions{}) // at home on loopback
	inv, reach, err := ada.Invite(t.Context(), messenger.InviteOptions{})
	if err != nil || reach != messenger.ReachAnywhere {
		t.Fatal(reach, err)
	}
	info, err := ben.InspectLink(t.Context(), inv.Link)
	if err != nil || info.KnownRelay || !info.MovesThere || info.Peer != ada.ID || !info.OneTime || info.Own || info.Expired {
		t.Errorf("link says %+v, %v", info, err)
	}
	if _, err := ben.Add(t.Context(), inv.Link, messenger.AddOptions{}); !errors.Is(err, chat.ErrNeedsConfirmation) {
		t.Fatalf("unknown relay: %v", err)
	}
	ben.AddLink(inv.Link, "")
	ada.AcceptFrom(ben)
	ben.UntilAccepted(ada)
	ada.Say(ben, "over there")
	ben.Say(ada, "over here")
	same(t, ada, ben)
	s, err := ben.Security(t.Context(), ada.ID)
	if err != nil || s.Relay != info.Relay {
		t.Errorf("Ben is reached at %q, %v", s.Relay, err)
	}
}

func TestCrossingInvitationsMeet(t *testing.T) {
	w := apptest.NewWorld(t)
	ada, ben := w.Person("Ada", apptest.PersonOptions{}), w.Person("Ben", apptest.PersonOptions{})
	a, _, err := ada.Invite(t.Context(), messenger.InviteOptions{})
	if err != nil {
		t.Fatal(err)
	}
	b, _, err := ben.Invite(t.Context(), messenger.InviteOptions{})
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		ada.Add(t.Context(), b.Link, messenger.AddOptions{Message: "I was first", ConfirmRelay: true}) //nolint:errcheck // checked by its effect
	}()
	ben.Add(t.Context(), a.Link, messenger.AddOptions{Message: "No, I was", ConfirmRelay: true}) //nolint:errcheck // checked by its effect
	<-done
	for _, p := range []struct{ me, you *apptest.Person }{{ada, ben}, {ben, ada}} {
		p.me.Until("the other", func() bool {
			if p.me.State(p.you) == chat.ContactRequest {
				p.me.Accept(t.Context(), p.you.ID) //nolint:errcheck // checked by its effect
			}
			return p.me.State(p.you) == chat.ContactAccepted
		})
	}
	for range 5 {
		ada.Say(ben, "tick")
		ben.Say(ada, "tock")
	}
	same(t, ada, ben)
}

// settle waits until nothing is on the way for a person.
func settle(t *testing.T, p *apptest.Person) {
	t.Helper()
	if err := p.Sync(t.Context(), 20*time.Second); err != nil {
		t.Fatal(err)
	}
}

func other(letter string) string {
	if letter == "A" {
		return "B"
	}
	return "A"
}
