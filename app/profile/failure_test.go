package profile_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sotto/app/profile"
	"sotto/chat"
)

// TestDamagedFilesOfTheEmbeddedRelayAreNamed: the relay's small files lie beside the history and are damaged as easily.
// Without them the addresses in contacts and invitations would name another relay.
func TestDamagedFilesOfTheEmbeddedRelayAreNamed(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "p")
	p, _, err := profile.Create(t.Context(), profile.CreateOptions{Options: cheap, Dir: dir, Name: "Ada", Passphrase: passphrase})
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(p.Start(t.Context()), p.Close()); err != nil {
		t.Fatal(err)
	}
	start := func() error {
		p, err := profile.Open(t.Context(), profile.OpenOptions{Options: cheap, Dir: dir, Secret: profile.Passphrase(passphrase)})
		if err != nil {
			return err
		}
		return errors.Join(p.Start(t.Context()), p.Close())
	}
	names, err := filepath.Glob(filepath.Join(dir, "relay", "*"))
	if err != nil {
		t.Fatal(err)
	}
	damaged := 0
	for _, name := range names {
		if filepath.Base(name) == "blobs" {
			continue // a folder
		}
		sound, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if len(sound) == 0 {
			continue // the lock
		}
		damaged++
		if filepath.Base(name) == "relay.db" {
			continue // the profile works without it: TestAProfileWorksWithoutItsDamagedRelay
		}
		if err := os.WriteFile(name, bytes.Repeat([]byte{'x'}, min(len(sound), 15)), 0o600); err != nil {
			t.Fatal(err)
		}
		err = start()
		if !errors.Is(err, chat.ErrDamaged) || strings.Contains(err.Error(), dir) {
			t.Errorf("%s: %v", filepath.Base(name), err)
		}
		if err := os.WriteFile(name, sound, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if damaged < 4 { // identity, pass, ports, store
		t.Errorf("only %d files were damaged", damaged)
	}
	if err := start(); err != nil {
		t.Errorf("with its files put right: %v", err)
	}
}
