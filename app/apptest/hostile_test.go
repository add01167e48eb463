package apptest_test

import (
	"context"
	"testing"

	"github.com/fxamacker/cbor/v2"

	"sotto/app/apptest"
	"sotto/app/messenger"
	"sotto/app/privacy"
	"sotto/app/security"
	"sotto/chat"
	"sotto/chat/content"
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
