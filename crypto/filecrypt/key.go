package filecrypt

import (
	"crypto/cipher"
	"crypto/rand"
	"crypto/subtle"

	"golang.org/x/crypto/chacha20poly1305"

	"sotto/crypto/encode"
)

// KeySize is the length of a Key in bytes.
const KeySize = 32

// Key opens one file and seals it once: a second content under the same key would be sealed with the same nonces.
type Key struct{ b [KeySize]byte }

// NewKey returns a fresh key.
func NewKey() Key {
	var k Key
	rand.Read(k.b[:]) //nolint:errcheck // never fails: a failing OS generator ends the process
	return k
}

// KeyFrom returns the key with these 32 bytes; ErrKey for another length.
func KeyFrom(b []byte) (Key, error) {
	if len(b) != KeySize {
		return Key{}, ErrKey
	}
	return Key{[KeySize]byte(b)}, nil
}

// Bytes returns a copy of the key, 32 bytes, to be sealed or sent.
func (k Key) Bytes() []byte { return append([]byte(nil), k.b[:]...) }

// Equal compares in constant time.
func (k Key) Equal(o Key) bool { return subtle.ConstantTimeCompare(k.b[:], o.b[:]) == 1 }

// IsZero reports whether the key is unset.
func (k Key) IsZero() bool { return k.Equal(Key{}) }

// Zero clears the key.
func (k *Key) Zero() { clear(k.b[:]) }

// String hides the key from logs and formatted errors.
func (Key) String() string { return "filecrypt.Key(redacted)" }

// GoString hides the key from %#v.
func (k Key) GoString() string { return k.String() }

// stream returns the AEAD of the chunks of a file.
func (k Key) stream() cipher.AEAD {
	key := encode.Derive(k.b[:], nil, encode.FileChunks, chacha20poly1305.KeySize)
	defer clear(key)
	return chunkCipher(key)
}

func chunkCipher(key []byte) cipher.AEAD {
	aead, err := chacha20poly1305.New(key)
	if err != nil {
		panic("filecrypt: " + err.Error()) // only a key of another length
	}
	return aead
}
