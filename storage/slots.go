package storage

import (
	"context"
	"path/filepath"

	"sotto/chat"
	"sotto/crypto/vault"
	"sotto/storage/sqlite"
	"sotto/storage/vaultfile"
)

// ListSlots returns the slots that the vault file of a closed profile names. Nothing vouches for them before the vault is
// opened: they are good for asking the right question. Errors: chat.ErrNoProfile, ErrVaultDamaged, ErrNewerFormat.
func ListSlots(dir string, options Options) ([]vault.Slot, error) {
	b, err := vaultfile.Read(filepath.Join(dir, VaultFile))
	if err != nil {
		return nil, err
	}
	slots, err := vault.List(b, options.filled().Limits)
	return slots, sqlite.VaultError(err)
}

// FindSlot answers the slot that a secret opens, chat.ErrWrongSecret when there is none. It takes as long as unlocking.
func (s *Store) FindSlot(secret Secret) (vault.Slot, error) {
	if secret.err != nil {
		return vault.Slot{}, secret.err
	}
	return s.Find(secret.secret)
}

// VerifyPassphrase answers nil when it opens the vault, chat.ErrWrongSecret otherwise. It takes as long as unlocking.
func (s *Store) VerifyPassphrase(passphrase string) error {
	return s.Verify(vault.Passphrase(passphrase))
}

// ChangePassphrase replaces the slot that old opens by one with the new passphrase; a slot with a key file keeps its
// file. It returns chat.ErrWrongSecret when old opens no slot with a passphrase. An older copy of the vault file still
// opens with the old passphrase what an equally old copy of the history holds.
func (s *Store) ChangePassphrase(ctx context.Context, old Secret, passphrase string) error {
	if old.err == nil && old.secret.Kind() != vault.KindPassphrase && old.secret.Kind() != vault.KindKeyFile {
		return chat.ErrWrongSecret
	}
	slot, err := s.FindSlot(old)
	if err != nil {
		return err
	}
	c, err := s.options.credential(old.secret.Words(passphrase))
	if err != nil {
		return err
	}
	return s.ChangeSlots(ctx, func(v *vault.Vault) (*vault.Vault, error) {
		next, _, err := v.Replace(slot.ID, c, s.options.Now())
		return next, err
	})
}

// ResetWithRecoveryCode makes one slot for the passphrase in place of all of its kind, for someone who forgot it;
// chat.ErrWrongSecret for another code. Slots of other kinds stay.
func (s *Store) ResetWithRecoveryCode(ctx context.Context, words, passphrase string) error {
	secret := RecoveryCode(words)
	if _, err := s.FindSlot(secret); err != nil {
		return err
	}
	c, err := s.options.credential(vault.Passphrase(passphrase))
	if err != nil {
		return err
	}
	_, err = s.replaceKind(ctx, c)
	return err
}

// NewRecoveryCode replaces the recovery code and returns the new one, to be shown once.
func (s *Store) NewRecoveryCode(ctx context.Context) (vault.RecoveryCode, error) {
	code := vault.NewRecoveryCode()
	_, err := s.replaceKind(ctx, vault.Credential{Secret: vault.Recovery(code)})
	return code, err
}

func (s *Store) replaceKind(ctx context.Context, c vault.Credential) (vault.Slot, error) {
	var slot vault.Slot
	err := s.ChangeSlots(ctx, func(v *vault.Vault) (next *vault.Vault, err error) {
		next, slot, err = v.ReplaceKind(c, s.options.Now())
		return next, err
	})
	return slot, err
}

// AddPassphrase adds a passphrase slot beside the others. Errors of the three Add functions: chat.ErrMalformed (an empty
// secret), chat.ErrRefused (16 slots).
func (s *Store) AddPassphrase(ctx context.Context, passphrase string) (vault.Slot, error) {
	c, err := s.options.credential(vault.Passphrase(passphrase))
	if err != nil {
		return vault.Slot{}, err
	}
	return s.add(ctx, c)
}

// AddKeyFile adds a slot that needs the passphrase and the key file.
func (s *Store) AddKeyFile(ctx context.Context, passphrase string, file vault.KeyFile) (vault.Slot, error) {
	c, err := s.options.credential(vault.WithKeyFile(passphrase, file))
	if err != nil {
		return vault.Slot{}, err
	}
	return s.add(ctx, c)
}

// AddKeychain adds a slot for a key that the operating system keeps under the name of the slot. The caller keeps the key
// there first, so that no slot stands whose key was never kept.
func (s *Store) AddKeychain(ctx context.Context, id vault.SlotID, key [vault.KeySize]byte) (vault.Slot, error) {
	return s.add(ctx, vault.Credential{Secret: vault.Keychain(key), ID: id})
}

func (s *Store) add(ctx context.Context, c vault.Credential) (vault.Slot, error) {
	var slot vault.Slot
	err := s.ChangeSlots(ctx, func(v *vault.Vault) (next *vault.Vault, err error) {
		next, slot, err = v.Add(c, s.options.Now())
		return next, err
	})
	return slot, err
}

// RemoveSlot removes a slot; chat.ErrNotFound when there is none with the id, chat.ErrRefused when nothing, or nothing
// but a keychain, would be left to open the vault.
func (s *Store) RemoveSlot(ctx context.Context, id vault.SlotID) error {
	return s.ChangeSlots(ctx, func(v *vault.Vault) (*vault.Vault, error) { return v.Remove(id) })
}
