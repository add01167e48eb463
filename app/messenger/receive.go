package messenger

import (
	"context"
	"crypto/sha256"
	"errors"
	"time"

	"sotto/chat"
	"sotto/chat/content"
	"sotto/crypto/ratchet"
	"sotto/transport/wire"
)

const (
	receiveBatch = 32
	receiveRetry = time.Second
	// receiveRetries bounds the wait for a batch of which nothing can be committed, unless the disk is full.
	receiveRetries = 30
	ackTimeout     = 30 * time.Second
)

// takePushes commits what a relay delivers and then tells it to forget it. What cannot be committed now, because the
// disk is full or refuses, is kept and tried again: nothing is acknowledged before.
func (m *Messenger) takePushes(r *pooled) {
	for {
		var batch []wire.Push
		select {
		case <-r.Done():
			return
		case p := <-r.Pushes():
			batch = append(batch, p)
		}
		for more := true; more && len(batch) < receiveBatch; {
			select {
			case p := <-r.Pushes():
				batch = append(batch, p)
			default:
				more = false
			}
		}
		done := m.commitPushes(r, batch)
		m.acknowledge(r, done)
	}
}

// commitPushes returns the pushes whose outcome is committed. What the store refuses is tried again for a while; then
// what does not need the row that fails goes on, and the rest stays at the relay until the next connection.
func (m *Messenger) commitPushes(r *pooled, batch []wire.Push) []wire.Push {
	m.busy.Add(1)
	defer m.busy.Add(-1)
	m.received.Add(int64(len(batch)))
	for attempt := 0; ; attempt++ {
		err := m.update(m.ctx, func(u *unit) error { return u.receiveAll(batch) })
		if err == nil {
			return batch
		}
		if m.ctx.Err() != nil {
			return nil
		}
		if !blocksAll(err) {
			if done := m.commitOneByOne(batch, errors.Is(err, chat.ErrDamaged)); len(done) > 0 || attempt == receiveRetries {
				return done
			}
		}
		timer := time.NewTimer(receiveRetry)
		select {
		case <-r.Done():
			timer.Stop()
			return nil
		case <-timer.C:
		}
	}
}

// blocksAll reports whether the store can take nothing at all for now: then all waits.
func blocksAll(err error) bool {
	return errors.Is(err, chat.ErrDiskFull) || errors.Is(err, chat.ErrReadOnly) || errors.Is(err, chat.ErrLocked)
}

// isPoison reports whether an error says no to a content for good: trying again would end the same way.
func isPoison(err error) bool {
	for _, refusal := range []error{
		chat.ErrNotFound, chat.ErrMalformed, chat.ErrTooLarge, chat.ErrUnsupported, chat.ErrRefused, chat.ErrNotConsented, chat.ErrBlocked,
		chat.ErrNotAccepted, chat.ErrIdentityChanged, chat.ErrExists,
	} {
		if errors.Is(err, refusal) {
			return true
		}
	}
	return false
}

// commitOneByOne keeps a row that fails, or a poisonous content, from holding up the others. The poisonous one is
// rejected, and nothing of it is kept.
func (m *Messenger) commitOneByOne(batch []wire.Push, damaged bool) (done []wire.Push) {
	for _, p := range batch {
		err := m.update(m.ctx, func(u *unit) error { return u.receiveAll([]wire.Push{p}) })
		if isPoison(err) {
			err = m.update(m.ctx, func(u *unit) error { return u.rejectAlone(p) })
		}
		if err == nil {
			done = append(done, p)
		}
	}
	if damaged {
		//nolint:errcheck // the damage is reported by every read as well
		m.update(m.ctx, func(u *unit) error { return u.emit(Event{Type: EventAlert, Detail: AlertDamaged}) })
	}
	return done
}

func (m *Messenger) acknowledge(r Relay, done []wire.Push) {
	byMailbox := map[wire.Mailbox][]uint64{}
	for _, p := range done {
		byMailbox[p.Mailbox] = append(byMailbox[p.Mailbox], p.Seq)
	}
	for mailbox, seqs := range byMailbox {
		ctx, cancel := context.WithTimeout(m.ctx, ackTimeout)
		//nolint:errcheck // what is not acknowledged comes again and is found to be a duplicate
		r.Ack(ctx, mailbox, seqs...)
		cancel()
	}
}

// receiveAll takes a batch in one unit of work. Only errors of the store come back.
func (u *unit) receiveAll(batch []wire.Push) error {
	in := &intake{unit: u, delivered: map[chat.ContactID][]chat.MessageID{}}
	for _, p := range batch {
		if err := in.receive(p); err != nil {
			return err
		}
	}
	return in.finish()
}

// rejectAlone commits that an envelope is poison, and nothing else.
func (u *unit) rejectAlone(p wire.Push) error {
	in := &intake{unit: u}
	if err := in.reject(p); err != nil {
		return err
	}
	return in.finish()
}

// intake is the receiving of one batch: what is told once for all of it.
type intake struct {
	*unit
	delivered map[chat.ContactID][]chat.MessageID
	peers     []chat.ContactID // in order of the first delivery
	rejected  int
}

func (in *intake) finish() error {
	for _, peer := range in.peers {
		if err := in.sendReceipt(peer, content.Delivered, chat.DeliveryReceipts, in.delivered[peer]); err != nil {
			return err
		}
	}
	return in.alertRejected()
}

// receive brings one envelope to exactly one outcome: stored, duplicate or rejected.
func (in *intake) receive(p wire.Push) error {
	mb, err := in.Mailboxes().Get(chat.MailboxID(p.Mailbox))
	if errors.Is(err, chat.ErrNotFound) {
		return in.reject(p)
	}
	if err != nil {
		return err
	}
	e, err := parseEnvelope(p.Envelope)
	if err != nil {
		return in.reject(p)
	}
	id, ok := ratchet.MessageSession(e.message)
	if !ok {
		return in.reject(p)
	}
	stored, err := in.Sessions().Get(chat.SessionID(id))
	switch {
	case err == nil:
		return in.receiveIn(p, mb, e, stored)
	case !errors.Is(err, chat.ErrNotFound):
		return err
	case e.kind == typeInitial:
		return in.receiveInitial(p, mb, e)
	}
	return in.unreadable(p, mb.Contact)
}

// unreadable rejects what a contact's mailbox holds and no session opens. If it was the contact's, one of both lost its
// state: the contact is asked, rarely, to begin anew.
func (in *intake) unreadable(p wire.Push, contact chat.ContactID) error {
	if !contact.IsZero() {
		if err := in.askAgain(contact); err != nil {
			return err
		}
	}
	return in.reject(p)
}

// receiveIn opens a message of a known session. The session is chosen by the id it names, never by trial (I18), and only
// in a mailbox that its peer may write to.
func (in *intake) receiveIn(p wire.Push, mb chat.Mailbox, e sealed, stored chat.Session) error {
	if mb.Invitation == "" && mb.Contact != stored.Peer {
		return in.reject(p)
	}
	contact, err := in.Contacts().Get(stored.Peer)
	if errors.Is(err, chat.ErrNotFound) || err == nil && contact.State == chat.ContactBlocked {
		return nil // a refusal, not poison: nothing of theirs is taken
	}
	if err != nil {
		return err
	}
	s, err := in.session(stored)
	if err != nil {
		return err
	}
	next, plaintext, opened, err := ratchet.Decrypt(s.ratchet, e.message, e.associated(), in.now)
	if errors.Is(err, ratchet.ErrDuplicate) {
		return nil
	}
	if err != nil {
		return in.unreadable(p, mb.Contact)
	}
	s.ratchet.Erase()
	s.ratchet = next
	answered := s.waits()
	s.Header = nil
	if answered && s.tied {
		// The peer knows both sessions that were begun at once, and answers in this one: it saw ours answered before its
		// own arrived, and so took its own for the newer.
		if err := in.prefer(&s); err != nil {
			return err
		}
	}
	if answered || opened.Turn && next.Status(in.now).Role == ratchet.Acceptor {
		s.noForward = false // the peer's chain is a reply: its keys are fresh
	}
	if err := in.putSession(s); err != nil {
		return err
	}
	if answered {
		if err := in.emit(Event{Type: EventSession, Contact: s.Peer, Detail: SessionAnswered}); err != nil {
			return err
		}
	}
	if err := in.retireOthers(mb); err != nil {
		return err
	}
	_, padded, err := e.opened(plaintext)
	if err != nil {
		return in.reject(p)
	}
	return in.open(p, mb, s, padded)
}

func decodePlaintext(plaintext []byte) (content.Content, error) {
	inner, err := unpad(plaintext)
	if err != nil {
		return content.Content{}, err
	}
	return content.Decode(inner)
}

// open decodes an authenticated plaintext and applies it. What does not decode is rejected; its key is used up all the
// same.
func (in *intake) open(p wire.Push, mb chat.Mailbox, s session, plaintext []byte) error {
	c, err := decodePlaintext(plaintext)
	clear(plaintext)
	if err != nil {
		return in.reject(p)
	}
	if c.Conv != in.m.ConversationWith(s.Peer) {
		return in.reject(p)
	}
	return in.apply(mb, s, c)
}

// reject counts an envelope that nothing here opens.
func (in *intake) reject(p wire.Push) error {
	in.rejected++
	_, err := in.Replays().Reject(sha256.Sum256(p.Envelope), in.now)
	return err
}
