package vault

import (
	"golang.org/x/crypto/argon2"

	"sotto/crypto/encode"
)

// Kind is what opens a slot. The numbers are part of the file format.
type Kind uint8

// Kinds of slots.
const (
	KindPassphrase Kind = 1 // words a person remembers, through Argon2id
	KindRecovery   Kind = 2 // a recovery code of 160 bits
	KindHeld       Kind = 3 // a key held in another vault (docs/STORAGE.md section 1, guide.db)
)

// String names the kind as sottoctl and the window do.
func (k Kind) String() string {
	switch k {
	case KindPassphrase:
		return "passphrase"
	case KindRecovery:
		return "recovery-code"
	case KindHeld:
		return "held-key"
	}
	return "unknown"
}

// Secret is what a person or another vault presents to open a slot.
type Secret struct {
	kind  Kind
	bytes []byte
}

// Passphrase returns the secret of a passphrase, taken byte for byte as UTF-8.
func Passphrase(p string) Secret { return Secret{KindPassphrase, []byte(p)} }

// Recovery returns the secret of a recovery code.
func Recovery(c RecoveryCode) Secret { return Secret{KindRecovery, append([]byte(nil), c.b[:]...)} }

// Held returns the secret of a 32-byte key that another vault keeps.
func Held(key [KeySize]byte) Secret { return Secret{KindHeld, append([]byte(nil), key[:]...)} }

// Kind returns which slots the secret may open.
func (s Secret) Kind() Kind { return s.kind }

// String hides the secret from logs and formatted errors.
func (Secret) String() string { return "Secret(redacted)" }

// GoString hides the secret from %#v.
func (s Secret) GoString() string { return s.String() }

// Zero clears the secret.
func (s Secret) Zero() { clear(s.bytes) }

// stretch returns the root from which a slot's keys are derived. Only passphrases are stretched: the others already
// hold at least 160 bits.
func (s Secret) stretch(salt []byte, p Params) []byte {
	switch s.kind {
	case KindPassphrase:
		return argon2.IDKey(s.bytes, salt, p.Time, p.Memory, p.Threads, KeySize)
	case KindRecovery:
		return encode.Derive(s.bytes, salt, encode.RecoveryCode, KeySize)
	}
	return append([]byte(nil), s.bytes...)
}
