package model

import (
	"context"
	"slices"
	"testing/synctest"
	"time"

	"sotto/app/messenger"
	"sotto/chat"
)

// maxRounds bounds a continuation: more deliveries than that are a quarrel without end.
const maxRounds = 60

// pump delivers everything in order until nothing is left.
func (s *state) pump(both [2]*process) {
	for round := 0; ; round++ {
		b := s.oldest()
		if b == nil {
			return
		}
		if round == maxRounds {
			s.broken("liveness: envelopes go to and fro without end")
			return
		}
		l := b.waiting[0]
		both[b.owner].push(b.id, l.seq, l.envelope)
		if len(b.waiting) > 0 && b.waiting[0].seq == l.seq {
			s.broken("liveness: %s is not acknowledged", l.carries)
			return
		}
	}
}

func (s *state) oldest() *box {
	for _, b := range s.net.boxes {
		if len(b.waiting) > 0 {
			return b
		}
	}
	return nil
}

// converge continues without faults: everything is delivered, then both talk in turn. It changes s.
func (s *state) converge() {
	both := [2]*process{s.start(0, nil), s.start(1, nil)}
	defer both[0].stop()
	defer both[1].stop()
	later := func() {
		s.clock = s.clock.Add(2 * time.Hour)
		for _, p := range both {
			p.Flush()
		}
		synctest.Wait()
		s.pump(both)
	}
	s.pump(both)
	later()
	if s.contact(0) != chat.ContactAccepted || s.contact(1) != chat.ContactAccepted {
		s.acceptAll(both)
		later()
	}
	if s.contact(0) == "" || s.contact(1) == "" {
		return // nobody has written yet
	}
	for round := range 4 {
		if round < 2 && !s.lied {
			continue // two sides that go on where they were need no longer than this
		}
		for party, p := range both {
			s.said[party]++
			p.say(text(party, s.said[party]))
			s.pump(both)
		}
		later()
	}
	s.checkConverged(both)
}

// acceptAll lets whoever was asked agree.
func (s *state) acceptAll(both [2]*process) {
	for party, p := range both {
		if s.contact(party) == chat.ContactRequest {
			if _, err := p.Accept(context.Background(), s.ids[1-party]); err != nil {
				s.broken("%s cannot accept: %v", name(party), err)
			}
			synctest.Wait()
			s.pump(both)
		}
	}
}

// checkConverged: nothing is lost that no fault explains, both have the same, one session is left, its keys are proved and
// none is kept.
func (s *state) checkConverged(both [2]*process) {
	if s.check() != "" {
		return
	}
	for party, p := range both {
		if n := len(s.queue(party)); n > 0 {
			s.broken("liveness: %s never sends %d contents", name(party), n)
		}
		s.checkDelivered(party)
		security, err := p.Security(context.Background(), s.ids[1-party])
		if err != nil {
			s.broken("%s: %v", name(party), err)
			return
		}
		if security.PQ != messenger.PQAuthenticated {
			s.broken("I6: the post-quantum keys of the peer of %s are %s for good", name(party), security.PQ)
		}
		if security.SkippedKeys > 0 && len(s.lost) == 0 && !s.upset() {
			s.broken("I2: %s keeps %d keys though everything arrived", name(party), security.SkippedKeys)
		}
		want := 0
		if s.restored[party] && !s.lied {
			want = 1
		}
		if n := s.alerts(party, messenger.AlertRolledBack); n != want {
			s.broken("I11: %d alerts of %s about a rollback, want %d", n, name(party), want)
		}
	}
	var sending [2][]chat.SessionID
	for party := range 2 {
		for _, session := range s.sessions(party) {
			if session.Archived.IsZero() {
				sending[party] = append(sending[party], session.ID)
			}
		}
	}
	if len(sending[0]) != 1 || !slices.Equal(sending[0], sending[1]) {
		s.broken("I12: the sides go on under %d and %d sessions, or different ones", len(sending[0]), len(sending[1]))
	}
}

// checkDelivered: what the other side wrote is here, in its order, except what a fault explains.
func (s *state) checkDelivered(party int) {
	have := map[string]bool{}
	for _, t := range s.texts(party, 1-party) {
		have[t] = true
	}
	for _, t := range s.texts(1-party, 1-party) {
		if !have[t] && !s.lost[t] && !s.excused() {
			s.broken("liveness: %s never gets %s", name(party), t)
		}
	}
	// The last two of each are the words after everything.
	for n := s.said[1-party] - 1; n <= s.said[1-party]; n++ {
		if t := text(1-party, n); !have[t] && !s.lost[t] {
			s.broken("liveness: %s can never be told anything again", name(party))
		}
	}
	if !s.anyRestored() && len(s.lost) == 0 && !slices.Equal(s.texts(party, 1-party), s.texts(1-party, 1-party)) {
		s.broken("order: the sides differ: %v and %v", s.texts(party, 1-party), s.texts(1-party, 1-party))
	}
}

// excused reports whether older texts may be missing for good: a relay that hid that a side came back from an image
// costs messages, sealed under numbers that were used before.
func (s *state) excused() bool { return s.lied }
