package platform

import (
	"encoding/base64"
	"errors"
)

// KeySize is the length of a key that a Keychain keeps, in bytes.
const KeySize = 32

// ErrNoKey says that the keychain holds no key of that name, or something else under it.
var ErrNoKey = errors.New("platform: no such key in the keychain")

// ErrKeychain says that the keychain did not answer, or that its owner did not unlock it.
var ErrKeychain = errors.New("platform: the keychain does not answer")

// Keychain keeps keys where the operating system keeps passwords: whoever is logged in as the person reaches them, and
// so does each of the person's programs. Its methods may wait for the system to ask the person; call them away from the
// UI thread. Errors: [ErrUnsupported] where there is no keychain, [ErrKeychain], [ErrNoKey].
type Keychain interface {
	// Put keeps a key under a name, in place of another, and reads it back.
	Put(name string, key [KeySize]byte) error
	// Get answers the key of a name.
	Get(name string) ([KeySize]byte, error)
	// Delete takes a key away; ErrNoKey when there is none.
	Delete(name string) error
}

// keychainService is under which the system lists what Sotto keeps. The names are random: nobody's name stands there.
const keychainService = "Sotto"

// systemKeychain is the keychain of the system.
type systemKeychain struct{}

// NewKeychain answers the keychain of the system. Whether there is one shows when it is asked.
func NewKeychain() Keychain { return systemKeychain{} }

// encodeKey and decodeKey turn a key into the text that keychains keep.
func encodeKey(key [KeySize]byte) string { return base64.RawURLEncoding.EncodeToString(key[:]) }

func decodeKey(text string) (key [KeySize]byte, err error) {
	if len(text) != base64.RawURLEncoding.EncodedLen(KeySize) {
		return key, ErrNoKey
	}
	b, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil || len(b) != KeySize {
		return key, ErrNoKey
	}
	defer clear(b)
	return [KeySize]byte(b), nil
}
