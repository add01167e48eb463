package storage

import (
	"time"

	"sotto/chat"
	"sotto/crypto/vault"
)

// Options are what a new or changed slot needs. The zero value is right for production but for Passphrase.
type Options struct {
	// Passphrase of a new profile; Create refuses an empty one with chat.ErrMalformed.
	Passphrase string
	// Params are the cost of a passphrase slot; zero: vault.Calibrate to about a second.
	Params vault.Params
	// Limits bound the cost that a slot may ask for; zero: vault.Standard. Tests pass smaller ones as a value.
	Limits vault.Limits
	// Blobs is the folder of attachments of a store that OpenWithKey opens, by its name and BlobSuffix where Destroy is to
	// find it; empty: it has none. That of a profile is BlobFolder.
	Blobs string
	// Now stamps new slots and measures calibration; nil: time.Now.
	Now func() time.Time
}

// unlockTime is how long a passphrase is stretched on the machine that sets it.
const unlockTime = time.Second

func (o Options) filled() Options {
	if o.Limits == (vault.Limits{}) {
		o.Limits = vault.Standard()
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return o
}

// credential gives a secret with a passphrase its cost; chat.ErrMalformed when a part of it is missing.
func (o Options) credential(secret vault.Secret) (vault.Credential, error) {
	if secret.Empty() {
		return vault.Credential{}, chat.ErrMalformed
	}
	if o.Params == (vault.Params{}) {
		o.Params = vault.Calibrate(unlockTime, o.Now)
	}
	return vault.Credential{Secret: secret, Params: o.Params}, nil
}

// Secret opens a store. Make one with Passphrase, RecoveryCode, Keychain or WithKeyFile.
type Secret struct {
	secret vault.Secret
	err    error
}

// Passphrase is the secret of a person who remembers it.
func Passphrase(p string) Secret { return Secret{secret: vault.Passphrase(p)} }

// RecoveryCode is the secret of a person who kept the 20 words, in any case and spacing. Words that cannot be a code
// open nothing: Open answers chat.ErrWrongSecret.
func RecoveryCode(words string) Secret {
	code, err := vault.ParseRecoveryCode(words)
	if err != nil {
		return Secret{err: chat.ErrWrongSecret}
	}
	return Secret{secret: vault.Recovery(code)}
}

// Keychain is the secret that the operating system kept.
func Keychain(key [vault.KeySize]byte) Secret { return Secret{secret: vault.Keychain(key)} }

// WithKeyFile is the secret of a person who remembers the passphrase and has the key file.
func WithKeyFile(passphrase string, file vault.KeyFile) Secret {
	return Secret{secret: vault.WithKeyFile(passphrase, file)}
}

// String hides the secret from logs and formatted errors.
func (Secret) String() string { return "Secret(redacted)" }

// GoString hides the secret from %#v.
func (s Secret) GoString() string { return s.String() }
