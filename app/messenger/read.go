package messenger

import (
	"context"
	"fmt"
	"slices"
	"time"

	"sotto/chat"
	"sotto/chat/content"
)

const (
	readPage     = 200
	receiptLife  = 30 * 24 * time.Hour
	typingLife   = 10 * time.Second
	typingAtMost = 3 * time.Second // between two notices of the same
)

// Read marks what was received up to a position as read (0: to the end) and, with consent, tells the author.
func (m *Messenger) Read(ctx context.Context, id chat.ConversationID, upTo int64) error {
	err := m.update(ctx, func(u *unit) error {
		conv, err := u.Conversations().Get(id)
		if err != nil {
			return err
		}
		read, last, err := u.markRead(conv, upTo)
		if err != nil || last == conv.ReadUpTo && len(read) == 0 {
			return err
		}
		conv.ReadUpTo, conv.Unread = max(conv.ReadUpTo, last), max(0, conv.Unread-len(read))
		if upTo == 0 {
			conv.Unread = 0
		}
		if err := u.Conversations().Put(conv); err != nil {
			return err
		}
		if len(conv.Members) == 0 || len(read) == 0 {
			return nil
		}
		peer := conv.Members[0]
		if err := u.sendReceipt(peer, content.Read, chat.ReadReceipts, read); err != nil {
			return err
		}
		return u.emit(Event{Type: EventContact, Contact: peer, Conversation: id, Detail: ContactRead})
	})
	if err != nil {
		return fmt.Errorf("read: %w", err)
	}
	return nil
}

// markRead moves the received rows to read and returns their ids and the last position seen.
func (u *unit) markRead(conv chat.Conversation, upTo int64) (ids []chat.MessageID, last int64, err error) {
	last = conv.ReadUpTo
	for {
		page, err := u.Messages().PageAfter(conv.ID, last, readPage)
		if err != nil || len(page) == 0 {
			return ids, last, err
		}
		for _, msg := range page {
			if upTo != 0 && msg.Position > upTo {
				return ids, last, nil
			}
			last = msg.Position
			if msg.Direction != chat.In || msg.State == chat.Read || msg.Deleted || msg.StandsIn() {
				continue
			}
			msg.State = chat.Read
			if _, err := u.store(u.beginToEnd(msg)); err != nil {
				return nil, 0, err
			}
			ids = append(ids, msg.ID)
		}
	}
}

// sendReceipt queues receipts if the ledger allows them, asked in the unit of work that acts on the answer.
func (u *unit) sendReceipt(peer chat.ContactID, state content.ReceiptState, purpose chat.Purpose, ids []chat.MessageID) error {
	if len(ids) == 0 {
		return nil
	}
	contact, err := u.Contacts().Get(peer)
	if err != nil || maySend(contact) != nil {
		return ignoreMissing(err)
	}
	allowed, err := u.m.gate.Allowed(u.Tx, peer, purpose)
	if err != nil || !allowed {
		return err
	}
	for chunk := range slices.Chunk(ids, content.MaxIDs) {
		err := u.enqueueBody(peer, content.Receipt{State: state, IDs: chunk}, queueOptions{expires: u.now.Add(receiptLife)})
		if err != nil {
			return err
		}
	}
	return nil
}

// withdrawn reports whether the consent under which a receipt or typing notice was queued does not stand any more: what
// has not left by then does not leave.
func (u *unit) withdrawn(item chat.QueueItem) (bool, error) {
	if item.Visible {
		return false, nil
	}
	c, err := content.Decode(item.Content)
	if err != nil {
		return false, nil // not ours to judge: sealing does
	}
	var purpose chat.Purpose
	switch body := c.Body.(type) {
	case content.Receipt:
		purpose = chat.DeliveryReceipts
		if body.State == content.Read {
			purpose = chat.ReadReceipts
		}
	case content.Typing:
		purpose = chat.TypingNotices
	default:
		return false, nil
	}
	allowed, err := u.m.gate.Allowed(u.Tx, item.Peer, purpose)
	return !allowed, err
}

// applyReceipt moves own messages as far as their reader says.
func (u *unit) applyReceipt(contact chat.Contact, r content.Receipt) error {
	state := chat.Delivered
	if r.State == content.Read {
		state = chat.Read
	}
	conv := u.m.ConversationWith(contact.ID)
	for _, id := range r.IDs {
		msg, err := u.Messages().Get(id)
		if err := ignoreMissing(err); err != nil {
			return err
		}
		if err != nil || msg.Conversation != conv {
			continue
		}
		if err := u.visibleState(id, state, ""); err != nil {
			return err
		}
	}
	return nil
}

// Typing tells the contact, with consent, that one is or is no longer writing. A notice that cannot go out at once is
// dropped.
func (m *Messenger) Typing(ctx context.Context, id chat.ConversationID, active bool) error {
	m.mu.Lock()
	last := m.typing[id]
	now := m.now()
	if last.active == active && now.Sub(last.at) < typingAtMost {
		m.mu.Unlock()
		return nil
	}
	m.typing[id] = typingNotice{active: active, at: now}
	m.mu.Unlock()
	err := m.update(ctx, func(u *unit) error {
		peer, err := u.sendingTo(id)
		if err != nil {
			return err
		}
		contact, err := u.Contacts().Get(peer)
		if err != nil || contact.State != chat.ContactAccepted {
			return err
		}
		allowed, err := m.gate.Allowed(u.Tx, peer, chat.TypingNotices)
		if err != nil || !allowed {
			return err
		}
		return u.enqueueBody(peer, content.Typing{Active: active}, queueOptions{expires: u.now.Add(typingLife)})
	})
	if err != nil {
		return fmt.Errorf("typing: %w", err)
	}
	return nil
}

// typingNotice is the last notice given in a conversation.
type typingNotice struct {
	active bool
	at     time.Time
}
