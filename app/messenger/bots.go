package messenger

import (
	"time"

	"sotto/chat"
	"sotto/chat/content"
)

// A bot gets nothing of what the person writes unless the ledger allows chat.BotReads for it. The ledger is asked in the
// unit of work that queues, again in the one that seals, and before each further envelope of a batch leaves. What was
// queued while it was allowed is set aside, never dropped.

// FailureConsent says that the contact is a bot which may not, or may no longer, read what is written to it.
const FailureConsent = "no-consent"

// NoticeBot is the code of the notice in the thread of a contact that says it is a bot, and did not before.
const NoticeBot = "became-bot"

// ofThePerson reports whether a content carries what the person wrote, or tells of it. Receipts and typing notices have
// purposes of their own; the rest of the list is what two programs need of each other, and what takes something back.
// Everything that is not listed is the person's, and so is what a later version queued.
func ofThePerson(c content.Content) bool {
	switch b := c.Body.(type) {
	case content.Session:
		return b.Text != ""
	case content.Delete, content.Receipt, content.Typing, content.Timer, content.Profile, content.Route, content.Consent, content.Erasure:
		return false
	}
	return true
}

// mayRead reports whether a contact may get what the person writes: a bot only with consent.
func (m *Messenger) mayRead(tx chat.Tx, contact chat.Contact) (bool, error) {
	if !contact.Bot {
		return true, nil
	}
	return m.gate.Allowed(tx, contact.ID, chat.BotReads)
}

// mayTake answers chat.ErrNotConsented for a content that the contact may not get.
func (m *Messenger) mayTake(tx chat.Tx, contact chat.Contact, c content.Content) error {
	if !ofThePerson(c) {
		return nil
	}
	allowed, err := m.mayRead(tx, contact)
	if err == nil && !allowed {
		err = chat.ErrNotConsented
	}
	return err
}

// heldBack reports whether a queued content may not go to its contact as the ledger stands.
func (m *Messenger) heldBack(tx chat.Tx, contact chat.Contact, item chat.QueueItem) (bool, error) {
	if !contact.Bot {
		return false, nil
	}
	if c, err := content.Decode(item.Content); err == nil && !ofThePerson(c) {
		return false, nil
	}
	allowed, err := m.mayRead(tx, contact)
	return !allowed, err
}

// withhold sets a content aside until its bot may read. A message is shown as failed and waits for Retry; an edit or a
// reaction stands with its target, and follows when the ledger allows it again. What was sealed for it is given up: its
// number is leapt over.
func (u *unit) withhold(item chat.QueueItem) error {
	if c, err := content.Decode(item.Content); err == nil {
		switch b := c.Body.(type) {
		case content.Edit:
			item.Message = b.Target
		case content.Reaction:
			item.Message = b.Target
		}
	}
	item.State, item.Failure, item.NotBefore, item.Attempts, item.Envelope = chat.QueueParked, FailureConsent, time.Time{}, 0, nil
	if err := u.Queue().Put(item); err != nil || !item.Visible {
		return err
	}
	if err := u.visibleState(item.Message, chat.Failed, FailureConsent); err != nil {
		return err
	}
	return u.stopSending(item.Message, FailureConsent)
}

// becomeBot stops what waits for a contact that is a bot from now on, until it may read. One that was known as a person
// is an alert, and says so in the thread.
func (u *unit) becomeBot(contact chat.Contact, known bool) error {
	if contact.State != chat.ContactAccepted && contact.State != chat.ContactPending {
		return nil
	}
	u.m.outbox.turns.Add(1)
	items, err := u.queueOf(contact.ID)
	if err != nil {
		return err
	}
	for _, item := range items {
		held, err := u.m.heldBack(u.Tx, contact, item)
		if err != nil {
			return err
		}
		if !held {
			continue
		}
		if err := u.withhold(item); err != nil {
			return err
		}
	}
	if !known {
		return nil
	}
	if err := u.putNotice(contact.ID, NoticeBot); err != nil {
		return err
	}
	if err := u.audit("contact.became-bot", contact.ID); err != nil {
		return err
	}
	return u.emit(Event{Type: EventAlert, Detail: AlertBecameBot, Contact: contact.ID, Conversation: u.m.ConversationWith(contact.ID)})
}

// putNotice puts a notice into the thread with a contact. It has been read, has no number and asks for no receipt.
func (u *unit) putNotice(peer chat.ContactID, code string) error {
	if err := u.ensureConversation(peer); err != nil {
		return err
	}
	msg, err := u.Messages().Put(chat.Message{
		ID: chat.NewMessageID(), Conversation: u.m.ConversationWith(peer), Author: peer, Direction: chat.In, Kind: chat.KindNotice,
		Sent: u.now.UTC(), Received: u.now.UTC(), State: chat.Read, Notice: code,
	})
	if err != nil {
		return err
	}
	return u.emit(Event{Type: EventMessage, Contact: peer, Conversation: msg.Conversation, Message: msg.ID})
}

// release lets edits and reactions follow whose bots may read again. Messages wait for the person.
func (u *unit) release(peers map[chat.ContactID]bool) error {
	items, err := u.Queue().List()
	if err != nil {
		return err
	}
	for _, item := range items {
		if !peers[item.Peer] || !awaitsConsent(item) {
			continue
		}
		contact, err := u.Contacts().Get(item.Peer)
		if err != nil {
			return err
		}
		if held, err := u.m.heldBack(u.Tx, contact, item); err != nil {
			return err
		} else if held {
			continue
		}
		item.State, item.Failure = chat.QueueWaiting, ""
		if err := u.Queue().Put(item); err != nil {
			return err
		}
		u.rescan = true
	}
	return nil
}

// awaitsConsent reports whether a content goes on by itself once its bot may read.
func awaitsConsent(item chat.QueueItem) bool {
	return item.State == chat.QueueParked && item.Failure == FailureConsent && !item.Visible
}

// readable returns which of the peers may read what is written to them.
func (m *Messenger) readable(tx chat.Tx, peers map[chat.ContactID]bool) (map[chat.ContactID]bool, error) {
	out := map[chat.ContactID]bool{}
	for peer := range peers {
		contact, err := tx.Contacts().Get(peer)
		if err != nil {
			if err := ignoreMissing(err); err != nil {
				return nil, err
			}
			continue
		}
		allowed, err := m.mayRead(tx, contact)
		if err != nil {
			return nil, err
		}
		if allowed {
			out[peer] = true
		}
	}
	return out, nil
}
