package privacy

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"sotto/app/privacy/files"
	"sotto/chat"
)

// Remover takes a contact out of the messenger: contact, conversation, sessions, routes, and the mailbox on its relay as
// soon as that can be reached. messenger.Messenger is one.
type Remover interface {
	Remove(ctx context.Context, id chat.ContactID) error
}

// Unreached is a mailbox that could not be deleted from its relay. What waits there is ciphertext; the relay drops it
// after 30 days.
type Unreached struct {
	Relay   string
	Mailbox chat.MailboxID
}

// Relays deletes own mailboxes from their relays. The messenger does it; the composition root adapts it.
type Relays interface {
	// DeleteMailboxes deletes every own mailbox and returns those it could not. The error is for not having tried.
	DeleteMailboxes(ctx context.Context) ([]Unreached, error)
}

// Report says what an erasure did and what it could not do.
type Report struct {
	Conversations int
	Messages      int
	Contacts      int
	Files         int   // of messages, that were here
	FileBytes     int64 // of those
	Unreached     []Unreached
}

// hold adds what files a conversation has.
func (r *Report) hold(tx chat.Tx, conv chat.ConversationID) error {
	held, err := files.In(tx, conv)
	r.Files, r.FileBytes = r.Files+held.Files, r.FileBytes+held.Bytes
	return err
}

// DeleteContact deletes a contact from this computer: its consents and requests here, everything else through r. A
// blocked contact leaves its fingerprint behind as a refusal. Interrupted in between, the contact is still there without
// consents, and deleting it again finishes. Errors: chat.ErrNotFound.
func (e *Eraser) DeleteContact(ctx context.Context, id chat.ContactID, r Remover) (Report, error) {
	var report Report
	err := e.store.Erase(ctx, func(tx chat.Tx) error {
		report = Report{Contacts: 1}
		if _, err := tx.Contacts().Get(id); err != nil {
			return err
		}
		if err := countWith(tx, id, &report); err != nil {
			return err
		}
		if err := tx.Consents().DeleteSubject(id); err != nil && !errors.Is(err, chat.ErrNotFound) {
			return err
		}
		if err := dropRequests(tx, id); err != nil {
			return err
		}
		if err := forgetRule(tx, DirectConversation(e.mail.self, id)); err != nil {
			return err
		}
		return e.audit.Record(tx, "contact.deleted", "", gone{report.Messages, report.Files}.words("messages"))
	})
	if err == nil {
		err = r.Remove(ctx, id)
	}
	if err != nil {
		return Report{}, fmt.Errorf("deleting a contact: %w", err)
	}
	return report, nil
}

// countWith counts the conversations that no one else belongs to.
func countWith(tx chat.Tx, id chat.ContactID, report *Report) error {
	all, err := tx.Conversations().List()
	if err != nil {
		return err
	}
	for _, conv := range all {
		if len(conv.Members) != 1 || conv.Members[0] != id {
			continue
		}
		n, err := tx.Messages().Count(conv.ID)
		if err != nil {
			return err
		}
		report.Conversations++
		report.Messages += n
		if err := report.hold(tx, conv.ID); err != nil {
			return err
		}
	}
	return nil
}

// dropRequests removes the open and answered requests to and from the contact.
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

// Everything deletes the whole profile: first its mailboxes from their relays, as far as they can be reached, then
// everything on this computer through destroy, which the composition root supplies (it closes the store, destroys the
// vault and removes the files). The report is what can be said afterwards; nothing of it is kept here. Should destroy
// fail, the profile is still there and the report still holds.
func (e *Eraser) Everything(ctx context.Context, relays Relays, destroy func(context.Context) error) (Report, error) {
	var report Report
	err := e.store.View(ctx, func(tx chat.Tx) (err error) {
		report, err = countAll(tx)
		return err
	})
	if err != nil && !errors.Is(err, chat.ErrDamaged) { // a damaged history must not keep itself from being deleted
		return Report{}, fmt.Errorf("deleting everything: %w", err)
	}
	report.Unreached, err = relays.DeleteMailboxes(ctx)
	if err != nil {
		return report, fmt.Errorf("deleting every mailbox: %w", err)
	}
	if err := destroy(ctx); err != nil {
		return report, fmt.Errorf("deleting everything: %w", err)
	}
	return report, nil
}

func countAll(tx chat.Tx) (Report, error) {
	contacts, err := tx.Contacts().List()
	if err != nil {
		return Report{}, err
	}
	conversations, err := tx.Conversations().List()
	if err != nil {
		return Report{}, err
	}
	report := Report{Contacts: len(contacts), Conversations: len(conversations)}
	for _, c := range conversations {
		n, err := tx.Messages().Count(c.ID)
		if err != nil {
			return report, err
		}
		report.Messages += n
		if err := report.hold(tx, c.ID); err != nil {
			return report, err
		}
	}
	return report, nil
}
