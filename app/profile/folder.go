package profile

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/gofrs/flock"

	"sotto/chat"
	"sotto/chat/disk"
)

// Names inside a profile's folder (docs/STORAGE.md).
const (
	lockName     = "lock"
	vaultName    = "vault"
	attemptsName = "attempts"
	guideName    = "guide.db"
	relayName    = "relay"
	searchName   = "search.sealed"
)

// Exists reports whether there is a profile in dir.
func Exists(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, vaultName))
	return err == nil
}

// folder is a profile's folder, held by this process alone.
type folder struct {
	dir  string
	lock *flock.Flock
}

// hold takes the folder, creating it when it is not there. It answers chat.ErrProfileInUse while another process has it.
func hold(dir string) (*folder, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make the profile's folder: %w", disk.Error(err))
	}
	if err := os.Chmod(dir, 0o700); err != nil {
		return nil, fmt.Errorf("protect the profile's folder: %w", disk.Error(err))
	}
	lock := flock.New(filepath.Join(dir, lockName), flock.SetPermissions(0o600))
	ok, err := lock.TryLock()
	if err != nil {
		return nil, fmt.Errorf("lock the profile's folder: %w", disk.Error(err))
	}
	if !ok {
		return nil, chat.ErrProfileInUse
	}
	f := &folder{dir: dir, lock: lock}
	if !f.holds() {
		return nil, errors.Join(chat.ErrProfileInUse, f.release())
	}
	return f, nil
}

// holds reports whether the file that is locked still has its name. Who gives up a folder removes it, and a process that
// opened it before would hold what nobody else looks at.
func (f *folder) holds() bool {
	locked, err := f.lock.Stat()
	if err != nil {
		return false
	}
	named, err := os.Stat(f.path(lockName))
	return err == nil && os.SameFile(locked, named)
}

func (f *folder) path(name string) string { return filepath.Join(f.dir, name) }

func (f *folder) release() error {
	if err := f.lock.Unlock(); err != nil {
		return fmt.Errorf("release the profile's folder: %w", disk.Error(err))
	}
	return nil
}

// named gives a full or refusing disk its name and keeps every other error as it is.
func named(err error) error {
	switch {
	case err == nil:
		return nil
	case disk.IsFull(err):
		return fmt.Errorf("%w: %w", chat.ErrDiskFull, err)
	case disk.IsReadOnly(err):
		return fmt.Errorf("%w: %w", chat.ErrReadOnly, err)
	}
	return err
}
