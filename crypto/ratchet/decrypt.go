package ratchet

import (
	"slices"
	"time"
)

// Opened says which message was opened. Chain and Number identify it within its session for good, so
// duplicates are found by them; they are set whenever a message has a readable header of this
// session, even when Decrypt fails, and are then only a claim.
type Opened struct {
	Chain  ChainID
	Number uint32
	Turn   bool // the first message opened of a new chain of the peer
}

// Decrypt opens a message of the session with the ad it was sealed with (docs/PROTOCOL.md
// section 6.5; Double Ratchet revision 4, section 3.5). It returns the state after it, the plaintext
// and which message it was. When the message starts a chain of the peer, the own next chain is made
// at once, after opening (K5), so now decides whether it offers a key. On error, ErrDuplicate,
// ErrUndecryptable or ErrState, the state returned is s.
func Decrypt(s State, message, ad []byte, now time.Time) (State, []byte, Opened, error) {
	if s.IsZero() {
		return s, nil, Opened{}, ErrState
	}
	h, err := parseHeader(message)
	if err != nil {
		return s, nil, Opened{}, err
	}
	if h.session != s.s.session {
		return s, nil, Opened{}, refuse(reasonSession)
	}
	opened := Opened{Chain: ChainID(h.public), Number: h.number}
	known := slices.IndexFunc(s.s.receive, func(c receiveChain) bool { return c.public == h.public })
	var next *state
	var plaintext []byte
	if known >= 0 {
		next, plaintext, err = s.s.openKnown(known, &h, ad)
	} else {
		next, plaintext, err = s.s.openTurn(&h, ad, now)
		opened.Turn = err == nil
	}
	if err != nil {
		return s, nil, opened, err
	}
	return State{next}, plaintext, opened, nil
}

// openKnown opens a message of a chain the state has seen before.
func (s *state) openKnown(index int, h *header, ad []byte) (*state, []byte, error) {
	chain := &s.receive[index]
	if chainHash(&s.binding, s.role.peer(), &h.public, h.flags, h.material) != chain.hash {
		return nil, nil, refuse(reasonMaterial)
	}
	var mk messageKey
	switch i, skipped := chain.find(h.number); {
	case skipped:
		mk = chain.skipped[i].key
	case h.number < chain.floor:
		return nil, nil, refuse(reasonAgedOut)
	case h.number < chain.next:
		return nil, nil, ErrDuplicate
	case !chain.open:
		return nil, nil, refuse(reasonChainClosed)
	case leap(chain.next, h.number) > MaxSkip:
		return nil, nil, refuse(reasonSkipLimit)
	default:
		mk = chain.keyAt(h.number)
	}
	plaintext, err := s.open(h, &mk, ad)
	if err != nil {
		return nil, nil, err
	}
	next := s.clone()
	next.receive[index].use(h.number)
	next.ageOut()
	next.count()
	return next, plaintext, nil
}

// openTurn opens a message that starts a chain of the peer: DHRatchet of the Double Ratchet
// specification, revision 4, section 3.5, with the KEM rules K2 and K7. Everything cheap is checked
// before the first key operation, and nothing is changed before the message has opened.
func (s *state) openTurn(h *header, ad []byte, now time.Time) (*state, []byte, error) {
	if h.public == s.own.public || h.public == s.peer {
		return nil, nil, refuse(reasonReflected)
	}
	if !s.allowed(h.flags) {
		return nil, nil, refuse(reasonMaterial)
	}
	if h.number > MaxSkip || leap(s.received(), h.previous) > MaxSkip {
		return nil, nil, refuse(reasonSkipLimit)
	}
	secrets, err := s.turnSecrets(h)
	if err != nil {
		return nil, nil, refuse(reasonKeyAgreement)
	}
	chain := receiveChain{
		public: h.public,
		hash:   chainHash(&s.binding, s.role.peer(), &h.public, h.flags, h.material),
		open:   true,
	}
	var root rootKey
	root, chain.key = rootStep(&s.root, chain.hash, &s.own.public, secrets)
	mk := chain.keyAt(h.number)
	plaintext, err := s.open(h, &mk, ad)
	if err != nil {
		return nil, nil, err
	}
	next := s.clone()
	if err := next.turn(root, chain, h, now); err != nil {
		return nil, nil, refuse(reasonKeyAgreement)
	}
	return next, plaintext, nil
}

// allowed is K2, K1 and K7 seen from the receiver: a chain that owes ciphertexts carries exactly
// those, any other carries none, and the initiator's first chain offers a key.
func (s *state) allowed(f flags) bool {
	switch {
	case s.outstanding != nil && s.ownStatic != nil:
		return f == carriesFirst
	case s.outstanding != nil:
		return f == carriesAnswer
	case s.peerStatic != nil:
		return f == carriesKey
	default:
		return f == carriesNothing || f == carriesKey
	}
}

// received returns how far the peer's newest chain has been read.
func (s *state) received() uint32 {
	if len(s.receive) == 0 {
		return 0
	}
	return s.receive[0].next
}

// turnSecrets returns the secrets of a receiving step: X25519, then the KEM secrets in the order of
// their ciphertexts.
func (s *state) turnSecrets(h *header) ([]byte, error) {
	secrets, err := s.own.agree(h.public)
	if err != nil {
		return nil, err
	}
	for i, key := range []*kemKey{s.outstanding, s.ownStatic} {
		if key == nil {
			continue
		}
		secret, err := key.decapsulate(h.material[i*ciphertextSize : (i+1)*ciphertextSize])
		if err != nil {
			return nil, err
		}
		secrets = append(secrets, secret...)
		clear(secret)
	}
	return secrets, nil
}

// turn commits an opened turn to s, a copy: the old receiving chain is closed, the new one takes its
// place, answered KEM keys are deleted (K4), and the own next chain is made (K5).
func (s *state) turn(root rootKey, chain receiveChain, h *header, now time.Time) error {
	answered := s.outstanding != nil
	if len(s.receive) > 0 {
		s.receive[0].close(h.previous)
	}
	chain.use(h.number)
	s.receive = slices.Insert(s.receive, 0, chain)
	s.ageOut()
	s.root, s.peer = root, h.public

	// K7: opening the reply proves the acceptor to the initiator; the chain after the own first one
	// proves the initiator to the acceptor.
	if s.role == Initiator || s.send.ready {
		s.authenticated = true
	}
	s.outstanding.erase()
	s.ownStatic.erase()
	s.outstanding, s.ownStatic = nil, nil
	if answered {
		s.markExchange(now)
	}
	var offered []byte
	if h.flags == carriesKey {
		offered = h.material
	}
	if err := s.answerTurn(offered, now); err != nil {
		return err
	}
	// Messages that offer or answer a key belong to their exchange and do not count towards the next.
	if !answered && offered == nil {
		s.count()
	}
	return nil
}

// open authenticates and decrypts the body; it clears the message key.
func (s *state) open(h *header, mk *messageKey, ad []byte) ([]byte, error) {
	aead, nonce, fullAD := sealing(mk, &s.binding, s.role.peer(), h.raw, h.salt, ad)
	plaintext, err := aead.Open(nil, nonce, h.body, fullAD)
	if err != nil {
		return nil, refuse(reasonAuthentication)
	}
	return plaintext, nil
}
