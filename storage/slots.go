package storage

import (
	"context"

	"sotto/chat"
	"sotto/crypto/vault"
	"sotto/storage/sqlite"
)

// VerifyPassphrase answers nil when it opens the vault, chat.ErrWrongSecret otherwise. It takes as long as unlocking.
func (s *Store) VerifyPassphrase(passphrase string) error {
	return s.Verify(vault.Passphrase(passphrase))
}

// ChangePassphrase replaces the passphrase slot. It returns chat.ErrWrongSecret when old opens nothing. An older copy of
// the vault file still opens with the old passphrase what an equally old copy of the history holds.
func (s *Store) ChangePassphrase(ctx context.Context, old, passphrase string) error {
	if err := s.VerifyPassphrase(old); err != nil {
		return err
	}
	return s.setPassphrase(ctx, passphrase)
}

// ResetWithRecoveryCode replaces the passphrase slot of someone who forgot it; chat.ErrWrongSecret for another code.
func (s *Store) ResetWithRecoveryCode(ctx context.Context, words, passphrase string) error {
	secret := RecoveryCode(words)
	if secret.err != nil {
		return secret.err
	}
	if err := s.Verify(secret.secret); err != nil {
		return err
	}
	return s.setPassphrase(ctx, passphrase)
}

func (s *Store) setPassphrase(ctx context.Context, passphrase string) error {
	c, err := s.options.credential(passphrase)
	if err != nil {
		return err
	}
	return s.ChangeSlots(ctx, func(v *vault.Vault) (*vault.Vault, error) {
		next, _, err := v.ReplaceKind(c, s.options.Now())
		return next, err
	})
}

// NewRecoveryCode replaces the recovery code and returns the new one, to be shown once.
func (s *Store) NewRecoveryCode(ctx context.Context) (vault.RecoveryCode, error) {
	code := vault.NewRecoveryCode()
	err := s.ChangeSlots(ctx, func(v *vault.Vault) (*vault.Vault, error) {
		next, _, err := v.ReplaceKind(vault.Credential{Secret: vault.Recovery(code)}, s.options.Now())
		return next, err
	})
	return code, err
}

// AddPassphrase adds a passphrase slot beside the others.
func (s *Store) AddPassphrase(ctx context.Context, passphrase string) (vault.Slot, error) {
	c, err := s.options.credential(passphrase)
	if err != nil {
		return vault.Slot{}, err
	}
	var slot vault.Slot
	err = s.ChangeSlots(ctx, func(v *vault.Vault) (*vault.Vault, error) {
		next, added, err := v.Add(c, s.options.Now())
		slot = added
		return next, err
	})
	return slot, err
}

// RemoveSlot removes a slot; chat.ErrNotFound when there is none with the id, chat.ErrRefused for the last one.
func (s *Store) RemoveSlot(ctx context.Context, id vault.SlotID) error {
	return s.ChangeSlots(ctx, func(v *vault.Vault) (*vault.Vault, error) {
		next, err := v.Remove(id)
		switch err {
		case vault.ErrNoSlot:
			return nil, chat.ErrNotFound
		case vault.ErrLastSlot:
			return nil, chat.ErrRefused
		}
		return next, sqlite.VaultError(err)
	})
}
