//go:build linux || windows || darwin

package platform

import (
	"errors"

	"github.com/zalando/go-keyring"
)

// Put implements Keychain.
func (k systemKeychain) Put(name string, key [KeySize]byte) error {
	if err := keyring.Set(keychainService, name, encodeKey(key)); err != nil {
		return keychainError(err)
	}
	if kept, err := k.Get(name); err != nil || kept != key {
		return errors.Join(ErrKeychain, err)
	}
	return nil
}

// Get implements Keychain.
func (systemKeychain) Get(name string) ([KeySize]byte, error) {
	text, err := keyring.Get(keychainService, name)
	if err != nil {
		return [KeySize]byte{}, keychainError(err)
	}
	return decodeKey(text)
}

// Delete implements Keychain.
func (systemKeychain) Delete(name string) error {
	return keychainError(keyring.Delete(keychainService, name))
}

// keychainError drops the library's own text, which may quote what the system was asked.
func keychainError(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, keyring.ErrNotFound):
		return ErrNoKey
	case errors.Is(err, keyring.ErrUnsupportedPlatform), noKeychain(err):
		return ErrUnsupported
	}
	return ErrKeychain
}
