package messenger

import (
	"errors"

	"sotto/chat"
	"sotto/chat/content"
)

// apply takes a decoded content of an authenticated peer into the history. Only errors of the store come back; what the
// peer may not do has no effect.
func (in *intake) apply(mb chat.Mailbox, s session, c content.Content) error {
	contact, err := in.Contacts().Get(s.Peer)
	if err != nil {
		return err
	}
	if control, ok := c.Body.(content.Session); ok {
		return in.applyControl(mb, s, contact, c, control)
	}
	// One that we added writes only once it has us, so its words may overtake its answer, which comes to another mailbox.
	if contact.State != chat.ContactAccepted && contact.State != chat.ContactPending {
		return nil // a request is its introduction and nothing more
	}
	if c.Sequenced() {
		if err := in.noteSeq(c, s); err != nil {
			return err
		}
	}
	switch b := c.Body.(type) {
	case nil:
		return in.storeMessage(contact, s, c, chat.Message{Kind: chat.KindUnknown, Raw: c.Raw})
	case content.Text:
		return in.storeMessage(contact, s, c, chat.Message{Kind: chat.KindText, Text: b.Text})
	case content.Attachment:
		return in.applyAttachment(mb, contact, s, c, b)
	case content.Edit, content.Delete, content.Reaction:
		return in.annotate(annotationOf(c, s.Peer))
	case content.Receipt:
		return in.applyReceipt(contact, b)
	case content.Typing:
		return in.emit(Event{Type: EventTyping, Contact: contact.ID, Conversation: c.Conv, On: b.Active})
	case content.Profile:
		return in.applyProfile(contact, b)
	case content.Route:
		return in.takeRoute(s.Peer, s.Device, &b)
	case content.Timer:
		return in.applyTimer(contact, s, c, b)
	}
	return in.hand(contact, c)
}

// hand gives a content to the use case that registered for it.
func (in *intake) hand(contact chat.Contact, c content.Content) error {
	handler := in.m.handlers[c.Kind()]
	if handler == nil {
		return nil
	}
	if err := handler(in.Tx, contact.ID, c); err != nil {
		return err
	}
	in.rescan, in.files, in.blobs = true, true, true // it may have queued an answer, or removed messages with files
	e := Event{Type: EventConsent, Contact: contact.ID, Conversation: c.Conv, Message: c.ID, Detail: c.Kind().String()}
	switch b := c.Body.(type) {
	case content.Consent:
		e.Text, e.On = b.Purpose, b.Given
	case content.Erasure:
		e.Text = b.Outcome.String()
	}
	return in.emit(e)
}

// applyControl takes introductions, acceptances and confirmations.
func (in *intake) applyControl(mb chat.Mailbox, s session, contact chat.Contact, c content.Content, b content.Session) error {
	switch b.Action {
	case content.Introduce:
		return in.applyIntroduction(mb, s, contact, c, b)
	case content.Accept:
		return in.applyAcceptance(s, contact, b)
	case content.Again:
		return in.applyAgain(s, contact)
	case content.Devices:
		return in.applyDevices(contact, b.Devices)
	}
	return nil // a confirmation has done its work by turning the ratchet
}

// applyIntroduction takes the first content of a peer. A stranger's waits for the person; one that we invited, or added
// ourselves at the same time, is welcome at once.
func (in *intake) applyIntroduction(mb chat.Mailbox, s session, contact chat.Contact, c content.Content, b content.Session) error {
	if err := in.takeRoute(s.Peer, s.Device, b.Route); err != nil {
		return err
	}
	if known, err := in.asked(contact); err != nil || known {
		return err
	}
	contact, err := in.rename(contact, *b.Profile)
	if err != nil {
		return err
	}
	switch contact.State {
	case chat.ContactRequest:
		return in.storeRequest(mb, contact, c, b)
	case chat.ContactPending:
		contact.State, contact.Accepted = chat.ContactAccepted, in.now
		if err := in.Contacts().Put(contact); err != nil {
			return err
		}
		if err := in.emit(Event{Type: EventContact, Contact: contact.ID, Detail: ContactAccepted}); err != nil {
			return err
		}
	case chat.ContactAccepted:
	default:
		return nil
	}
	if err := in.answerIntroduction(contact.ID); err != nil {
		return err
	}
	if b.Text == "" {
		return nil
	}
	if err := in.noteSeq(c, s); err != nil {
		return err
	}
	return in.storeMessage(contact, s, c, chat.Message{Kind: chat.KindText, Text: b.Text})
}

// answerIntroduction tells a contact that it is accepted and where to write.
func (u *unit) answerIntroduction(peer chat.ContactID) error {
	route, err := u.routeFor(peer)
	if err != nil {
		return ignoreMissing(err)
	}
	self := u.m.Self()
	return u.enqueueBody(peer, content.Session{
		Action: content.Accept, Profile: &content.Profile{Name: self.Name, Bot: self.Bot}, Route: route,
	}, queueOptions{})
}

// applyAcceptance ends the wait for a contact that we added.
func (in *intake) applyAcceptance(s session, contact chat.Contact, b content.Session) error {
	if contact.State != chat.ContactPending && contact.State != chat.ContactAccepted {
		return nil
	}
	if err := in.takeRoute(s.Peer, s.Device, b.Route); err != nil {
		return err
	}
	if err := in.introductionArrived(contact.ID); err != nil {
		return err
	}
	contact, err := in.rename(contact, *b.Profile)
	if err != nil || contact.State == chat.ContactAccepted {
		return err
	}
	contact.State, contact.Accepted = chat.ContactAccepted, in.now
	if err := in.Contacts().Put(contact); err != nil {
		return err
	}
	if err := in.emit(Event{Type: EventContact, Contact: contact.ID, Detail: ContactAccepted}); err != nil {
		return err
	}
	in.queued = append(in.queued, contact.ID)
	// The peer's ratchet proves our post-quantum keys with the next chain: give it one now.
	return in.enqueueBody(contact.ID, content.Session{Action: content.Confirm}, queueOptions{})
}

// introductionArrived takes the introduction that a contact has answered off the queue. The relay's word that it took it
// may have been lost, and by now the invitation may be used up: then it could only fail.
func (u *unit) introductionArrived(peer chat.ContactID) error {
	items, err := u.Queue().List()
	if err != nil {
		return err
	}
	for _, item := range items {
		if item.Peer != peer || item.Envelope == nil {
			continue
		}
		c, err := content.Decode(item.Content)
		if err != nil {
			continue // of a later version
		}
		if control, ok := c.Body.(content.Session); ok && control.Action == content.Introduce {
			if err := u.wasSent(item); err != nil {
				return err
			}
		}
	}
	return nil
}

// applyProfile takes what a contact calls itself now.
func (in *intake) applyProfile(contact chat.Contact, p content.Profile) error {
	next, err := in.rename(contact, p)
	if err != nil || next.ProfileName == contact.ProfileName && next.Bot == contact.Bot {
		return err
	}
	return in.emit(Event{Type: EventContact, Contact: contact.ID, Detail: ContactProfile})
}

// rename stores a profile. The shown name follows its name unless the person chose another. Who said once that it is a bot
// stays one here: to say otherwise must not open what the person closed.
func (u *unit) rename(contact chat.Contact, p content.Profile) (chat.Contact, error) {
	turned := p.Bot && !contact.Bot
	if p.Name == "" || p.Name == contact.ProfileName && !turned {
		return contact, nil
	}
	known := contact.ProfileName != ""
	if contact.Name == contact.ProfileName || contact.Name == placeholder(contact.ID) {
		contact.Name = p.Name
	}
	contact.ProfileName, contact.Bot = p.Name, contact.Bot || p.Bot
	if err := u.Contacts().Put(contact); err != nil || !turned {
		return contact, err
	}
	return contact, u.becomeBot(contact, known)
}

// placeholder is the name of a contact that has not said its own.
func placeholder(id chat.ContactID) string { return id.String()[:8] }

// storeMessage puts a message where it belongs, tells it and prepares its receipt. A message id that is known already
// has no effect: neither a repetition nor another author can change what is there.
func (in *intake) storeMessage(contact chat.Contact, s session, c content.Content, msg chat.Message) error {
	if _, err := in.Messages().Get(c.ID); !errors.Is(err, chat.ErrNotFound) {
		return err
	}
	if err := in.ensureConversation(contact.ID); err != nil {
		return err
	}
	msg.ID, msg.Conversation, msg.Author, msg.Device = c.ID, c.Conv, s.Peer, s.Device
	msg.Direction, msg.State = chat.In, chat.Delivered
	msg.Seq, msg.Sent, msg.Received = c.Seq, c.Sent, in.now.UTC()
	msg.ReplyTo, msg.ExpiresAfter, msg.NoForward = c.ReplyTo, c.ExpiresAfter, s.noForward
	msg.Expires = in.endUnread(c.ExpiresAfter)
	msg, err := in.place(msg)
	if err != nil {
		return err
	}
	if err := in.arrived(msg); err != nil {
		return err
	}
	if _, changed, err := in.fold(msg); err != nil {
		return err
	} else if changed {
		if err := in.refresh(msg.Conversation); err != nil {
			return err
		}
	}
	if !in.pending(contact.ID, c.ID) {
		in.delivered[contact.ID] = append(in.delivered[contact.ID], c.ID)
	}
	return in.emit(Event{Type: EventMessage, Contact: contact.ID, Conversation: c.Conv, Message: c.ID})
}

// pending remembers the order of the contacts that get a receipt; it reports whether the id is noted already.
func (in *intake) pending(peer chat.ContactID, id chat.MessageID) bool {
	ids, known := in.delivered[peer]
	if !known {
		in.peers = append(in.peers, peer)
	}
	for _, other := range ids {
		if other == id {
			return true
		}
	}
	return false
}
