package privacy

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"sotto/chat"
)

// Unreached is a mailbox that could not be deleted from its relay. What waits there is ciphertext; the relay drops it
// after 30 days.
type Unreached struct {
	Relay   string
	Mailbox chat.MailboxID
}

// Relays deletes own mailboxes from their relays. The messenger does it; the composition root adapts it.
type Relays interface {
	// DeleteMailboxes deletes those that serve the contact, all for the zero id, and returns those it could not reach.
	// The error is for not having tried.
	DeleteMailboxes(ctx context.Context, contact chat.ContactID) ([]Unreached, error)
}

// Report says what an erasure did and what it could not do.
type Report struct {
	Conversations int
	Messages      int
	Contacts      int
	Unreached     []Unreached
}

// DeleteContact deletes a contact from this computer, with the conversation of the two, its sessions, routes, consents
// and mailboxes. A blocked contact leaves its fingerprint behind as a refusal, nothing else. Errors: chat.ErrNotFound.
func (e *Eraser) DeleteContact(ctx context.Context, id chat.ContactID, relays Relays) (Report, error) {
	if err := e.store.View(ctx, func(tx chat.Tx) error { _, err := tx.Contacts().Get(id); return err }); err != nil {
		return Report{}, fmt.Errorf("deleting a contact: %w", err)
	}
	unreached, err := relays.DeleteMailboxes(ctx, id)
	if err != nil {
		return Report{}, fmt.Errorf("deleting a contact's mailboxes: %w", err)
	}
	report := Report{Unreached: unreached}
	err = e.store.Erase(ctx, func(tx chat.Tx) error {
		report = Report{Contacts: 1, Unreached: unreached}
		if err := destroyConversations(tx, id, &report); err != nil {
			return err
		}
		if err := destroyState(tx, id); err != nil {
			return err
		}
		if err := destroyMailboxes(tx, id); err != nil {
			return err
		}
		if err := dropRequests(tx, id); err != nil {
			return err
		}
		if err := dropContact(tx, id); err != nil {
			return err
		}
		return e.audit.Record(tx, "contact.deleted", "", fmt.Sprintf("%d messages", report.Messages))
	})
	if err != nil {
		return Report{}, fmt.Errorf("deleting a contact: %w", err)
	}
	return report, nil
}

// destroyConversations destroys those that no one else belongs to.
func destroyConversations(tx chat.Tx, id chat.ContactID, report *Report) error {
	all, err := tx.Conversations().List()
	if err != nil {
		return err
	}
	for _, conv := range all {
		if len(conv.Members) != 1 || conv.Members[0] != id {
			continue
		}
		count, err := destroy(tx, conv)
		if err != nil {
			return err
		}
		report.Conversations++
		report.Messages += count
	}
	return nil
}

// destroyState removes what lets the two devices talk.
func destroyState(tx chat.Tx, id chat.ContactID) error {
	sessions, err := tx.Sessions().ForPeer(id)
	if err != nil {
		return err
	}
	for _, s := range sessions {
		if err := tx.Sessions().Delete(s.ID); err != nil {
			return err
		}
	}
	routes, err := tx.Routes().ForPeer(id)
	if err != nil {
		return err
	}
	for _, r := range routes {
		if err := tx.Routes().Delete(r.Peer, r.Device); err != nil {
			return err
		}
	}
	items, err := tx.Queue().List()
	if err != nil {
		return err
	}
	for _, q := range items {
		if q.Peer != id {
			continue
		}
		if err := tx.Queue().Delete(q.ID); err != nil {
			return err
		}
	}
	return tx.Events().Forget(func(e chat.Event) bool { return mentions(e.Body, [][]byte{id[:]}) })
}

func destroyMailboxes(tx chat.Tx, id chat.ContactID) error {
	all, err := tx.Mailboxes().List()
	if err != nil {
		return err
	}
	for _, m := range all {
		if m.Contact != id {
			continue
		}
		prekeys, err := tx.Prekeys().ForMailbox(m.ID)
		if err != nil {
			return err
		}
		for _, p := range prekeys {
			if err := tx.Prekeys().Delete(p.ID); err != nil {
				return err
			}
		}
		if err := tx.Mailboxes().Delete(m.ID); err != nil {
			return err
		}
	}
	return nil
}

// dropRequests removes the open and answered requests of both sides.
func dropRequests(tx chat.Tx, id chat.ContactID) error {
	all, err := tx.Settings().List()
	if err != nil {
		return err
	}
	for name, b := range all {
		if !strings.HasPrefix(name, askedPrefix) && !strings.HasPrefix(name, questionPrefix) {
			continue
		}
		var request struct{ Peer chat.ContactID }
		if err := json.Unmarshal(b, &request); err != nil || request.Peer != id {
			continue
		}
		if err := tx.Settings().Delete(name); err != nil {
			return err
		}
	}
	return nil
}

// dropContact removes the contact and its consents, or leaves a blocked one's fingerprint.
func dropContact(tx chat.Tx, id chat.ContactID) error {
	if err := tx.Consents().DeleteSubject(id); err != nil && !errors.Is(err, chat.ErrNotFound) {
		return err
	}
	contact, err := tx.Contacts().Get(id)
	if err != nil {
		return err
	}
	if contact.State == chat.ContactBlocked {
		return tx.Contacts().Put(chat.Contact{ID: id, State: chat.ContactBlocked, Created: contact.Created, Removed: true})
	}
	return tx.Contacts().Delete(id)
}

// Everything deletes the whole profile: first its mailboxes from their relays, as far as they can be reached, then
// everything on this computer through destroy, which the composition root supplies (it closes the store, destroys the
// vault and removes the files). The report is what can be said afterwards; nothing of it is kept here. Should destroy
// fail, the profile is still there and the report still holds.
func (e *Eraser) Everything(ctx context.Context, relays Relays, destroy func(context.Context) error) (Report, error) {
	var report Report
	err := e.store.View(ctx, func(tx chat.Tx) error {
		contacts, err := tx.Contacts().List()
		if err != nil {
			return err
		}
		conversations, err := tx.Conversations().List()
		if err != nil {
			return err
		}
		report = Report{Contacts: len(contacts), Conversations: len(conversations)}
		for _, c := range conversations {
			n, err := tx.Messages().Count(c.ID)
			if err != nil {
				return err
			}
			report.Messages += n
		}
		return nil
	})
	if err != nil && !errors.Is(err, chat.ErrDamaged) { // a damaged history must not keep itself from being deleted
		return Report{}, fmt.Errorf("deleting everything: %w", err)
	}
	report.Unreached, err = relays.DeleteMailboxes(ctx, chat.ContactID{})
	if err != nil {
		return report, fmt.Errorf("deleting every mailbox: %w", err)
	}
	if err := destroy(ctx); err != nil {
		return report, fmt.Errorf("deleting everything: %w", err)
	}
	return report, nil
}
