//go:build unix

package sqlite

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"sotto/chat"
	"sotto/crypto/vault"
)

// The test binary starts itself again with these variables: the child does something to the profile and dies at a point.
const (
	childProfile = "SOTTO_TEST_PROFILE"
	childPoint   = "SOTTO_TEST_POINT"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(childProfile); dir != "" {
		child(profile{filepath.Join(dir, "history.db"), filepath.Join(dir, "vault")}, os.Getenv(childPoint))
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func child(p profile, point string) {
	if point == "file-size" {
		fillDisk(p)
		return
	}
	if change, at, ok := strings.Cut(point, changedAt); ok {
		changeAndDie(p, change, at)
		return
	}
	if how, after, ok := strings.Cut(point, killedAfter); ok {
		if from, ok := strings.CutPrefix(how, filesFrom); ok {
			putAndRemoveFiles(p, from, after)
			return
		}
		expireAndDie(p, how, after)
		return
	}
	s, err := p.tryOpen(func(at string) {
		if at == point {
			syscall.Kill(os.Getpid(), syscall.SIGKILL) //nolint:errcheck // it does not return
		}
	})
	if err != nil {
		os.Exit(3)
	}
	err = s.Erase(context.Background(), func(tx chat.Tx) error {
		if err := tx.Conversations().Destroy(conv(1)); err != nil {
			return err
		}
		if point == "before commit" {
			syscall.Kill(os.Getpid(), syscall.SIGKILL) //nolint:errcheck // it does not return
		}
		return nil
	})
	if err != nil {
		os.Exit(4)
	}
}

// run starts the child and returns how it ended.
func run(t *testing.T, dir, point string) *os.ProcessState {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childProfile+"="+dir, childPoint+"="+point)
	out, err := cmd.CombinedOutput()
	if len(out) > 0 {
		t.Logf("child: %s", out)
	}
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return cmd.ProcessState
}

func TestKilledErasureIsFinishedAtOpening(t *testing.T) {
	for _, c := range []struct {
		point string
		gone  bool
	}{
		{"before commit", false},
		{"committed", true},
		{"begun", true},
		{"rewrapped", true},
		{"truncated", true},
		{"finished", true},
	} {
		t.Run(c.point, func(t *testing.T) {
			p := newProfile(t)
			s := p.create(t)
			populate(t, s)
			body := sealedBody(t, s)
			closeStore(t, s)
			oldDB := fileBytes(t, p.db)

			state := run(t, filepath.Dir(p.db), c.point)
			if ws := state.Sys().(syscall.WaitStatus); !ws.Signaled() || ws.Signal() != syscall.SIGKILL {
				t.Fatalf("the child was not killed: %v", state)
			}

			s = p.open(t)
			err := s.View(context.Background(), func(tx chat.Tx) error {
				if err := everything(tx); err != nil {
					return err
				}
				_, err := tx.Messages().Get(chat.MessageID{1, 1})
				return err
			})
			if c.gone != errors.Is(err, chat.ErrNotFound) || !c.gone && err != nil {
				t.Fatalf("reading the conversation: %v", err)
			}
			if !c.gone {
				return
			}
			if s.pending || s.vault.Turning() {
				t.Error("the erasure is still pending")
			}
			if info, err := os.Stat(p.db + "-wal"); err == nil && info.Size() != 0 {
				t.Errorf("the write-ahead log holds %d bytes", info.Size())
			}
			closeStore(t, s)
			if bytes.Contains(fileBytes(t, p.db), body) {
				t.Error("the sealed body is still in the file")
			}
			if !bytes.Contains(oldDB, body) {
				t.Error("the scan does not find the body where it is") // positive control
			}
			closeStore(t, p.open(t)) // and it opens again

			old := profileFrom(t, p, oldDB)
			if opened, err := old.tryOpen(nil); err == nil {
				closeStore(t, opened)
				t.Error("the history from before opens with the vault from after")
			}
			opensNothing(t, old)
		})
	}
}

// sealedBody returns the stored bytes of the first message's body.
func sealedBody(t *testing.T, s *Store) []byte {
	t.Helper()
	row, err := s.writer.row("SELECT body FROM messages WHERE id = 1")
	if err != nil || row == nil {
		t.Fatal(err)
	}
	return bytesOf(row[0])
}

// opensNothing tries every wrapped key of the database with every epoch that the vault could know.
func opensNothing(t *testing.T, p profile) {
	t.Helper()
	v, err := vault.Open(fileBytes(t, p.vault), cheapLimits, vault.Passphrase(passphrase))
	if err != nil {
		t.Fatal(err)
	}
	c, err := dial(p.db, "")
	if err != nil {
		t.Fatal(err)
	}
	defer c.close() //nolint:errcheck // read only
	rows, err := c.rows("SELECT id, body FROM keys")
	if err != nil || len(rows) < len(purposes)+2 {
		t.Fatalf("%d keys, %v", len(rows), err)
	}
	for _, row := range rows {
		for epoch := range v.Epoch() + 2 {
			if _, err := v.Unwrap(integer(row[0]), epoch, bytesOf(row[1])); err == nil {
				t.Errorf("key %d opens in epoch %d", integer(row[0]), epoch)
			}
		}
	}
}

// fillDisk writes under a limit on the size of files, as a full disk answers, and checks what is reported and kept.
func fillDisk(p profile) {
	signal.Ignore(syscall.SIGXFSZ)
	s, err := p.tryOpen(nil)
	if err != nil {
		os.Exit(3)
	}
	limit := syscall.Rlimit{Cur: 1 << 20, Max: 1 << 20}
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		os.Exit(5)
	}
	for n := byte(1); ; n++ {
		err := s.Update(context.Background(), func(tx chat.Tx) error {
			return tx.Settings().Put(string([]byte{'s', n}), make([]byte, 64<<10))
		})
		if errors.Is(err, chat.ErrDiskFull) {
			os.Stdout.WriteString(strings.Repeat("+", int(n-1))) //nolint:errcheck // the parent notices
			return
		}
		if err != nil || n == 255 {
			os.Exit(6)
		}
	}
}

func TestFullDiskLosesNothingAcknowledged(t *testing.T) {
	p := newProfile(t)
	closeStore(t, p.create(t))
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childProfile+"="+filepath.Dir(p.db), childPoint+"=file-size")
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	acknowledged := bytes.Count(out, []byte("+"))
	if acknowledged == 0 {
		t.Fatal("nothing was written before the disk was full")
	}
	s := p.open(t)
	err = s.View(context.Background(), func(tx chat.Tx) error {
		all, err := tx.Settings().List()
		if len(all) != acknowledged {
			t.Errorf("%d settings, %d acknowledged", len(all), acknowledged)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
