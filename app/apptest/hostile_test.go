package apptest_test

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/fxamacker/cbor/v2"

	"sotto/app/apptest"
	"sotto/app/messenger"
	"sotto/app/privacy"
	"sotto/app/security"
	"sotto/chat"
	"sotto/chat/content"
	"sotto/transport/wire"
)

// sends lets a person send what an honest program would not.
func sends(t *testing.T, w *apptest.World, from, to *apptest.Person, id chat.MessageID, seq uint64, body content.Body) {
	t.Helper()
	b, err := content.Content{ID: id, Conv: from.ConversationWith(to.ID), Seq: seq, Sent: w.Now(), Body: body}.Encode()
	if err != nil {
		t.Fatal(err)
	}
	err = from.Store.Update(context.Background(), func(tx chat.Tx) error { return from.Enqueue(tx, to.ID, id, b) })
	if err != nil {
		t.Fatal(err)
	}
	from.Messenger.Flush()
}

// TestOneAnnotationIDInTwoConversationsHoldsUpNobody: two contacts in league use one content id for their reactions.
func TestOneAnnotationIDInTwoConversationsHoldsUpNobody(t *testing.T) {
	w := apptest.NewWorld(t)
	ada, eve, mal := w.Person("Ada", apptest.PersonOptions{}), w.Person("Eve", apptest.PersonOptions{}), w.Person("Mal", apptest.PersonOptions{})
	ben := w.Person("Ben", apptest.PersonOptions{})
	for _, p := range []*apptest.Person{eve, mal, ben} {
		w.Befriend(ada, p)
	}
	shared := chat.NewMessageID()
	sends(t, w, eve, ada, shared, 1, content.Reaction{Target: chat.NewMessageID(), Emoji: "a"})
	eve.Say(ada, "here")
	ada.Until("Eve's", func() bool { return len(ada.Thread(eve)) == 1 })
	sends(t, w, mal, ada, shared, 1, content.Reaction{Target: chat.NewMessageID(), Emoji: "b"})
	settle(t, mal)
	ben.Say(ada, "do you hear me?")
	ada.Until("Ben's message", func() bool { return len(ada.Thread(ben)) == 1 })
}

// TestAPeerCannotTakeBackAnothersReaction reuses the content id of Ada's own reaction.
func TestAPeerCannotTakeBackAnothersReaction(t *testing.T) {
	w := apptest.NewWorld(t)
	ada, eve := w.Person("Ada", apptest.PersonOptions{}), w.Person("Eve", apptest.PersonOptions{})
	w.Befriend(ada, eve)
	msg := eve.Say(ada, "a joke")
	ada.Until("it", func() bool { return len(ada.Thread(eve)) == 1 })
	if _, err := ada.React(t.Context(), msg.ID, "👎"); err != nil {
		t.Fatal(err)
	}
	var id chat.MessageID
	err := ada.Store.View(t.Context(), func(tx chat.Tx) error {
		list, err := tx.Annotations().ForTarget(ada.ConversationWith(eve.ID), msg.ID)
		id = list[0].ID
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	eve.Until("the reaction", func() bool { m, err := eve.Message(t.Context(), msg.ID); return err == nil && len(m.Reactions) == 1 })
	sends(t, w, eve, ada, id, 2, content.Reaction{Target: msg.ID, Emoji: "❤"})
	sends(t, w, eve, ada, chat.NewMessageID(), 3, content.Text{Text: "after"})
	ada.Until("what follows", func() bool { return len(ada.Thread(eve)) == 2 })
	if m, _ := ada.Message(t.Context(), msg.ID); len(m.Reactions) == 0 || m.Reactions[0].From != ada.ID && m.Reactions[len(m.Reactions)-1].From != ada.ID {
		t.Errorf("Ada's reaction is gone: %+v", m.Reactions)
	}
}

// TestARequestThatCannotBeAnsweredHoldsUpNobody: a contact whose identity waits for confirmation asks to erase. Nothing
// may be queued for it, so its request cannot be answered.
func TestARequestThatCannotBeAnsweredHoldsUpNobody(t *testing.T) {
	w := apptest.NewWorld(t)
	ada, eve, ben := w.Person("Ada", apptest.PersonOptions{}), w.Person("Eve", apptest.PersonOptions{}), w.Person("Ben", apptest.PersonOptions{})
	w.Befriend(ada, eve)
	w.Befriend(ada, ben)
	ada.Sleep()
	eraser := privacy.NewEraser(ada.Store, security.NewAudit(w.Now), w.Now)
	m, err := messenger.Open(t.Context(), messenger.Options{
		Store: ada.Store, Relays: ada, Gate: ada.Ledger, Now: w.Now,
		Handlers: map[content.Kind]messenger.Handler{content.KindErasure: eraser.Incoming},
	})
	if err != nil {
		t.Fatal(err)
	}
	ada.Messenger = m
	eraser.Connect(ada.ID, m)
	err = ada.Store.Update(t.Context(), func(tx chat.Tx) error {
		c, err := tx.Contacts().Get(eve.ID)
		if err != nil {
			return err
		}
		c.Verification = chat.Changed
		return tx.Contacts().Put(c)
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := m.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	request := chat.NewMessageID()
	sends(t, w, eve, ada, request, 0, content.Erasure{Request: request, Targets: []chat.MessageID{chat.NewMessageID()}})
	settle(t, eve)
	eve.Say(ada, "what follows")
	ben.Say(ada, "do you hear me?")
	ada.Until("both", func() bool { return len(ada.Thread(ben)) == 1 && len(ada.Thread(eve)) == 1 })
}

// TestAKindOfTomorrowWithoutANumberComesLast: it must not be placed before what the same author wrote long ago.
func TestAKindOfTomorrowWithoutANumberComesLast(t *testing.T) {
	w := apptest.NewWorld(t)
	ada, eve := w.Person("Ada", apptest.PersonOptions{}), w.Person("Eve", apptest.PersonOptions{})
	w.Befriend(ada, eve)
	eve.Say(ada, "long ago")
	conv := ada.ConversationWith(eve.ID)
	id := chat.NewMessageID()
	b, err := cbor.Marshal(map[int]any{1: 1, 2: 99, 3: id[:], 4: conv[:], 6: 1, 9: 0})
	if err != nil {
		t.Fatal(err)
	}
	ada.Until("the first", func() bool { return len(ada.Thread(eve)) == 1 })
	err = eve.Store.Update(t.Context(), func(tx chat.Tx) error { return eve.Enqueue(tx, ada.ID, id, b) })
	if err != nil {
		t.Fatal(err)
	}
	eve.Messenger.Flush()
	ada.Until("both", func() bool { return len(ada.Thread(eve)) == 2 })
	if got := ada.Thread(eve); got[0].Text != "long ago" || got[1].Kind != chat.KindUnknown {
		t.Errorf("thread: %+v", got)
	}
}

// routed lets Eve say that she is reached at a relay, and returns where Ada then reaches her.
func routed(t *testing.T, w *apptest.World, ada, eve *apptest.Person, seq uint64, relay string) string {
	t.Helper()
	sends(t, w, eve, ada, chat.NewMessageID(), 0, content.Route{
		Seq: seq, Device: eve.Self().Device, Relay: relay, Mailbox: chat.MailboxID{1}, Token: make([]byte, 32), Secret: make([]byte, 32),
	})
	after := eve.Say(ada, "after the route")
	ada.Until("what follows", func() bool { _, err := ada.Message(t.Context(), after.ID); return err == nil })
	return routeOf(t, ada, eve).Relay
}

func TestARoutePointsNobodyAtHisOwnNetwork(t *testing.T) {
	w := apptest.NewWorld(t)
	far := w.AddRelay(wire.Address{Host: "relay.example.org", Port: 443, Mode: wire.Web})
	ada, eve := w.Person("Ada", apptest.PersonOptions{Home: far}), w.Person("Eve", apptest.PersonOptions{Home: far})
	w.Befriend(ada, eve)
	seq := uint64(w.Now().Unix()) + 1000
	for _, near := range []string{
		"sotto-relay://127.0.0.1:631#plain", "sotto-relay://192.168.1.1:443#web", "sotto-relay://0.0.0.0:22#web",
		"sotto-relay://printer.local:443#web", "sotto-relay://[::1]:80#plain",
	} {
		seq++
		if got := routed(t, w, ada, eve, seq, near); got != "sotto-relay://relay.example.org:443#web" {
			t.Errorf("Ada goes to %s", got)
		}
	}
	elsewhere := "sotto-relay://elsewhere.example.org:443#web"
	if got := routed(t, w, ada, eve, seq+1, elsewhere); got != elsewhere {
		t.Errorf("an honest move was not followed: %s", got)
	}
}

func TestADeviceThatIsNotOnTheListMovesNoRoute(t *testing.T) {
	w := apptest.NewWorld(t)
	ada, ben, eve := w.Person("Ada", apptest.PersonOptions{}), w.Person("Ben", apptest.PersonOptions{}), w.Person("Eve", apptest.PersonOptions{})
	w.Befriend(ada, eve)
	w.Befriend(ada, ben)
	err := ada.Store.Update(t.Context(), func(tx chat.Tx) error {
		taken, err := tx.Contacts().Get(eve.ID)
		if err != nil {
			return err
		}
		other, err := tx.Contacts().Get(ben.ID)
		if err != nil {
			return err
		}
		taken.Certificate, taken.DeviceList = other.Certificate, other.DeviceList // a list without Eve's device
		return tx.Contacts().Put(taken)
	})
	if err != nil {
		t.Fatal(err)
	}
	before := routeOf(t, ada, eve).Relay
	got := routed(t, w, ada, eve, uint64(w.Now().Unix())+1000, "sotto-relay://elsewhere.example.org:443#web")
	if got != before {
		t.Errorf("Ada goes to %s", got)
	}
}

func TestSessionsBegunWithoutEndAreNotKeptWithoutEnd(t *testing.T) {
	w := apptest.NewWorld(t)
	ada, eve := w.Person("Ada", apptest.PersonOptions{}), w.Person("Eve", apptest.PersonOptions{})
	w.Befriend(ada, eve)
	sessions := func(p, of *apptest.Person) (list []chat.Session) {
		err := p.Store.View(t.Context(), func(tx chat.Tx) (err error) {
			list, err = tx.Sessions().ForPeer(of.ID)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return list
	}
	for i := range 24 {
		settle(t, eve)
		err := eve.Store.Update(t.Context(), func(tx chat.Tx) error {
			list, err := tx.Sessions().ForPeer(ada.ID)
			for _, s := range list {
				if err := tx.Sessions().Delete(s.ID); err != nil {
					return err
				}
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		eve.Say(ada, fmt.Sprint("anew ", i))
		ada.Until("it", func() bool { return len(ada.Thread(eve)) == i+1 })
	}
	if n := len(sessions(ada, eve)); n > 17 {
		t.Errorf("%d sessions kept", n)
	}
	ada.Say(eve, "still here")
	same(t, ada, eve)
}

func TestNobodyStepsBeforeAContactByAName(t *testing.T) {
	w := apptest.NewWorld(t)
	ada, ben, eve := w.Person("Ada", apptest.PersonOptions{}), w.Person("Ben", apptest.PersonOptions{}), w.Person("Eve", apptest.PersonOptions{})
	w.Befriend(ada, ben)
	w.Befriend(ada, eve)
	stranger := w.Person("Ben", apptest.PersonOptions{})
	inv, _, err := ada.Invite(t.Context(), messenger.InviteOptions{})
	if err != nil {
		t.Fatal(err)
	}
	stranger.AddLink(inv.Link, "I am Ben")
	ada.Until("the request", func() bool { return ada.State(stranger) == chat.ContactRequest })
	if c, err := ada.Find(t.Context(), "Ben"); err != nil || c.ID != ben.ID {
		t.Errorf("Ben is %v, %v", c.ID, err)
	}
	if c, err := ada.Find(t.Context(), stranger.ID.String()[:12]); err != nil || c.ID != stranger.ID {
		t.Errorf("the stranger is %v, %v", c.ID, err)
	}
	prefix := ben.ID.String()[:8]
	if err := eve.SetName(t.Context(), prefix); err != nil {
		t.Fatal(err)
	}
	ada.Until("Eve's new name", func() bool { c, err := ada.Contact(t.Context(), eve.ID); return err == nil && c.Name == prefix })
	if c, err := ada.Find(t.Context(), prefix); !errors.Is(err, chat.ErrAmbiguous) {
		t.Errorf("%s is %v, %v", prefix, c.ID, err)
	}
	if c, err := ada.Find(t.Context(), ben.ID.String()); err != nil || c.ID != ben.ID {
		t.Errorf("Ben's id is %v, %v", c.ID, err)
	}
}

// TestAStrangersClaimAboutARelayIsNotBelieved: a request says that it is reached at a known relay's name, under another
// pin. Accepting it must not make the true one look false.
func TestAStrangersClaimAboutARelayIsNotBelieved(t *testing.T) {
	w := apptest.NewWorld(t)
	far := w.AddRelay(wire.Address{Host: "relay.example.org", Port: 443, Mode: wire.Web})
	ada, eve := w.Person("Ada", apptest.PersonOptions{}), w.Person("Eve", apptest.PersonOptions{})
	ben := w.Person("Ben", apptest.PersonOptions{Home: far})
	inv, _, err := ada.Invite(t.Context(), messenger.InviteOptions{})
	if err != nil {
		t.Fatal(err)
	}
	eve.AddLink(inv.Link, "Hello")
	ada.Until("the request", func() bool { return ada.State(eve) == chat.ContactRequest })
	claim := "sotto-relay://relay.example.org:443#pin=" + strings.Repeat("A", 43)
	sends(t, w, eve, ada, chat.NewMessageID(), 0, content.Session{
		Action: content.Introduce, Profile: &content.Profile{Name: "Eve"}, Route: &content.Route{
			Seq: uint64(w.Now().Unix()) + 1000, Device: eve.Self().Device, Relay: claim, Mailbox: chat.MailboxID{1},
			Token: make([]byte, 32), Secret: make([]byte, 32),
		},
	})
	ada.Until("the claim", func() bool { return routeOf(t, ada, eve).Relay == claim })
	if _, err := ada.Accept(t.Context(), eve.ID); err != nil {
		t.Fatal(err)
	}
	good, _, err := ben.Invite(t.Context(), messenger.InviteOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if info, err := ada.InspectLink(t.Context(), good.Link); err != nil || info.KnownRelay {
		t.Errorf("Ben's relay: known %v, %v", info.KnownRelay, err)
	}
}

// TestAMailboxThatItsRelayLostIsReadAgain on the connection that learnt of the loss.
func TestAMailboxThatItsRelayLostIsReadAgain(t *testing.T) {
	w := apptest.NewWorld(t)
	ada, ben := w.Person("Ada", apptest.PersonOptions{}), w.Person("Ben", apptest.PersonOptions{})
	w.Befriend(ada, ben)
	settle(t, ada)
	settle(t, ben)
	w.Forward(time.Hour)
	var lost chat.Mailbox
	err := ada.Store.View(t.Context(), func(tx chat.Tx) error {
		list, err := tx.Mailboxes().List()
		for _, mb := range list {
			if mb.Contact == ben.ID {
				lost = mb
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	client := w.Relay.Client(t, nil)
	client.Own(wire.Owned{Mailbox: wire.Mailbox(lost.ID), Key: ed25519.NewKeyFromSeed(lost.OwnerKey)})
	if err := client.DeleteMailbox(t.Context(), wire.Mailbox(lost.ID)); err != nil {
		t.Fatal(err)
	}
	w.Relay.Down(true)
	w.Relay.Down(false)
	ada.Until("the alert", func() bool { return ada.Alerts(messenger.AlertMailboxGone) == 1 })
	settle(t, ada)
	ben.Say(ada, "do you hear me?")
	ada.Until("it", func() bool { return len(ada.Thread(ben)) == 1 })
}

func TestARequestDoesNotChangeUnderTheDecision(t *testing.T) {
	w := apptest.NewWorld(t)
	ada, eve := w.Person("Ada", apptest.PersonOptions{}), w.Person("Eve", apptest.PersonOptions{})
	inv, _, err := ada.Invite(t.Context(), messenger.InviteOptions{})
	if err != nil {
		t.Fatal(err)
	}
	eve.AddLink(inv.Link, "I sell flowers")
	ada.Until("the request", func() bool { return ada.State(eve) == chat.ContactRequest })
	elsewhere := "sotto-relay://elsewhere.example.org:443#web"
	for i := range 3 {
		sends(t, w, eve, ada, chat.NewMessageID(), uint64(2+i), content.Session{
			Action: content.Introduce, Profile: &content.Profile{Name: "Your bank"}, Text: "Pay at once",
			Route: &content.Route{
				Seq: uint64(w.Now().Unix()) + 1000 + uint64(i), Device: eve.Self().Device, Relay: elsewhere,
				Mailbox: chat.MailboxID{byte(i)}, Token: make([]byte, 32), Secret: make([]byte, 32),
			},
		})
	}
	ada.Until("the last", func() bool { return routeOf(t, ada, eve).Mailbox == chat.MailboxID{2} })
	list, err := ada.Requests(t.Context())
	if err != nil || len(list) != 1 || list[0].Name != "Eve" || list[0].Text != "I sell flowers" {
		t.Errorf("requests %+v, %v", list, err)
	}
	calls := 0
	for _, e := range ada.Events() {
		if e.Type == messenger.EventRequest {
			calls++
		}
	}
	if calls != 1 {
		t.Errorf("%d calls for attention", calls)
	}
}
