package vault

import (
	"crypto/rand"
	"crypto/subtle"

	"golang.org/x/crypto/chacha20poly1305"

	"sotto/crypto/encode"
)

// KeySize is the length of every key here, in bytes.
const KeySize = 32

const (
	nonceSize = chacha20poly1305.NonceSizeX
	tagSize   = chacha20poly1305.Overhead
	saltSize  = 32
	// boxSize is a key sealed by box: nonce, key, tag.
	boxSize = nonceSize + KeySize + tagSize
)

// RowKey seals rows: one per conversation and one per purpose.
type RowKey struct{ b [KeySize]byte }

// NewRowKey returns a fresh key.
func NewRowKey() RowKey { return RowKey{random()} }

// RowKeyFrom returns the key with these 32 bytes; ErrDamaged for another length.
func RowKeyFrom(b []byte) (RowKey, error) {
	if len(b) != KeySize {
		return RowKey{}, ErrDamaged
	}
	return RowKey{[KeySize]byte(b)}, nil
}

// Bytes returns a copy of the key, to be wrapped by a vault.
func (k RowKey) Bytes() []byte { return append([]byte(nil), k.b[:]...) }

// Equal compares in constant time.
func (k RowKey) Equal(o RowKey) bool { return subtle.ConstantTimeCompare(k.b[:], o.b[:]) == 1 }

// Zero clears the key.
func (k *RowKey) Zero() { clear(k.b[:]) }

// String hides the key from logs and formatted errors.
func (RowKey) String() string { return "RowKey(redacted)" }

// GoString hides the key from %#v.
func (k RowKey) GoString() string { return k.String() }

// Derive returns 32 bytes for a purpose outside this store, bound to the label and the name.
func (k RowKey) Derive(label encode.Label, name string) [KeySize]byte {
	return [KeySize]byte(encode.Derive(k.b[:], nil, label, KeySize, []byte(name)))
}

func random() [KeySize]byte {
	var k [KeySize]byte
	rand.Read(k[:]) //nolint:errcheck // never fails: a failing OS generator ends the process
	return k
}

// seal appends nonce || XChaCha20-Poly1305(key, nonce, ad, plaintext) to dst, with a random nonce of 192 bits.
func seal(dst []byte, key *[KeySize]byte, ad, plaintext []byte) []byte {
	aead, err := chacha20poly1305.NewX(key[:])
	if err != nil {
		panic("vault: " + err.Error()) // only a key of another length
	}
	start := len(dst)
	dst = append(dst, make([]byte, nonceSize)...)
	nonce := dst[start:]
	rand.Read(nonce) //nolint:errcheck // never fails: a failing OS generator ends the process
	return aead.Seal(dst, nonce, plaintext, ad)
}

// open reads what seal wrote, or returns ErrDamaged.
func open(key *[KeySize]byte, ad, sealed []byte) ([]byte, error) {
	if len(sealed) < nonceSize+tagSize {
		return nil, ErrDamaged
	}
	aead, err := chacha20poly1305.NewX(key[:])
	if err != nil {
		panic("vault: " + err.Error()) // only a key of another length
	}
	plaintext, err := aead.Open(nil, sealed[:nonceSize], sealed[nonceSize:], ad)
	if err != nil {
		return nil, ErrDamaged
	}
	return plaintext, nil
}

// openKey opens a sealed key.
func openKey(key *[KeySize]byte, ad, sealed []byte) ([KeySize]byte, error) {
	b, err := open(key, ad, sealed)
	if err != nil || len(b) != KeySize {
		return [KeySize]byte{}, ErrDamaged
	}
	defer clear(b)
	return [KeySize]byte(b), nil
}
