package ratchet

import (
	"crypto/ecdh"
	"crypto/mlkem"
	"encoding/hex"
	"sync"
)

const (
	keySize          = 32
	publicSize       = 32
	encapsulationKey = mlkem.EncapsulationKeySize768
	ciphertextSize   = mlkem.CiphertextSize768
	seedSize         = mlkem.SeedSize
)

const redacted = "[redacted]"

// Root is the 32-byte secret both sides took from the handshake (docs/PROTOCOL.md section 5).
type Root [keySize]byte

// String hides the secret.
func (Root) String() string { return redacted }

// GoString hides the secret.
func (Root) GoString() string { return redacted }

// Binding is the public 32-byte hash that ties a session to the transcript of its handshake.
type Binding [32]byte

// SessionID names a session on the wire: 16 bytes, chosen by the handshake, equal on both sides.
type SessionID [16]byte

// String returns the id in lowercase hex.
func (id SessionID) String() string { return hex.EncodeToString(id[:]) }

// ChainID names a sending chain within a session: the X25519 ratchet public key of its messages.
// It is the same for a message and every copy of it.
type ChainID [publicSize]byte

// String returns the id in lowercase hex.
func (id ChainID) String() string { return hex.EncodeToString(id[:]) }

// Role is the side of the handshake a State belongs to.
type Role uint8

// The two roles. Their values stand in hashes and in serialised states.
const (
	Initiator Role = 1
	Acceptor  Role = 2
)

// String returns the name of the role.
func (r Role) String() string {
	switch r {
	case Initiator:
		return "initiator"
	case Acceptor:
		return "acceptor"
	}
	return "invalid"
}

func (r Role) peer() Role { return Initiator + Acceptor - r }

type (
	rootKey    [keySize]byte
	chainKey   [keySize]byte
	messageKey [keySize]byte
)

// dhKey is an X25519 ratchet key pair. The expanded key is made at first need, because making it
// from bytes costs a scalar multiplication, and is shared by copies of the state.
type dhKey struct {
	private [keySize]byte
	public  [publicSize]byte
	lazy    *lazyDH
}

type lazyDH struct {
	once sync.Once
	key  *ecdh.PrivateKey
	err  error
}

func newDHKey(key *ecdh.PrivateKey) dhKey {
	k := dhKey{lazy: &lazyDH{key: key}}
	k.lazy.once.Do(func() {})
	copy(k.private[:], key.Bytes())
	copy(k.public[:], key.PublicKey().Bytes())
	return k
}

// agree returns the 32-byte shared secret of k and a public key; it fails for low-order points.
func (k *dhKey) agree(public [publicSize]byte) ([]byte, error) {
	peer, err := ecdh.X25519().NewPublicKey(public[:])
	if err != nil {
		return nil, err
	}
	k.lazy.once.Do(func() { k.lazy.key, k.lazy.err = ecdh.X25519().NewPrivateKey(k.private[:]) })
	if k.lazy.err != nil {
		return nil, k.lazy.err
	}
	return k.lazy.key.ECDH(peer)
}

// kemKey is an ML-KEM-768 decapsulation key, kept as its 64-byte seed (K4) and expanded at first
// need; the expansion is shared by copies of the state and is never serialised.
type kemKey struct {
	seed [seedSize]byte
	lazy *lazyKEM
}

type lazyKEM struct {
	once   sync.Once
	key    *mlkem.DecapsulationKey768
	public []byte
	err    error
}

func newKEMKey(key *mlkem.DecapsulationKey768) *kemKey {
	k := kemKeyFromSeed(key.Bytes())
	k.lazy.key = key
	return k
}

func kemKeyFromSeed(seed []byte) *kemKey {
	k := &kemKey{lazy: new(lazyKEM)}
	copy(k.seed[:], seed)
	return k
}

func (k *kemKey) expand() error {
	k.lazy.once.Do(func() {
		if k.lazy.key == nil {
			k.lazy.key, k.lazy.err = mlkem.NewDecapsulationKey768(k.seed[:])
		}
		if k.lazy.err == nil {
			k.lazy.public = k.lazy.key.EncapsulationKey().Bytes()
		}
	})
	return k.lazy.err
}

// public returns the 1,184-byte encapsulation key; callers must not change it.
func (k *kemKey) public() ([]byte, error) {
	if err := k.expand(); err != nil {
		return nil, err
	}
	return k.lazy.public, nil
}

func (k *kemKey) decapsulate(ciphertext []byte) ([]byte, error) {
	if err := k.expand(); err != nil {
		return nil, err
	}
	return k.lazy.key.Decapsulate(ciphertext)
}

func (k *kemKey) clone() *kemKey {
	if k == nil {
		return nil
	}
	copied := *k
	return &copied
}

func (k *kemKey) erase() {
	if k != nil {
		clear(k.seed[:])
		k.lazy = new(lazyKEM)
	}
}
