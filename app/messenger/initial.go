package messenger

import (
	"errors"

	"sotto/chat"
	"sotto/chat/content"
	"sotto/crypto/handshake"
	"sotto/crypto/identity"
	"sotto/crypto/ratchet"
	"sotto/transport/wire"
)

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
