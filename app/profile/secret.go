package profile

import (
	"context"
	"errors"
	"fmt"
	"time"

	"sotto/app/platform"
	"sotto/chat"
	"sotto/crypto/vault"
	"sotto/storage"
)

// Secret opens a profile: a passphrase, alone or with a key file, a recovery code, or what the keychain of the system
// keeps.
type Secret struct {
	passphrase string
	keyFile    string // its place
	code       string
	keychain   bool
}

// Passphrase is the secret of a person who remembers it.
func Passphrase(p string) Secret { return Secret{passphrase: p} }

// WithKeyFile is the secret of a person who remembers the passphrase and has the key file at path.
func WithKeyFile(passphrase, path string) Secret {
	return Secret{passphrase: passphrase, keyFile: path}
}

// RecoveryCode is the secret of a person who kept the 20 words.
func RecoveryCode(words string) Secret { return Secret{code: words} }

// Keychain is the secret that the keychain of this computer keeps. When it cannot be had, opening fails with one of the
// errors of [platform.Keychain], and the passphrase opens as ever.
func Keychain() Secret { return Secret{keychain: true} }

// String hides the secret.
func (Secret) String() string { return "Secret(redacted)" }

// GoString hides the secret.
func (s Secret) GoString() string { return s.String() }

// opened is what the open profile remembers of its secret.
type opened struct {
	keyFile   vault.KeyFile // so that the passphrase alone confirms an act
	code      string        // until a new passphrase is set with it
	codeUntil time.Time
}

// resetLife is how long after opening with the recovery code a new passphrase may be set with it.
const resetLife = 10 * time.Minute

// open opens the store with the secret.
func (s Secret) open(ctx context.Context, dir string, o Options) (*storage.Store, opened, error) {
	var by opened
	switch {
	case s.keychain:
		store, err := openWithKeychain(ctx, dir, o)
		return store, by, err
	case s.code != "":
		by.code, by.codeUntil = s.code, o.Now().Add(resetLife)
		store, err := storage.Open(ctx, dir, storage.RecoveryCode(s.code), o.storage())
		return store, by, err
	case s.keyFile != "":
		key, err := readKeyFile(s.keyFile)
		if err != nil {
			return nil, by, err
		}
		by.keyFile = key
		store, err := storage.Open(ctx, dir, storage.WithKeyFile(s.passphrase, key), o.storage())
		return store, by, err
	}
	store, err := storage.Open(ctx, dir, storage.Passphrase(s.passphrase), o.storage())
	return store, by, err
}

// keychainTime is how long a keychain may take: a person may have to unlock it first.
const keychainTime = time.Minute

// askKeychain calls f with the keychain, and answers platform.ErrKeychain when it takes too long or ctx ends: the
// system's own question cannot be taken back.
func (o Options) askKeychain(ctx context.Context, f func(platform.Keychain) error) error {
	ctx, cancel := context.WithTimeout(ctx, keychainTime)
	defer cancel()
	answer := make(chan error, 1)
	go func() { answer <- f(o.Keychain) }()
	select {
	case err := <-answer:
		return err
	case <-ctx.Done():
		return fmt.Errorf("%w: %w", platform.ErrKeychain, ctx.Err())
	}
}

// openWithKeychain tries the key of each keychain slot: a profile that moves between computers has one for each. A key
// that opens nothing is as good as none.
func openWithKeychain(ctx context.Context, dir string, o Options) (*storage.Store, error) {
	slots, err := storage.ListSlots(dir, o.storage())
	if err != nil {
		return nil, err
	}
	found := fmt.Errorf("%w: no slot for one", platform.ErrNoKey)
	for _, slot := range slots {
		if slot.Kind != vault.KindKeychain {
			continue
		}
		key, err := o.keychainKey(ctx, slot.ID)
		if err != nil {
			found = err
			continue
		}
		store, err := storage.Open(ctx, dir, storage.Keychain(key), o.storage())
		clear(key[:])
		if !errors.Is(err, chat.ErrWrongSecret) {
			return store, err
		}
		found = platform.ErrNoKey
	}
	return nil, found
}

func (o Options) keychainKey(ctx context.Context, id vault.SlotID) (key [vault.KeySize]byte, err error) {
	answer := make(chan [vault.KeySize]byte, 1) // of its own: the call may outlive the question
	err = o.askKeychain(ctx, func(k platform.Keychain) error {
		key, err := k.Get(keychainName(id))
		answer <- key
		return err
	})
	if err == nil {
		key = <-answer
	}
	return key, err
}

// keychainName is what the key of a slot is called in the keychain.
func keychainName(id vault.SlotID) string { return id.String() }

// Ways are the kinds of secrets that a locked profile asks for. Nothing vouches for them before it is open.
type Ways struct {
	Passphrase bool // alone
	KeyFile    bool // with the passphrase
	Keychain   bool
	Recovery   bool
}

// WaysIn returns what opens the profile in dir. Errors: chat.ErrNoProfile, ErrVaultDamaged, ErrNewerFormat.
func WaysIn(dir string, o Options) (Ways, error) {
	slots, err := storage.ListSlots(dir, o.filled().storage())
	var w Ways
	for _, s := range slots {
		switch s.Kind {
		case vault.KindPassphrase:
			w.Passphrase = true
		case vault.KindKeyFile:
			w.KeyFile = true
		case vault.KindKeychain:
			w.Keychain = true
		case vault.KindRecovery:
			w.Recovery = true
		}
	}
	return w, err
}

// ErrKeyFileNeeded: no passphrase opens the profile without its key file, and the open profile was not shown it.
var ErrKeyFileNeeded = errors.New("profile: the key file is needed beside the passphrase")
