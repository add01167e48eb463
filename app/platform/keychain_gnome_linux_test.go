//go:build linux

package platform_test

import (
	"errors"
	"io"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"

	"sotto/app/platform"
)

// gnome starts the keyring daemon of GNOME on the bus of the test, with a fresh keyring that is unlocked.
func gnome(t *testing.T) {
	t.Helper()
	program, err := exec.LookPath("gnome-keyring-daemon")
	if err != nil {
		t.Skip("SKIPPED: no gnome-keyring-daemon; the package gnome-keyring has it")
	}
	conn := bus(t)
	owned := make(chan *dbus.Signal, 8)
	conn.Signal(owned)
	err = conn.AddMatchSignal(dbus.WithMatchInterface("org.freedesktop.DBus"), dbus.WithMatchMember("NameOwnerChanged"), dbus.WithMatchArg(0, secretsName))
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("HOME", t.TempDir())
	t.Setenv("XDG_DATA_HOME", t.TempDir())
	t.Setenv("XDG_RUNTIME_DIR", t.TempDir())
	daemon := exec.Command(program, "--foreground", "--unlock", "--components=secrets")
	daemon.Stdin, daemon.Stdout, daemon.Stderr = strings.NewReader("a password"), io.Discard, io.Discard
	if err := daemon.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = daemon.Process.Kill()
		_ = daemon.Wait()
	})
	for late := time.After(20 * time.Second); ; {
		select {
		case s := <-owned:
			if s.Name == "org.freedesktop.DBus.NameOwnerChanged" { // and not NameAcquired, of our own connection
				return
			}
		case <-late:
			t.Fatal("the daemon does not come up")
		}
	}
}

// TestAKeyIsKeptInTheKeyringOfGnome asks a Secret Service that is not ours.
func TestAKeyIsKeptInTheKeyringOfGnome(t *testing.T) {
	gnome(t)
	k := platform.NewKeychain()
	first, key := [platform.KeySize]byte{9}, [platform.KeySize]byte{1, 2, 3}
	for _, kept := range [][platform.KeySize]byte{first, key} {
		if err := k.Put("0011223344556677", kept); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := k.Get("0011223344556677"); err != nil || got != key {
		t.Errorf("got the key %v, %v", got == key, err)
	}
	if _, err := k.Get("7766554433221100"); !errors.Is(err, platform.ErrNoKey) {
		t.Errorf("another name: %v", err)
	}
	if err := k.Delete("0011223344556677"); err != nil {
		t.Error(err)
	}
	if _, err := k.Get("0011223344556677"); !errors.Is(err, platform.ErrNoKey) {
		t.Errorf("after it was taken away: %v", err)
	}
}
