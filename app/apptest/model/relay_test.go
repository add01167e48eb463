package model

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"slices"
	"sync"

	"sotto/transport/wire"
)

// letter is an envelope that a relay took, with what the checker knows of it.
type letter struct {
	seq      uint64
	id       wire.EnvelopeID
	envelope []byte
	carries  string // label of a text ("a1"), else the kind of the content
	content  string // id of the content
	altered  bool   // is not what its sender sent
}

// header is what an envelope shows to everyone.
type header struct {
	initial  bool
	pair     []byte // id of the one-time pair of an initial envelope, nil without one
	message  int    // offset of the ratchet message
	flags    byte
	session  string
	chain    string
	previous uint32
	number   uint32
	salt     string
}

func readHeader(envelope []byte) header {
	h := header{initial: envelope[1] == 1, message: 2}
	if h.initial {
		n := int(binary.BigEndian.Uint32(envelope[2:]))
		if handshake := envelope[6 : 6+n]; handshake[1] == 1 {
			h.pair = handshake[10:18]
		}
		h.message = 6 + n
	}
	m := envelope[h.message:]
	h.flags, h.session, h.chain = m[1], hex.EncodeToString(m[2:18]), hex.EncodeToString(m[18:50])
	h.previous, h.number = binary.BigEndian.Uint32(m[50:]), binary.BigEndian.Uint32(m[54:])
	h.salt = hex.EncodeToString(m[58:74])
	return h
}

// alter flips a bit of the tag, another than the one that probes flip.
func (l *letter) alter() {
	l.envelope = bytes.Clone(l.envelope)
	l.envelope[len(l.envelope)-1] ^= 2
	l.altered = true
}

// box is one mailbox.
type box struct {
	id      wire.Mailbox
	owner   int // party
	tokens  map[wire.TokenHash]bool
	bundle  []byte
	prekeys []wire.Prekey
	cell    []byte
	seq     uint64
	waiting []letter
	acked   []letter // kept, to be delivered again
}

func (b *box) clone() *box {
	c := *b
	c.tokens = map[wire.TokenHash]bool{}
	for t := range b.tokens {
		c.tokens[t] = true
	}
	c.prekeys, c.waiting, c.acked = slices.Clone(b.prekeys), slices.Clone(b.waiting), slices.Clone(b.acked)
	return &c
}

// network is everything the relay holds, and what was ever seen on it.
type network struct {
	mu     sync.Mutex
	boxes  []*box
	slots  map[string]seal   // sender, session, chain, number -> who was sealed there
	sealed map[string]string // content -> the envelope it was sealed into
}

// seal is one use of a message key.
type seal struct{ envelope, salt string }

func newNetwork() *network { return &network{slots: map[string]seal{}, sealed: map[string]string{}} }

func (n *network) clone() *network {
	n.mu.Lock()
	defer n.mu.Unlock()
	c := newNetwork()
	for _, b := range n.boxes {
		c.boxes = append(c.boxes, b.clone())
	}
	for k, v := range n.slots {
		c.slots[k] = v
	}
	for k, v := range n.sealed {
		c.sealed[k] = v
	}
	return c
}

func (n *network) box(id wire.Mailbox) *box {
	for _, b := range n.boxes {
		if b.id == id {
			return b
		}
	}
	return nil
}

func slotName(sender int, h header) string {
	return fmt.Sprintf("%d/%s/%s/%d", sender, h.session, h.chain, h.number)
}

// take stores an envelope, once by its id, and returns what is wrong with it.
func (n *network) take(b *box, sender int, l letter, upset, lied bool) string {
	if l.content != "" {
		before, known := n.sealed[l.content]
		if known && before != string(l.id[:]) && !upset {
			return fmt.Sprintf("I10: %s was sealed twice", l.carries)
		}
		n.sealed[l.content] = string(l.id[:])
	}
	h := readHeader(l.envelope)
	this := seal{envelope: string(l.envelope), salt: h.salt}
	if before, known := n.slots[slotName(sender, h)]; known && before.envelope != this.envelope {
		if !lied {
			return fmt.Sprintf("I2: the key of %s was used before (number %d)", l.carries, h.number)
		}
		if before.salt == this.salt {
			return "I11: a key and nonce were used twice"
		}
	}
	n.slots[slotName(sender, h)] = this
	for _, known := range slices.Concat(b.waiting, b.acked) {
		if known.id != l.id {
			continue
		}
		if !known.altered && !bytes.Equal(known.envelope, l.envelope) {
			return fmt.Sprintf("I10: the envelope of %s changed under its id", l.carries)
		}
		return ""
	}
	b.seq++
	l.seq = b.seq
	b.waiting = append(b.waiting, l)
	return ""
}
