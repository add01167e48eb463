package sqlite

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"sotto/chat"
	"sotto/crypto/vault"
	"sotto/storage/storetest"
)

// cheap are Argon2id parameters for tests, passed as values.
var (
	cheapLimits = vault.Limits{MinMemory: 64, MaxMemory: 1 << 20, MinTime: 1, MaxTime: 16}
	cheap       = vault.Params{Memory: 64, Time: 1, Threads: 1}
)

const passphrase = "correct horse"

// profile is a database with its vault file in a test's folder.
type profile struct{ db, vault string }

func newProfile(t testing.TB) profile {
	dir := t.TempDir()
	return profile{filepath.Join(dir, "history.db"), filepath.Join(dir, "vault")}
}

func (p profile) save(b []byte) error { return os.WriteFile(p.vault, b, 0o600) }

func (p profile) create(t testing.TB) *Store {
	t.Helper()
	v, err := vault.New(time.Unix(1, 0), cheapLimits, vault.Credential{Secret: vault.Passphrase(passphrase), Params: cheap})
	if err != nil {
		t.Fatal(err)
	}
	s, err := Create(p.db, v, p.save)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { closeStore(t, s) })
	return s
}

func (p profile) tryOpen(reached func(string)) (*Store, error) {
	b, err := os.ReadFile(p.vault)
	if err != nil {
		return nil, err
	}
	v, err := vault.Open(b, cheapLimits, vault.Passphrase(passphrase))
	if err != nil {
		return nil, err
	}
	return open(p.db, v, p.save, reached)
}

func (p profile) open(t testing.TB) *Store {
	t.Helper()
	s, err := p.tryOpen(nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { closeStore(t, s) })
	return s
}

func closeStore(t testing.TB, s *Store) {
	t.Helper()
	if err := s.Close(); err != nil {
		t.Errorf("Close: %v", err)
	}
}

func TestConformance(t *testing.T) {
	storetest.Run(t, func(t *testing.T) chat.Store { return newProfile(t).create(t) })
}
