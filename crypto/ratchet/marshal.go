package ratchet

import (
	"crypto/mlkem"
	"encoding/binary"
	"time"

	"sotto/crypto/encode"
)

// stateFlags say which parts of a serialised state are present.
type stateFlags uint8

const (
	hasSendChain stateFlags = 1 << iota
	hasOutstanding
	hasOwnStatic
	hasPeerStatic
	isAuthenticated
	allStateFlags = hasSendChain | hasOutstanding | hasOwnStatic | hasPeerStatic | isAuthenticated
)

// MaxState is the largest serialised state in bytes.
const MaxState = 3 + 16 + 32 + keySize + keySize + 2*publicSize + 8 + 4 + // always
	keySize + 4 + 4 + 1 + 2*ciphertextSize + seedSize + encapsulationKey + // optional
	1 + MaxChains*(publicSize+32+1+keySize+4+4+2) + MaxStored*(4+keySize)

// Marshal returns the state for storage (docs/PROTOCOL.md section 6.9). It holds every secret of the
// session: seal it. It returns nil for the zero value. Equal states give equal bytes.
func (s State) Marshal() []byte {
	if s.IsZero() {
		return nil
	}
	return s.Append(make([]byte, 0, s.Size()))
}

// Append appends what Marshal returns to dst. With room for [State.Size] bytes in it no other copy of the secrets is made.
func (s State) Append(dst []byte) []byte {
	if s.IsZero() {
		return dst
	}
	return s.s.append(dst)
}

// Size returns how many bytes Marshal returns.
func (s State) Size() int {
	if s.IsZero() {
		return 0
	}
	n := 3 + len(s.s.session) + len(s.s.binding) + 2*keySize + 2*publicSize + 8 + 4 + 1
	if s.s.send.ready {
		n += keySize + 4 + 4 + 1 + len(s.s.send.answer)
	}
	if s.s.outstanding != nil {
		n += seedSize
	}
	if s.s.ownStatic != nil {
		n += seedSize
	}
	n += len(s.s.peerStatic)
	for i := range s.s.receive {
		n += publicSize + 32 + 1 + 4 + 4 + 2 + len(s.s.receive[i].skipped)*(4+keySize)
		if s.s.receive[i].open {
			n += keySize
		}
	}
	return n
}

func (s *state) append(b []byte) []byte {
	b = append(b, Version, byte(s.role), byte(s.flags()))
	b = append(b, s.session[:]...)
	b = append(b, s.binding[:]...)
	b = append(b, s.root[:]...)
	b = append(b, s.own.private[:]...)
	b = append(b, s.own.public[:]...)
	b = append(b, s.peer[:]...)
	b = binary.BigEndian.AppendUint64(b, uint64(s.exchanged.UnixMilli()))
	b = binary.BigEndian.AppendUint32(b, s.messages)
	if s.send.ready {
		b = append(b, s.send.key[:]...)
		b = binary.BigEndian.AppendUint32(b, s.send.number)
		b = binary.BigEndian.AppendUint32(b, s.send.previous)
		b = append(b, byte(s.send.flags))
		b = append(b, s.send.answer...)
	}
	if s.outstanding != nil {
		b = append(b, s.outstanding.seed[:]...)
	}
	if s.ownStatic != nil {
		b = append(b, s.ownStatic.seed[:]...)
	}
	b = append(b, s.peerStatic...)
	b = append(b, byte(len(s.receive)))
	for i := range s.receive {
		b = s.receive[i].append(b)
	}
	return b
}

func (s *state) flags() stateFlags {
	var f stateFlags
	set := func(flag stateFlags, present bool) {
		if present {
			f |= flag
		}
	}
	set(hasSendChain, s.send.ready)
	set(hasOutstanding, s.outstanding != nil)
	set(hasOwnStatic, s.ownStatic != nil)
	set(hasPeerStatic, s.peerStatic != nil)
	set(isAuthenticated, s.authenticated)
	return f
}

func (c *receiveChain) append(b []byte) []byte {
	b = append(b, c.public[:]...)
	b = append(b, c.hash[:]...)
	if c.open {
		b = append(b, 1)
		b = append(b, c.key[:]...)
	} else {
		b = append(b, 0)
	}
	b = binary.BigEndian.AppendUint32(b, c.next)
	b = binary.BigEndian.AppendUint32(b, c.floor)
	b = binary.BigEndian.AppendUint16(b, uint16(len(c.skipped)))
	for i := range c.skipped {
		b = binary.BigEndian.AppendUint32(b, c.skipped[i].number)
		b = append(b, c.skipped[i].key[:]...)
	}
	return b
}

// ParseState reads what Marshal wrote and keeps nothing of b. It returns ErrState for anything else:
// another version, a size out of bounds, or parts that cannot occur together.
func ParseState(b []byte) (State, error) {
	if len(b) < 3 || len(b) > MaxState || b[0] != Version {
		return State{}, ErrState
	}
	s := &state{role: Role(b[1])}
	f := stateFlags(b[2])
	if f&^allStateFlags != 0 {
		return State{}, ErrState
	}
	r := encode.NewReader(b[3:])
	if !s.read(r, f) || r.Done() != nil || !s.consistent() {
		return State{}, ErrState
	}
	return State{s}, nil
}

func (s *state) read(r *encode.Reader, f stateFlags) bool {
	copy(s.session[:], r.Fixed(len(s.session)))
	copy(s.binding[:], r.Fixed(len(s.binding)))
	copy(s.root[:], r.Fixed(keySize))
	s.own.lazy = new(lazyDH)
	copy(s.own.private[:], r.Fixed(keySize))
	copy(s.own.public[:], r.Fixed(publicSize))
	copy(s.peer[:], r.Fixed(publicSize))
	s.exchanged = time.UnixMilli(int64(uint64(readUint32(r))<<32 | uint64(readUint32(r)))).UTC()
	s.messages = readUint32(r)
	s.authenticated = f&isAuthenticated != 0
	if f&hasSendChain != 0 && !s.send.read(r) {
		return false
	}
	if f&hasOutstanding != 0 {
		s.outstanding = kemKeyFromSeed(r.Fixed(seedSize))
	}
	if f&hasOwnStatic != 0 {
		s.ownStatic = kemKeyFromSeed(r.Fixed(seedSize))
	}
	if f&hasPeerStatic != 0 {
		s.peerStatic = append([]byte{}, r.Fixed(encapsulationKey)...)
	}
	chains := readByte(r)
	if chains > MaxChains {
		return false
	}
	s.receive = make([]receiveChain, chains)
	for i := range s.receive {
		if !s.receive[i].read(r) {
			return false
		}
	}
	return r.Err() == nil
}

func (c *sendChain) read(r *encode.Reader) bool {
	c.ready = true
	copy(c.key[:], r.Fixed(keySize))
	c.number = readUint32(r)
	c.previous = readUint32(r)
	c.flags = flags(readByte(r))
	size, ok := c.flags.materialSize()
	if !ok {
		return false
	}
	if c.flags&flagCiphertext != 0 {
		c.answer = append([]byte{}, r.Fixed(size)...)
	}
	return r.Err() == nil
}

func (c *receiveChain) read(r *encode.Reader) bool {
	copy(c.public[:], r.Fixed(publicSize))
	copy(c.hash[:], r.Fixed(len(c.hash)))
	open := readByte(r)
	if open > 1 {
		return false
	}
	if c.open = open == 1; c.open {
		copy(c.key[:], r.Fixed(keySize))
	}
	c.next = readUint32(r)
	c.floor = readUint32(r)
	var count uint16
	if b := r.Fixed(2); b != nil {
		count = binary.BigEndian.Uint16(b)
	}
	if count > MaxStored || r.Len() < int(count)*(4+keySize) {
		return false
	}
	c.skipped = make([]skippedKey, count)
	for i := range c.skipped {
		c.skipped[i].number = readUint32(r)
		copy(c.skipped[i].key[:], r.Fixed(keySize))
	}
	return r.Err() == nil
}

// consistent reports whether the parts of a parsed state can occur together.
func (s *state) consistent() bool {
	stored := 0
	for i := range s.receive {
		stored += len(s.receive[i].skipped)
		if !s.receive[i].consistent() || s.receive[i].open != (i == 0) {
			return false
		}
		for j := range i {
			if s.receive[i].public == s.receive[j].public {
				return false
			}
		}
	}
	received := len(s.receive) > 0
	if stored > MaxStored || (received && s.receive[0].public != s.peer) ||
		(s.send.flags == carriesKey) != (s.outstanding != nil) {
		return false
	}
	switch s.role {
	case Initiator:
		// Ready from the start; the static key waits exactly for the first reply.
		waiting := s.ownStatic != nil
		return s.send.ready && s.peerStatic == nil && s.send.flags != carriesFirst &&
			waiting == !received && waiting == !s.authenticated && (!waiting || s.outstanding != nil)
	case Acceptor:
		if !s.send.ready && (s.peerStatic == nil || s.authenticated) {
			return false
		}
		if s.peerStatic != nil {
			if _, err := mlkem.NewEncapsulationKey768(s.peerStatic); err != nil {
				return false
			}
		}
		// The first chain is the only one with two ciphertexts, and pending until the next is opened.
		return s.ownStatic == nil && s.send.ready == received && s.send.ready == (s.peerStatic == nil) &&
			(!received || s.authenticated == (s.send.flags != carriesFirst))
	}
	return false
}

func (c *receiveChain) consistent() bool {
	if c.floor > c.next {
		return false
	}
	for i := range c.skipped {
		n := c.skipped[i].number
		if n >= c.next || n < c.floor || (i > 0 && n <= c.skipped[i-1].number) {
			return false
		}
	}
	return true
}

func readUint32(r *encode.Reader) uint32 {
	if b := r.Fixed(4); b != nil {
		return binary.BigEndian.Uint32(b)
	}
	return 0
}

func readByte(r *encode.Reader) byte {
	if b := r.Fixed(1); b != nil {
		return b[0]
	}
	return 0
}
