//go:build unix

package sqlite

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"sotto/chat"
	"sotto/crypto/vault"
)

// changedAt begins the kill points of a change of slots: change@point.
const changedAt = "@"

var (
	chainKey = [vault.KeySize]byte{7}
	heldKey  = [vault.KeySize]byte{9} // stays in every change, so that the child can open what it changes
)

func theKeyFile() vault.KeyFile {
	k, err := vault.ReadKeyFile(bytes.Repeat([]byte("k"), vault.MinKeyFile))
	if err != nil {
		panic(err)
	}
	return k
}

// slotChange is a change of slots and what it does to the secrets.
type slotChange struct {
	change func(v *vault.Vault) (*vault.Vault, error)
	old    []vault.Secret // open before it only
	fresh  []vault.Secret // open after it only
}

var slotChanges = map[string]slotChange{
	"passphrase": {
		func(v *vault.Vault) (*vault.Vault, error) {
			next, _, err := v.ReplaceKind(vault.Credential{Secret: vault.Passphrase("second"), Params: cheap}, time.Unix(2, 0))
			return next, err
		},
		[]vault.Secret{vault.Passphrase(passphrase)},
		[]vault.Secret{vault.Passphrase("second")},
	},
	"key file in place of the passphrase": {
		func(v *vault.Vault) (*vault.Vault, error) {
			c := vault.Credential{Secret: vault.WithKeyFile("second", theKeyFile()), Params: cheap}
			next, _, err := v.Replace(v.Slots()[0].ID, c, time.Unix(2, 0))
			return next, err
		},
		[]vault.Secret{vault.Passphrase(passphrase)},
		[]vault.Secret{vault.WithKeyFile("second", theKeyFile())},
	},
	"keychain": {
		func(v *vault.Vault) (*vault.Vault, error) {
			next, _, err := v.Add(vault.Credential{Secret: vault.Keychain(chainKey)}, time.Unix(2, 0))
			return next, err
		},
		nil,
		[]vault.Secret{vault.Keychain(chainKey)},
	},
	"removal": {
		func(v *vault.Vault) (*vault.Vault, error) { return v.Remove(v.Slots()[0].ID) },
		[]vault.Secret{vault.Passphrase(passphrase)},
		nil,
	},
}

func kill() { syscall.Kill(os.Getpid(), syscall.SIGKILL) } //nolint:errcheck // it does not return

// saveAndDie writes the vault file as vaultfile.Write does, and dies at a point of one of the writes.
func (p profile) saveAndDie(point string) func([]byte) error {
	writes := 0
	return func(b []byte) error {
		writes++
		reach := func(at string) {
			if point == fmt.Sprintf("write %d %s", writes, at) {
				kill()
			}
		}
		reach("not begun")
		if err := os.WriteFile(p.vault+".new", b[:len(b)/2], 0o600); err != nil {
			return err
		}
		reach("half done")
		if err := os.WriteFile(p.vault+".new", b, 0o600); err != nil {
			return err
		}
		reach("before the rename")
		if err := os.Rename(p.vault+".new", p.vault); err != nil {
			return err
		}
		reach("after the rename")
		return nil
	}
}

// openWith opens the profile with a secret.
func (p profile) openWith(secret vault.Secret, save func([]byte) error, reached func(string)) (*Store, error) {
	b, err := os.ReadFile(p.vault)
	if err != nil {
		return nil, err
	}
	v, err := vault.Open(b, cheapLimits, secret)
	if err != nil {
		return nil, err
	}
	return open(p.db, v, save, reached)
}

// changeAndDie is the child.
func changeAndDie(p profile, name, point string) {
	s, err := p.openWith(vault.Held(heldKey), p.saveAndDie(point), func(at string) {
		if at == point {
			kill()
		}
	})
	if err != nil {
		os.Exit(3)
	}
	if s.ChangeSlots(context.Background(), slotChanges[name].change) != nil {
		os.Exit(4)
	}
}

func TestKilledChangeOfSlotsOpensWithTheOldOrTheNewSecret(t *testing.T) {
	points := []struct {
		at   string
		done bool // the change holds
	}{
		{"write 1 not begun", false},
		{"write 1 half done", false},
		{"write 1 before the rename", false},
		{"write 1 after the rename", true},
		{"begun", true},
		{"rewrapped", true},
		{"truncated", true},
		{"write 2 not begun", true},
		{"write 2 half done", true},
		{"write 2 before the rename", true},
		{"write 2 after the rename", true},
		{"finished", true},
	}
	for name, c := range slotChanges {
		for _, point := range points {
			t.Run(name+"/"+point.at, func(t *testing.T) {
				p := newProfile(t)
				s := p.create(t)
				populate(t, s)
				err := s.ChangeSlots(context.Background(), func(v *vault.Vault) (*vault.Vault, error) {
					next, _, err := v.Add(vault.Credential{Secret: vault.Held(heldKey)}, time.Unix(1, 0))
					return next, err
				})
				if err != nil {
					t.Fatal(err)
				}
				closeStore(t, s)

				state := run(t, filepath.Dir(p.db), name+changedAt+point.at)
				if ws := state.Sys().(syscall.WaitStatus); !ws.Signaled() || ws.Signal() != syscall.SIGKILL {
					t.Fatalf("the child was not killed: %v", state)
				}

				right, wrong := c.old, c.fresh
				if point.done {
					right, wrong = c.fresh, c.old
				}
				for _, secret := range append(right, vault.Held(heldKey)) {
					s, err := p.openWith(secret, p.save, nil)
					if err != nil {
						t.Fatalf("%s: %v", secret.Kind(), err)
					}
					if err := s.View(context.Background(), everything); err != nil {
						t.Errorf("%s: reading: %v", secret.Kind(), err)
					}
					if s.vault.Turning() {
						t.Errorf("%s: the epoch still turns", secret.Kind())
					}
					closeStore(t, s)
				}
				for _, secret := range wrong {
					if s, err := p.openWith(secret, p.save, nil); !errors.Is(err, vault.ErrWrongSecret) {
						t.Errorf("%s opens: %v", secret.Kind(), err)
						if err == nil {
							closeStore(t, s)
						}
					}
				}
			})
		}
	}
}

// TestAFullDiskLeavesTheOldSlots lets the first write of the vault file fail.
func TestAFullDiskLeavesTheOldSlots(t *testing.T) {
	for name, c := range slotChanges {
		t.Run(strings.ReplaceAll(name, " ", "-"), func(t *testing.T) {
			p := newProfile(t)
			s := p.create(t)
			populate(t, s)
			err := s.ChangeSlots(context.Background(), func(v *vault.Vault) (*vault.Vault, error) {
				next, _, err := v.Add(vault.Credential{Secret: vault.Held(heldKey)}, time.Unix(1, 0))
				return next, err
			})
			if err != nil {
				t.Fatal(err)
			}
			s.save = func([]byte) error { return chat.ErrDiskFull }
			if err := s.ChangeSlots(context.Background(), c.change); !errors.Is(err, chat.ErrDiskFull) {
				t.Fatal(err)
			}
			for _, secret := range c.fresh {
				if err := s.Verify(secret); !errors.Is(err, chat.ErrWrongSecret) {
					t.Errorf("a secret that was not saved opens: %v", err)
				}
			}
			closeStore(t, s)
			for _, secret := range append(c.old, vault.Held(heldKey)) {
				s, err := p.openWith(secret, p.save, nil)
				if err != nil {
					t.Fatal(err)
				}
				closeStore(t, s)
			}
		})
	}
}
