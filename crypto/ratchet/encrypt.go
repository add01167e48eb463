package ratchet

import (
	"crypto/rand"
	"math"
	"slices"
	"time"
)

// Encrypt seals plaintext (at most MaxPlaintext bytes) and ad, which is authenticated and not
// carried, as the next message of the session (docs/PROTOCOL.md section 6.5; Double Ratchet
// revision 4, section 3.4). It returns the state after it and the message, which is
// [State.Overhead] bytes longer than plaintext; s stays as it was. Errors: ErrNotReady, ErrTooLarge,
// ErrExhausted, ErrState.
func Encrypt(s State, plaintext, ad []byte) (State, []byte, error) {
	return EncryptTo(nil, s, plaintext, ad)
}

// EncryptTo is Encrypt that appends the message to dst and returns both, dst alone with an error. plaintext and dst must
// not overlap.
func EncryptTo(dst []byte, s State, plaintext, ad []byte) (State, []byte, error) {
	switch {
	case s.IsZero():
		return s, dst, ErrState
	case !s.s.send.ready:
		return s, dst, ErrNotReady
	case len(plaintext) > MaxPlaintext:
		return s, dst, ErrTooLarge
	case s.s.send.number == math.MaxUint32:
		return s, dst, ErrExhausted
	}
	next := s.s.clone()
	material, err := next.material()
	if err != nil {
		return s, dst, ErrState
	}
	h := header{
		flags:    next.send.flags,
		session:  next.session,
		public:   next.own.public,
		previous: next.send.previous,
		number:   next.send.number,
		salt:     make([]byte, saltSize),
		material: material,
	}
	rand.Read(h.salt)
	begin := len(dst)
	message := h.append(slices.Grow(dst, MinOverhead+len(material)+len(plaintext)))

	key := chainStep(&next.send.key)
	aead, nonce, fullAD := sealing(&key, &next.binding, next.role, message[begin:], h.salt, ad)
	message = aead.Seal(message, nonce, plaintext, fullAD)

	next.send.number++
	next.count()
	return State{next}, message, nil
}

// Overhead returns how many bytes the next message will be longer than its plaintext, between
// MinOverhead and MaxOverhead; zero when the state cannot write.
func (s State) Overhead() int {
	if s.IsZero() || !s.s.send.ready {
		return 0
	}
	size, _ := s.s.send.flags.materialSize()
	return MinOverhead + size
}

// Status is what a session says about itself.
type Status struct {
	Role            Role
	Ready           bool      // may write; false only for an acceptor that has opened nothing
	PQAuthenticated bool      // the peer has proved its post-quantum keys (K7)
	PQPending       bool      // the opposite: "PQ authentication pending"
	Overdue         bool      // OverdueAfterMessages or OverdueAfter passed without an exchange
	MessagesSincePQ int       // sent plus received since the last exchange
	LastPQ          time.Time // last ML-KEM exchange; the start of the session before the first
	SkippedKeys     int       // message keys kept for messages that have not arrived
}

// Status describes the session at the time now (docs/PROTOCOL.md section 6.6).
func (s State) Status(now time.Time) Status {
	if s.IsZero() {
		return Status{}
	}
	skipped := 0
	for i := range s.s.receive {
		skipped += len(s.s.receive[i].skipped)
	}
	return Status{
		SkippedKeys:     skipped,
		Role:            s.s.role,
		Ready:           s.s.send.ready,
		PQAuthenticated: s.s.authenticated,
		PQPending:       !s.s.authenticated,
		Overdue:         s.s.messages >= OverdueAfterMessages || now.Sub(s.s.exchanged) >= OverdueAfter,
		MessagesSincePQ: int(s.s.messages),
		LastPQ:          s.s.exchanged,
	}
}
