package messenger

import (
	"testing"
	"time"

	"sotto/chat"
)

// What cannot be sent again, an imported line say, must not keep a restored profile from starting.
func TestAMessageThatCannotBeSentAgainIsShownAsFailed(t *testing.T) {
	p := newPost(t)
	id := chat.NewMessageID()
	p.as(t, 0, func(m *Messenger) {
		conv := m.ConversationWith(p.ids[1])
		err := m.update(t.Context(), func(u *unit) error {
			_, err := u.Messages().Put(chat.Message{
				ID: id, Conversation: conv, Author: p.ids[0], Direction: chat.Out, Kind: chat.KindText, Seq: 1, Text: "old", State: chat.Failed,
				Sent: u.now, Received: u.now, ExpiresAfter: 2 * 366 * 24 * time.Hour,
			})
			if err != nil {
				return err
			}
			return u.setAside(id)
		})
		if err != nil {
			t.Fatal(err)
		}
	})
	p.change(t, 0, func(tx chat.Tx) error {
		if msg, err := tx.Messages().Get(id); err != nil || msg.State != chat.Failed {
			t.Errorf("%s, %v", msg.State, err)
		}
		return nil
	})
}
