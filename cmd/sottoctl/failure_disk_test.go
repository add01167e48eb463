package main

import (
	"bytes"
	"crypto/sha256"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestEveryFailureOfTheFilesIsNamedAndLosesNothing lets secret, vault and database fail, each time on the same profile,
// and puts right again what was broken: what was there before must be there after.
func TestEveryFailureOfTheFilesIsNamedAndLosesNothing(t *testing.T) {
	if testing.Short() {
		t.Skip("opens a profile many times")
	}
	ada := startPeer(t, "Ada")
	bo := startPeer(t, "Bo")
	acquaintOverLink(t, ada, bo)
	w := &witness{t: t, ada: ada, bo: bo}
	w.say("before anything failed")
	ada.end()

	vault := filepath.Join(ada.dir, "vault")
	history := filepath.Join(ada.dir, "history.db")
	guess := filepath.Join(filepath.Dir(ada.dir), "guess")
	write(t, guess, []byte("a guess that does not open it\n"))

	t.Run("damaged vault", func(t *testing.T) {
		ada := ada.in(t)
		sound := read(t, vault)
		flipped := bytes.Clone(sound)
		flipped[len(flipped)/2] ^= 1
		for name, damaged := range map[string][]byte{
			"empty": nil, "cut": sound[:len(sound)-1], "longer": append(bytes.Clone(sound), 0), "another file": read(t, history)[:len(sound)],
			"a byte changed": flipped,
		} {
			write(t, vault, damaged)
			out, exit := ada.sottoctl("--json", "contacts")
			if exit != exitFailed || !strings.Contains(out, `"code":"vault-damaged"`) {
				t.Errorf("%s: exit %d, %s", name, exit, out)
			}
			if !bytes.Equal(read(t, vault), damaged) {
				t.Errorf("%s: the damaged vault was written over", name)
			}
			ada.exits(exitFailed, "profile-exists", "init", "--name", "Ada")
		}
		newer := bytes.Clone(sound[:len(sound)-sha256.Size])
		newer[bytes.IndexByte(newer, 1)]++ // the version follows the words at the beginning
		sum := sha256.Sum256(newer)
		write(t, vault, append(newer, sum[:]...))
		ada.exits(exitFailed, "newer-format", "contacts")
		write(t, vault, sound)
	})

	t.Run("damaged pages of the database", func(t *testing.T) {
		ada := ada.in(t)
		whole, exit := ada.sottoctl("--json", "messages", "Bo")
		if exit != exitDone {
			t.Fatalf("exit %d, %s", exit, whole)
		}
		sound := read(t, history)
		const page = 4096
		// The storage tests damage every page; here each opening costs a second.
		for _, n := range []int{0, 1, len(sound) / page / 2} {
			damaged := bytes.Clone(sound)
			for i := n*page + 100; i < (n+1)*page; i++ {
				damaged[i] ^= 0x5a
			}
			write(t, history, damaged)
			out, exit := ada.sottoctl("--json", "messages", "Bo")
			named := exit == exitFailed && strings.Contains(out, `"code":"history-damaged"`)
			if !named && (n < 2 || exit != exitDone || out != whole) {
				t.Errorf("page %d: exit %d, %s", n, exit, out)
			}
		}
		write(t, history, append(make([]byte, page), sound[page:]...)) // neither header nor schema
		ada.exits(exitFailed, "history-damaged", "contacts")
		before := read(t, history)
		saved := filepath.Join(t.TempDir(), "saved")
		out, exit := ada.sottoctl("--json", "salvage", "--out", saved)
		if exit != exitDone || !strings.Contains(out, `"complete":false`) || !strings.Contains(out, `"signed":true`) ||
			!strings.Contains(out, `"lost":0`) || strings.Contains(out, `"messages":0`) {
			t.Errorf("salvage: exit %d, %s", exit, out)
		}
		if !bytes.Equal(read(t, history), before) {
			t.Error("the damaged history was written to")
		}
		ada.exits(exitFailed, "exists", "salvage", "--out", saved)
		if out, exit := ada.sottoctl("--json", "verify-export", saved); exit != exitDone {
			t.Errorf("verify-export: exit %d, %s", exit, out)
		}
		write(t, history, sound)
		for _, name := range []string{"-wal", "-shm"} {
			if err := os.Remove(history + name); err != nil && !os.IsNotExist(err) {
				t.Fatal(err)
			}
		}
	})

	t.Run("wrong passphrase", func(t *testing.T) {
		ada := ada.in(t)
		for range 3 {
			ada.exits(exitLocked, "wrong-secret", "--passphrase-file", guess, "contacts")
		}
		ada.exits(exitLocked, "try-later", "--passphrase-file", guess, "contacts")
		ada.exits(exitLocked, "try-later", "contacts") // the right one waits as well
		end := time.Now().Add(patience)
		for out, exit := ada.sottoctl("--json", "contacts"); exit != exitDone; out, exit = ada.sottoctl("--json", "contacts") {
			if time.Now().After(end) || !strings.Contains(out, `"code":"try-later"`) {
				t.Fatalf("exit %d, %s", exit, out)
			}
		}
	})

	t.Run("nothing is lost", func(t *testing.T) {
		ada.serve()
		ada.call("subscribe", map[string]any{"since": 0}).ok()
		w.t = t
		w.say("after all of it")
	})
}

// TestFullDiskIsNamedAndLosesNothing keeps a profile on a disk of a few MiB and fills it.
func TestFullDiskIsNamedAndLosesNothing(t *testing.T) {
	if testing.Short() {
		t.Skip("runs whole programs")
	}
	disk := smallDisk(t)
	bo := startPeer(t, "Bo")
	ada, _ := newPeerAt(t, disk, "Ada")
	ada.serve()
	ada.call("subscribe", map[string]any{"since": 0}).ok()
	acquaintOverLink(t, ada, bo)
	w := &witness{t: t, ada: ada, bo: bo}
	w.say("while there was room")

	free := fill(t, disk)
	full := ada.call("send", map[string]any{"contact": bo.id, "text": strings.Repeat("no room ", 512), "wait": "0"})
	for n := 0; full.err == nil && n < 200; n++ { // what fits into pages that are there already is stored
		var m messageObject
		full.into(&m)
		w.expect(ada, m)
		full = ada.call("send", map[string]any{"contact": bo.id, "text": strings.Repeat("no room ", 512), "wait": "0"})
	}
	full.fails(exitFailed, "disk-full")
	if m := ada.messages(bo.id); len(m) < 2 {
		t.Errorf("%d messages can be read on the full disk", len(m))
	}
	// Bo's relay is on another disk; Ada's relay stores on the full one and takes nothing it cannot keep.
	var waiting messageObject
	bo.call("send", map[string]any{"contact": ada.id, "text": "into the full disk", "wait": "2s"}).into(&waiting)
	w.expect(bo, waiting)

	ada.end()
	if out, exit := ada.sottoctl("--json", "contacts"); exit != exitDone && (exit != exitFailed || !strings.Contains(out, `"code":"disk-full"`)) {
		t.Errorf("opening on a full disk: exit %d, %s", exit, out)
	}

	second := peerAt(t, t.TempDir(), "Second")
	second.dir = filepath.Join(disk, "Second")
	out, exit := second.sottoctl("--json", "init", "--name", "Second")
	if exit != exitFailed || !strings.Contains(out, `"code":"disk-full"`) {
		t.Errorf("a profile on a full disk: exit %d, %s", exit, out)
	}
	if _, err := os.Stat(filepath.Join(second.dir, "vault")); err == nil {
		t.Error("half a profile was left behind")
	}

	free()
	ada.serve()
	w.say("after there was room again")
}

// fill takes all room of a disk; the answer gives it back.
func fill(t *testing.T, disk string) (free func()) {
	t.Helper()
	name := filepath.Join(disk, "filler")
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	for chunk := 1 << 20; chunk > 0; chunk /= 2 {
		for {
			if _, err := f.Write(make([]byte, chunk)); err != nil {
				break
			}
		}
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	return func() {
		if err := os.Remove(name); err != nil {
			t.Fatal(err)
		}
	}
}

// in is the same peer for a subtest.
func (p *peer) in(t *testing.T) *peer {
	return &peer{t: t, name: p.name, id: p.id, dir: p.dir, secret: p.secret, words: p.words}
}

func read(t *testing.T, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func write(t *testing.T, name string, b []byte) {
	t.Helper()
	if err := os.WriteFile(name, b, fs.FileMode(0o600)); err != nil {
		t.Fatal(err)
	}
}
