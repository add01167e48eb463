package vault

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/hex"
	"time"

	"sotto/crypto/encode"
)

// SlotID names a slot: 8 random bytes.
type SlotID [8]byte

// String returns the id in lowercase hexadecimal.
func (id SlotID) String() string { return hex.EncodeToString(id[:]) }

// NewSlotID returns a fresh id, for a Credential whose secret is kept elsewhere under the name of its slot.
func NewSlotID() SlotID {
	var id SlotID
	rand.Read(id[:]) //nolint:errcheck // never fails: a failing OS generator ends the process
	return id
}

// Slot is what may be shown of a slot.
type Slot struct {
	ID      SlotID
	Kind    Kind
	Created time.Time // to the second
	Params  Params    // zero unless there is a passphrase in it
}

// Credential is a secret and, where there is a passphrase in it, its cost.
type Credential struct {
	Secret Secret
	Params Params
	ID     SlotID // of the slot that is made; zero: a fresh one
}

// slot is one entry of the vault file (docs/STORAGE.md section 2.2).
type slot struct {
	id         SlotID
	kind       Kind
	created    uint64 // unix seconds
	salt       [saltSize]byte
	params     Params
	commitment [KeySize]byte
	key        []byte // slot key under the key of the secret
	turns      []link // one for each vault key in the file
}

// link ties a slot key and a vault key to each other, so that the vault key can be replaced without the slot's secret.
type link struct {
	vaultKey []byte // vault key under slot key
	slotKey  []byte // slot key under vault key
}

func newSlot(c Credential, limits Limits, now time.Time, epoch uint64, keys []vaultKey) (slot, error) {
	s := slot{id: c.ID, kind: c.Secret.kind, created: uint64(max(now.Unix(), 0))}
	if c.Secret.Empty() {
		return slot{}, ErrEmptySecret
	}
	if s.kind.stretched() {
		if err := limits.check(c.Params); err != nil {
			return slot{}, err
		}
		s.params = c.Params
	}
	if s.id == (SlotID{}) {
		s.id = NewSlotID()
	}
	rand.Read(s.salt[:]) //nolint:errcheck // never fails: a failing OS generator ends the process
	kek, commitment := s.derive(c.Secret)
	defer clear(kek[:])
	s.commitment = commitment
	slotKey := random()
	defer clear(slotKey[:])
	s.key = seal(nil, &kek, s.data("slot-key", 0), slotKey[:])
	for i := range keys {
		s.turns = append(s.turns, s.link(&slotKey, &keys[i], epoch+uint64(i)))
	}
	return s, nil
}

// link seals the vault key of an epoch and the slot key under each other.
func (s *slot) link(slotKey *[KeySize]byte, key *vaultKey, epoch uint64) link {
	under := key.slots()
	defer clear(under[:])
	return link{
		vaultKey: seal(nil, slotKey, s.data("vault-key", epoch), key.b[:]),
		slotKey:  seal(nil, &under, s.data("slot-key-under-vault-key", epoch), slotKey[:]),
	}
}

// derive returns the key that seals the slot key, and the commitment by which a wrong secret is told apart before
// anything is opened (an AEAD alone does not commit to its key).
func (s *slot) derive(secret Secret) (kek, commitment [KeySize]byte) {
	root := secret.stretch(s.salt[:], s.params)
	defer clear(root)
	kek = [KeySize]byte(encode.Derive(root, s.salt[:], encode.VaultSlot, KeySize, s.head()))
	commitment = [KeySize]byte(encode.Derive(root, s.salt[:], encode.VaultSlotCommit, KeySize, s.head()))
	return kek, commitment
}

// matches compares the commitment in constant time and returns the key that opens the slot key.
func (s *slot) matches(secret Secret) (kek [KeySize]byte, ok bool) {
	if secret.kind != s.kind || secret.Empty() {
		return kek, false
	}
	kek, commitment := s.derive(secret)
	return kek, subtle.ConstantTimeCompare(commitment[:], s.commitment[:]) == 1
}

// unlock opens the slot key and with it every vault key in the file.
func (s *slot) unlock(kek *[KeySize]byte, epoch uint64) ([]vaultKey, error) {
	slotKey, err := openKey(kek, s.data("slot-key", 0), s.key)
	if err != nil {
		return nil, err
	}
	defer clear(slotKey[:])
	var keys []vaultKey
	for i, l := range s.turns {
		k, err := openKey(&slotKey, s.data("vault-key", epoch+uint64(i)), l.vaultKey)
		if err != nil {
			return nil, err
		}
		keys = append(keys, vaultKey{k})
	}
	return keys, nil
}

// relink returns the slot with a link to one more vault key, using the newest one it is linked to already.
func (s *slot) relink(current *vaultKey, epoch uint64, next *vaultKey) (slot, error) {
	under := current.slots()
	defer clear(under[:])
	slotKey, err := openKey(&under, s.data("slot-key-under-vault-key", epoch), s.turns[len(s.turns)-1].slotKey)
	if err != nil {
		return slot{}, err
	}
	defer clear(slotKey[:])
	out := *s
	out.turns = append(s.turns[:len(s.turns):len(s.turns)], s.link(&slotKey, next, epoch+1))
	return out, nil
}

// head is the clear part of the slot, bound to everything derived and sealed for it.
func (s *slot) head() []byte {
	return encode.Fields(encode.VaultSlot, s.id[:], []byte{byte(s.kind)}, encode.Uint64(s.created), s.salt[:],
		encode.Uint64(uint64(s.params.Memory)), encode.Uint64(uint64(s.params.Time)), []byte{s.params.Threads})
}

func (s *slot) data(role string, epoch uint64) []byte {
	return encode.Fields(encode.VaultSlot, []byte(role), s.head(), encode.Uint64(epoch))
}

func (s *slot) public() Slot {
	return Slot{ID: s.id, Kind: s.kind, Created: time.Unix(int64(s.created), 0).UTC(), Params: s.params}
}
