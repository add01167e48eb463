package messenger

import (
	"context"
	"fmt"
	"time"

	"sotto/chat"
	"sotto/chat/content"
	"sotto/crypto/encode"
)

// DirectConversation returns the id of the conversation of two identities, the same on both sides: the hash of the
// sorted fingerprints (docs/PROTOCOL.md section 8).
func DirectConversation(a, b chat.ContactID) chat.ConversationID {
	if string(a[:]) > string(b[:]) {
		a, b = b, a
	}
	return encode.Hash(encode.DirectConversation, a[:], b[:])
}

// ConversationWith returns the id of the conversation with a contact.
func (m *Messenger) ConversationWith(id chat.ContactID) chat.ConversationID {
	return DirectConversation(m.Self().ID, id)
}

// Send stores a message and queues it; delivery goes on behind. To a contact that has not accepted yet it waits.
// Errors: chat.ErrNotFound, chat.ErrBlocked, chat.ErrNotAccepted, chat.ErrIdentityChanged, chat.ErrTooLarge,
// chat.ErrNotConsented for a bot that may not read, chat.ErrMalformed for an empty text or one that is not UTF-8.
func (m *Messenger) Send(ctx context.Context, conv chat.ConversationID, text string, o SendOptions) (chat.Message, error) {
	var msg chat.Message
	err := m.update(ctx, func(u *unit) error {
		peer, err := u.sendingTo(conv)
		if err != nil {
			return err
		}
		timer, err := timerOf(u.Tx, conv)
		if err != nil {
			return err
		}
		c := content.Content{
			ID: chat.NewMessageID(), Conv: conv, Sent: u.now, ReplyTo: o.ReplyTo, ExpiresAfter: timer.After, Body: content.Text{Text: text},
		}
		if c.Seq, err = u.nextSeq(conv); err != nil {
			return err
		}
		if msg, err = u.putOwn(peer, c, text); err != nil {
			return err
		}
		return u.enqueue(peer, c, queueOptions{visible: true})
	})
	if err != nil {
		return chat.Message{}, fmt.Errorf("send: %w", err)
	}
	return msg, nil
}

// sendingTo returns the contact of a conversation if something may be queued for it.
func (u *unit) sendingTo(conv chat.ConversationID) (chat.ContactID, error) {
	c, err := u.Conversations().Get(conv)
	if err != nil {
		return chat.ContactID{}, err
	}
	if len(c.Members) == 0 {
		return chat.ContactID{}, chat.ErrNotFound
	}
	contact, err := u.Contacts().Get(c.Members[0])
	if err != nil {
		return chat.ContactID{}, err
	}
	u.queued, u.to = append(u.queued, contact.ID), contact
	return contact.ID, maySend(contact)
}

// settingForgotten is there once a contact was removed, whoever it was.
const settingForgotten = "messenger/forgotten"

// ensureConversation makes the conversation with a contact if there is none. Where it may have been there before, and
// nothing of it was kept, the own numbers begin above all that were used in it: with the time in milliseconds.
func (u *unit) ensureConversation(peer chat.ContactID) error {
	id := u.m.ConversationWith(peer)
	if _, err := u.Conversations().Get(id); err == nil {
		return nil
	} else if err := ignoreMissing(err); err != nil {
		return err
	}
	first := uint64(1)
	if _, forgotten, err := setting(u.Tx, settingForgotten); err != nil {
		return err
	} else if forgotten {
		first = uint64(u.now.UnixMilli())
	}
	return u.Conversations().Put(chat.Conversation{
		ID: id, Kind: chat.Direct, Members: []chat.ContactID{peer}, Created: u.now.UTC(), Last: u.now.UTC(), NextSeq: first,
	})
}

// nextSeq takes the next own number of a conversation.
func (u *unit) nextSeq(id chat.ConversationID) (uint64, error) {
	conv, err := u.Conversations().Get(id)
	if err != nil {
		return 0, err
	}
	seq := max(conv.NextSeq, 1)
	conv.NextSeq = seq + 1
	return seq, u.Conversations().Put(conv)
}

// putOwn stores an own message as queued.
func (u *unit) putOwn(peer chat.ContactID, c content.Content, text string) (chat.Message, error) {
	self := u.m.Self()
	at := c.Sent.UTC()
	kind, file := chat.KindText, chat.File{}
	if b, ok := c.Body.(content.Attachment); ok {
		kind, file = chat.KindAttachment, b.File()
	}
	msg, err := u.store(chat.Message{
		ID: c.ID, Conversation: c.Conv, Author: self.ID, Device: self.Device, Direction: chat.Out, Kind: kind, Seq: c.Seq,
		Sent: at, Received: at, State: chat.Queued, Text: text, File: file, ReplyTo: c.ReplyTo, ExpiresAfter: c.ExpiresAfter,
		Expires: u.end(c.ExpiresAfter),
	})
	if err != nil {
		return chat.Message{}, err
	}
	if err := u.refresh(c.Conv); err != nil {
		return chat.Message{}, err
	}
	return msg, u.emit(Event{Type: EventMessage, Contact: peer, Conversation: c.Conv, Message: c.ID})
}

// Edit replaces the text of an own message here and at the peer. Errors: as of Send; chat.ErrRefused for a message of
// another or a deleted one.
func (m *Messenger) Edit(ctx context.Context, id chat.MessageID, text string) (chat.Message, error) {
	return m.annotateOwn(ctx, "edit", id, func(msg chat.Message) (content.Body, error) {
		if msg.Direction != chat.Out || msg.Deleted || msg.Kind != chat.KindText {
			return nil, chat.ErrRefused
		}
		return content.Edit{Target: id, Text: text}, nil
	})
}

// React sets one's own reaction to a message; an empty emoji takes it back. Errors: as of Send; chat.ErrRefused for a
// deleted message.
func (m *Messenger) React(ctx context.Context, id chat.MessageID, emoji string) (chat.Message, error) {
	return m.annotateOwn(ctx, "react", id, func(msg chat.Message) (content.Body, error) {
		if msg.Deleted {
			return nil, chat.ErrRefused
		}
		return content.Reaction{Target: id, Emoji: emoji}, nil
	})
}

func (m *Messenger) annotateOwn(
	ctx context.Context, doing string, id chat.MessageID, body func(chat.Message) (content.Body, error),
) (chat.Message, error) {
	var msg chat.Message
	err := m.update(ctx, func(u *unit) error {
		target, err := u.Messages().Get(id)
		if err != nil {
			return err
		}
		peer, err := u.sendingTo(target.Conversation)
		if err != nil {
			return err
		}
		b, err := body(target)
		if err != nil {
			return err
		}
		c := content.Content{ID: chat.NewMessageID(), Conv: target.Conversation, Sent: u.now, Body: b}
		if c.Seq, err = u.nextSeq(target.Conversation); err != nil {
			return err
		}
		if err := u.enqueue(peer, c, queueOptions{}); err != nil {
			return err
		}
		if err := u.annotate(annotationOf(c, u.m.Self().ID)); err != nil {
			return err
		}
		msg, err = u.Messages().Get(id)
		return err
	})
	if err != nil {
		return chat.Message{}, fmt.Errorf("%s: %w", doing, err)
	}
	return msg, nil
}

// DeleteForEveryone turns an own message into a tombstone here and asks the peer's program to do the same. A message
// that never left does not leave any more. Errors: chat.ErrNotFound, chat.ErrRefused for a message of another.
func (m *Messenger) DeleteForEveryone(ctx context.Context, id chat.MessageID) (chat.Message, error) {
	var msg chat.Message
	err := m.erase(ctx, func(u *unit) error {
		target, err := u.Messages().Get(id)
		if err != nil {
			return err
		}
		if target.Direction != chat.Out {
			return chat.ErrRefused
		}
		if target.Deleted {
			msg = target
			return nil
		}
		if err := u.withdraw(target); err != nil {
			return err
		}
		if msg, _, err = u.bury(target); err != nil {
			return err
		}
		if err := u.refresh(target.Conversation); err != nil {
			return err
		}
		peer, err := u.peerOf(target.Conversation)
		if err != nil {
			return err
		}
		if err := u.audit("message.deleted-for-everyone", peer); err != nil {
			return err
		}
		return u.emit(Event{Type: EventDelete, Contact: peer, Conversation: target.Conversation, Message: id})
	})
	if err != nil {
		return chat.Message{}, fmt.Errorf("delete: %w", err)
	}
	return msg, nil
}

// withdraw queues the deletion of an own message. One that was not sealed yet is replaced by its deletion under the
// same number, so that its text never leaves and no gap remains; so is what was said about it and waits for consent.
func (u *unit) withdraw(msg chat.Message) error {
	peer, err := u.peerOf(msg.Conversation)
	if err != nil || peer.IsZero() {
		return err
	}
	items, err := u.Queue().ForMessage(msg.ID)
	if err != nil {
		return err
	}
	replaced := false
	for _, item := range items {
		c, err := content.Decode(item.Content)
		whole := c.Kind() == content.KindText || c.Kind() == content.KindAttachment
		if err != nil || item.Envelope != nil || !whole && !awaitsConsent(item) {
			continue
		}
		c.ID, c.ReplyTo, c.ExpiresAfter, c.Body = chat.NewMessageID(), chat.MessageID{}, 0, content.Delete{Target: msg.ID}
		if item.Content, err = c.Encode(); err != nil {
			return err
		}
		item.Message, item.Visible, item.State, item.Failure = c.ID, false, chat.QueueWaiting, ""
		if err := u.Queue().Put(item); err != nil {
			return err
		}
		replaced, u.rescan = true, true
	}
	if replaced {
		return nil
	}
	contact, err := u.Contacts().Get(peer)
	if err != nil || maySend(contact) != nil {
		return ignoreMissing(err) // deleted here; the peer cannot be told
	}
	seq, err := u.nextSeq(msg.Conversation)
	if err != nil {
		return err
	}
	u.queued = append(u.queued, peer)
	return u.enqueueBody(peer, content.Delete{Target: msg.ID}, queueOptions{seq: seq})
}

// Retry tries a failed message again, or its file. Errors: chat.ErrNotFound when nothing of it is set aside, chat.ErrNotConsented for
// a bot that may not read it.
func (m *Messenger) Retry(ctx context.Context, id chat.MessageID) error {
	err := m.update(ctx, func(u *unit) error {
		msg, a, err := u.fileOf(id)
		if err := ignoreMissing(err); err != nil {
			return err
		}
		hasFile := err == nil
		switch {
		case hasFile && msg.Direction == chat.In:
			return u.fetch(msg, a)
		case hasFile && a.State == chat.FileSending:
			a.Attempts, a.NotBefore = 0, time.Time{}
			return u.putFile(msg, a)
		}
		items, err := u.Queue().ForMessage(id)
		if err != nil {
			return err
		}
		found := false
		for _, item := range items {
			if item.State != chat.QueueParked {
				continue
			}
			found = true
			contact, err := u.Contacts().Get(item.Peer)
			if err != nil {
				return err
			}
			if held, err := u.m.heldBack(u.Tx, contact, item); err != nil {
				return err
			} else if held {
				return chat.ErrNotConsented
			}
			if hasFile && item.Visible {
				if err := u.sendFileAgain(msg, a, item); err != nil {
					return err
				}
				continue
			}
			item.State, item.Failure, item.Attempts = chat.QueueWaiting, "", 0
			if item.Envelope != nil {
				item.State = chat.QueueFlushed
			}
			if err := u.Queue().Put(item); err != nil {
				return err
			}
			u.queued = append(u.queued, item.Peer)
		}
		if !found {
			return chat.ErrNotFound
		}
		u.rescan = true
		return u.visibleState(id, chat.Queued, "")
	})
	if err != nil {
		return fmt.Errorf("retry: %w", err)
	}
	return nil
}

// Discard removes a failed message here. Errors: chat.ErrNotFound, chat.ErrRefused for one that has not failed.
func (m *Messenger) Discard(ctx context.Context, id chat.MessageID) error {
	err := m.erase(ctx, func(u *unit) error {
		msg, err := u.Messages().Get(id)
		if err != nil {
			return err
		}
		if msg.State != chat.Failed {
			return chat.ErrRefused
		}
		items, err := u.Queue().ForMessage(id)
		if err != nil {
			return err
		}
		if err := u.unqueue(items); err != nil {
			return err
		}
		if err := ignoreMissing(u.Annotations().DeleteForTarget(msg.Conversation, id)); err != nil {
			return err
		}
		if err := u.letGo(msg, true); err != nil {
			return err
		}
		if err := u.Messages().Delete(id); err != nil {
			return err
		}
		if err := u.refresh(msg.Conversation); err != nil {
			return err
		}
		peer, err := u.peerOf(msg.Conversation)
		if err != nil {
			return err
		}
		return u.emit(Event{Type: EventDelete, Contact: peer, Conversation: msg.Conversation, Message: id, Detail: "discarded"})
	})
	if err != nil {
		return fmt.Errorf("discard: %w", err)
	}
	return nil
}
