package messenger

import (
	"context"
	"crypto/sha256"
	"errors"
	"time"

	"sotto/chat"
	"sotto/chat/content"
	"sotto/crypto/handshake"
	"sotto/crypto/identity"
	"sotto/crypto/ratchet"
	"sotto/transport/wire"
)

const (
	receiveBatch = 32
	receiveRetry = time.Second
	// receiveRetries bounds the wait for a batch of which nothing can be committed, unless the disk is full.
	receiveRetries = 30
	ackTimeout     = 30 * time.Second
	alertEvery     = time.Hour // one alert about rejected envelopes
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

// remindEvery is how often a contact that writes to an old mailbox is told of the new one: the first word of it may have
// been lost, or have lain at its relay for too long.
const remindEvery = 24 * time.Hour

// settingRouted holds, under a contact's id, when it was last told where to write.
const settingRouted = "messenger/routed/"

// remindRoute tells a contact once more where it is to write.
func (in *intake) remindRoute(mb chat.Mailbox) error {
	rare, err := in.rarely(settingRouted+mb.Contact.String(), remindEvery)
	if err != nil || !rare {
		return err
	}
	return in.queueRoute(mb.Contact)
}

// retireOthers marks the older mailboxes of a contact once it writes to the current one.
func (in *intake) retireOthers(mb chat.Mailbox) error {
	if mb.Contact.IsZero() || !mb.Retired.IsZero() {
		return nil
	}
	var old replaced
	ok, err := getJSON(in.Tx, settingReplaced+mb.Contact.String(), &old)
	if err != nil || !ok {
		return err
	}
	current, _, err := ownReach(in.Tx, mb.Contact)
	if err != nil {
		return ignoreMissing(err)
	}
	if current.ID != mb.ID {
		return in.remindRoute(mb)
	}
	for _, id := range old.Mailboxes {
		prior, err := in.Mailboxes().Get(id)
		if errors.Is(err, chat.ErrNotFound) || err == nil && !prior.Retired.IsZero() {
			continue
		}
		if err != nil {
			return err
		}
		prior.Retired = in.now
		if err := in.Mailboxes().Put(prior); err != nil {
			return err
		}
	}
	return dropSetting(in.Tx, settingReplaced+mb.Contact.String())
}

// receiveInitial opens a first message: the cheap checks first (I16), the keys by the ids it names, the session stored
// together with the plaintext and the deletion of the one-time pair (I9, I10).
func (in *intake) receiveInitial(p wire.Push, mb chat.Mailbox, e sealed) error {
	initial, err := handshake.ParseInitial(e.header)
	if err != nil {
		return in.reject(p)
	}
	secret, ok, err := in.gateSecret(mb, initial)
	if err != nil {
		return err
	}
	if !ok || initial.CheckGate(secret) != nil {
		return in.reject(p)
	}
	own := in.m.own()
	replay := initial.ReplayHash(own.Device.ID())
	if seen, err := in.Replays().SeenInitial(replay); err != nil || seen {
		return err
	}
	set, pair, ok, err := in.privatePrekeys(initial)
	if err != nil {
		return err
	}
	if !ok {
		return in.reject(p)
	}
	if ok, err := in.affords(mb); err != nil {
		return err
	} else if !ok {
		return in.reject(p)
	}
	accepted, err := handshake.Accept(&in.m.known, own, set, pair, initial, secret, in.now)
	if err != nil {
		return in.reject(p)
	}
	peer := chat.ContactID(accepted.Peer)
	if mb.Invitation == "" && mb.Contact != peer {
		return in.reject(p) // I14: a contact's mailbox is for that identity only
	}
	kem, err := accepted.PeerDevice.KEM()
	if err != nil {
		return in.reject(p)
	}
	state, err := ratchet.NewAcceptor(ratchet.AcceptorParams{
		Root: ratchet.Root(accepted.Root), Binding: accepted.Binding, SessionID: accepted.SessionID,
		OwnRatchetKey: accepted.OwnRatchetKey, PeerStaticKEM: kem,
	}, in.now)
	clear(accepted.Root[:])
	if err != nil {
		return in.reject(p)
	}
	next, plaintext, _, err := ratchet.Decrypt(state, e.message, e.associated(), in.now)
	if err != nil {
		return in.reject(p)
	}
	state.Erase()
	// From here on the message is authentic: its keys are used up whatever it says.
	if err := in.Replays().RecordInitial(replay, in.now.Add(handshake.PrekeyRetention)); err != nil {
		return err
	}
	if !accepted.NoOneTimeKey {
		if err := ignoreMissing(in.Prekeys().Delete(chat.KeyID(accepted.UsedPair))); err != nil {
			return err
		}
		in.m.tender.recount(mb.ID)
		in.tend = true
	}
	previous, padded, err := e.opened(plaintext)
	if err != nil {
		return in.reject(p)
	}
	s := session{
		previous: previous,
		Session:  chat.Session{ID: accepted.SessionID, Peer: peer, Device: chat.DeviceID(accepted.PeerDevice.ID), Created: in.now},
		ratchet:  next, binding: accepted.Binding, noForward: accepted.NoOneTimeKey,
	}
	return in.admit(p, mb, s, padded, accepted.PeerCertificate, accepted.PeerList)
}

// gateSecret returns the secret of the mailbox whose bundle the sender used. That is the mailbox the message lies in,
// except for one that follows an introduction in flight to an invitation and took the contact's own mailbox.
func (in *intake) gateSecret(mb chat.Mailbox, initial *handshake.Initial) (handshake.Secret, bool, error) {
	set, err := in.Prekeys().Get(chat.KeyID(initial.SetID()))
	if err != nil {
		return handshake.Secret{}, false, ignoreMissing(err)
	}
	if set.Mailbox != mb.ID {
		if mb.Invitation != "" {
			return handshake.Secret{}, false, nil
		}
		if mb, err = in.Mailboxes().Get(set.Mailbox); err != nil {
			return handshake.Secret{}, false, ignoreMissing(err)
		}
	}
	if len(mb.Secret) != len(handshake.Secret{}) {
		return handshake.Secret{}, false, nil
	}
	return handshake.Secret(mb.Secret), true, nil
}

// privatePrekeys returns the private halves an initial message names, if they belong together and are not spent.
func (in *intake) privatePrekeys(initial *handshake.Initial) (*handshake.PrekeySet, *handshake.OneTimePair, bool, error) {
	var mailbox chat.MailboxID
	get := func(id handshake.ID, kind chat.PrekeyKind) ([]byte, error) {
		k, err := in.Prekeys().Get(chat.KeyID(id))
		if err != nil || k.Kind != kind || !in.now.Before(k.Erase) || kind == chat.PrekeyOneTime && k.Mailbox != mailbox {
			return nil, ignoreMissing(err)
		}
		mailbox = k.Mailbox
		return k.Private, nil
	}
	private, err := get(initial.SetID(), chat.PrekeySigned)
	if err != nil || private == nil {
		return nil, nil, false, err
	}
	set, err := handshake.ParsePrekeySet(private)
	if err != nil {
		return nil, nil, false, chat.ErrDamaged
	}
	id, named := initial.PairID()
	if !named {
		return set, nil, true, nil
	}
	if private, err = get(id, chat.PrekeyOneTime); err != nil || private == nil {
		return nil, nil, false, err
	}
	pair, err := handshake.ParseOneTimePair(private)
	if err != nil {
		return nil, nil, false, chat.ErrDamaged
	}
	return set, pair, true, nil
}

// admit decides what becomes of an authentic first message: a session with a contact, a request, or nothing.
func (in *intake) admit(p wire.Push, mb chat.Mailbox, s session, plaintext []byte, cert *identity.Certificate, list *identity.DeviceList) error {
	contact, err := in.Contacts().Get(s.Peer)
	known := err == nil
	if err := ignoreMissing(err); err != nil {
		return err
	}
	if known && contact.State == chat.ContactBlocked {
		return nil
	}
	c, decodeErr := decodePlaintext(plaintext)
	if !known {
		control, ok := c.Body.(content.Session)
		if decodeErr != nil || mb.Invitation == "" || !ok || control.Action != content.Introduce {
			return in.reject(p)
		}
		admitted, err := in.newRequest(mb, s, c, control, cert, list)
		if err != nil || !admitted {
			return err
		}
	}
	if err := in.takeDevices(s.Peer, cert, list); err != nil {
		if isRefusal(err) {
			return errors.Join(in.refusedList(s.Peer), in.reject(p))
		}
		return err
	}
	if err := in.settle(&s); err != nil {
		return err
	}
	if err := in.putSession(s); err != nil {
		return err
	}
	if known {
		if err := in.emit(Event{Type: EventSession, Contact: s.Peer, Detail: SessionAccepted}); err != nil {
			return err
		}
		if err := in.retireOthers(mb); err != nil {
			return err
		}
	}
	in.queued = append(in.queued, s.Peer)
	return in.open(p, mb, s, plaintext)
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

// settingRejected holds when the last alert about rejected envelopes was raised.
const settingRejected = "messenger/rejected"

type rejections struct {
	Alerted time.Time
	Count   int // in all
}

// alertRejected raises one alert for a flood of rejected envelopes.
func (in *intake) alertRejected() error {
	if in.rejected == 0 {
		return nil
	}
	var r rejections
	if _, err := getJSON(in.Tx, settingRejected, &r); err != nil {
		return err
	}
	r.Count += in.rejected
	if in.now.Sub(r.Alerted) < alertEvery {
		return putJSON(in.Tx, settingRejected, r)
	}
	r.Alerted = in.now
	if err := putJSON(in.Tx, settingRejected, r); err != nil {
		return err
	}
	return in.emit(Event{Type: EventAlert, Detail: AlertRejected, Count: in.rejected})
}
