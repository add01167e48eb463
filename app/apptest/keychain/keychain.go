package keychain

import (
	"sync"

	"sotto/app/platform"
)

// Keychain implements platform.Keychain in memory.
type Keychain struct {
	mu   sync.Mutex
	keys map[string][platform.KeySize]byte
	err  error
}

var _ platform.Keychain = (*Keychain)(nil)

// New returns an empty one.
func New() *Keychain { return &Keychain{keys: map[string][platform.KeySize]byte{}} }

// Fail makes every call answer err; nil makes it work again.
func (k *Keychain) Fail(err error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.err = err
}

// Empty forgets every key, as a keychain that was made anew.
func (k *Keychain) Empty() {
	k.mu.Lock()
	defer k.mu.Unlock()
	clear(k.keys)
}

// Spoil puts another key under every name.
func (k *Keychain) Spoil() {
	k.mu.Lock()
	defer k.mu.Unlock()
	for name, key := range k.keys {
		key[0] ^= 1
		k.keys[name] = key
	}
}

// Len is how many keys it holds.
func (k *Keychain) Len() int {
	k.mu.Lock()
	defer k.mu.Unlock()
	return len(k.keys)
}

// Put implements platform.Keychain.
func (k *Keychain) Put(name string, key [platform.KeySize]byte) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.err == nil {
		k.keys[name] = key
	}
	return k.err
}

// Get implements platform.Keychain.
func (k *Keychain) Get(name string) ([platform.KeySize]byte, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.err != nil {
		return [platform.KeySize]byte{}, k.err
	}
	key, ok := k.keys[name]
	if !ok {
		return key, platform.ErrNoKey
	}
	return key, nil
}

// Delete implements platform.Keychain.
func (k *Keychain) Delete(name string) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.err != nil {
		return k.err
	}
	if _, ok := k.keys[name]; !ok {
		return platform.ErrNoKey
	}
	delete(k.keys, name)
	return nil
}
