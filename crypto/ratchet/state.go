package ratchet

import (
	"slices"
	"time"
)

// State is one side of a session. It is opaque and never changes except by [State.Erase]: [Encrypt]
// and [Decrypt] return a new one that owns its memory. Assigning a State copies a reference. The
// zero value is not a session.
type State struct{ s *state }

// String hides the state.
func (State) String() string { return "ratchet.State" + redacted }

// GoString hides the state.
func (s State) GoString() string { return s.String() }

// IsZero reports whether the State is the zero value or was erased.
func (s State) IsZero() bool { return s.s == nil || s.s.role == 0 }

// SessionID returns the id messages of this session carry.
func (s State) SessionID() SessionID {
	if s.s == nil {
		return SessionID{}
	}
	return s.s.session
}

// Erase overwrites the secrets of this State and of every copy of the reference. States returned by
// Encrypt or Decrypt earlier or later are untouched. Expanded keys the Go runtime holds are dropped,
// not overwritten.
func (s *State) Erase() {
	if s.s != nil {
		s.s.erase()
		s.s = nil
	}
}

type state struct {
	role    Role
	session SessionID
	binding Binding

	root rootKey
	own  dhKey            // own ratchet key pair: of the sending chain once there is one
	peer [publicSize]byte // the peer's newest ratchet key

	send    sendChain
	receive []receiveChain // newest first, at most MaxChains; only the first may be open

	outstanding *kemKey // own fresh key, offered in the sending chain and not answered yet
	ownStatic   *kemKey // initiator, until the acceptor's first chain is opened (K7)
	peerStatic  []byte  // acceptor, until its first chain is made (K7)

	authenticated bool      // K7: the peer has proved its post-quantum keys
	exchanged     time.Time // last KEM exchange, or start of the session; whole ms UTC
	messages      uint32    // sent plus received since then
}

// sendChain is the own sending chain; key is meaningful only when ready.
type sendChain struct {
	ready    bool
	key      chainKey
	number   uint32 // N of the next message
	previous uint32 // PN
	flags    flags
	answer   []byte // the ciphertexts, when flags name any; a key is kept as state.outstanding
}

// clone returns a copy that shares no memory holding a secret.
func (s *state) clone() *state {
	c := *s
	c.send.answer = slices.Clone(s.send.answer)
	c.receive = append(make([]receiveChain, 0, len(s.receive)+1), s.receive...) // room for the chain of a turn
	for i := range c.receive {
		c.receive[i].skipped = slices.Clone(s.receive[i].skipped)
	}
	c.outstanding = s.outstanding.clone()
	c.ownStatic = s.ownStatic.clone()
	c.peerStatic = slices.Clone(s.peerStatic)
	return &c
}

func (s *state) erase() {
	for i := range s.receive {
		s.receive[i].erase()
	}
	s.outstanding.erase()
	s.ownStatic.erase()
	*s = state{}
}

// material returns what every message of the sending chain carries (K6).
func (s *state) material() ([]byte, error) {
	if s.send.flags == carriesKey {
		return s.outstanding.public()
	}
	return s.send.answer, nil
}

func (s *state) count() {
	if s.messages < ^uint32(0) {
		s.messages++
	}
}

// exchangeDue is the second half of K1: enough messages, or enough time, since the last exchange.
// A clock that went back counts as no time.
func (s *state) exchangeDue(now time.Time) bool {
	return s.messages >= ExchangeAfterMessages || now.Sub(s.exchanged) >= ExchangeAfter
}

func (s *state) markExchange(now time.Time) {
	s.exchanged = now.UTC().Truncate(time.Millisecond)
	s.messages = 0
}
