package messenger

import (
	"context"
	"fmt"
	"slices"

	"sotto/chat"
)

// Conversations lists the conversations, newest activity first.
func (m *Messenger) Conversations(ctx context.Context) (out []chat.Conversation, err error) {
	err = m.view(ctx, func(tx chat.Tx) error {
		out, err = tx.Conversations().List()
		return err
	})
	return slices.Clip(out), err
}

// Conversation returns one conversation. Error: chat.ErrNotFound.
func (m *Messenger) Conversation(ctx context.Context, id chat.ConversationID) (c chat.Conversation, err error) {
	err = m.view(ctx, func(tx chat.Tx) error {
		c, err = tx.Conversations().Get(id)
		return err
	})
	return c, err
}

// Messages returns at most limit messages before a position (0: the newest), in ascending order. Among them are notices
// that stand for rows which are missing or damaged (chat.Message.StandsIn); the first of a run raises AlertDamaged.
func (m *Messenger) Messages(ctx context.Context, conv chat.ConversationID, before int64, limit int) (out []chat.Message, err error) {
	err = m.view(ctx, func(tx chat.Tx) error {
		out, err = tx.Messages().Page(conv, before, limit)
		return err
	})
	m.noteDamage(out)
	return out, err
}

// MessagesAfter returns at most limit messages after a position, in ascending order.
func (m *Messenger) MessagesAfter(ctx context.Context, conv chat.ConversationID, after int64, limit int) (out []chat.Message, err error) {
	err = m.view(ctx, func(tx chat.Tx) error {
		out, err = tx.Messages().PageAfter(conv, after, limit)
		return err
	})
	m.noteDamage(out)
	return out, err
}

// Message returns one message. Error: chat.ErrNotFound.
func (m *Messenger) Message(ctx context.Context, id chat.MessageID) (msg chat.Message, err error) {
	err = m.view(ctx, func(tx chat.Tx) error {
		msg, err = tx.Messages().Get(id)
		return err
	})
	return msg, err
}

// SetDraft keeps unsent text.
func (m *Messenger) SetDraft(ctx context.Context, id chat.ConversationID, text string) error {
	return m.changeConversation(ctx, "draft", id, ContactDraft, func(c *chat.Conversation) { c.Draft = text })
}

// SetPinned keeps a conversation on top of the list, or not.
func (m *Messenger) SetPinned(ctx context.Context, id chat.ConversationID, on bool) error {
	return m.changeConversation(ctx, "pin", id, ContactSettings, func(c *chat.Conversation) { c.Pinned = on })
}

// SetMuted keeps a conversation from notifying, or not.
func (m *Messenger) SetMuted(ctx context.Context, id chat.ConversationID, on bool) error {
	return m.changeConversation(ctx, "mute", id, ContactSettings, func(c *chat.Conversation) { c.Muted = on })
}

func (m *Messenger) changeConversation(ctx context.Context, doing string, id chat.ConversationID, detail string, change func(*chat.Conversation)) error {
	err := m.update(ctx, func(u *unit) error {
		c, err := u.Conversations().Get(id)
		if err != nil {
			return err
		}
		change(&c)
		if err := u.Conversations().Put(c); err != nil {
			return err
		}
		peer, err := u.peerOf(id)
		if err != nil {
			return err
		}
		return u.emit(Event{Type: EventContact, Contact: peer, Conversation: id, Detail: detail})
	})
	if err != nil {
		return fmt.Errorf("%s: %w", doing, err)
	}
	return nil
}
