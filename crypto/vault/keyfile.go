package vault

import (
	"crypto/rand"

	"sotto/crypto/encode"
)

// Sizes of a key file, in bytes: what is taken, and what NewKeyFile makes.
const (
	MinKeyFile = 32
	MaxKeyFile = 1 << 20
	NewKeySize = 64
)

// KeyFile is what a key file gives to its slot: 32 bytes derived from the whole content of the file, whatever it is
// called and wherever it lies.
type KeyFile struct{ b [KeySize]byte }

// NewKeyFile returns the content of a fresh key file: 64 random bytes.
func NewKeyFile() []byte {
	content := make([]byte, NewKeySize)
	rand.Read(content) //nolint:errcheck // never fails: a failing OS generator ends the process
	return content
}

// ReadKeyFile returns the key of a file's content; ErrKeyFile for one of less than 32 bytes or more than 1 MiB. How hard
// it is to guess the content is the file's affair: a picture that others have as well adds nothing.
func ReadKeyFile(content []byte) (KeyFile, error) {
	if len(content) < MinKeyFile || len(content) > MaxKeyFile {
		return KeyFile{}, ErrKeyFile
	}
	return KeyFile{[KeySize]byte(encode.Derive(content, nil, encode.KeyFile, KeySize, []byte("content")))}, nil
}

// IsZero reports whether there is no key.
func (k KeyFile) IsZero() bool { return k == KeyFile{} }

// Zero clears the key.
func (k *KeyFile) Zero() { clear(k.b[:]) }

// String hides the key from logs and formatted errors.
func (KeyFile) String() string { return "KeyFile(redacted)" }

// GoString hides the key from %#v.
func (k KeyFile) GoString() string { return k.String() }
