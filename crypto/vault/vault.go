package vault

import (
	"crypto/subtle"
	"slices"
	"time"

	"sotto/crypto/encode"
)

// maxSlots bounds the slots of one vault.
const maxSlots = 16

// vaultKey is VK: it wraps the keys of the store and nothing else.
type vaultKey struct{ b [KeySize]byte }

func (k *vaultKey) wrapping() [KeySize]byte { return k.derive(encode.VaultKey, "wrap") }
func (k *vaultKey) slots() [KeySize]byte    { return k.derive(encode.VaultKey, "slots") }
func (k *vaultKey) file() [KeySize]byte     { return k.derive(encode.VaultFile, "mac") }

func (k *vaultKey) derive(label encode.Label, use string) [KeySize]byte {
	return [KeySize]byte(encode.Derive(k.b[:], nil, label, KeySize, []byte(use)))
}

// Vault is an open vault: its slots and one vault key, two while an erasure epoch turns. It is a value; its methods
// return new ones and never change it. It is not safe to use after Zero.
type Vault struct {
	limits Limits
	epoch  uint64 // of keys[0]
	keys   []vaultKey
	slots  []slot
	opener SlotID // what it was opened with; zero for one that was made
}

// New makes a vault with a slot for each credential. It returns ErrParams or ErrEmptySecret when one cannot be used,
// ErrLastSlot when the keychain would be the only way in.
func New(now time.Time, limits Limits, credentials ...Credential) (*Vault, error) {
	v := &Vault{limits: limits, epoch: 1, keys: []vaultKey{{random()}}}
	if len(credentials) == 0 || len(credentials) > maxSlots {
		return nil, ErrEmptySecret
	}
	for _, c := range credentials {
		s, err := newSlot(c, limits, now, v.epoch, v.keys)
		if err != nil {
			return nil, err
		}
		v.slots = append(v.slots, s)
	}
	return v.standing()
}

// standing returns the vault, or ErrLastSlot when nothing but a keychain opens it.
func (v *Vault) standing() (*Vault, error) {
	if !slices.ContainsFunc(v.slots, func(s slot) bool { return s.kind.stands() }) {
		return nil, ErrLastSlot
	}
	return v, nil
}

// Open reads a vault file and opens it with any slot the secret fits. It returns ErrWrongSecret when none fits,
// ErrDamaged when the file is altered, ErrParams when a slot asks for a cost outside the limits (before paying it), and
// ErrNewerFormat for a later version or a kind of slot that only later versions know.
func Open(file []byte, limits Limits, secret Secret) (*Vault, error) {
	v, body, mac, err := parse(file, limits)
	if err != nil {
		return nil, err
	}
	for i := range v.slots {
		kek, ok := v.slots[i].matches(secret)
		if !ok {
			continue
		}
		v.keys, err = v.slots[i].unlock(&kek, v.epoch)
		clear(kek[:])
		if err != nil {
			return nil, err
		}
		if want := v.authenticate(body); subtle.ConstantTimeCompare(want, mac) != 1 {
			v.Zero()
			return nil, ErrDamaged
		}
		v.opener = v.slots[i].id
		return v, nil
	}
	return nil, ErrWrongSecret
}

// Slots lists the slots in the order they were made.
func (v *Vault) Slots() []Slot {
	var out []Slot
	for i := range v.slots {
		out = append(out, v.slots[i].public())
	}
	return out
}

// Opener returns the id of the slot that opened the vault; zero for one that was made, not opened.
func (v *Vault) Opener() SlotID { return v.opener }

// Verify answers nil when the secret opens a slot, ErrWrongSecret otherwise. It costs as much as opening.
func (v *Vault) Verify(secret Secret) error {
	_, err := v.Find(secret)
	return err
}

// Find returns the slot that the secret opens, ErrWrongSecret when there is none. It costs as much as opening.
func (v *Vault) Find(secret Secret) (Slot, error) {
	for i := range v.slots {
		kek, ok := v.slots[i].matches(secret)
		clear(kek[:])
		if ok {
			return v.slots[i].public(), nil
		}
	}
	return Slot{}, ErrWrongSecret
}

// Add returns the vault with one more slot; ErrFull when there are 16. The caller turns the epoch before the change
// counts as done.
func (v *Vault) Add(c Credential, now time.Time) (*Vault, Slot, error) {
	if len(v.slots) >= maxSlots {
		return nil, Slot{}, ErrFull
	}
	s, err := newSlot(c, v.limits, now, v.epoch, v.keys)
	if err != nil {
		return nil, Slot{}, err
	}
	out := v.copy()
	out.slots = append(out.slots, s)
	return out, s.public(), nil
}

// Remove returns the vault without the slot; ErrNoSlot when there is none, ErrLastSlot when nothing or only a keychain
// would be left to open it.
func (v *Vault) Remove(id SlotID) (*Vault, error) {
	i := v.index(id)
	if i < 0 {
		return nil, ErrNoSlot
	}
	out := v.copy()
	out.slots = slices.Delete(out.slots, i, i+1)
	return out.standing()
}

// Replace returns the vault with a slot for the credential in place of another, whatever its kind; ErrNoSlot when there
// is none of that id, ErrLastSlot as for Remove.
func (v *Vault) Replace(id SlotID, c Credential, now time.Time) (*Vault, Slot, error) {
	i := v.index(id)
	if i < 0 {
		return nil, Slot{}, ErrNoSlot
	}
	s, err := newSlot(c, v.limits, now, v.epoch, v.keys)
	if err != nil {
		return nil, Slot{}, err
	}
	out := v.copy()
	out.slots[i] = s
	out, err = out.standing()
	return out, s.public(), err
}

func (v *Vault) index(id SlotID) int {
	return slices.IndexFunc(v.slots, func(s slot) bool { return s.id == id })
}

// ReplaceKind returns the vault with one slot for the credential in place of all slots of its kind; ErrFull when there
// were 16 and none of the kind.
func (v *Vault) ReplaceKind(c Credential, now time.Time) (*Vault, Slot, error) {
	s, err := newSlot(c, v.limits, now, v.epoch, v.keys)
	if err != nil {
		return nil, Slot{}, err
	}
	out := v.copy()
	out.slots = slices.DeleteFunc(out.slots, func(o slot) bool { return o.kind == s.kind })
	if len(out.slots) >= maxSlots {
		return nil, Slot{}, ErrFull
	}
	out.slots = append(out.slots, s)
	return out, s.public(), nil
}

// Epoch returns the newest erasure epoch in the vault, from 1.
func (v *Vault) Epoch() uint64 { return v.epoch + uint64(len(v.keys)) - 1 }

// Turning reports whether the vault holds two vault keys: an epoch turn was begun and not finished.
func (v *Vault) Turning() bool { return len(v.keys) > 1 }

// BeginTurn returns the vault with the key of the next epoch beside the present one (step 1 of docs/STORAGE.md section
// 3.2). It returns ErrTurnPending when a turn was begun already.
func (v *Vault) BeginTurn() (*Vault, error) {
	if v.Turning() {
		return nil, ErrTurnPending
	}
	out := v.copy()
	next := vaultKey{random()}
	for i := range out.slots {
		s, err := out.slots[i].relink(&v.keys[0], v.epoch, &next)
		if err != nil {
			return nil, err
		}
		out.slots[i] = s
	}
	out.keys = append(out.keys, next)
	return out, nil
}

// FinishTurn returns the vault with the newest key only (step 4). It returns ErrTurnPending when no turn was begun.
func (v *Vault) FinishTurn() (*Vault, error) {
	if !v.Turning() {
		return nil, ErrTurnPending
	}
	out := v.copy()
	out.epoch++
	out.keys = slices.Clone(out.keys[1:])
	for i := range out.slots {
		out.slots[i].turns = slices.Clone(out.slots[i].turns[1:])
	}
	return out, nil
}

// Wrap seals a key record under the vault key of an epoch that the vault holds, bound to its row id and that epoch.
func (v *Vault) Wrap(row int64, epoch uint64, record []byte) []byte {
	return RowKey{v.keys[epoch-v.epoch].wrapping()}.Seal(wrapData(row, epoch), record)
}

// Unwrap opens a key record that was wrapped in the epoch; ErrDamaged when it was not, or when the vault no longer
// holds that epoch's key.
func (v *Vault) Unwrap(row int64, epoch uint64, wrapped []byte) ([]byte, error) {
	if epoch < v.epoch || epoch > v.Epoch() {
		return nil, ErrDamaged
	}
	return RowKey{v.keys[epoch-v.epoch].wrapping()}.Open(wrapData(row, epoch), wrapped)
}

func wrapData(row int64, epoch uint64) []byte {
	return RowData("keys", row, 0, encode.Uint64(epoch))
}

// Zero clears the vault keys.
func (v *Vault) Zero() {
	for i := range v.keys {
		clear(v.keys[i].b[:])
	}
}

// String hides the vault from logs and formatted errors.
func (*Vault) String() string { return "Vault(redacted)" }

// GoString hides the vault from %#v.
func (v *Vault) GoString() string { return v.String() }

func (v *Vault) copy() *Vault {
	return &Vault{limits: v.limits, epoch: v.epoch, keys: slices.Clone(v.keys), slots: slices.Clone(v.slots), opener: v.opener}
}
