package apptest

import (
	"testing"

	"sotto/app/apptest/memstore"
	"sotto/app/messenger"
)

func TestAConversationWithADamagedMessageIsReadAndGoesOn(t *testing.T) {
	w := NewWorld(t)
	ann, bob := w.Person("Ann", PersonOptions{}), w.Person("Bob", PersonOptions{})
	w.Befriend(ann, bob)
	first := ann.Say(bob, "one")
	ann.Say(bob, "two")
	bob.Until("both", func() bool { return len(bob.Written(ann, ann.Self().ID)) == 2 })
	bob.Store.(*memstore.Store).Damage(first.ID)

	thread := bob.Thread(ann)
	notices := 0
	for _, m := range thread {
		if m.StandsIn() {
			notices++
		}
	}
	if notices != 1 || thread[len(thread)-1].Text != "two" {
		t.Errorf("shown is %+v", thread)
	}
	bob.Until("the alert", func() bool { return bob.Alerts(messenger.AlertDamaged) == 1 })
	bob.Thread(ann)
	if err := bob.Read(t.Context(), thread[0].Conversation, 0); err != nil {
		t.Errorf("reading: %v", err)
	}
	c, err := bob.Conversation(t.Context(), thread[0].Conversation)
	if err != nil || c.Unread != 0 {
		t.Errorf("unread are %d, %v", c.Unread, err)
	}
	ann.Say(bob, "three")
	bob.Until("the next", func() bool {
		thread = bob.Thread(ann)
		return thread[len(thread)-1].Text == "three"
	})
	if n := bob.Alerts(messenger.AlertDamaged); n != 1 {
		t.Errorf("%d alerts", n)
	}
	if _, err := bob.Message(t.Context(), first.ID); err == nil {
		t.Error("the damaged message is read by its id")
	}
}
