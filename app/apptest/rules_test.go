package apptest_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"sotto/app/apptest"
	"sotto/app/messenger"
	"sotto/chat"
	"sotto/chat/content"
)

func TestReceiptsGoOutOnlyByConsent(t *testing.T) {
	w := apptest.NewWorld(t)
	ada, ben := w.Person("Ada", apptest.PersonOptions{}), w.Person("Ben", apptest.PersonOptions{})
	w.Befriend(ada, ben)
	conv := ada.ConversationWith(ben.ID)
	silent := ben.Say(ada, "silent")
	ada.Until("it", func() bool { return len(ada.Thread(ben)) == 1 })
	if err := ada.Read(t.Context(), conv, 0); err != nil {
		t.Fatal(err)
	}
	if err := ada.Typing(t.Context(), conv, true); err != nil {
		t.Fatal(err)
	}
	if n := len(queue(t, ada)); n != 0 {
		t.Errorf("%d contents queued without consent", n)
	}
	ada.Ledger.Allow(chat.DeliveryReceipts, true)
	ada.Ledger.Allow(chat.ReadReceipts, true)
	ada.Ledger.Allow(chat.TypingNotices, true)
	loud := ben.Say(ada, "loud")
	ben.Until("the delivery", func() bool { return stateOf(t, ben, loud.ID) == chat.Delivered })
	if c, _ := ada.Conversation(t.Context(), conv); c.Unread != 1 || c.Preview != "loud" || c.PreviewOut {
		t.Errorf("list shows %+v", c)
	}
	if err := ada.Read(t.Context(), conv, 0); err != nil {
		t.Fatal(err)
	}
	ben.Until("the reading", func() bool { return stateOf(t, ben, loud.ID) == chat.Read })
	if c, _ := ada.Conversation(t.Context(), conv); c.Unread != 0 {
		t.Errorf("%d unread after reading", c.Unread)
	}
	if stateOf(t, ben, silent.ID) != chat.Sent {
		t.Errorf("the message without consent is %s", stateOf(t, ben, silent.ID))
	}
	if err := ada.Typing(t.Context(), conv, false); err != nil {
		t.Fatal(err)
	}
	ben.Until("the notice", func() bool {
		return slices.ContainsFunc(ben.Events(), func(e messenger.Event) bool { return e.Type == messenger.EventTyping })
	})
	ada.Ledger.Allow(chat.DeliveryReceipts, false)
	after := ben.Say(ada, "withdrawn")
	ada.Until("it", func() bool { return len(ada.Thread(ben)) == 3 })
	settle(t, ada)
	settle(t, ben)
	if stateOf(t, ben, after.ID) != chat.Sent {
		t.Error("a receipt went out after consent was withdrawn")
	}
}

func TestEditsReactionsAndDeletionsReachTheOther(t *testing.T) {
	w := apptest.NewWorld(t)
	ada, ben := w.Person("Ada", apptest.PersonOptions{}), w.Person("Ben", apptest.PersonOptions{})
	w.Befriend(ada, ben)
	msg := ada.Say(ben, "frist")
	ben.Until("it", func() bool { return len(ben.Thread(ada)) == 1 })
	must := func(_ chat.Message, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(ada.Edit(t.Context(), msg.ID, "first"))
	must(ben.React(t.Context(), msg.ID, "👍"))
	must(ben.React(t.Context(), msg.ID, "❤"))
	must(ada.React(t.Context(), msg.ID, "🎉"))
	for _, p := range []*apptest.Person{ada, ben} {
		p.Until("edit and reactions", func() bool {
			m, err := p.Message(t.Context(), msg.ID)
			return err == nil && m.Text == "first" && m.Edited && len(m.Reactions) == 2 &&
				slices.ContainsFunc(m.Reactions, func(r chat.Reaction) bool { return r.From == ben.ID && r.Emoji == "❤" })
		})
	}
	must(ben.React(t.Context(), msg.ID, ""))
	ada.Until("the reaction to go", func() bool {
		m, err := ada.Message(t.Context(), msg.ID)
		return err == nil && len(m.Reactions) == 1
	})
	if _, err := ben.Edit(t.Context(), msg.ID, "mine"); !errors.Is(err, chat.ErrRefused) {
		t.Errorf("editing another's message = %v", err)
	}
	if _, err := ben.DeleteForEveryone(t.Context(), msg.ID); !errors.Is(err, chat.ErrRefused) {
		t.Errorf("deleting another's message = %v", err)
	}
	must(ada.DeleteForEveryone(t.Context(), msg.ID))
	for _, p := range []*apptest.Person{ada, ben} {
		p.Until("the tombstone", func() bool {
			m, err := p.Message(t.Context(), msg.ID)
			return err == nil && m.Deleted && m.Text == "" && len(m.Reactions) == 0
		})
	}
}

// TestOnlyTheAuthorMayChangeAMessage sends what an honest program would not: an edit and a deletion of the other's
// message, a message under a known id, one for another conversation, and an edit ahead of its target.
func TestOnlyTheAuthorMayChangeAMessage(t *testing.T) {
	w := apptest.NewWorld(t)
	ada, eve := w.Person("Ada", apptest.PersonOptions{}), w.Person("Eve", apptest.PersonOptions{})
	w.Befriend(ada, eve)
	msg := ada.Say(eve, "mine alone")
	eve.Until("it", func() bool { return len(eve.Thread(ada)) == 1 })
	conv := ada.ConversationWith(eve.ID)
	later := chat.NewMessageID()
	send := func(conv chat.ConversationID, id chat.MessageID, seq uint64, body content.Body) {
		t.Helper()
		b, err := content.Content{ID: id, Conv: conv, Seq: seq, Sent: w.Now(), Body: body}.Encode()
		if err != nil {
			t.Fatal(err)
		}
		err = eve.Store.Update(t.Context(), func(tx chat.Tx) error { return eve.Enqueue(tx, ada.ID, id, b) })
		if err != nil {
			t.Fatal(err)
		}
		eve.Messenger.Flush()
	}
	send(conv, chat.NewMessageID(), 1, content.Edit{Target: msg.ID, Text: "forged"})
	send(conv, chat.NewMessageID(), 2, content.Delete{Target: msg.ID})
	send(conv, msg.ID, 3, content.Text{Text: "forged"})
	send(chat.ConversationID{7}, chat.NewMessageID(), 4, content.Text{Text: "elsewhere"})
	send(conv, chat.NewMessageID(), 6, content.Edit{Target: later, Text: "edited before it came"})
	send(conv, chat.NewMessageID(), 5, content.Edit{Target: later, Text: "an older edit"})
	send(conv, later, 7, content.Text{Text: "late"})
	ada.Until("the last", func() bool {
		m, err := ada.Message(t.Context(), later)
		return err == nil && m.Text == "edited before it came" && m.Edited
	})
	if m, _ := ada.Message(t.Context(), msg.ID); m.Text != "mine alone" || m.Deleted || m.Edited || m.Author != ada.ID {
		t.Errorf("Ada's message became %+v", m)
	}
	if n := len(ada.Thread(eve)); n != 2 {
		t.Errorf("%d messages", n)
	}
}

func TestLateMessagesTakeTheirPlace(t *testing.T) {
	w := apptest.NewWorld(t)
	ada, ben := w.Person("Ada", apptest.PersonOptions{}), w.Person("Ben", apptest.PersonOptions{})
	w.Befriend(ada, ben)
	conv := ada.ConversationWith(ben.ID)
	for _, seq := range []uint64{1, 5, 3, 2, 4} {
		id := chat.NewMessageID()
		b, err := content.Content{ID: id, Conv: conv, Seq: seq, Sent: w.Now(), Body: content.Text{Text: strings.Repeat("x", int(seq))}}.Encode()
		if err != nil {
			t.Fatal(err)
		}
		if err := ben.Store.Update(t.Context(), func(tx chat.Tx) error { return ben.Enqueue(tx, ada.ID, id, b) }); err != nil {
			t.Fatal(err)
		}
	}
	ben.Flush()
	ada.Until("all", func() bool { return len(ada.Thread(ben)) == 5 })
	for i, m := range ada.Thread(ben) {
		if len(m.Text) != i+1 {
			t.Errorf("place %d holds seq %d", i, m.Seq)
		}
	}
	if c, _ := ada.Conversation(context.Background(), conv); c.Preview != "xxxxx" || c.Unread != 5 {
		t.Errorf("list shows %q, %d unread", c.Preview, c.Unread)
	}
}

func TestABlockedContactIsNotHeard(t *testing.T) {
	w := apptest.NewWorld(t)
	ada, eve := w.Person("Ada", apptest.PersonOptions{}), w.Person("Eve", apptest.PersonOptions{})
	w.Befriend(ada, eve)
	eve.Say(ada, "before")
	ada.Until("it", func() bool { return len(ada.Thread(eve)) == 1 })
	if err := ada.Block(t.Context(), eve.ID); err != nil {
		t.Fatal(err)
	}
	settle(t, ada)
	msg := eve.Say(ada, "after")
	eve.Until("the refusal", func() bool { return stateOf(t, eve, msg.ID) == chat.Failed })
	settle(t, ada)
	if n := len(ada.Thread(eve)); n != 1 {
		t.Errorf("%d messages of a blocked contact", n)
	}
	if _, err := ada.Send(t.Context(), ada.ConversationWith(eve.ID), "x", messenger.SendOptions{}); !errors.Is(err, chat.ErrBlocked) {
		t.Errorf("writing to a blocked contact = %v", err)
	}
	if err := ada.Unblock(t.Context(), eve.ID); err != nil {
		t.Fatal(err)
	}
	settle(t, ada)
	if err := eve.Retry(t.Context(), msg.ID); err != nil {
		t.Fatal(err)
	}
	same(t, ada, eve)
}

func TestAMessageThatWaitsForAContactWhoIsBlockedFailsAndCanBeTriedAgain(t *testing.T) {
	w := apptest.NewWorld(t)
	ada, eve := w.Person("Ada", apptest.PersonOptions{}), w.Person("Eve", apptest.PersonOptions{})
	w.Befriend(ada, eve)
	settle(t, ada)
	w.Relay.Down(true)
	msg := ada.Say(eve, "before")
	if err := ada.Block(t.Context(), eve.ID); err != nil {
		t.Fatal(err)
	}
	w.Relay.Down(false)
	ada.Until("the failure", func() bool { return stateOf(t, ada, msg.ID) == chat.Failed })
	if n := len(eve.Thread(ada)); n != 0 {
		t.Errorf("%d messages for who was blocked", n)
	}
	if err := ada.Unblock(t.Context(), eve.ID); err != nil {
		t.Fatal(err)
	}
	if err := ada.Retry(t.Context(), msg.ID); err != nil {
		t.Fatal(err)
	}
	same(t, ada, eve)
}

func TestVerificationComparesTheNumbers(t *testing.T) {
	w := apptest.NewWorld(t)
	ada, ben := w.Person("Ada", apptest.PersonOptions{}), w.Person("Ben", apptest.PersonOptions{})
	w.Befriend(ada, ben)
	a, err := ada.SafetyNumber(t.Context(), ben.ID)
	if err != nil {
		t.Fatal(err)
	}
	b, err := ben.SafetyNumber(t.Context(), ada.ID)
	if err != nil || a.Digits != b.Digits {
		t.Fatalf("%v and %v, %v", a.Digits, b.Digits, err)
	}
	wrong := a.Digits
	wrong[3] = "00000"
	if err := ada.Verify(t.Context(), ben.ID, strings.Join(wrong[:], " ")); !errors.Is(err, chat.ErrVerifyMismatch) {
		t.Errorf("wrong digits: %v", err)
	}
	if err := ada.Verify(t.Context(), ben.ID, strings.Join(b.Digits[:], " ")); err != nil {
		t.Fatal(err)
	}
	s, err := ada.Security(t.Context(), ben.ID)
	if err != nil || s.Verification != chat.Verified {
		t.Errorf("%+v, %v", s, err)
	}
	for _, p := range []struct{ me, you *apptest.Person }{{ada, ben}, {ben, ada}} {
		p.me.Until("the post-quantum proof", func() bool {
			s, err := p.me.Security(t.Context(), p.you.ID)
			return err == nil && s.PQ == messenger.PQAuthenticated && !s.NoForward
		})
	}
}
