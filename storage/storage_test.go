package storage_test

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sotto/chat"
	"sotto/crypto/vault"
	"sotto/storage"
	"sotto/storage/storetest"
)

var ctx = context.Background()

// options are cheap ones for tests, passed as values.
func options() storage.Options {
	return storage.Options{
		Passphrase: "first passphrase",
		Params:     vault.Params{Memory: 64, Time: 1, Threads: 1},
		Limits:     vault.Limits{MinMemory: 64, MaxMemory: 1 << 20, MinTime: 1, MaxTime: 16},
		Now:        func() time.Time { return time.Unix(1_700_000_000, 0) },
	}
}

func create(t *testing.T) (dir string, s *storage.Store, code string) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "profile with ? and %41")
	s, words, err := storage.Create(ctx, dir, options())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() }) //nolint:errcheck // tests close it themselves where it matters
	return dir, s, words.Text()
}

func reopen(t *testing.T, dir string, secret storage.Secret) *storage.Store {
	t.Helper()
	s, err := storage.Open(ctx, dir, secret, options())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() }) //nolint:errcheck // tests close it themselves where it matters
	return s
}

func closed(t *testing.T, s *storage.Store) {
	t.Helper()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

func put(t *testing.T, s chat.Store, name, v string) {
	t.Helper()
	if err := s.Update(ctx, func(tx chat.Tx) error { return tx.Settings().Put(name, []byte(v)) }); err != nil {
		t.Fatal(err)
	}
}

func want(t *testing.T, s chat.Store, name, v string) {
	t.Helper()
	err := s.View(ctx, func(tx chat.Tx) error {
		got, err := tx.Settings().Get(name)
		if string(got) != v {
			t.Errorf("%s is %q, want %q", name, got, v)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

func refused(t *testing.T, dir string, secret storage.Secret, sentinel error) {
	t.Helper()
	s, err := storage.Open(ctx, dir, secret, options())
	if !errors.Is(err, sentinel) {
		t.Errorf("error %v, want %v", err, sentinel)
	}
	if err == nil {
		closed(t, s)
	}
}

func TestConformance(t *testing.T) {
	storetest.Run(t, func(t *testing.T) chat.Store {
		_, s, _ := create(t)
		return s
	})
}

func TestPassphraseAndRecoveryCodeOpenWhatWasStored(t *testing.T) {
	dir, s, code := create(t)
	put(t, s, "a", "1")
	closed(t, s)
	for _, secret := range []storage.Secret{
		storage.Passphrase("first passphrase"), storage.RecoveryCode(code), storage.RecoveryCode(strings.ToUpper(code)),
	} {
		s := reopen(t, dir, secret)
		want(t, s, "a", "1")
		closed(t, s)
	}
	refused(t, dir, storage.Passphrase("other"), chat.ErrWrongSecret)
	refused(t, dir, storage.Passphrase(""), chat.ErrWrongSecret)
	refused(t, dir, storage.RecoveryCode("no code"), chat.ErrWrongSecret)
	refused(t, dir, storage.RecoveryCode(vault.NewRecoveryCode().Text()), chat.ErrWrongSecret)
	refused(t, t.TempDir(), storage.Passphrase("other"), chat.ErrNoProfile)
	refused(t, t.TempDir(), storage.RecoveryCode("no code"), chat.ErrNoProfile)
	if _, _, err := storage.Create(ctx, dir, options()); !errors.Is(err, chat.ErrProfileExists) {
		t.Errorf("second Create: %v", err)
	}
	empty := options()
	empty.Passphrase = ""
	if _, _, err := storage.Create(ctx, t.TempDir(), empty); !errors.Is(err, chat.ErrMalformed) {
		t.Errorf("Create without passphrase: %v", err)
	}
}

func TestFilesAreForTheirOwnerOnly(t *testing.T) {
	dir, s, _ := create(t)
	put(t, s, "a", "1")
	guide, err := storage.OpenWithKey(ctx, filepath.Join(dir, "guide.db"), s.Subkey("guide"), options())
	if err != nil {
		t.Fatal(err)
	}
	defer closed(t, guide)
	err = filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := e.Info()
		if err == nil && info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s has mode %v", filepath.Base(path), info.Mode())
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestTempFolderIsEmptiedAtOpening(t *testing.T) {
	dir, s, _ := create(t)
	closed(t, s)
	left := filepath.Join(dir, storage.TempFolder, "opened.pdf")
	if err := os.WriteFile(left, []byte("plaintext"), 0o600); err != nil {
		t.Fatal(err)
	}
	reopen(t, dir, storage.Passphrase("first passphrase"))
	if _, err := os.Stat(left); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the file is still there: %v", err)
	}
}

func TestChangedPassphraseReplacesTheOldOne(t *testing.T) {
	dir, s, code := create(t)
	put(t, s, "a", "1")
	if err := s.ChangePassphrase(ctx, storage.Passphrase("wrong"), "second"); !errors.Is(err, chat.ErrWrongSecret) {
		t.Errorf("with a wrong old one: %v", err)
	}
	if err := s.ChangePassphrase(ctx, storage.Passphrase("first passphrase"), ""); !errors.Is(err, chat.ErrMalformed) {
		t.Errorf("to an empty one: %v", err)
	}
	if err := s.ChangePassphrase(ctx, storage.Passphrase("first passphrase"), "second"); err != nil {
		t.Fatal(err)
	}
	want(t, s, "a", "1")
	put(t, s, "a", "2")
	if err := s.VerifyPassphrase("second"); err != nil {
		t.Error(err)
	}
	if err := s.VerifyPassphrase("first passphrase"); !errors.Is(err, chat.ErrWrongSecret) {
		t.Errorf("the old one: %v", err)
	}
	closed(t, s)
	refused(t, dir, storage.Passphrase("first passphrase"), chat.ErrWrongSecret)
	s = reopen(t, dir, storage.Passphrase("second"))
	want(t, s, "a", "2")

	if err := s.ResetWithRecoveryCode(ctx, "no code", "third"); !errors.Is(err, chat.ErrWrongSecret) {
		t.Errorf("with a wrong code: %v", err)
	}
	if err := s.ResetWithRecoveryCode(ctx, code, "third"); err != nil {
		t.Fatal(err)
	}
	closed(t, s)
	refused(t, dir, storage.Passphrase("second"), chat.ErrWrongSecret)
	s = reopen(t, dir, storage.Passphrase("third"))
	fresh, err := s.NewRecoveryCode(ctx)
	if err != nil {
		t.Fatal(err)
	}
	closed(t, s)
	refused(t, dir, storage.RecoveryCode(code), chat.ErrWrongSecret)
	want(t, reopen(t, dir, storage.RecoveryCode(fresh.Text())), "a", "2")
}

// TestOldVaultFileOpensNothingAfterAChange is the reason why a change of slots turns the epoch.
func TestOldVaultFileOpensNothingAfterAChange(t *testing.T) {
	dir, s, _ := create(t)
	old, err := os.ReadFile(filepath.Join(dir, storage.VaultFile))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.ChangePassphrase(ctx, storage.Passphrase("first passphrase"), "second"); err != nil {
		t.Fatal(err)
	}
	closed(t, s)
	if err := os.WriteFile(filepath.Join(dir, storage.VaultFile), old, 0o600); err != nil {
		t.Fatal(err)
	}
	refused(t, dir, storage.Passphrase("first passphrase"), chat.ErrDamaged)
}

func TestSlotsAreListedAddedAndRemoved(t *testing.T) {
	dir, s, _ := create(t)
	slot, err := s.AddPassphrase(ctx, "another")
	if err != nil {
		t.Fatal(err)
	}
	if got := s.Slots(); len(got) != 3 || got[2] != slot {
		t.Errorf("slots %+v", got)
	}
	closed(t, s)
	s = reopen(t, dir, storage.Passphrase("another"))
	if err := s.RemoveSlot(ctx, slot.ID); err != nil {
		t.Fatal(err)
	}
	if err := s.RemoveSlot(ctx, slot.ID); !errors.Is(err, chat.ErrNotFound) {
		t.Errorf("removed twice: %v", err)
	}
	if err := s.RemoveSlot(ctx, s.Slots()[0].ID); err != nil {
		t.Fatal(err)
	}
	if err := s.RemoveSlot(ctx, s.Slots()[0].ID); !errors.Is(err, chat.ErrRefused) {
		t.Errorf("the last one: %v", err)
	}
	closed(t, s)
	refused(t, dir, storage.Passphrase("another"), chat.ErrWrongSecret)
}

func TestGuideStoreOpensWithTheSubkeyOnly(t *testing.T) {
	dir, s, _ := create(t)
	file := filepath.Join(dir, "guide.db")
	key := s.Subkey("guide")
	if key == s.Subkey("other") {
		t.Error("two names share a key")
	}
	guide, err := storage.OpenWithKey(ctx, file, key, options())
	if err != nil {
		t.Fatal(err)
	}
	put(t, guide, "a", "1")
	if err := guide.Erase(ctx, func(tx chat.Tx) error { return tx.Settings().Put("b", []byte("2")) }); err != nil {
		t.Fatal(err)
	}
	closed(t, guide)
	// The key stays the same over erasure epochs and slot changes of the person's store.
	if err := s.ChangePassphrase(ctx, storage.Passphrase("first passphrase"), "second"); err != nil {
		t.Fatal(err)
	}
	closed(t, s)
	s = reopen(t, dir, storage.Passphrase("second"))
	if s.Subkey("guide") != key {
		t.Fatal("the key changed")
	}
	guide, err = storage.OpenWithKey(ctx, file, key, options())
	if err != nil {
		t.Fatal(err)
	}
	want(t, guide, "b", "2")
	closed(t, guide)
	if _, err := storage.OpenWithKey(ctx, file, s.Subkey("other"), options()); !errors.Is(err, chat.ErrWrongSecret) {
		t.Errorf("another key: %v", err)
	}
}

func TestDamagedVaultIsNamed(t *testing.T) {
	dir, s, _ := create(t)
	closed(t, s)
	path := filepath.Join(dir, storage.VaultFile)
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, bad := range [][]byte{
		nil, good[:len(good)-1], append(bytes.Clone(good), 0), bytes.Replace(good, []byte{1}, []byte{2}, 1),
		make([]byte, 1<<20),
	} {
		if err := os.WriteFile(path, bad, 0o600); err != nil {
			t.Fatal(err)
		}
		refused(t, dir, storage.Passphrase("first passphrase"), chat.ErrVaultDamaged)
	}
}

func TestInterruptedCreationIsBegunAnew(t *testing.T) {
	dir, s, _ := create(t)
	closed(t, s)
	if err := os.Remove(filepath.Join(dir, storage.VaultFile)); err != nil {
		t.Fatal(err)
	}
	if storage.Exists(dir) {
		t.Fatal("a profile without vault exists")
	}
	s, _, err := storage.Create(ctx, dir, options())
	if err != nil {
		t.Fatal(err)
	}
	put(t, s, "a", "1")
	closed(t, s)
	want(t, reopen(t, dir, storage.Passphrase("first passphrase")), "a", "1")
	if _, err := os.Stat(filepath.Join(dir, "history.db.orphan")); err != nil {
		t.Errorf("the history without vault was not kept: %v", err)
	}
}

func TestDestroyRemovesTheProfileAndNothingElse(t *testing.T) {
	dir, s, _ := create(t)
	of := options()
	of.Blobs = filepath.Join(dir, "guide.db"+storage.BlobSuffix)
	guide, err := storage.OpenWithKey(ctx, filepath.Join(dir, "guide.db"), s.Subkey("guide"), of)
	if err != nil {
		t.Fatal(err)
	}
	for _, store := range []*storage.Store{guide, s} {
		w, err := store.Blobs().Create()
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Commit(); err != nil {
			t.Fatal(err)
		}
	}
	closed(t, guide)
	closed(t, s)
	foreign := filepath.Join(dir, "holiday.jpg")
	for _, path := range []string{foreign, filepath.Join(dir, "lock")} {
		if err := os.WriteFile(path, []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := storage.Destroy(dir, "../elsewhere"); !errors.Is(err, chat.ErrMalformed) {
		t.Errorf("a name outside the folder: %v", err)
	}
	if !storage.Exists(dir) {
		t.Fatal("a refused call removed the vault")
	}
	if err := storage.Destroy(dir, "lock"); err != nil {
		t.Fatal(err)
	}
	left, err := os.ReadDir(dir)
	if err != nil || len(left) != 1 || left[0].Name() != "holiday.jpg" {
		t.Errorf("left: %v, %v", left, err)
	}
	if err := storage.Destroy(dir); !errors.Is(err, chat.ErrNoProfile) {
		t.Errorf("second Destroy: %v", err)
	}
	dir, s, _ = create(t)
	closed(t, s)
	if err := storage.Destroy(dir); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the empty folder stays: %v", err)
	}
}
