package sqlite

import (
	"sync"

	"sotto/crypto/vault"
)

// ring holds the unwrapped keys. The purpose keys are loaded at opening, those of conversations on first use.
type ring struct {
	mu       sync.RWMutex
	keys     map[int64]vault.RowKey
	purposes map[string]int64
}

func newRing() *ring {
	return &ring{keys: map[int64]vault.RowKey{}, purposes: map[string]int64{}}
}

func (r *ring) get(id int64) (vault.RowKey, bool) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	k, ok := r.keys[id]
	return k, ok
}

func (r *ring) put(id int64, k vault.RowKey) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.keys[id] = k
}

func (r *ring) forget(id int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	k := r.keys[id]
	k.Zero()
	r.keys[id] = k
	delete(r.keys, id)
}

func (r *ring) zero() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for id := range r.keys {
		r.keys[id] = vault.RowKey{}
	}
	clear(r.keys)
}

// purpose returns the id and key of a purpose; every store has all of them.
func (r *ring) purpose(name string) (int64, vault.RowKey) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	id := r.purposes[name]
	return id, r.keys[id]
}

// name makes a key the one of a purpose.
func (r *ring) name(purpose string, id int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.purposes[purpose] = id
}

// A row of the keys table holds a purpose (empty for a conversation) and a key, wrapped by the vault.
const keyRecordV1 = 1

func encodeKey(purpose string, k vault.RowKey) []byte {
	b := k.Bytes()
	defer clear(b)
	return layout(keyRecordV1).text(purpose).fixed(b).b
}

func decodeKey(b []byte) (purpose string, k vault.RowKey, ok bool) {
	r := read(b, keyRecordV1)
	purpose = r.text()
	raw := make([]byte, vault.KeySize)
	r.fixed(raw)
	defer clear(raw)
	k, err := vault.RowKeyFrom(raw)
	return purpose, k, err == nil && r.done()
}
