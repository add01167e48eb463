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
	KindKeychain   Kind = 4 // a key that the keychain of the operating system keeps
	KindKeyFile    Kind = 5 // words a person remembers and the content of a file, both
)

// stretched reports whether the kind rests on words that a person remembers, and so has a cost.
func (k Kind) stretched() bool { return k == KindPassphrase || k == KindKeyFile }

// stands reports whether a slot of the kind may be the only one of a vault. A keychain is not a person's: it may be
// emptied, replaced or out of reach.
func (k Kind) stands() bool { return k != KindKeychain }

// String names the kind as sottoctl and the window do.
func (k Kind) String() string {
	switch k {
	case KindPassphrase:
		return "passphrase"
	case KindRecovery:
		return "recovery-code"
	case KindHeld:
		return "held-key"
	case KindKeychain:
		return "keychain"
	case KindKeyFile:
		return "key-file"
	}
	return "unknown"
}

// Secret is what a person or another vault presents to open a slot.
type Secret struct {
	kind  Kind
	bytes []byte
	file  KeyFile // KindKeyFile: beside the passphrase
}

// Passphrase returns the secret of a passphrase, taken byte for byte as UTF-8.
func Passphrase(p string) Secret { return Secret{kind: KindPassphrase, bytes: []byte(p)} }

// Recovery returns the secret of a recovery code.
func Recovery(c RecoveryCode) Secret {
	return Secret{kind: KindRecovery, bytes: append([]byte(nil), c.b[:]...)}
}

// Held returns the secret of a 32-byte key that another vault keeps.
func Held(key [KeySize]byte) Secret {
	return Secret{kind: KindHeld, bytes: append([]byte(nil), key[:]...)}
}

// Keychain returns the secret of a 32-byte key that the operating system keeps.
func Keychain(key [KeySize]byte) Secret {
	return Secret{kind: KindKeychain, bytes: append([]byte(nil), key[:]...)}
}

// WithKeyFile returns the secret of a passphrase together with a key file: both are needed.
func WithKeyFile(p string, file KeyFile) Secret {
	return Secret{kind: KindKeyFile, bytes: []byte(p), file: file}
}

// Words returns the secret with other words in place of its passphrase, and the same key file.
func (s Secret) Words(p string) Secret {
	return Secret{kind: s.kind, bytes: []byte(p), file: s.file}
}

// Empty reports whether a part of the secret is missing.
func (s Secret) Empty() bool {
	return len(s.bytes) == 0 || s.kind == KindKeyFile && s.file == (KeyFile{})
}

// Kind returns which slots the secret may open.
func (s Secret) Kind() Kind { return s.kind }

// String hides the secret from logs and formatted errors.
func (Secret) String() string { return "Secret(redacted)" }

// GoString hides the secret from %#v.
func (s Secret) GoString() string { return s.String() }

// Zero clears what the secret shares with its copies.
func (s Secret) Zero() { clear(s.bytes) }

// stretch returns the root from which a slot's keys are derived (docs/STORAGE.md section 2.2). Only words are
// stretched: the others already hold at least 160 bits.
func (s Secret) stretch(salt []byte, p Params) []byte {
	switch s.kind {
	case KindPassphrase:
		return s.argon2(salt, p)
	case KindKeyFile:
		both := append(s.argon2(salt, p), s.file.b[:]...)
		defer clear(both)
		return encode.Derive(both, salt, encode.KeyFile, KeySize, []byte("root"))
	case KindRecovery:
		return encode.Derive(s.bytes, salt, encode.RecoveryCode, KeySize)
	case KindKeychain:
		return encode.Derive(s.bytes, salt, encode.KeychainSlot, KeySize)
	}
	return append([]byte(nil), s.bytes...)
}

func (s Secret) argon2(salt []byte, p Params) []byte {
	return argon2.IDKey(s.bytes, salt, p.Time, p.Memory, p.Threads, KeySize)
}
