package storage_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"sotto/chat"
	"sotto/crypto/vault"
	"sotto/storage"
)

// TestEveryActOnSlotsTurnsTheEpoch tries each act: the vault file from before it opens nothing of what is there after it,
// with none of the secrets, also with those that were not touched.
func TestEveryActOnSlotsTurnsTheEpoch(t *testing.T) {
	key, err := vault.ReadKeyFile(make([]byte, vault.MinKeyFile))
	if err != nil {
		t.Fatal(err)
	}
	id := func(_ vault.Slot, err error) error { return err }
	for what, act := range map[string]func(s *storage.Store, code string) error{
		"add passphrase": func(s *storage.Store, _ string) error { return id(s.AddPassphrase(ctx, "another")) },
		"add key file":   func(s *storage.Store, _ string) error { return id(s.AddKeyFile(ctx, "beside", key)) },
		"add keychain": func(s *storage.Store, _ string) error {
			return id(s.AddKeychain(ctx, vault.NewSlotID(), [vault.KeySize]byte{1}))
		},
		"remove":       func(s *storage.Store, _ string) error { return s.RemoveSlot(ctx, s.Slots()[1].ID) },
		"new recovery": func(s *storage.Store, _ string) error { _, err := s.NewRecoveryCode(ctx); return err },
		"reset":        func(s *storage.Store, code string) error { return s.ResetWithRecoveryCode(ctx, code, "second") },
		"change": func(s *storage.Store, _ string) error {
			return s.ChangePassphrase(ctx, storage.Passphrase("first passphrase"), "second")
		},
	} {
		t.Run(what, func(t *testing.T) {
			dir, s, code := create(t)
			path := filepath.Join(dir, storage.VaultFile)
			before, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if err := act(s, code); err != nil {
				t.Fatal(err)
			}
			closed(t, s)
			after, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			opened := 0
			for _, secret := range []storage.Secret{
				storage.Passphrase("first passphrase"), storage.Passphrase("second"), storage.RecoveryCode(code),
				storage.Keychain([vault.KeySize]byte{1}),
			} { // positive control: the act leaves a way in
				s, err := storage.Open(ctx, dir, secret, options())
				if err == nil {
					opened++
					closed(t, s)
				} else if !errors.Is(err, chat.ErrWrongSecret) {
					t.Errorf("the vault from after it: %v", err)
				}
			}
			if opened == 0 {
				t.Error("nothing opens the vault from after it")
			}
			if err := os.WriteFile(path, before, 0o600); err != nil {
				t.Fatal(err)
			}
			for _, secret := range []storage.Secret{storage.Passphrase("first passphrase"), storage.RecoveryCode(code)} {
				refused(t, dir, secret, chat.ErrDamaged)
			}
			if err := os.WriteFile(path, after, 0o600); err != nil {
				t.Fatal(err)
			}
		})
	}
}
