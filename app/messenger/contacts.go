package messenger

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"sotto/chat"
	"sotto/chat/content"
)

// Contacts lists the contacts, by creation: pending, accepted and blocked ones. Requests and refusals are not among
// them.
func (m *Messenger) Contacts(ctx context.Context) ([]chat.Contact, error) {
	var out []chat.Contact
	err := m.view(ctx, func(tx chat.Tx) error {
		all, err := tx.Contacts().List()
		out = slices.DeleteFunc(all, func(c chat.Contact) bool { return c.Removed || c.State == chat.ContactRequest })
		return err
	})
	return out, err
}

// Contact returns one contact, also a request. Error: chat.ErrNotFound.
func (m *Messenger) Contact(ctx context.Context, id chat.ContactID) (c chat.Contact, err error) {
	err = m.view(ctx, func(tx chat.Tx) error {
		c, err = tx.Contacts().Get(id)
		return err
	})
	return c, err
}

// Find returns the contact with that exact name or id, else the only one whose name or id begins so; where no contact
// fits, a request. Who is not accepted cannot step before a contact by the name it chose, and nobody by choosing the
// beginning of an id, of at least 8 digits, as a name. Errors: chat.ErrNotFound, chat.ErrAmbiguous.
func (m *Messenger) Find(ctx context.Context, text string) (chat.Contact, error) {
	if text == "" {
		return chat.Contact{}, chat.ErrNotFound
	}
	var all []chat.Contact
	err := m.view(ctx, func(tx chat.Tx) (err error) {
		all, err = tx.Contacts().List()
		return err
	})
	if err != nil {
		return chat.Contact{}, err
	}
	var contacts, requests []chat.Contact
	for _, c := range all {
		switch {
		case c.Removed:
		case c.State == chat.ContactRequest:
			requests = append(requests, c)
		default:
			contacts = append(contacts, c)
		}
	}
	c, err := findIn(contacts, text)
	if errors.Is(err, chat.ErrNotFound) {
		return findIn(requests, text)
	}
	return c, err
}

func findIn(all []chat.Contact, text string) (chat.Contact, error) {
	const idDigits = 8
	lower := strings.ToLower(text)
	begins := func(c chat.Contact) bool { return strings.HasPrefix(c.ID.String(), lower) }
	for _, fits := range []func(chat.Contact) bool{
		func(c chat.Contact) bool { return c.ID.String() == lower },
		func(c chat.Contact) bool { return c.Name == text || len(text) >= idDigits && begins(c) },
		func(c chat.Contact) bool { return begins(c) || strings.HasPrefix(c.Name, text) },
	} {
		var found []chat.Contact
		for _, c := range all {
			if fits(c) {
				found = append(found, c)
			}
		}
		switch len(found) {
		case 0:
		case 1:
			return found[0], nil
		default:
			return chat.Contact{}, chat.ErrAmbiguous
		}
	}
	return chat.Contact{}, chat.ErrNotFound
}

// Rename gives a contact the name it has here; the empty name is its own again.
func (m *Messenger) Rename(ctx context.Context, id chat.ContactID, name string) error {
	if name = content.CleanName(name); name == "" {
		return m.changeContact(ctx, "rename", id, ContactRenamed, func(_ *unit, c *chat.Contact) error {
			if c.Name = c.ProfileName; c.Name == "" {
				c.Name = placeholder(id)
			}
			return nil
		})
	}
	return m.changeContact(ctx, "rename", id, ContactRenamed, func(_ *unit, c *chat.Contact) error {
		c.Name = name
		return nil
	})
}

// Block ends contact: messages that wait for it fail and are kept, its token is revoked, nothing of it is taken. It is told
// nothing.
func (m *Messenger) Block(ctx context.Context, id chat.ContactID) error {
	return m.changeContact(ctx, "block", id, ContactBlocked, func(u *unit, c *chat.Contact) error {
		if c.State == chat.ContactRequest {
			return chat.ErrNotAccepted
		}
		c.State, u.tend = chat.ContactBlocked, true
		u.queued = append(u.queued, id)
		if err := u.stopFilesOf(id); err != nil {
			return err
		}
		return u.audit("contact.blocked", id)
	})
}

// stopFilesOf ends what is on its way from and to a contact that is blocked.
func (u *unit) stopFilesOf(id chat.ContactID) error {
	moving, err := u.Attachments().Moving()
	if err != nil {
		return ignoreDamage(err)
	}
	for _, a := range moving {
		msg, err := u.Messages().Get(a.Message)
		if err != nil || msg.Conversation != u.m.ConversationWith(id) {
			if err := ignoreDamage(err); err != nil {
				return err
			}
			continue
		}
		if msg.Direction == chat.In {
			err = u.cancelFetch(a.Message)
		} else {
			err = u.setFileAside(msg, a, FailureBlocked)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// Unblock takes a contact up again where it was blocked. For a refused request nothing is left but the permission to
// ask again.
func (m *Messenger) Unblock(ctx context.Context, id chat.ContactID) error {
	return m.changeContact(ctx, "unblock", id, ContactUnblocked, func(u *unit, c *chat.Contact) error {
		switch {
		case c.State != chat.ContactBlocked:
			return nil
		case c.Removed:
			return u.Contacts().Delete(id)
		case c.Accepted.IsZero():
			c.State = chat.ContactPending
		default:
			c.State = chat.ContactAccepted
		}
		mailboxes, err := u.Mailboxes().List()
		if err != nil {
			return err
		}
		for _, mb := range mailboxes {
			if mb.Contact == id {
				u.m.tender.reopenToken(mb.ID)
			}
		}
		u.tend = true
		u.queued = append(u.queued, id)
		return u.audit("contact.unblocked", id)
	})
}

// changeContact changes one contact and tells it. change may delete it.
func (m *Messenger) changeContact(ctx context.Context, doing string, id chat.ContactID, detail string, change func(*unit, *chat.Contact) error) error {
	err := m.update(ctx, func(u *unit) error {
		c, err := u.Contacts().Get(id)
		if err != nil {
			return err
		}
		if err := change(u, &c); err != nil {
			return err
		}
		if _, err := u.Contacts().Get(id); err == nil {
			if err := u.Contacts().Put(c); err != nil {
				return err
			}
		} else if !errors.Is(err, chat.ErrNotFound) {
			return err
		}
		return u.emit(Event{Type: EventContact, Contact: id, Detail: detail})
	})
	if err != nil {
		return fmt.Errorf("%s: %w", doing, err)
	}
	return nil
}

// Remove deletes a contact with its conversation, keys, sessions and routes, and lets its mailbox on the relay go. A
// blocked contact stays refused.
func (m *Messenger) Remove(ctx context.Context, id chat.ContactID) error {
	err := m.erase(ctx, func(u *unit) error {
		contact, err := u.Contacts().Get(id)
		if err != nil {
			return err
		}
		if err := u.forgetPeer(id); err != nil {
			return err
		}
		conv := u.m.ConversationWith(id)
		if err := u.leaveBlobs(conv); err != nil {
			return err
		}
		if err := ignoreMissing(u.Conversations().Destroy(conv)); err != nil {
			return err
		}
		if err := u.Settings().Put(settingForgotten, []byte{1}); err != nil {
			return err
		}
		if err := dropSetting(u.Tx, settingTimer+conv.String()); err != nil {
			return err
		}
		if err := u.forgetGaps(conv); err != nil {
			return err
		}
		if err := u.Events().Forget(func(e chat.Event) bool { return strings.Contains(string(e.Body), id.String()) }); err != nil {
			return err
		}
		if contact.State == chat.ContactBlocked {
			refusal := chat.Contact{
				ID: id, Name: placeholder(id), State: chat.ContactBlocked, Removed: true, Verification: chat.Unverified,
				Created: contact.Created,
			}
			err = u.Contacts().Put(refusal)
		} else {
			err = u.Contacts().Delete(id)
		}
		if err != nil {
			return err
		}
		if err := u.audit("contact.removed", id); err != nil {
			return err
		}
		return u.emit(Event{Type: EventContact, Contact: id, Detail: ContactRemoved})
	})
	if err != nil {
		return fmt.Errorf("remove: %w", err)
	}
	return nil
}

func (u *unit) forgetGaps(conv chat.ConversationID) error {
	all, err := u.Settings().List()
	if err != nil {
		return err
	}
	for name := range all {
		if strings.HasPrefix(name, settingGaps+conv.String()) {
			if err := u.Settings().Delete(name); err != nil {
				return err
			}
		}
	}
	return nil
}
