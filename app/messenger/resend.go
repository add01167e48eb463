package messenger

import (
	"slices"
	"time"

	"sotto/chat"
	"sotto/chat/content"
	"sotto/transport/wire"
)

// Lost state (I13; docs/PROTOCOL.md section 7.5). Who cannot read any more what a contact sends begins a new session and
// asks in it for what did not arrive. Who is asked sends again what is not known to have arrived, within these bounds.
const (
	resendMost  = 50
	resendAge   = 7 * 24 * time.Hour
	resendEvery = time.Hour
	resendBytes = 512 << 20      // of files, to one contact in a day: their blobs may have to be brought again
	askEvery    = 24 * time.Hour // one question by contact, whatever is in its mailbox
)

// Names of settings, under a contact's id.
const (
	settingResent = "messenger/resent/" // resendRecord
	settingAsked  = "messenger/asked/"  // when the contact was asked to send again
)

// resendRecord is when a contact was sent things again, and whether it waits for that until the person has confirmed.
type resendRecord struct {
	At   time.Time
	Held bool `json:",omitempty"`

	Since time.Time `json:",omitzero"`  // when the files of a day began to be counted
	Bytes int64     `json:",omitempty"` // of them
}

// askAgain asks an accepted contact for a new session and for what did not arrive: the present session is given up.
func (u *unit) askAgain(peer chat.ContactID) error {
	contact, err := u.Contacts().Get(peer)
	if err != nil || contact.State != chat.ContactAccepted {
		return ignoreMissing(err)
	}
	if rare, err := u.rarely(settingAsked+peer.String(), askEvery); err != nil || !rare {
		return err
	}
	if err := u.abandonSessions(contact); err != nil {
		return err
	}
	return u.emit(Event{Type: EventSession, Contact: peer, Detail: SessionLost})
}

// rarely reports whether the last time it said so under a name is long enough ago, and remembers this one.
func (u *unit) rarely(name string, every time.Duration) (bool, error) {
	var last time.Time
	if _, err := getJSON(u.Tx, name, &last); err != nil {
		return false, err
	}
	if !last.IsZero() && u.now.Sub(last) < every && !u.now.Before(last) {
		return false, nil
	}
	return true, putJSON(u.Tx, name, u.now.UTC())
}

// applyAgain answers a contact that lost its state.
func (in *intake) applyAgain(s session, contact chat.Contact) error {
	if contact.State != chat.ContactAccepted {
		return nil
	}
	if !s.Archived.IsZero() {
		if err := in.yield(&s); err != nil {
			return err
		}
	}
	if err := in.unseal(contact.ID); err != nil {
		return err
	}
	if rare, err := in.rarely(settingRouted+contact.ID.String(), resendEvery); err != nil {
		return err
	} else if rare { // it may have lost the way as well
		if err := in.queueRoute(contact.ID); err != nil {
			return err
		}
	}
	if err := in.timerWithAnswer(contact.ID); err != nil {
		return err
	}
	trusted, err := in.mayResend(contact, s.Device)
	if err != nil {
		return err
	}
	var r resendRecord
	if _, err := getJSON(in.Tx, settingResent+contact.ID.String(), &r); err != nil {
		return err
	}
	if !trusted {
		if r.Held {
			return nil
		}
		r.Held = true
		if err := putJSON(in.Tx, settingResent+contact.ID.String(), r); err != nil {
			return err
		}
		return in.emit(Event{Type: EventSession, Contact: contact.ID, Detail: SessionResendHeld})
	}
	return in.resend(contact.ID, r)
}

// yield gives way to a session that lost against an own one, begun at the same time: its peer has nothing else. An own
// one that was begun for the same reason stays: then both sides decide by the binding.
func (u *unit) yield(s *session) error {
	present, err := u.sendingSession(s.Peer)
	if err := ignoreMissing(err); err != nil {
		return err
	}
	if present.anew || !present.waits() {
		return nil
	}
	if err := u.prefer(s); err != nil {
		return err
	}
	return u.putSession(*s)
}

// mayResend reports whether a device may be sent again what another state of it was sent: it is one the person knows.
func (u *unit) mayResend(contact chat.Contact, device chat.DeviceID) (bool, error) {
	if contact.Verification == chat.Changed {
		return false, nil
	}
	pin, err := u.pinOf(contact.ID)
	return err == nil && !pin.Restored && !pin.isNew(device), err
}

// resendHeld sends what waited for the person's confirmation.
func (u *unit) resendHeld(peer chat.ContactID) error {
	var r resendRecord
	if _, err := getJSON(u.Tx, settingResent+peer.String(), &r); err != nil || !r.Held {
		return err
	}
	return u.resend(peer, r)
}

// resend queues once more the own messages that are not known to have arrived, oldest first, under their own ids: what did
// arrive changes nothing there.
func (u *unit) resend(peer chat.ContactID, r resendRecord) error {
	if !r.At.IsZero() && u.now.Sub(r.At) < resendEvery && !u.now.Before(r.At) {
		return nil
	}
	messages, err := u.undelivered(u.m.ConversationWith(peer))
	if err != nil {
		return err
	}
	contact, err := u.Contacts().Get(peer)
	if err != nil {
		return err
	}
	refused := 0
	if allowed, err := u.m.mayRead(u.Tx, contact); err != nil {
		return err
	} else if !allowed { // what takes something back still goes
		all := len(messages)
		messages = slices.DeleteFunc(messages, func(msg chat.Message) bool { return !msg.Deleted })
		refused = all - len(messages)
	}
	if messages, err = u.bearable(messages, &r); err != nil {
		return err
	}
	for _, msg := range messages {
		if err := u.resendMessage(peer, msg); err != nil {
			return err
		}
	}
	if err := putJSON(u.Tx, settingResent+peer.String(), resendRecord{At: u.now.UTC(), Since: r.Since, Bytes: r.Bytes}); err != nil {
		return err
	}
	u.queued = append(u.queued, peer)
	if refused > 0 {
		if err := u.emit(Event{Type: EventSession, Contact: peer, Detail: SessionResendRefused, Count: refused}); err != nil {
			return err
		}
	}
	if len(messages) == 0 {
		return nil
	}
	if err := u.audit("messages.resent", peer); err != nil {
		return err
	}
	return u.emit(Event{Type: EventSession, Contact: peer, Detail: SessionResent, Count: len(messages)})
}

// undelivered returns the newest own messages of a conversation that were sent and not confirmed, are not expired, not in
// the queue, and young enough, oldest first.
func (u *unit) undelivered(conv chat.ConversationID) ([]chat.Message, error) {
	rows, err := u.Messages().Page(conv, 0, chat.MaxLate)
	if err != nil {
		return nil, err
	}
	var out []chat.Message
	for _, msg := range rows {
		if msg.Direction != chat.Out || msg.Kind != chat.KindText && msg.Kind != chat.KindAttachment || msg.State != chat.Sent || u.now.Sub(msg.Sent) > resendAge ||
			u.ended(msg) {
			continue
		}
		waiting, err := u.Queue().ForMessage(msg.ID)
		if err != nil {
			return nil, err
		}
		if len(waiting) == 0 {
			out = append(out, msg)
		}
	}
	return out[max(0, len(out)-resendMost):], nil
}

// bearable leaves out files beyond those that a contact is sent again in a day, the oldest first, and counts the others.
func (u *unit) bearable(messages []chat.Message, r *resendRecord) ([]chat.Message, error) {
	if u.now.Sub(r.Since) >= 24*time.Hour || u.now.Before(r.Since) {
		r.Since, r.Bytes = u.now.UTC(), 0
	}
	var out []chat.Message
	for _, msg := range slices.Backward(messages) {
		if msg.Kind == chat.KindAttachment && !msg.Deleted {
			a, err := u.Attachments().Get(msg.ID)
			if err := ignoreDamage(err); err != nil {
				return nil, err
			}
			if r.Bytes+a.Sealed > resendBytes {
				continue
			}
			r.Bytes += a.Sealed
		}
		out = append(out, msg)
	}
	slices.Reverse(out)
	return out, nil
}

// resendMessage queues a message as it reads now, with the edit that made it so, or its deletion.
func (u *unit) resendMessage(peer chat.ContactID, msg chat.Message) error {
	if msg.Deleted {
		return u.withdraw(msg)
	}
	if msg.Kind == chat.KindAttachment {
		return u.resendFile(peer, msg)
	}
	c := content.Content{
		ID: msg.ID, Conv: msg.Conversation, Seq: msg.Seq, Sent: msg.Sent, ReplyTo: msg.ReplyTo, ExpiresAfter: msg.ExpiresAfter,
		Body: content.Text{Text: msg.Text},
	}
	if err := u.enqueue(peer, c, queueOptions{visible: true}); err != nil || !msg.Edited {
		return err
	}
	kept, err := u.Annotations().ForTarget(msg.Conversation, msg.ID)
	if err != nil {
		return err
	}
	for _, a := range kept {
		if a.Kind != chat.AnnotateEdit || a.Author != u.m.Self().ID {
			continue
		}
		edit := content.Content{ID: a.ID, Conv: a.Conversation, Seq: a.Seq, Sent: a.Sent, Body: content.Edit{Target: msg.ID, Text: a.Text}}
		if err := u.enqueue(peer, edit, queueOptions{}); err != nil {
			return err
		}
	}
	return nil
}

// resendFile queues a message with a file behind a look at its blob, which is uploaded anew where it is gone.
func (u *unit) resendFile(peer chat.ContactID, msg chat.Message) error {
	a, err := u.Attachments().Get(msg.ID)
	if err != nil || !a.Stored || u.m.blobs == nil {
		return ignoreDamage(err)
	}
	if len(a.ReadKey) != len(wire.ReadKey{}) { // from a backup or an export
		a = withKeys(a)
	}
	c, err := u.attachmentContent(msg, a)
	if err != nil {
		return err
	}
	a.State, a.Failure, a.Attempts, a.NotBefore = chat.FileSending, "", 0, time.Time{}
	if err := u.putFile(msg, a); err != nil {
		return err
	}
	return u.enqueue(peer, c, queueOptions{visible: true, held: true})
}

// asksAgain reports whether a question to send again waits for a contact.
func (u *unit) asksAgain(peer chat.ContactID) (bool, error) {
	items, err := u.queueOf(peer)
	if err != nil {
		return false, err
	}
	for _, item := range items {
		c, err := content.Decode(item.Content)
		if err != nil {
			continue // of a later version
		}
		if control, ok := c.Body.(content.Session); ok && control.Action == content.Again {
			return true, nil
		}
	}
	return false, nil
}

// forgotten asks an accepted contact of whom no session is left at all to send again what did not arrive.
func (u *unit) forgotten(peer chat.ContactID) error {
	contact, err := u.Contacts().Get(peer)
	if err != nil || contact.State != chat.ContactAccepted {
		return ignoreMissing(err)
	}
	sessions, err := u.Sessions().ForPeer(peer)
	if err != nil || len(sessions) > 0 {
		return err
	}
	return u.queueAgain(peer)
}

// queueAgain queues the question to send again, once, and the own timer behind it.
func (u *unit) queueAgain(peer chat.ContactID) error {
	if asked, err := u.asksAgain(peer); err != nil || asked {
		return err
	}
	if err := u.enqueueBody(peer, content.Session{Action: content.Again}, queueOptions{}); err != nil {
		return err
	}
	return u.timerWithQuestion(peer)
}
