package disk_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"sotto/chat"
	"sotto/chat/disk"
)

func TestAFailureHasItsNameAndNoPath(t *testing.T) {
	const secret = "/home/ada/diary"
	other := errors.New("other")
	for _, c := range []struct {
		err, want error
	}{
		{&fs.PathError{Op: "write", Path: secret, Err: syscall.ENOSPC}, chat.ErrDiskFull},
		{fmt.Errorf("copy: %w", &os.LinkError{Op: "rename", Old: secret, New: secret, Err: syscall.ENOSPC}), chat.ErrDiskFull},
		{&fs.PathError{Op: "open", Path: secret, Err: fs.ErrPermission}, chat.ErrReadOnly},
		{&fs.PathError{Op: "open", Path: secret, Err: fs.ErrNotExist}, fs.ErrNotExist},
		{&os.LinkError{Op: "rename", Old: secret, New: secret, Err: fs.ErrExist}, fs.ErrExist},
		{other, other},
	} {
		got := disk.Error(c.err)
		if !errors.Is(got, c.want) || strings.Contains(got.Error(), secret) {
			t.Errorf("%v became %v, want %v", c.err, got, c.want)
		}
	}
	if err := disk.Error(nil); err != nil {
		t.Errorf("nil became %v", err)
	}
}

func TestRenamePutsAFileInThePlaceOfAnother(t *testing.T) {
	dir := t.TempDir()
	from, to := filepath.Join(dir, "new"), filepath.Join(dir, "old")
	for path, content := range map[string]string{from: "new", to: "old"} {
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := disk.Rename(from, to); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(to); err != nil || string(got) != "new" {
		t.Errorf("%q, %v", got, err)
	}
	if err := disk.Rename(from, to); !errors.Is(err, fs.ErrNotExist) || strings.Contains(err.Error(), dir) {
		t.Errorf("a file that is not there: %v", err)
	}
}

func TestRenameNewTakesNoNameThatIsTaken(t *testing.T) {
	dir := t.TempDir()
	from, to, free := filepath.Join(dir, "new"), filepath.Join(dir, "old"), filepath.Join(dir, "free")
	for path, content := range map[string]string{from: "new", to: "old"} {
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := disk.RenameNew(from, to); !errors.Is(err, fs.ErrExist) || strings.Contains(err.Error(), dir) {
		t.Errorf("a name that is taken: %v", err)
	}
	if got, err := os.ReadFile(to); err != nil || string(got) != "old" {
		t.Errorf("what was there is %q, %v", got, err)
	}
	if err := disk.RenameNew(from, free); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(free); err != nil || string(got) != "new" {
		t.Errorf("%q, %v", got, err)
	}
	if _, err := os.Lstat(from); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the name before is still there: %v", err)
	}
	if err := disk.RenameNew(from, filepath.Join(dir, "none")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a file that is not there: %v", err)
	}
}

func TestSweepRemovesWhatWasLeftLongAgoAndNothingElse(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a [folder]")
	if err := errors.Join(os.Mkdir(dir, 0o700), os.Mkdir(filepath.Join(dir, ".left-folder"), 0o700)); err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)
	for name, age := range map[string]time.Duration{
		".left-1": 2 * time.Hour, ".left-2": time.Hour, "kept": 2 * time.Hour, "a.left-1": 2 * time.Hour, ".left-folder": 2 * time.Hour,
	} {
		path := filepath.Join(dir, name)
		if name != ".left-folder" {
			if err := os.WriteFile(path, nil, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if err := os.Chtimes(path, now.Add(-age), now.Add(-age)); err != nil {
			t.Fatal(err)
		}
	}
	disk.Sweep(dir, ".left-*", now, time.Hour)
	disk.Sweep(filepath.Join(dir, "none"), ".left-*", now, 0)
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var left []string
	for _, e := range entries {
		left = append(left, e.Name())
	}
	if want := []string{".left-2", ".left-folder", "a.left-1", "kept"}; !slices.Equal(left, want) {
		t.Errorf("left are %q, want %q", left, want)
	}
}
