package search

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"sotto/chat"
	"sotto/crypto/vault"
	"sotto/storage/sqlite"
	"sotto/storage/vaultfile"
)

// cheap are Argon2id parameters for tests, passed as values.
var (
	cheapLimits = vault.Limits{MinMemory: 64, MaxMemory: 1 << 20, MinTime: 1, MaxTime: 16}
	cheap       = vault.Params{Memory: 64, Time: 1, Threads: 1}
)

var day = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// history is an encrypted history in a folder of the test.
type history struct {
	dir   string
	store *sqlite.Store
}

func newHistory(t testing.TB) *history {
	t.Helper()
	h := &history{dir: t.TempDir()}
	v, err := vault.New(day, cheapLimits, vault.Credential{Secret: vault.Passphrase("correct horse"), Params: cheap})
	if err != nil {
		t.Fatal(err)
	}
	if h.store, err = sqlite.Create(filepath.Join(h.dir, "history.db"), v, h.save); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { h.close(t) })
	return h
}

func (h *history) save(b []byte) error { return vaultfile.Write(filepath.Join(h.dir, "vault"), b) }

func (h *history) open(t testing.TB) {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(h.dir, "vault"))
	if err != nil {
		t.Fatal(err)
	}
	v, err := vault.Open(b, cheapLimits, vault.Passphrase("correct horse"))
	if err != nil {
		t.Fatal(err)
	}
	if h.store, err = sqlite.Open(filepath.Join(h.dir, "history.db"), v, h.save); err != nil {
		t.Fatal(err)
	}
}

func (h *history) close(t testing.TB) {
	t.Helper()
	if err := h.store.Close(); err != nil {
		t.Errorf("Close: %v", err)
	}
}

func (h *history) path() string { return filepath.Join(h.dir, "search.sealed") }

func (h *history) update(t testing.TB, f func(chat.Tx) error) {
	t.Helper()
	if err := h.store.Update(context.Background(), f); err != nil {
		t.Fatal(err)
	}
}
