package model

import (
	"crypto/sha256"
	"fmt"

	"sotto/transport/wire"
)

// probeAll delivers, in a copy of a state, what must leave no trace: everything that was acknowledged before, again (I2),
// and altered copies of what waits (I1, I5). A party in the same abstract state is asked about the same letters once.
func (c *search) probeAll(s *state) bool {
	for party := range 2 {
		if s.restored[party] || s.lied {
			continue // what it has forgotten is news to it
		}
		if n := c.probeParty(s, party); n != nil && n.violation != "" {
			c.failed = n
			return false
		}
	}
	return true
}

type probe struct {
	what     string
	altered  bool
	mailbox  wire.Mailbox
	seq      uint64
	envelope []byte
}

func (c *search) probeParty(s *state, party int) *state {
	var todo []probe
	for _, b := range s.net.boxes {
		if b.owner != party {
			continue
		}
		for _, l := range b.acked {
			if c.first(s, party, "again", l) {
				todo = append(todo, probe{"I2: " + l.carries + ", delivered again,", false, b.id, l.seq, l.envelope})
			}
		}
		for _, l := range b.waiting {
			if c.first(s, party, "altered", l) {
				todo = append(todo, altered(b.id, l)...)
			}
		}
	}
	if len(todo) == 0 {
		return nil
	}
	n := s.next("probe")
	p := n.start(party, nil)
	defer p.stop()
	for _, t := range todo {
		c.probes++
		known := n.sessions(party)
		before := n.fingerprint(party, known, !t.altered)
		p.push(t.mailbox, t.seq+1<<20, t.envelope)
		if n.fingerprint(party, known, !t.altered) != before {
			n.broken("%s changes the state of %s", t.what, name(party))
			break
		}
	}
	return n
}

// first reports whether a letter was not put to a party in this abstract state before.
func (c *search) first(s *state, party int, how string, l letter) bool {
	key := sha256.Sum256(fmt.Appendf(nil, "%s %d %s %s", how, party, s.partyKey(party), l.carries))
	if c.probed[key] {
		return false
	}
	c.probed[key] = true
	return true
}

// altered returns copies of a letter with one thing changed each.
func altered(mailbox wire.Mailbox, l letter) (out []probe) {
	h := readHeader(l.envelope)
	m := h.message
	places := []struct {
		what string
		at   int
		bit  byte
	}{
		{"type", 1, 3},
		{"flags", m + 1, 1},
		{"session", m + 2, 1},
		{"ratchet key", m + 20, 1},
		{"length of the chain before", m + 53, 1},
		{"number", m + 57, 1},
		{"salt", m + 58, 1},
		{"body", len(l.envelope) - 100, 1},
		{"tag", len(l.envelope) - 1, 1},
	}
	if h.flags != 0 {
		places = append(places, struct {
			what string
			at   int
			bit  byte
		}{"material", m + 74 + 500, 1})
	}
	if h.initial {
		places = append(places, struct {
			what string
			at   int
			bit  byte
		}{"handshake", 6 + 3000, 1})
	}
	for _, place := range places {
		e := append([]byte{}, l.envelope...)
		e[place.at] ^= place.bit
		out = append(out, probe{fmt.Sprintf("I1, I5: %s with another %s", l.carries, place.what), true, mailbox, l.seq, e})
	}
	return out
}
