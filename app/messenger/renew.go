package messenger

import (
	"context"
	"errors"
	"time"

	"sotto/chat"
	"sotto/crypto/handshake"
)

// renewEvery is how often a new session with a contact is tried for, whatever the reason.
const renewEvery = time.Hour

// stale reports whether a session should be replaced by a new one before more is sent in it: its post-quantum exchange is
// overdue (docs/PROTOCOL.md section 6.6), or nobody answered for so long that the keys it was begun with may be gone. A
// session that waits for its first answer cannot heal by being begun once more.
func (s session) stale(now time.Time) bool {
	if s.waits() {
		return now.Sub(s.Created) >= handshake.BundleLifetime
	}
	return s.ratchet.Status(now).Overdue
}

// warnOverdue tells once of a session that its post-quantum exchange is overdue. The caller stores it.
func (u *unit) warnOverdue(s *session) error {
	if s.warned || !s.ratchet.Status(u.now).Overdue {
		return nil
	}
	s.warned = true
	return u.emit(Event{Type: EventSession, Contact: s.Peer, Detail: AlertOverdue})
}

// mayRenew reports whether a new session may be tried for now, and counts the try.
func (m *Messenger) mayRenew(peer chat.ContactID, now time.Time) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if last, ok := m.renewed[peer]; ok && now.Sub(last) < renewEvery {
		return false
	}
	m.renewed[peer] = now
	return true
}

// renew begins a new session in place of a stale one. While that fails the old one goes on: it is warned of, not closed.
func (m *Messenger) renew(ctx context.Context, peer chat.ContactID, route chat.Route) {
	ctx, cancel := context.WithTimeout(ctx, sendTimeout)
	defer cancel()
	o, err := m.initiate(ctx, route)
	if err != nil {
		return
	}
	//nolint:errcheck // tried again
	m.update(ctx, func(u *unit) error {
		present, err := u.sendingSession(peer)
		if errors.Is(err, chat.ErrNotFound) || err == nil && !present.stale(u.now) {
			return nil // the peer was first
		}
		if err != nil {
			return err
		}
		return u.beginAs(peer, o)
	})
}

// beginAs begins a session after its bundle was judged.
func (u *unit) beginAs(peer chat.ContactID, o opening) error {
	if err := u.takeDevices(peer, o.bundle.Certificate, o.bundle.List); err != nil {
		return err
	}
	_, err := u.begin(o)
	return err
}
