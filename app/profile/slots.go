package profile

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"sotto/app/platform"
	"sotto/app/security"
	"sotto/chat"
	"sotto/crypto/vault"
	"sotto/storage"
)

// SlotKind is a way to open a profile.
type SlotKind string

// The kinds, as sottoctl names them.
const (
	SlotPassphrase SlotKind = "passphrase"
	SlotRecovery   SlotKind = "recovery-code"
	SlotKeychain   SlotKind = "keychain"
	SlotKeyFile    SlotKind = "key-file" // with a passphrase
)

// Slot is one way to open the profile.
type Slot struct {
	ID      string // 16 hexadecimal digits
	Kind    SlotKind
	Created time.Time
	Used    time.Time // when it last opened the profile; zero: not that this profile knows
	Current bool      // it opened the profile this time
	// What one guess at the passphrase costs; zero where there is none.
	Memory  uint32 // KiB
	Passes  uint32
	Threads uint8
}

// ErrLastWay: what would be left does not let anybody in, or nobody who only knows or has something: a way with a
// passphrase stays, and a keychain is never the only one. It wraps chat.ErrRefused.
var ErrLastWay = fmt.Errorf("%w: a way with a passphrase has to stay", chat.ErrRefused)

// ErrTooManyWays: there are 16 slots already. It wraps chat.ErrRefused.
var ErrTooManyWays = fmt.Errorf("%w: no room for another slot", chat.ErrRefused)

// usedName is the setting that keeps when each slot opened the profile.
const usedName = "slots.used"

// Slots lists the ways to open the profile, in the order they were made.
func (p *Profile) Slots(ctx context.Context) ([]Slot, error) {
	var used map[string]int64
	err := p.store.View(ctx, func(tx chat.Tx) (err error) {
		used, err = slotUses(tx)
		return err
	})
	if err != nil {
		return nil, err
	}
	var out []Slot
	for _, s := range p.store.Slots() {
		slot := shown(s)
		slot.Current = s.ID == p.store.Opener()
		if at, ok := used[slot.ID]; ok {
			slot.Used = time.Unix(at, 0).UTC()
		}
		out = append(out, slot)
	}
	return out, nil
}

func shown(s vault.Slot) Slot {
	return Slot{
		ID: s.ID.String(), Kind: SlotKind(s.Kind.String()), Created: s.Created,
		Memory: s.Params.Memory, Passes: s.Params.Time, Threads: s.Params.Threads,
	}
}

func slotUses(tx chat.Tx) (map[string]int64, error) {
	used := map[string]int64{}
	b, err := tx.Settings().Get(usedName)
	switch {
	case errors.Is(err, chat.ErrNotFound):
		return used, nil
	case err != nil:
		return nil, err
	}
	if json.Unmarshal(b, &used) != nil {
		return map[string]int64{}, nil // only the dates are lost
	}
	return used, nil
}

// recordUse keeps when a slot opened the profile, and forgets slots that are gone.
func recordUse(tx chat.Tx, store *storage.Store, now time.Time) error {
	used, err := slotUses(tx)
	if err != nil {
		return err
	}
	kept := map[string]int64{store.Opener().String(): now.Unix()}
	for _, s := range store.Slots() {
		id := s.ID.String()
		if at, ok := used[id]; ok && s.ID != store.Opener() {
			kept[id] = at
		}
	}
	b, err := json.Marshal(kept)
	if err != nil {
		return err
	}
	return tx.Settings().Put(usedName, b)
}

// AddPassphrase adds a passphrase beside what opens the profile already. Each change of slots uses up a confirmation of
// security.ActSlots and turns the erasure epoch. Errors: chat.ErrRefused without a confirmation, [ErrTooManyWays],
// chat.ErrMalformed, ErrDiskFull, ErrReadOnly.
func (p *Profile) AddPassphrase(ctx context.Context, passphrase string) (Slot, error) {
	if err := p.StepUp.Use(security.ActSlots); err != nil {
		return Slot{}, err
	}
	slot, err := p.store.AddPassphrase(ctx, passphrase)
	return p.added(ctx, slot, err)
}

// AddKeyFile adds a way that needs a passphrase and the file at path. It is a second factor once no passphrase opens the
// profile alone (RemoveSlot). Errors: those of AddPassphrase, [ErrKeyFile], [ErrKeyFileInside].
func (p *Profile) AddKeyFile(ctx context.Context, passphrase, path string) (Slot, error) {
	if err := outside(p.folder.dir, path); err != nil {
		return Slot{}, err
	}
	key, err := readKeyFile(path)
	if err != nil {
		return Slot{}, err
	}
	if err := p.StepUp.Use(security.ActSlots); err != nil {
		return Slot{}, err
	}
	slot, err := p.store.AddKeyFile(ctx, passphrase, key)
	if err == nil {
		p.remember(key)
	}
	return p.added(ctx, slot, err)
}

// AddKeychain lets the keychain of this computer open the profile without a passphrase. Errors: those of AddPassphrase
// and of [platform.Keychain].
func (p *Profile) AddKeychain(ctx context.Context) (Slot, error) {
	if err := p.StepUp.Use(security.ActSlots); err != nil {
		return Slot{}, err
	}
	id, key := vault.NewSlotID(), vault.NewRowKey()
	secret := [vault.KeySize]byte(key.Bytes())
	defer clear(secret[:])
	defer key.Zero()
	// The key first: a slot without a key would be a way in that never worked.
	if err := p.options.askKeychain(ctx, func(k platform.Keychain) error { return k.Put(keychainName(id), secret) }); err != nil {
		return Slot{}, err
	}
	slot, err := p.store.AddKeychain(ctx, id, secret)
	if err != nil {
		_ = p.forgetKey(ctx, id) // opens nothing
	}
	return p.added(ctx, slot, err)
}

func (p *Profile) added(ctx context.Context, slot vault.Slot, err error) (Slot, error) {
	if err := p.recordedSlot(ctx, slotError(err), "slot.added", slot.Kind); err != nil {
		return Slot{}, err
	}
	return shown(slot), nil
}

// RemoveSlot removes a way to open the profile. Errors: chat.ErrRefused without a confirmation, [ErrLastWay],
// chat.ErrNotFound, ErrDiskFull, ErrReadOnly. What an older copy of all files holds, the removed secret still opens there.
func (p *Profile) RemoveSlot(ctx context.Context, id string) error {
	slots := p.store.Slots()
	i := slices.IndexFunc(slots, func(s vault.Slot) bool { return s.ID.String() == id })
	if i < 0 {
		return chat.ErrNotFound
	}
	gone := slots[i]
	if !slices.ContainsFunc(slices.Delete(slots, i, i+1), typed) {
		return ErrLastWay
	}
	if err := p.StepUp.Use(security.ActSlots); err != nil {
		return err
	}
	if err := p.recordedSlot(ctx, slotError(p.store.RemoveSlot(ctx, gone.ID)), "slot.removed", gone.Kind); err != nil {
		return err
	}
	if gone.Kind == vault.KindKeychain {
		_ = p.forgetKey(ctx, gone.ID) // what stays in the keychain opens nothing any more
	}
	return nil
}

// typed reports whether a person types something to open the slot often: step-up asks for it.
func typed(s vault.Slot) bool { return s.Kind == vault.KindPassphrase || s.Kind == vault.KindKeyFile }

func (p *Profile) forgetKey(ctx context.Context, id vault.SlotID) error {
	return p.options.askKeychain(ctx, func(k platform.Keychain) error { return k.Delete(keychainName(id)) })
}

// slotError names what stands in the way of a change of slots.
func slotError(err error) error {
	switch {
	case errors.Is(err, vault.ErrLastSlot):
		return ErrLastWay
	case errors.Is(err, vault.ErrFull):
		return ErrTooManyWays
	}
	return named(err)
}

func (p *Profile) recordedSlot(ctx context.Context, err error, action string, kind vault.Kind) error {
	if err != nil {
		return err
	}
	return p.store.Update(ctx, func(tx chat.Tx) error { return p.Audit.Record(tx, action, "", kind.String()) })
}

// PresentKeyFile shows the open profile its key file, so that the passphrase that goes with it confirms acts from now on.
// Whether it is the right one shows with the passphrase. Errors: [ErrKeyFile].
func (p *Profile) PresentKeyFile(path string) error {
	key, err := readKeyFile(path)
	if err != nil {
		return err
	}
	p.remember(key)
	return nil
}

// NeedsKeyFile reports whether no passphrase confirms an act before PresentKeyFile was called.
func (p *Profile) NeedsKeyFile() bool { return len(p.secrets("")) == 0 }

func (p *Profile) remember(key vault.KeyFile) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.by.keyFile = key
}

// secrets are what a typed passphrase may stand for.
func (p *Profile) secrets(passphrase string) []storage.Secret {
	p.mu.Lock()
	key := p.by.keyFile
	p.mu.Unlock()
	slots := p.store.Slots()
	has := func(k vault.Kind) bool {
		return slices.ContainsFunc(slots, func(s vault.Slot) bool { return s.Kind == k })
	}
	var out []storage.Secret
	if has(vault.KindPassphrase) {
		out = append(out, storage.Passphrase(passphrase))
	}
	if has(vault.KindKeyFile) && !key.IsZero() {
		out = append(out, storage.WithKeyFile(passphrase, key))
	}
	return out
}

// match answers the secret that a typed passphrase stands for.
func (p *Profile) match(passphrase string) (storage.Secret, error) {
	err := ErrKeyFileNeeded
	for _, s := range p.secrets(passphrase) {
		if _, err = p.store.FindSlot(s); err == nil {
			return s, nil
		}
	}
	return storage.Secret{}, err
}

// VerifyPassphrase implements security.Secret. It answers [ErrKeyFileNeeded] where no passphrase opens the profile alone
// and the key file was not shown.
func (p *Profile) VerifyPassphrase(_ context.Context, passphrase []byte) error {
	_, err := p.match(string(passphrase))
	return err
}

// ChangePassphrase replaces the passphrase that old is, in its slot, and turns the epoch; beside a key file the file
// stays. Errors: chat.ErrWrongSecret, [chat.DelayError], [ErrKeyFileNeeded].
func (p *Profile) ChangePassphrase(ctx context.Context, old, passphrase string) error {
	err := p.attempts.Try(func() error {
		secret, err := p.match(old)
		if err != nil {
			return err
		}
		return p.store.ChangePassphrase(ctx, secret, passphrase)
	})
	return p.recorded(ctx, named(err), "passphrase.changed")
}

// ResetPassphrase sets a new passphrase with the recovery code that the profile was opened with: once, and within ten
// minutes of it, so that nobody does at a window left open; otherwise chat.ErrRefused. It opens without a key file.
func (p *Profile) ResetPassphrase(ctx context.Context, passphrase string) error {
	p.mu.Lock()
	code, until := p.by.code, p.by.codeUntil
	p.mu.Unlock()
	if code == "" || !p.options.Now().Before(until) {
		return fmt.Errorf("%w: the profile was not opened with its recovery code just now", chat.ErrRefused)
	}
	err := p.store.ResetWithRecoveryCode(ctx, code, passphrase)
	if err == nil {
		p.mu.Lock()
		p.by.code = ""
		p.mu.Unlock()
	}
	return p.recorded(ctx, slotError(err), "passphrase.reset")
}

// NewRecoveryCode replaces the recovery code and returns the new one, to be shown once. It uses up a confirmation of
// security.ActSlots; chat.ErrRefused without one.
func (p *Profile) NewRecoveryCode(ctx context.Context) (string, error) {
	if err := p.StepUp.Use(security.ActSlots); err != nil {
		return "", err
	}
	code, err := p.store.NewRecoveryCode(ctx)
	if err := p.recorded(ctx, slotError(err), "recovery-code.replaced"); err != nil {
		return "", err
	}
	return code.Text(), nil
}

// keychainSlots are the ids under which keychains hold keys of this profile.
func (p *Profile) keychainSlots() []vault.SlotID {
	var out []vault.SlotID
	for _, s := range p.store.Slots() {
		if s.Kind == vault.KindKeychain {
			out = append(out, s.ID)
		}
	}
	return out
}
