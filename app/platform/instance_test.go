package platform_test

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"testing"

	"sotto/app/platform"
)

func TestSecondStartRaisesTheFirst(t *testing.T) {
	socket := filepath.Join(t.TempDir(), "run", "s.sock")
	raised := make(chan struct{}, 4)
	first, err := platform.Claim(socket, func() { raised <- struct{}{} })
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if _, err := platform.Claim(socket, nil); !errors.Is(err, platform.ErrRunning) {
			t.Fatalf("the second start got %v, wanted ErrRunning", err)
		}
		<-raised
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	next, err := platform.Claim(socket, func() {})
	if err != nil {
		t.Fatalf("after Close: %v", err)
	}
	next.Close()
}

func TestAStaleSocketIsReplaced(t *testing.T) {
	socket := filepath.Join(t.TempDir(), "s.sock")
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: socket, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	l.SetUnlinkOnClose(false)
	l.Close()
	i, err := platform.Claim(socket, func() {})
	if err != nil {
		t.Fatal(err)
	}
	defer i.Close()
	info, err := os.Stat(socket)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("socket: %v, %v", info.Mode(), err)
	}
}

func TestOtherRequestsDoNotRaise(t *testing.T) {
	socket := filepath.Join(t.TempDir(), "s.sock")
	raised := make(chan struct{}, 1)
	i, err := platform.Claim(socket, func() { raised <- struct{}{} })
	if err != nil {
		t.Fatal(err)
	}
	for _, junk := range []string{"RAISE\n", "lower\n", "x"} {
		c, err := net.Dial("unix", socket)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.Write([]byte(junk)); err != nil {
			t.Fatal(err)
		}
		if err := c.(*net.UnixConn).CloseWrite(); err != nil {
			t.Fatal(err)
		}
		if n, _ := c.Read(make([]byte, 8)); n != 0 {
			t.Errorf("%q was answered", junk)
		}
		c.Close()
	}
	i.Close()
	if len(raised) != 0 {
		t.Error("junk raised the window")
	}
}

func TestSocketPathHidesTheProfile(t *testing.T) {
	a, err := platform.SocketPath(filepath.Join(t.TempDir(), "a"))
	if err != nil {
		t.Fatal(err)
	}
	b, err := platform.SocketPath(filepath.Join(t.TempDir(), "b"))
	if err != nil {
		t.Fatal(err)
	}
	if a == b {
		t.Error("two profiles share a socket")
	}
}
