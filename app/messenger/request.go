package messenger

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"sotto/chat"
	"sotto/chat/content"
	"sotto/crypto/identity"
	"sotto/transport/wire"
)

// settingRequest holds, under the stranger's id, what Accept needs of a request.
const settingRequest = "messenger/request/"

// maxRequests bounds the requests that wait; further ones are rejected until some are answered (I16).
const maxRequests = 256

type requestRecord struct {
	Content    []byte // the introduction
	Device     chat.DeviceID
	Invitation string
	Received   time.Time
	NoForward  bool
}

// newRequest admits a stranger to the requests, if its invitation still allows one. It reports whether it did.
func (in *intake) newRequest(
	mb chat.Mailbox, s session, c content.Content, b content.Session, cert *identity.Certificate, list *identity.DeviceList,
) (bool, error) {
	inv, err := in.Invitations().Get(mb.Invitation)
	if errors.Is(err, chat.ErrNotFound) {
		in.rejected++
		return false, nil
	}
	if err != nil {
		return false, err
	}
	if spent(inv) {
		return false, in.emit(Event{Type: EventAlert, Detail: AlertInviteReused, Contact: s.Peer, Text: inv.ID})
	}
	waiting, err := in.Settings().List()
	if err != nil {
		return false, err
	}
	n := 0
	for name := range waiting {
		if strings.HasPrefix(name, settingRequest) {
			n++
		}
	}
	if inv.Revoked || n >= maxRequests {
		in.rejected++
		return false, nil
	}
	return true, in.Contacts().Put(chat.Contact{
		ID: s.Peer, Name: placeholder(s.Peer), State: chat.ContactRequest, Verification: chat.Unverified,
		Certificate: cert.Bytes(), DeviceList: list.Bytes(), Created: in.now.UTC(), FirstText: b.Text,
	})
}

// spent reports whether an invitation has given all the contacts it may.
func spent(inv chat.Invitation) bool { return inv.Max > 0 && inv.Used >= inv.Max }

// asked reports whether the request of a contact waits already. Its first introduction stands: what the person saw must
// not change under the decision, and a stranger calls once.
func (in *intake) asked(contact chat.Contact) (bool, error) {
	if contact.State != chat.ContactRequest {
		return false, nil
	}
	_, known, err := setting(in.Tx, settingRequest+contact.ID.String())
	return known, err
}

// storeRequest keeps the introduction until the person decides.
func (in *intake) storeRequest(mb chat.Mailbox, contact chat.Contact, c content.Content, b content.Session) error {
	contact.FirstText = b.Text
	if err := in.Contacts().Put(contact); err != nil {
		return err
	}
	s, err := in.sendingSession(contact.ID)
	if err := ignoreMissing(err); err != nil {
		return err
	}
	r := requestRecord{Content: c.Raw, Device: s.Device, Invitation: mb.Invitation, Received: in.now.UTC(), NoForward: s.noForward}
	if err := putJSON(in.Tx, settingRequest+contact.ID.String(), r); err != nil {
		return err
	}
	return in.emit(Event{Type: EventRequest, Contact: contact.ID, Text: b.Text})
}

// Requests lists the strangers who wait for an answer, oldest first.
func (m *Messenger) Requests(ctx context.Context) ([]Request, error) {
	var out []Request
	err := m.view(ctx, func(tx chat.Tx) error {
		contacts, err := tx.Contacts().List()
		if err != nil {
			return err
		}
		for _, c := range contacts {
			if c.State != chat.ContactRequest {
				continue
			}
			r, err := requestOf(tx, c)
			if err != nil {
				return err
			}
			out = append(out, r)
		}
		return nil
	})
	return out, err
}

func requestOf(tx chat.Tx, c chat.Contact) (Request, error) {
	var record requestRecord
	if _, err := getJSON(tx, settingRequest+c.ID.String(), &record); err != nil {
		return Request{}, err
	}
	r := Request{ID: c.ID, Name: c.Name, Bot: c.Bot, Text: c.FirstText, Received: record.Received}
	if route, err := routeTo(tx, c.ID); err == nil {
		if a, err := wire.ParseAddress(route.Relay); err == nil {
			r.Relay, r.Reach = route.Relay, reachOf(a)
		}
	} else if err := ignoreMissing(err); err != nil {
		return Request{}, err
	}
	inv, err := tx.Invitations().Get(record.Invitation)
	r.Spent = err == nil && spent(inv)
	return r, ignoreMissing(err)
}

// Accept makes a request a contact: its text becomes the first message, it gets a mailbox of its own and is told so.
// Errors: chat.ErrNotFound, chat.ErrExists when accepted already, chat.ErrInviteUsed when its one-time invitation was
// accepted for another.
func (m *Messenger) Accept(ctx context.Context, id chat.ContactID) (chat.Contact, error) {
	var contact chat.Contact
	err := m.update(ctx, func(u *unit) (err error) {
		contact, err = u.accept(id)
		return err
	})
	if err != nil {
		return chat.Contact{}, fmt.Errorf("accept: %w", err)
	}
	return contact, nil
}

func (u *unit) accept(id chat.ContactID) (chat.Contact, error) {
	contact, err := u.Contacts().Get(id)
	if err != nil {
		return chat.Contact{}, err
	}
	switch contact.State {
	case chat.ContactRequest:
	case chat.ContactBlocked:
		return chat.Contact{}, chat.ErrNotFound
	default:
		return chat.Contact{}, chat.ErrExists
	}
	var record requestRecord
	ok, err := getJSON(u.Tx, settingRequest+id.String(), &record)
	if err != nil || !ok {
		return chat.Contact{}, errors.Join(err, chat.ErrNotFound)
	}
	if err := u.useInvitation(record.Invitation, id); err != nil {
		return chat.Contact{}, err
	}
	contact.State, contact.Accepted = chat.ContactAccepted, u.now.UTC()
	if err := u.Contacts().Put(contact); err != nil {
		return chat.Contact{}, err
	}
	home, err := homePass(u.Tx)
	if err != nil {
		return chat.Contact{}, fmt.Errorf("home relay: %w", err)
	}
	if _, err := u.newReach(id, home.Address.String(), mailboxCredential{Secret: string(home.Secret)}); err != nil {
		return chat.Contact{}, err
	}
	if err := u.ensureConversation(id); err != nil {
		return chat.Contact{}, err
	}
	if err := u.firstMessage(contact, record); err != nil {
		return chat.Contact{}, err
	}
	if err := dropSetting(u.Tx, settingRequest+id.String()); err != nil {
		return chat.Contact{}, err
	}
	if err := u.answerIntroduction(id); err != nil {
		return chat.Contact{}, err
	}
	if err := u.audit("contact.accepted", id); err != nil {
		return chat.Contact{}, err
	}
	u.queued = append(u.queued, id)
	return contact, u.emit(Event{Type: EventContact, Contact: id, Detail: ContactAccepted})
}

// useInvitation counts an accepted contact. The last one closes the invitation, and whoever else used it is an alert.
func (u *unit) useInvitation(invitation string, winner chat.ContactID) error {
	inv, err := u.Invitations().Get(invitation)
	if errors.Is(err, chat.ErrNotFound) {
		return nil // revoked and gone, but the request had arrived
	}
	if err != nil {
		return err
	}
	if spent(inv) {
		return chat.ErrInviteUsed
	}
	inv.Used++
	if err := u.Invitations().Put(inv); err != nil || !spent(inv) {
		return err
	}
	if mb, err := u.Mailboxes().Get(inv.Mailbox); err == nil {
		mb.Retired, u.tend = u.now, true
		if err := u.Mailboxes().Put(mb); err != nil {
			return err
		}
	} else if err := ignoreMissing(err); err != nil {
		return err
	}
	return u.alertRivals(inv, winner)
}

// alertRivals raises an alert for each other request that came over a spent invitation.
func (u *unit) alertRivals(inv chat.Invitation, winner chat.ContactID) error {
	contacts, err := u.Contacts().List()
	if err != nil {
		return err
	}
	for _, c := range contacts {
		if c.State != chat.ContactRequest || c.ID == winner {
			continue
		}
		var other requestRecord
		if _, err := getJSON(u.Tx, settingRequest+c.ID.String(), &other); err != nil {
			return err
		}
		if other.Invitation != inv.ID {
			continue
		}
		if err := u.emit(Event{Type: EventAlert, Detail: AlertInviteReused, Contact: c.ID, Text: inv.ID}); err != nil {
			return err
		}
	}
	return nil
}

// firstMessage turns the text of a request into the first message of the conversation.
func (u *unit) firstMessage(contact chat.Contact, r requestRecord) error {
	c, err := content.Decode(r.Content)
	if err != nil {
		return fmt.Errorf("%w: request", chat.ErrDamaged)
	}
	b, ok := c.Body.(content.Session)
	if !ok || b.Text == "" {
		return nil
	}
	in := &intake{unit: u, delivered: map[chat.ContactID][]chat.MessageID{}}
	s := session{Session: chat.Session{Peer: contact.ID, Device: r.Device}, noForward: r.NoForward}
	if err := in.noteSeq(c, s); err != nil {
		return err
	}
	if err := in.storeMessage(contact, s, c, chat.Message{Kind: chat.KindText, Text: b.Text}); err != nil {
		return err
	}
	return in.finish()
}

// Reject refuses a request. The stranger is told nothing; what it sends later is not taken. Adding its own link, or
// Unblock, undoes it. Error: chat.ErrNotFound.
func (m *Messenger) Reject(ctx context.Context, id chat.ContactID) error {
	err := m.erase(ctx, func(u *unit) error {
		contact, err := u.Contacts().Get(id)
		if err != nil {
			return err
		}
		if contact.State != chat.ContactRequest {
			return chat.ErrNotFound
		}
		if err := u.forgetPeer(id); err != nil {
			return err
		}
		refusal := chat.Contact{
			ID: id, Name: placeholder(id), State: chat.ContactBlocked, Removed: true, Verification: chat.Unverified,
			Certificate: contact.Certificate, Created: contact.Created,
		}
		if err := u.Contacts().Put(refusal); err != nil {
			return err
		}
		if err := u.audit("contact.rejected", id); err != nil {
			return err
		}
		return u.emit(Event{Type: EventContact, Contact: id, Detail: ContactRejected})
	})
	if err != nil {
		return fmt.Errorf("reject: %w", err)
	}
	return nil
}

// forgetPeer deletes sessions, routes, queue and records of a peer, and lets its mailboxes go.
func (u *unit) forgetPeer(id chat.ContactID) error {
	sessions, err := u.Sessions().ForPeer(id)
	if err != nil {
		return err
	}
	for _, s := range sessions {
		if err := ignoreMissing(u.deleteSession(s.ID)); err != nil {
			return err
		}
	}
	routes, err := u.Routes().ForPeer(id)
	if err != nil {
		return err
	}
	for _, r := range routes {
		if err := ignoreMissing(u.Routes().Delete(id, r.Device)); err != nil {
			return err
		}
	}
	items, err := u.Queue().List()
	if err != nil {
		return err
	}
	for _, item := range items {
		if item.Peer == id {
			if err := ignoreMissing(u.Queue().Delete(item.ID)); err != nil {
				return err
			}
		}
	}
	for _, name := range []string{settingRequest, settingPin, settingReach, settingReplaced, settingResent, settingAsked, settingRefused, settingExpired, settingRouted, settingTaken, settingTimerAsked, settingTimerAnswered} {
		if err := dropSetting(u.Tx, name+id.String()); err != nil {
			return err
		}
	}
	mailboxes, err := u.Mailboxes().List()
	if err != nil {
		return err
	}
	for _, mb := range mailboxes {
		if mb.Contact == id {
			if err := u.doom(mb.ID); err != nil {
				return err
			}
		}
	}
	return nil
}
