package handshake

import (
	"bytes"
	"crypto/ecdh"
	"crypto/mlkem"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"sync"
	"time"

	"sotto/crypto/encode"
	"sotto/crypto/identity"
)

// PrekeyRetention is how long private prekeys, and the replay hashes of messages to them, are kept
// after creation: 14 days of bundle validity, 30 of relay retention, 1 of clock skew.
const PrekeyRetention = 45 * 24 * time.Hour

const (
	prekeyFormat = 1
	// pairSize is the size of an encoded public one-time pair.
	pairSize = 4 + 8 + 4 + 32 + 4 + mlkem.EncapsulationKeySize1024
	// MaxSealedPair bounds a sealed one-time pair in bytes; each has exactly 1,661.
	MaxSealedPair = 1 + 24 + pairSize + 16
)

// ID names a prekey set or a one-time pair: 8 random bytes.
type ID [8]byte

// String returns the id as 16 lowercase hexadecimal digits.
func (id ID) String() string { return hex.EncodeToString(id[:]) }

// prekey is the secret half of an X25519 and an ML-KEM-1024 key that belong together.
type prekey struct {
	id      ID
	created time.Time
	dh      *ecdh.PrivateKey
	kem     *kemKey
}

// kemKey is an ML-KEM-1024 decapsulation key, kept as its seed and expanded at first need: of a prekey set and a one-time
// pair, which are parsed together, an initial message uses one.
type kemKey struct {
	seed [mlkem.SeedSize]byte
	once sync.Once
	key  *mlkem.DecapsulationKey1024
}

func newKEMKey(seed []byte) *kemKey { return &kemKey{seed: [mlkem.SeedSize]byte(seed)} }

func (k *kemKey) expand() *mlkem.DecapsulationKey1024 {
	k.once.Do(func() {
		var err error
		if k.key, err = mlkem.NewDecapsulationKey1024(k.seed[:]); err != nil {
			panic("handshake: " + err.Error()) // only for a seed of another size
		}
	})
	return k.key
}

// Bytes returns the seed.
func (k *kemKey) Bytes() []byte { return k.seed[:] }

func (k *kemKey) Decapsulate(ciphertext []byte) ([]byte, error) {
	return k.expand().Decapsulate(ciphertext)
}

func (k *kemKey) EncapsulationKey() *mlkem.EncapsulationKey1024 { return k.expand().EncapsulationKey() }

// ID names the keys in bundles and initial messages.
func (p *prekey) ID() ID { return p.id }

// Created returns when the keys were generated, to the second.
func (p *prekey) Created() time.Time { return p.created }

// Expired reports whether the keys are older than PrekeyRetention and are to be erased.
func (p *prekey) Expired(now time.Time) bool { return now.After(p.created.Add(PrekeyRetention)) }

// Marshal returns the secret, 129 bytes, which the caller seals.
func (p *prekey) Marshal() []byte {
	out := []byte{prekeyFormat}
	out = encode.Append(out, p.id[:])
	out = encode.Append(out, encode.Time(p.created))
	out = encode.Append(out, p.dh.Bytes())
	return encode.Append(out, p.kem.Bytes())
}

// String names the keys without the secrets.
func (p *prekey) String() string { return "prekey(" + p.id.String() + ", redacted)" }

// GoString is String, so that no verb prints the secrets.
func (p *prekey) GoString() string { return p.String() }

func newPrekey(now time.Time) (prekey, error) {
	dh, err := ecdh.X25519().GenerateKey(rand.Reader)
	if err != nil {
		return prekey{}, fmt.Errorf("creating a prekey: %w", err)
	}
	seed := make([]byte, mlkem.SeedSize)
	rand.Read(seed)
	p := prekey{created: now.UTC().Truncate(time.Second), dh: dh, kem: newKEMKey(seed)}
	rand.Read(p.id[:])
	return p, nil
}

func parsePrekey(secret []byte) (prekey, error) {
	r := encode.NewReader(secret)
	format := r.Fixed(1)
	id := r.Exact(len(ID{}))
	created := r.Time()
	dhBytes, seed := r.Exact(32), r.Exact(mlkem.SeedSize)
	if r.Done() != nil || format[0] != prekeyFormat {
		return prekey{}, ErrMalformed
	}
	dh, err := ecdh.X25519().NewPrivateKey(dhBytes)
	if err != nil {
		return prekey{}, ErrMalformed
	}
	return prekey{id: ID(id), created: created, dh: dh, kem: newKEMKey(seed)}, nil
}

// PrekeySet is the secret half of the keys of a bundle: the X25519 signed prekey and the last-resort
// ML-KEM-1024 key. One set may serve several bundle statements.
type PrekeySet struct{ prekey }

// NewPrekeySet generates a set dated now.
func NewPrekeySet(now time.Time) (*PrekeySet, error) {
	p, err := newPrekey(now)
	if err != nil {
		return nil, err
	}
	return &PrekeySet{p}, nil
}

// ParsePrekeySet reads what Marshal wrote. It returns ErrMalformed.
func ParsePrekeySet(secret []byte) (*PrekeySet, error) {
	p, err := parsePrekey(secret)
	if err != nil {
		return nil, err
	}
	return &PrekeySet{p}, nil
}

// OneTimePair is the secret half of a one-time pair (X25519, ML-KEM-1024). Delete it in the
// transaction that commits the first message opened with it: that is the forward secrecy of a first
// message (invariant I9).
type OneTimePair struct{ prekey }

// NewOneTimePair generates a pair dated now.
func NewOneTimePair(now time.Time) (*OneTimePair, error) {
	p, err := newPrekey(now)
	if err != nil {
		return nil, err
	}
	return &OneTimePair{p}, nil
}

// ParseOneTimePair reads what Marshal wrote. It returns ErrMalformed.
func ParseOneTimePair(secret []byte) (*OneTimePair, error) {
	p, err := parsePrekey(secret)
	if err != nil {
		return nil, err
	}
	return &OneTimePair{p}, nil
}

// Public returns the half that is published.
func (p *OneTimePair) Public() *PublicPair {
	return &PublicPair{id: p.id, dh: p.dh.PublicKey(), kem: p.kem.EncapsulationKey()}
}

// PublicPair is the public half of a one-time pair, as popped from a relay.
type PublicPair struct {
	id  ID
	dh  *ecdh.PublicKey
	kem *mlkem.EncapsulationKey1024
}

// ID names the pair.
func (p *PublicPair) ID() ID { return p.id }

func (p *PublicPair) encode() []byte {
	out := make([]byte, 0, pairSize)
	out = encode.Append(out, p.id[:])
	out = encode.Append(out, p.dh.Bytes())
	return encode.Append(out, p.kem.Bytes())
}

// hash is what a bundle statement lists for the pair.
func (p *PublicPair) hash() [32]byte { return encode.Hash(encode.OneTimePrekey, p.encode()) }

// SealPair returns the public half of a pair sealed under the secret, for the relay: it sees neither
// id nor keys.
func SealPair(secret Secret, pair *OneTimePair) []byte {
	return secret.seal(encode.PrekeySeal, pair.Public().encode())
}

// OpenPair opens a popped pair. It returns ErrBundle. Only [Initiate] checks it against the bundle.
func OpenPair(secret Secret, sealed []byte) (*PublicPair, error) {
	plain, err := secret.open(encode.PrekeySeal, sealed, MaxSealedPair)
	if err != nil {
		return nil, err
	}
	r := encode.NewReader(plain)
	id, dhBytes, kemBytes := r.Exact(len(ID{})), r.Exact(32), r.Exact(mlkem.EncapsulationKeySize1024)
	if r.Done() != nil {
		return nil, ErrBundle
	}
	dh, err := ecdh.X25519().NewPublicKey(dhBytes)
	if err != nil {
		return nil, ErrBundle
	}
	kem, err := mlkem.NewEncapsulationKey1024(kemBytes)
	if err != nil {
		return nil, ErrBundle
	}
	return &PublicPair{id: ID(id), dh: dh, kem: kem}, nil
}

// Own is the party that calls: its device, certificate, and current device list.
type Own struct {
	Device      *identity.Device
	Certificate *identity.Certificate
	List        *identity.DeviceList
}

// statement returns the own device's statement, checked to be the one in the own list.
func (o Own) statement() (*identity.DeviceStatement, error) {
	statement := o.List.Device(o.Device.ID())
	if statement == nil || o.List.Certificate != o.Certificate.Hash() ||
		!bytes.Equal(statement.Bytes(), o.Device.Statement(o.List.Identity)) {
		return nil, ErrMalformed
	}
	return statement, nil
}
