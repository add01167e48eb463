package messenger

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"sotto/chat"
	"sotto/crypto/encode"
	"sotto/crypto/handshake"
	"sotto/crypto/identity"
	"sotto/crypto/ratchet"
	"sotto/transport/wire"
)

// archivedFor is how long a session that no longer sends can still be read (I12), maxArchived how many of them are kept
// by contact: whoever begins one session after the other loses the oldest.
const (
	archivedFor = 30 * 24 * time.Hour
	maxArchived = 16
)

// session is a chat.Session with its state parsed. What storage keeps as State is a version byte, flags, the binding
// and the ratchet state (docs/PROTOCOL.md section 7).
type session struct {
	chat.Session
	ratchet  ratchet.State
	binding  [32]byte
	previous chat.SessionID // the session that its initiator used before; zero: it knew none

	noForward bool // the last first message had no one-time key, and no reply came since
	tied      bool // own, archived because both sides began at once and the other's sends
	anew      bool // begun by this side because it lost what it had
	warned    bool // that a post-quantum exchange is overdue
}

const (
	stateVersion  = 1
	flagNoForward = 1
	flagTied      = 2
	flagAnew      = 4
	flagWarned    = 8
)

// parseSession reads a session to look at it.
func parseSession(s chat.Session) (session, error) {
	return decodeSession(s, ratchet.ParseState)
}

// session reads a session to go on with it.
func (u *unit) session(s chat.Session) (session, error) {
	return decodeSession(s, func(stored []byte) (ratchet.State, error) { return u.ratchet(s.ID, stored) })
}

func decodeSession(s chat.Session, parse func([]byte) (ratchet.State, error)) (session, error) {
	r := encode.NewReader(s.State)
	head := r.Fixed(2)
	binding, previous := r.Fixed(32), r.Fixed(len(chat.SessionID{}))
	state := r.Bytes(ratchet.MaxState)
	if r.Done() != nil || head[0] != stateVersion {
		return session{}, fmt.Errorf("%w: session", chat.ErrDamaged)
	}
	parsed, err := parse(state)
	if err != nil {
		return session{}, fmt.Errorf("%w: session", chat.ErrDamaged)
	}
	return session{
		Session: s, ratchet: parsed, binding: [32]byte(binding), previous: chat.SessionID(previous),
		noForward: head[1]&flagNoForward != 0, tied: head[1]&flagTied != 0, anew: head[1]&flagAnew != 0, warned: head[1]&flagWarned != 0,
	}, nil
}

// flags returns what is remembered of the session beside its ratchet.
func (s session) flags() (f byte) {
	for _, flag := range []struct {
		on  bool
		bit byte
	}{{s.noForward, flagNoForward}, {s.tied, flagTied}, {s.anew, flagAnew}, {s.warned, flagWarned}} {
		if flag.on {
			f |= flag.bit
		}
	}
	return f
}

// waits reports whether the session was begun here and nothing of the peer came in it: it may not know the session yet.
func (s session) waits() bool { return s.Header != nil }

// putSession stores the session with its present ratchet state.
func (u *unit) putSession(s session) error {
	const head = 2 + len(s.binding) + len(s.previous)
	s.State = make([]byte, 0, head+lengthSize+s.ratchet.Size())
	s.State = append(s.State, stateVersion, s.flags())
	s.State = append(s.State, s.binding[:]...)
	s.State = append(s.State, s.previous[:]...)
	s.State = binary.BigEndian.AppendUint32(s.State, uint32(s.ratchet.Size()))
	s.State = s.ratchet.Append(s.State)
	s.Used = u.now
	if err := u.Sessions().Put(s.Session); err != nil {
		return err
	}
	u.stage(s.ID, s.State[head+lengthSize:], s.ratchet)
	return nil
}

// sendingSession returns the session that sends to a peer's device, to look at it; chat.ErrNotFound when there is none.
func sendingSession(tx chat.Tx, peer chat.ContactID) (session, error) {
	s, err := sending(tx, peer)
	if err != nil {
		return session{}, err
	}
	return parseSession(s)
}

// sendingSession returns it to go on with it.
func (u *unit) sendingSession(peer chat.ContactID) (session, error) {
	s, err := sending(u.Tx, peer)
	if err != nil {
		return session{}, err
	}
	return u.session(s)
}

func sending(tx chat.Tx, peer chat.ContactID) (chat.Session, error) {
	sessions, err := tx.Sessions().ForPeer(peer)
	if err != nil {
		return chat.Session{}, err
	}
	for _, s := range sessions {
		if s.Archived.IsZero() {
			return s, nil
		}
	}
	return chat.Session{}, chat.ErrNotFound
}

// seal encrypts a content under the session and returns the session after it and the envelope. It stores nothing.
func seal(s session, content []byte) (session, []byte, error) {
	e := sealed{kind: typeMessage}
	if s.Header != nil {
		e.kind, e.header = typeInitial, s.Header
	}
	var lead []byte
	if e.kind == typeInitial {
		lead = s.previous[:]
	}
	before, overhead := e.prefixSize(), s.ratchet.Overhead()
	plaintext, err := pad(lead, content, before, overhead)
	if err != nil {
		return session{}, nil, err
	}
	envelope := e.prefix(make([]byte, 0, before+overhead+len(plaintext)))
	next, envelope, err := ratchet.EncryptTo(envelope, s.ratchet, plaintext, e.associated())
	clear(plaintext)
	if err != nil {
		return session{}, nil, fmt.Errorf("encrypt: %w", err)
	}
	s.ratchet.Erase()
	s.ratchet = next
	return s, envelope, nil
}

// settle makes a new session the one that sends, unless another wins (I12; docs/PROTOCOL.md section 7.3). An own session
// that the peer did not know when it began this one was begun at the same time: the smaller binding sends.
func (u *unit) settle(s *session) error {
	others, err := u.Sessions().ForPeer(s.Peer)
	if err != nil {
		return err
	}
	archived := 0
	for _, o := range others { // newest first
		if o.ID == s.ID {
			continue
		}
		if archived++; archived > maxArchived {
			if err := u.deleteSession(o.ID); err != nil {
				return err
			}
			continue
		}
		if !o.Archived.IsZero() {
			continue
		}
		other, err := u.session(o)
		if errors.Is(err, chat.ErrDamaged) {
			o.Archived = u.now
			if err := u.Sessions().Put(o); err != nil {
				return err
			}
			continue
		}
		if err != nil {
			return err
		}
		atOnce := other.waits() && !s.waits() && other.Device == s.Device && s.previous != other.ID
		if atOnce && bytes.Compare(other.binding[:], s.binding[:]) < 0 {
			s.Archived = u.now
			continue
		}
		other.Archived, other.tied = u.now, atOnce
		if err := u.putSession(other); err != nil {
			return err
		}
	}
	return nil
}

// prefer makes an archived session the one that sends: the peer has chosen it.
func (u *unit) prefer(s *session) error {
	others, err := u.Sessions().ForPeer(s.Peer)
	if err != nil {
		return err
	}
	for _, o := range others {
		if o.ID == s.ID || !o.Archived.IsZero() {
			continue
		}
		o.Archived = u.now
		if err := u.Sessions().Put(o); err != nil {
			return err
		}
	}
	s.Archived, s.tied = time.Time{}, false
	return nil
}

// lastSession returns the session that sends to a device, else the one that did last; zero when none is known.
func lastSession(tx chat.Tx, peer chat.ContactID, device chat.DeviceID) (chat.SessionID, error) {
	sessions, err := tx.Sessions().ForPeer(peer)
	if err != nil {
		return chat.SessionID{}, err
	}
	var last chat.Session
	for _, s := range sessions {
		switch {
		case s.Device != device:
		case s.Archived.IsZero():
			return s.ID, nil
		case s.Archived.After(last.Archived):
			last = s
		}
	}
	return last.ID, nil
}

// opening is what initiate brings from the network: everything needed to begin a session.
type opening struct {
	initiated *handshake.Initiated
	bundle    *handshake.Bundle
}

// initiate takes a bundle and a one-time pair from a peer's mailbox and computes a handshake. It stores nothing.
func (m *Messenger) initiate(ctx context.Context, route chat.Route) (opening, error) {
	relay, err := m.pool.get(route.Relay)
	if err != nil {
		return opening{}, err
	}
	if len(route.Token) != 32 || len(route.Secret) != 32 {
		return opening{}, fmt.Errorf("%w: route", chat.ErrMalformed)
	}
	secret := handshake.Secret(route.Secret)
	for attempt := 0; ; attempt++ {
		var sealedBundle []byte
		var prekey *wire.Prekey
		err := eagerly(ctx, relay, func() (err error) {
			sealedBundle, prekey, err = relay.PopPrekey(ctx, wire.Mailbox(route.Mailbox), wire.Token(route.Token))
			return err
		})
		if err != nil {
			return opening{}, relayError(err)
		}
		bundle, err := handshake.OpenBundle(&m.known, secret, sealedBundle, identity.Fingerprint(route.Peer), m.now())
		if err != nil {
			return opening{}, bundleError(err)
		}
		var pair *handshake.PublicPair
		if prekey != nil {
			if pair, err = handshake.OpenPair(secret, prekey.Sealed); err != nil {
				return opening{}, bundleError(err)
			}
		}
		out, err := handshake.Initiate(m.own(), bundle, pair, secret, m.now())
		if errors.Is(err, handshake.ErrUnlistedPair) && attempt < 2 {
			continue // the bundle was replaced between its reading and the pair's
		}
		if err != nil {
			return opening{}, bundleError(err)
		}
		return opening{initiated: out, bundle: bundle}, nil
	}
}

// begin stores the initiator's session within the unit of work.
func (u *unit) begin(o opening) (session, error) {
	in := o.initiated
	state, err := ratchet.NewInitiator(ratchet.InitiatorParams{
		Root: ratchet.Root(in.Root), Binding: in.Binding, SessionID: in.SessionID,
		PeerRatchetKey: in.PeerRatchetKey, OwnStaticKEM: u.m.own().Device.KEM(),
	}, u.now)
	if err != nil {
		return session{}, fmt.Errorf("begin session: %w", err)
	}
	s := session{
		Session: chat.Session{
			ID: in.SessionID, Peer: chat.ContactID(in.Peer), Device: chat.DeviceID(in.PeerDevice.ID), Header: in.Header, Created: u.now,
		},
		ratchet: state, binding: in.Binding, noForward: in.NoOneTimeKey,
	}
	if s.previous, err = lastSession(u.Tx, s.Peer, s.Device); err != nil {
		return session{}, err
	}
	if s.anew, err = u.asksAgain(s.Peer); err != nil {
		return session{}, err
	}
	if err := u.settle(&s); err != nil {
		return session{}, err
	}
	if err := u.putSession(s); err != nil {
		return session{}, err
	}
	return s, u.emit(Event{Type: EventSession, Contact: s.Peer, Detail: SessionInitiated})
}

// bundleError gives the refusal of a bundle its name in chat.
func bundleError(err error) error {
	switch {
	case errors.Is(err, handshake.ErrSelf):
		return chat.ErrOwnInvite
	case errors.Is(err, handshake.ErrBundleExpired):
		return chat.ErrInviteExpired
	case errors.Is(err, handshake.ErrOtherIdentity):
		return fmt.Errorf("%w: bundle of another identity", chat.ErrMalformed)
	}
	return fmt.Errorf("%w: bundle: %w", chat.ErrMalformed, err)
}

// relayError gives an answer of a relay its name in chat; the original stays reachable.
func relayError(err error) error {
	table := []struct{ from, to error }{
		{wire.ErrOffline, chat.ErrOffline},
		{wire.ErrUnavailable, chat.ErrOffline},
		{wire.ErrClosed, chat.ErrOffline},
		{context.DeadlineExceeded, chat.ErrOffline},
		{wire.ErrPinMismatch, chat.ErrPinMismatch},
		{wire.ErrQuota, chat.ErrQuota},
		{wire.ErrTooLarge, chat.ErrTooLarge},
		{wire.ErrUnauthorized, chat.ErrUnauthorized},
		{wire.ErrNoMailbox, chat.ErrUnauthorized},
		{wire.ErrNotFound, chat.ErrUnauthorized},
		{wire.ErrExpired, chat.ErrInviteExpired},
		{wire.ErrBadAddress, chat.ErrMalformed},
		// Whatever answers there is not a relay that this version can use.
		{wire.ErrUnsupported, chat.ErrOffline},
		{wire.ErrMalformed, chat.ErrOffline},
	}
	for _, row := range table {
		if errors.Is(err, row.from) {
			return fmt.Errorf("%w: %w", row.to, err)
		}
	}
	return err
}
