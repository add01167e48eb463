package vaultfile_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sotto/chat"
	"sotto/storage/vaultfile"
)

func TestWrittenFileIsReadBackAndPrivate(t *testing.T) {
	path := filepath.Join(t.TempDir(), "vault")
	for _, content := range []string{"first, longer", "second"} {
		if err := vaultfile.Write(path, []byte(content)); err != nil {
			t.Fatal(err)
		}
		got, err := vaultfile.Read(path)
		if err != nil || string(got) != content {
			t.Errorf("%q, %v", got, err)
		}
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(entries) != 1 {
		t.Errorf("left in the folder: %v, %v", entries, err)
	}
}

func TestInterruptedWriteLeavesTheOldContent(t *testing.T) {
	path := filepath.Join(t.TempDir(), "vault")
	if err := vaultfile.Write(path, []byte("old")); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path+".new", []byte("ha"), 0o600); err != nil { // killed before the rename
		t.Fatal(err)
	}
	if got, err := vaultfile.Read(path); err != nil || string(got) != "old" {
		t.Errorf("%q, %v", got, err)
	}
	if err := vaultfile.Write(path, []byte("n")); err != nil {
		t.Fatal(err)
	}
	if got, err := vaultfile.Read(path); err != nil || string(got) != "n" {
		t.Errorf("%q, %v", got, err)
	}
}

func TestRefusedWriteKeepsTheOldContent(t *testing.T) {
	path := filepath.Join(t.TempDir(), "vault")
	if err := vaultfile.Write(path, []byte("old")); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(path+".new", 0o700); err != nil { // what cannot be opened for writing
		t.Fatal(err)
	}
	err := vaultfile.Write(path, []byte("new"))
	if err == nil {
		t.Fatal("no error")
	}
	if text := err.Error(); len(text) == 0 || strings.Contains(text, path) {
		t.Errorf("the error names the path: %v", err)
	}
	if got, err := vaultfile.Read(path); err != nil || string(got) != "old" {
		t.Errorf("%q, %v", got, err)
	}
}

func TestMissingAndOversizeFilesAreNamed(t *testing.T) {
	path := filepath.Join(t.TempDir(), "vault")
	if _, err := vaultfile.Read(path); !errors.Is(err, chat.ErrNoProfile) {
		t.Errorf("missing: %v", err)
	}
	if err := os.WriteFile(path, make([]byte, 1<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := vaultfile.Read(path); !errors.Is(err, chat.ErrVaultDamaged) {
		t.Errorf("oversize: %v", err)
	}
}

func TestDestroyOverwritesBeforeRemoving(t *testing.T) {
	path := filepath.Join(t.TempDir(), "vault")
	if err := vaultfile.Write(path, []byte("secret slots")); err != nil {
		t.Fatal(err)
	}
	kept := path + ".link" // a second name of the same blocks shows what is in them afterwards
	if err := os.Link(path, kept); err != nil {
		t.Skip("no hard links here")
	}
	if err := vaultfile.Destroy(path); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(kept)
	if err != nil || len(got) != len("secret slots") || string(got) == "secret slots" {
		t.Errorf("the blocks hold %q, %v", got, err)
	}
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the file stays: %v", err)
	}
	if err := vaultfile.Destroy(path); err != nil {
		t.Errorf("second Destroy: %v", err)
	}
}
