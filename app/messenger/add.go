package messenger

import (
	"context"
	"errors"
	"fmt"

	"sotto/chat"
	"sotto/chat/content"
)

// Add adds the contact of an invitation link: takes its bundle from the relay, begins a session, and queues the
// introduction, with a first text if there is one. The contact is pending until it accepts. Errors: chat.ErrMalformed,
// chat.ErrNewerFormat, chat.ErrOwnInvite, chat.ErrInviteExpired, chat.ErrInviteUsed, chat.ErrExists,
// chat.ErrNeedsConfirmation for a relay not used before, chat.ErrPinMismatch, chat.ErrOffline, chat.ErrQuota,
// chat.ErrTooLarge, chat.ErrNotFound when there is neither a home relay nor a grant in the link.
func (m *Messenger) Add(ctx context.Context, text string, o AddOptions) (chat.Contact, error) {
	l, err := parseLink(text)
	if err != nil {
		return chat.Contact{}, err
	}
	existing, err := m.mayAdd(ctx, l, o)
	if err != nil {
		return chat.Contact{}, fmt.Errorf("add: %w", err)
	}
	if existing == chat.ContactRequest {
		return m.acceptAndSay(ctx, l.peer, o)
	}
	route := chat.Route{
		Peer: l.peer, Relay: l.relay.String(), Mailbox: l.mailbox, Token: l.token[:], Secret: l.secret[:],
	}
	opened, err := m.initiateNow(ctx, route)
	if errors.Is(err, chat.ErrUnauthorized) {
		return chat.Contact{}, fmt.Errorf("add: %w", chat.ErrInviteUsed)
	}
	if err != nil {
		return chat.Contact{}, fmt.Errorf("add: %w", err)
	}
	route.Device = chat.DeviceID(opened.initiated.PeerDevice.ID)
	var contact chat.Contact
	crossed := false
	err = m.update(ctx, func(u *unit) (err error) {
		now, err := u.Contacts().Get(l.peer)
		if err := ignoreMissing(err); err != nil {
			return err
		}
		if crossed = now.State == chat.ContactRequest; crossed {
			return nil // it wrote first while we were taking its bundle
		}
		contact, err = u.addContact(l, o, route, opened)
		return err
	})
	if err == nil && crossed {
		return m.acceptAndSay(ctx, l.peer, o)
	}
	if err != nil {
		return chat.Contact{}, fmt.Errorf("add: %w", err)
	}
	return contact, nil
}

// initiateNow bounds what a silent relay can make the person wait.
func (m *Messenger) initiateNow(ctx context.Context, route chat.Route) (opening, error) {
	ctx, cancel := context.WithTimeout(ctx, openNowTimeout)
	defer cancel()
	return m.initiate(ctx, route)
}

// mayAdd checks everything that needs no network, and answers the state of the contact if there is one.
func (m *Messenger) mayAdd(ctx context.Context, l link, o AddOptions) (state chat.ContactState, err error) {
	switch {
	case l.peer == m.Self().ID:
		return "", chat.ErrOwnInvite
	case !l.expires.IsZero() && !m.now().Before(l.expires):
		return "", chat.ErrInviteExpired
	case len(o.Message) > content.MaxText:
		return "", chat.ErrTooLarge
	}
	err = m.view(ctx, func(tx chat.Tx) error {
		contact, err := tx.Contacts().Get(l.peer)
		if err := ignoreMissing(err); err != nil {
			return err
		}
		state = contact.State
		switch {
		case state == chat.ContactRequest:
			return nil
		case state == chat.ContactBlocked && !contact.Removed:
			return chat.ErrBlocked
		case state == chat.ContactPending || state == chat.ContactAccepted:
			return chat.ErrExists
		}
		known, err := knowsRelay(tx, l.relay)
		if err != nil {
			return err
		}
		if !known && !o.ConfirmRelay {
			return chat.ErrNeedsConfirmation
		}
		_, err = homePass(tx)
		if errors.Is(err, chat.ErrNotFound) && !l.grant.IsZero() {
			return nil
		}
		return err
	})
	return state, err
}

// acceptAndSay is Add for someone whose request is waiting.
func (m *Messenger) acceptAndSay(ctx context.Context, id chat.ContactID, o AddOptions) (chat.Contact, error) {
	contact, err := m.Accept(ctx, id)
	if err != nil {
		return chat.Contact{}, err
	}
	if o.Name != "" {
		if err := m.Rename(ctx, id, o.Name); err != nil {
			return chat.Contact{}, err
		}
		contact.Name = content.CleanName(o.Name)
	}
	if o.Message != "" {
		_, err = m.Send(ctx, m.ConversationWith(id), o.Message, SendOptions{})
	}
	return contact, err
}

func (u *unit) addContact(l link, o AddOptions, route chat.Route, opened opening) (chat.Contact, error) {
	contact := chat.Contact{
		ID: l.peer, Name: content.CleanName(o.Name), State: chat.ContactPending, Verification: chat.Unverified, Created: u.now.UTC(),
		Certificate: opened.bundle.Certificate.Bytes(),
	}
	if contact.Name == "" {
		contact.Name = placeholder(l.peer)
	}
	if err := u.Contacts().Put(contact); err != nil {
		return chat.Contact{}, err
	}
	if err := u.takeDevices(l.peer, opened.bundle.Certificate, opened.bundle.List); err != nil {
		return chat.Contact{}, err
	}
	if err := u.knowRelay(route.Relay); err != nil {
		return chat.Contact{}, err
	}
	if err := u.Routes().Put(route); err != nil {
		return chat.Contact{}, err
	}
	if _, err := u.begin(opened); err != nil {
		return chat.Contact{}, err
	}
	home, err := homePass(u.Tx)
	if err := ignoreMissing(err); err != nil {
		return chat.Contact{}, err
	}
	relay, cred := home.Address.String(), mailboxCredential{Secret: string(home.Secret)}
	if movesThere(home, l) {
		relay, cred = l.relay.String(), mailboxCredential{Grant: l.grant[:]}
	}
	if _, err := u.newReach(l.peer, relay, cred); err != nil {
		return chat.Contact{}, err
	}
	if err := u.introduce(l.peer, o.Message); err != nil {
		return chat.Contact{}, err
	}
	if err := u.emit(Event{Type: EventContact, Contact: l.peer, Detail: ContactAdded}); err != nil {
		return chat.Contact{}, err
	}
	if err := u.audit("contact.added", l.peer); err != nil {
		return chat.Contact{}, err
	}
	u.queued = append(u.queued, l.peer)
	return u.Contacts().Get(l.peer)
}

// introduce queues the first content to a contact. Its text, if there is one, is the first message of the conversation.
func (u *unit) introduce(peer chat.ContactID, text string) error {
	route, err := u.routeFor(peer)
	if err != nil {
		return err
	}
	if err := u.ensureConversation(peer); err != nil {
		return err
	}
	self := u.m.Self()
	c := content.Content{
		ID: chat.NewMessageID(), Conv: u.m.ConversationWith(peer), Sent: u.now,
		Body: content.Session{Action: content.Introduce, Profile: &content.Profile{Name: self.Name, Bot: self.Bot}, Route: route, Text: text},
	}
	if text == "" {
		return u.enqueue(peer, c, queueOptions{})
	}
	if c.Seq, err = u.nextSeq(c.Conv); err != nil {
		return err
	}
	if _, err := u.putOwn(peer, c, text); err != nil {
		return err
	}
	return u.enqueue(peer, c, queueOptions{visible: true})
}
