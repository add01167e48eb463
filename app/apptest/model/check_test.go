package model

import (
	"sotto/app/messenger"
	"sotto/chat"
	"sotto/crypto/handshake"
	"sotto/crypto/identity"
)

// check is what must hold in every state, whatever happened before. It returns what does not.
func (s *state) check() string {
	for party := range 2 {
		s.checkThread(party)
		s.checkSessions(party)
		s.checkInitials(party)
		if n := s.rejected(party); n > 0 && !s.upset() {
			s.broken("I3: %s refused %d genuine envelopes", name(party), n)
		}
		if n := s.alerts(party, messenger.AlertRolledBack); n > 0 && !s.restored[party] {
			s.broken("I11: %s raised a false alarm", name(party))
		}
	}
	return s.violation
}

// checkThread: every text once, none that was not said, in the order of its author (I2, I3).
func (s *state) checkThread(party int) {
	seen := map[string]bool{}
	var last [2]uint64
	for _, m := range s.thread(party) {
		author := party
		if m.Author != s.ids[party] {
			author = 1 - party
		}
		if seen[m.Text] {
			s.broken("I2: %s has %s twice", name(party), m.Text)
		}
		seen[m.Text] = true
		if m.Author != s.ids[author] || m.Text == "" || m.Text[0] != name(author)[0]|0x20 {
			s.broken("I5: %s has %q, which %s never wrote", name(party), m.Text, name(author))
		}
		if m.Seq <= last[author] && !s.anyRestored() {
			s.broken("order: %s has %s in the wrong place", name(party), m.Text)
		}
		last[author] = m.Seq
	}
}

// checkSessions: at most one session sends (I12).
func (s *state) checkSessions(party int) {
	sending := 0
	for _, session := range s.sessions(party) {
		if session.Archived.IsZero() {
			sending++
		}
	}
	if sending > 1 {
		s.broken("I12: %d sessions of %s send", sending, name(party))
	}
}

// checkInitials: what an acknowledged first message used up is gone, and it is remembered (I2, I9).
func (s *state) checkInitials(party int) {
	if s.restored[party] {
		return
	}
	var device identity.DeviceID
	s.view(1-party, func(tx chat.Tx) {
		routes, err := tx.Routes().ForPeer(s.ids[party])
		must(err)
		if len(routes) > 0 {
			device = identity.DeviceID(routes[0].Device)
		}
	})
	for _, b := range s.net.boxes {
		if b.owner != party {
			continue
		}
		for _, l := range b.acked {
			h := readHeader(l.envelope)
			if !h.initial {
				continue
			}
			initial, err := handshake.ParseInitial(l.envelope[6:h.message])
			must(err)
			s.view(party, func(tx chat.Tx) {
				if h.pair != nil {
					if _, err := tx.Prekeys().Get(chat.KeyID(h.pair)); err == nil {
						s.broken("I9: the one-time pair of %s is still there", l.carries)
					}
				}
				if seen, err := tx.Replays().SeenInitial(initial.ReplayHash(device)); err != nil || !seen {
					s.broken("I2: the first message %s is not remembered", l.carries)
				}
			})
		}
	}
}
