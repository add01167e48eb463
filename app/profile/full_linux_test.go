package profile_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"sotto/app/messenger"
	"sotto/app/privacy/backup"
	"sotto/app/privacy/export"
	"sotto/app/profile"
	"sotto/chat"
)

// childFull tells the test that it is the child.
const childFull = "SOTTO_TEST_FULL"

// within runs an act while no file can grow beyond a size: writes past it fail as they do on a full disk.
func within(t *testing.T, size uint64, act func() error) error {
	t.Helper()
	var before syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &before); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: size, Max: before.Max}); err != nil {
		t.Fatal(err)
	}
	err := act()
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &before); err != nil {
		t.Fatal(err)
	}
	return err
}

// TestEveryWriteThatFindsNoRoomIsNamedAndCanBeRepeated lets each act fail at its first write, its second, and so on until
// it succeeds. Before and after each try everything can be read, and in the end nothing is damaged.
func TestEveryWriteThatFindsNoRoomIsNamedAndCanBeRepeated(t *testing.T) {
	if os.Getenv(childFull) == "" { // in a process of its own: the limit is one of the whole process
		cmd := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v")
		cmd.Env = append(os.Environ(), childFull+"=1")
		said, err := cmd.CombinedOutput()
		if t.Logf("%s", said); err != nil {
			t.Fatal(err)
		}
		return
	}
	signal.Ignore(syscall.SIGXFSZ)
	dir, _, _ := written(t)
	out := t.TempDir()
	p := openIn(t, dir)
	contacts, err := p.Messenger.Contacts(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	conv := p.Messenger.ConversationWith(contacts[0].ID)
	count := func() int {
		t.Helper()
		page, err := p.Messenger.MessagesAfter(t.Context(), conv, 0, 10_000)
		if err != nil {
			t.Fatalf("reading: %v", err)
		}
		n := 0
		for _, m := range page {
			if !m.Deleted {
				n++
			}
		}
		return n
	}
	newest := func() chat.MessageID {
		page, err := p.Messenger.Messages(t.Context(), conv, 0, 1)
		if err != nil || len(page) != 1 {
			t.Fatalf("%d messages, %v", len(page), err)
		}
		return page[0].ID
	}
	ctx := context.Background()
	for _, op := range []struct {
		name string
		act  func() error
		more int // messages there are more when it has succeeded
	}{
		{"send", func() error {
			_, err := p.Messenger.Send(ctx, conv, strings.Repeat("long words ", 900), messenger.SendOptions{})
			return err
		}, 1},
		{"delete", func() error { _, err := p.Eraser.DeleteMessages(ctx, newest()); return err }, -1},
		{"setting", func() error { return p.PutSetting(ctx, "ui/test", make([]byte, 20_000)) }, 0},
		{"passphrase", func() error { return p.ChangePassphrase(ctx, passphrase, passphrase) }, 0},
		{"backup", func() error {
			_, err := p.Backup.Write(ctx, backup.Request{Out: filepath.Join(out, "b"+backup.Suffix), Passphrase: backupPassphrase})
			return err
		}, 0},
		{"export", func() error {
			_, err := p.Export.Write(ctx, export.Request{Out: filepath.Join(out, "export")})
			return err
		}, 0},
		{"search", func() error { return p.Search.Save(ctx) }, 0},
		{"check", func() error { _, err := p.CheckHistory(ctx, nil); return err }, 0},
		{"compact", func() error { return p.Compact(ctx) }, 0},
	} {
		t.Run(op.name, func(t *testing.T) {
			p.Search.Start()
			if err := p.Search.Wait(ctx); err != nil {
				t.Fatal(err)
			}
			before, refused := count(), 0
			step := uint64(512)
			for size := uint64(0); ; size += step {
				if size > 16<<20 {
					t.Fatal("it never succeeds")
				}
				if size >= 16<<10 {
					step = 4096
				}
				err := within(t, size, op.act)
				if err == nil {
					break
				}
				refused++
				if !errors.Is(err, chat.ErrDiskFull) {
					t.Errorf("no room after %d bytes: %v", size, err)
				}
				if strings.Contains(err.Error(), dir) || strings.Contains(err.Error(), out) {
					t.Errorf("the error names a place: %v", err)
				}
				if got := count(); got != before && got != before+op.more {
					t.Fatalf("%d messages after a refusal, %d before", got, before)
				}
			}
			t.Logf("refused at %d sizes", refused)
			if refused == 0 && op.name != "check" {
				t.Error("it never met its limit")
			}
			if got := count(); got != before+op.more {
				t.Errorf("%d messages, want %d", got, before+op.more)
			}
			if left, _ := filepath.Glob(filepath.Join(out, ".sotto-*")); len(left) > 0 {
				t.Errorf("left behind: %v", left)
			}
			if f, err := p.CheckHistory(ctx, nil); err != nil || !f.Sound() {
				t.Errorf("%+v, %v", f, err)
			}
		})
	}
	closed(t, p)
	p = openIn(t, dir)
	closed(t, p)
}

// onDisk mounts a small file system, which only root may; the answer makes it refuse writes, or take them again.
func onDisk(t *testing.T) (dir string, writable func(bool)) {
	t.Helper()
	dir = t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=64m,mode=0700"); err != nil {
		t.Skipf("a disk of its own takes the right to mount one: %v", err)
	}
	t.Cleanup(func() { _ = syscall.Unmount(dir, syscall.MNT_DETACH) })
	return dir, func(on bool) {
		t.Helper()
		flags := uintptr(syscall.MS_REMOUNT)
		if !on {
			flags |= syscall.MS_RDONLY
		}
		if err := syscall.Mount("tmpfs", dir, "tmpfs", flags, "size=64m,mode=0700"); err != nil {
			t.Fatal(err)
		}
	}
}

func TestADiskThatRefusesWritesIsNamedAndCanBeSavedFrom(t *testing.T) {
	disk, writable := onDisk(t)
	from, _, texts := written(t)
	dir := filepath.Join(disk, "Ada")
	if err := os.CopyFS(dir, os.DirFS(from)); err != nil {
		t.Fatal(err)
	}
	writable(false)
	before := files(t, dir)
	_, err := profile.Open(t.Context(), profile.OpenOptions{Options: cheap, Dir: dir, Secret: profile.Passphrase(passphrase)})
	if !errors.Is(err, chat.ErrReadOnly) {
		t.Errorf("opening: %v", err)
	}
	_, _, err = profile.Create(t.Context(), profile.CreateOptions{Options: cheap, Dir: filepath.Join(disk, "New"), Name: "New", Passphrase: passphrase})
	if !errors.Is(err, chat.ErrReadOnly) {
		t.Errorf("creating: %v", err)
	}
	out, s, err := salvageTo(t, dir, profile.Passphrase(passphrase))
	if err != nil || !s.Report.Complete || !strings.Contains(linesOf(t, out), texts[3]) {
		t.Errorf("salvage from it: %+v, %v", s.Report, err)
	}
	p := openIn(t, from)
	defer closed(t, p)
	for name, act := range map[string]func(to string) error{
		"backup": func(to string) error {
			_, err := p.Backup.Write(t.Context(), backup.Request{Out: to + backup.Suffix, Passphrase: backupPassphrase})
			return err
		},
		"export": func(to string) error {
			_, err := p.Export.Write(t.Context(), export.Request{Out: to})
			return err
		},
		"salvage": func(to string) error {
			_, err := profile.Salvage(t.Context(), profile.SalvageOptions{Options: cheap, Dir: dir, Secret: profile.Passphrase(passphrase), Out: to})
			return err
		},
	} {
		if err := act(filepath.Join(disk, name)); !errors.Is(err, chat.ErrReadOnly) || strings.Contains(fmt.Sprint(err), disk) {
			t.Errorf("%s onto it: %v", name, err)
		}
	}
	writable(true)
	for name, b := range files(t, dir) {
		if before[name] != b {
			t.Errorf("%s was changed", name)
		}
	}
	closed(t, openIn(t, dir))
}
