package ratchet

import (
	"crypto/ecdh"
	"crypto/mlkem"
	"crypto/rand"
	"time"
)

// InitiatorParams is what the initiator takes from the handshake. All fields are required.
type InitiatorParams struct {
	Root           Root
	Binding        Binding
	SessionID      SessionID
	PeerRatchetKey *ecdh.PublicKey            // X25519: the acceptor's signed prekey
	OwnStaticKEM   *mlkem.DecapsulationKey768 // of the own device; kept until the first reply (K7)
}

// AcceptorParams is what the acceptor takes from the handshake. All fields are required.
type AcceptorParams struct {
	Root          Root
	Binding       Binding
	SessionID     SessionID
	OwnRatchetKey *ecdh.PrivateKey           // X25519: the signed prekey the initiator used
	PeerStaticKEM *mlkem.EncapsulationKey768 // of the initiator's device (K7)
}

// NewInitiator starts a session that may write at once: it makes a ratchet key, a sending chain and
// the first ML-KEM-768 key (docs/PROTOCOL.md section 6.3; Double Ratchet revision 4, section 3.3).
// It returns ErrParams for a missing or unusable key.
func NewInitiator(p InitiatorParams, now time.Time) (State, error) {
	if p.PeerRatchetKey == nil || p.PeerRatchetKey.Curve() != ecdh.X25519() || p.OwnStaticKEM == nil {
		return State{}, ErrParams
	}
	s := &state{
		role:      Initiator,
		session:   p.SessionID,
		binding:   p.Binding,
		root:      firstRoot(p.Root, p.Binding, p.SessionID),
		ownStatic: newKEMKey(p.OwnStaticKEM),
	}
	copy(s.peer[:], p.PeerRatchetKey.Bytes())
	s.markExchange(now)
	if err := s.startSending(carriesKey, nil, nil); err != nil {
		return State{}, ErrParams
	}
	return State{s}, nil
}

// NewAcceptor starts a session that waits for the initiator's first message (docs/PROTOCOL.md
// section 6.3; Double Ratchet revision 4, section 3.3). It returns ErrParams for a missing or
// unusable key.
func NewAcceptor(p AcceptorParams, now time.Time) (State, error) {
	if p.OwnRatchetKey == nil || p.OwnRatchetKey.Curve() != ecdh.X25519() || p.PeerStaticKEM == nil {
		return State{}, ErrParams
	}
	s := &state{
		role:       Acceptor,
		session:    p.SessionID,
		binding:    p.Binding,
		root:       firstRoot(p.Root, p.Binding, p.SessionID),
		own:        newDHKey(p.OwnRatchetKey),
		peerStatic: p.PeerStaticKEM.Bytes(),
	}
	s.markExchange(now)
	return State{s}, nil
}

// answerTurn makes the own new chain after the peer's was opened (K5): it answers the key offered in
// it (K2), or offers one when an exchange is due (K1), or does neither. It fails when the peer's key
// is not a valid one.
func (s *state) answerTurn(offered []byte, now time.Time) error {
	switch {
	case offered != nil:
		answer, secrets, err := s.answerOffer(offered)
		if err != nil {
			return err
		}
		f := carriesAnswer
		if s.peerStatic != nil {
			f, s.peerStatic = carriesFirst, nil
		}
		if err := s.startSending(f, answer, secrets); err != nil {
			return err
		}
		s.markExchange(now)
		return nil
	case s.outstanding == nil && s.exchangeDue(now):
		return s.startSending(carriesKey, nil, nil)
	default:
		return s.startSending(carriesNothing, nil, nil)
	}
}

// answerOffer encapsulates to the peer's fresh key and, in the acceptor's first chain, to the static
// key of its device as well (K7). It returns the ciphertexts and the secrets, in that order.
func (s *state) answerOffer(offered []byte) (answer, secrets []byte, err error) {
	targets := [][]byte{offered}
	if s.peerStatic != nil {
		targets = append(targets, s.peerStatic)
	}
	for _, target := range targets {
		key, err := mlkem.NewEncapsulationKey768(target)
		if err != nil {
			return nil, nil, err
		}
		secret, ciphertext := key.Encapsulate()
		answer, secrets = append(answer, ciphertext...), append(secrets, secret...)
		clear(secret)
	}
	return answer, secrets, nil
}

// startSending replaces the own ratchet key and sending chain: the second half of DHRatchet in the
// Double Ratchet specification, revision 4, section 3.5.
func (s *state) startSending(f flags, answer, kemSecrets []byte) error {
	key, err := ecdh.X25519().GenerateKey(rand.Reader)
	if err != nil {
		return err
	}
	own := newDHKey(key)
	secrets, err := own.agree(s.peer)
	if err != nil {
		return err
	}
	secrets = append(secrets, kemSecrets...)
	clear(kemSecrets)

	var previous uint32
	if s.send.ready {
		previous = s.send.number
	}
	if f == carriesKey {
		fresh, err := mlkem.GenerateKey768()
		if err != nil {
			return err
		}
		s.outstanding = newKEMKey(fresh)
	}
	s.own = own
	s.send = sendChain{ready: true, previous: previous, flags: f, answer: answer}
	material, err := s.material()
	if err != nil {
		return err
	}
	hash := chainHash(&s.binding, s.role, &own.public, f, material)
	s.root, s.send.key = rootStep(&s.root, hash, &s.peer, secrets)
	return nil
}
