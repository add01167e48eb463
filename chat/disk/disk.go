package disk

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"time"

	"sotto/chat"
)

// Error returns chat.ErrDiskFull or chat.ErrReadOnly for a failure that has a name there, anything else without its path,
// nil for nil.
func Error(err error) error {
	switch {
	case err == nil:
		return nil
	case IsFull(err):
		return chat.ErrDiskFull
	case IsReadOnly(err):
		return chat.ErrReadOnly
	}
	var path *fs.PathError
	if errors.As(err, &path) {
		return fmt.Errorf("%s: %w", path.Op, path.Err)
	}
	var link *os.LinkError
	if errors.As(err, &link) {
		return fmt.Errorf("%s: %w", link.Op, link.Err)
	}
	return err
}

// IsReadOnly reports whether the file system takes nothing, or nothing from this user.
func IsReadOnly(err error) bool { return errors.Is(err, fs.ErrPermission) || isWriteProtected(err) }

// Rename gives a finished file or folder its name, durably. Errors as of [Error].
func Rename(from, to string) error {
	if err := os.Rename(from, to); err != nil {
		return Error(err)
	}
	return SyncFolder(filepath.Dir(to))
}

// Sweep removes the ordinary files of a folder whose names match a pattern of [filepath.Match] and that nobody has written
// to for longer than age: what killed processes left of files they were making. It goes as far as it can.
func Sweep(folder, pattern string, now time.Time, age time.Duration) {
	entries, _ := os.ReadDir(folder) // one that cannot be listed is not swept
	for _, e := range entries {
		if left, _ := filepath.Match(pattern, e.Name()); !left || !e.Type().IsRegular() {
			continue
		}
		if info, err := e.Info(); err == nil && now.Sub(info.ModTime()) > age {
			_ = os.Remove(filepath.Join(folder, e.Name()))
		}
	}
}

// SyncFolder makes the names in a folder durable, where the file system can: Windows does that by itself. Errors as of
// [Error].
func SyncFolder(path string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	folder, err := os.Open(path)
	if err != nil {
		return Error(err)
	}
	err = folder.Sync()
	if errors.Is(err, syscall.EINVAL) || errors.Is(err, errors.ErrUnsupported) {
		err = nil
	}
	return Error(errors.Join(err, folder.Close()))
}
