package apptest_test

import (
	"testing"
	"time"

	"sotto/app/apptest"
	"sotto/chat"
	"sotto/chat/content"
)

// inject has a person send a content that its program would not make.
func inject(t *testing.T, p, to *apptest.Person, c content.Content) {
	t.Helper()
	c.ID, c.Conv = chat.NewMessageID(), p.ConversationWith(to.ID)
	err := p.Store.Update(t.Context(), func(tx chat.Tx) error {
		conv, err := tx.Conversations().Get(c.Conv)
		if err != nil {
			return err
		}
		if c.Seq = conv.NextSeq; c.Seq == 0 {
			c.Seq = 1
		}
		conv.NextSeq = c.Seq + 1
		if err := tx.Conversations().Put(conv); err != nil {
			return err
		}
		encoded, err := c.Encode()
		if err != nil {
			return err
		}
		return p.Enqueue(tx, to.ID, chat.MessageID{}, encoded)
	})
	if err != nil {
		t.Fatal(err)
	}
	p.Flush()
}

func TestATimerFromTheEndOfTimeCanBeSetBack(t *testing.T) {
	pair(t, func(_ *apptest.World, ada, ben *apptest.Person) {
		last := time.Date(9999, 12, 31, 23, 59, 59, 999e6, time.UTC) // the latest claim that a content can make
		inject(t, ben, ada, content.Content{Sent: last, Body: content.Timer{Milliseconds: 1}})
		ada.Until("the timer", func() bool { return timer(t, ada, ben) > 0 })
		setTimer(t, ada, ben, 0)
		if got := timer(t, ada, ben); got != 0 {
			t.Fatalf("Ada took the timer off and it is %v", got)
		}
		inject(t, ben, ada, content.Content{Sent: last, Body: content.Timer{Milliseconds: 2}})
		ben.Say(ada, "after it")
		hears(t, ada, ben, "after it")
		setTimer(t, ada, ben, 0)
		setTimer(t, ada, ben, time.Hour)
		if got := timer(t, ada, ben); got != time.Hour {
			t.Errorf("Ada set the timer to an hour and it is %v", got)
		}
	})
}
