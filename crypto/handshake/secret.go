package handshake

import (
	"crypto/rand"

	"golang.org/x/crypto/chacha20poly1305"

	"sotto/crypto/encode"
)

// sealFormat is the first byte of a sealed bundle or pair.
const sealFormat = 1

// Secret is the secret S of an invitation or of a contact's mailbox (docs/PROTOCOL.md section 4.1):
// who holds it can open the bundle, and only they can pass the gate.
type Secret [32]byte

// NewSecret returns a random secret.
func NewSecret() Secret {
	var s Secret
	rand.Read(s[:])
	return s
}

// String hides the secret.
func (Secret) String() string { return "invitation secret (redacted)" }

// GoString hides the secret.
func (Secret) GoString() string { return "invitation secret (redacted)" }

// RootKey is the first root key of a session: input of the ratchet, never stored beside it.
type RootKey [32]byte

// String hides the key.
func (RootKey) String() string { return "root key (redacted)" }

// GoString hides the key.
func (RootKey) GoString() string { return "root key (redacted)" }

// seal returns format byte, 24-byte random nonce and XChaCha20-Poly1305 ciphertext of plain under the
// key derived from the secret for the label.
func (s Secret) seal(label encode.Label, plain []byte) []byte {
	key := encode.Derive(s[:], nil, label, chacha20poly1305.KeySize)
	defer clear(key)
	aead, err := chacha20poly1305.NewX(key)
	if err != nil {
		panic("handshake: " + err.Error()) // only for a key of another size
	}
	out := make([]byte, 1+aead.NonceSize(), 1+aead.NonceSize()+len(plain)+aead.Overhead())
	out[0] = sealFormat
	rand.Read(out[1:])
	return aead.Seal(out, out[1:], plain, encode.Fields(label, out[:1]))
}

// open reverses seal; it returns ErrBundle.
func (s Secret) open(label encode.Label, sealed []byte, limit int) ([]byte, error) {
	if len(sealed) > limit || len(sealed) < 1+chacha20poly1305.NonceSizeX || sealed[0] != sealFormat {
		return nil, ErrBundle
	}
	key := encode.Derive(s[:], nil, label, chacha20poly1305.KeySize)
	defer clear(key)
	aead, err := chacha20poly1305.NewX(key)
	if err != nil {
		return nil, ErrBundle
	}
	nonce, box := sealed[1:1+aead.NonceSize()], sealed[1+aead.NonceSize():]
	plain, err := aead.Open(nil, nonce, box, encode.Fields(label, sealed[:1]))
	if err != nil {
		return nil, ErrBundle
	}
	return plain, nil
}
