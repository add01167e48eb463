package vaultfile

import (
	"crypto/rand"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"sotto/chat"
	"sotto/chat/disk"
)

// maxSize bounds what Read takes from the disk, in bytes.
const maxSize = 64 << 10

// Suffix marks a file that was being written; the next Write replaces it.
const Suffix = ".new"

// Write replaces the file at path (mode 0600): a temporary file beside it is written and synced, renamed over it, and the
// folder synced. It returns chat.ErrDiskFull or chat.ErrReadOnly, and then the old content still stands.
func Write(path string, content []byte) (err error) {
	f, err := os.OpenFile(path+Suffix, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return mapped(err)
	}
	defer func() {
		if err != nil {
			os.Remove(path + Suffix) //nolint:errcheck // the next Write truncates it
		}
	}()
	_, err = f.Write(content)
	err = errors.Join(err, f.Sync(), f.Close())
	if err != nil {
		return mapped(err)
	}
	if err := os.Rename(path+Suffix, path); err != nil {
		return mapped(err)
	}
	return disk.SyncFolder(filepath.Dir(path))
}

// Read returns the file's content; chat.ErrNoProfile when there is none, chat.ErrVaultDamaged when it is too large to be
// a vault.
func Read(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, mapped(err)
	}
	defer f.Close() //nolint:errcheck // read only
	b, err := io.ReadAll(io.LimitReader(f, maxSize+1))
	if err != nil {
		return nil, mapped(err)
	}
	if len(b) > maxSize {
		return nil, chat.ErrVaultDamaged
	}
	return b, nil
}

// Destroy overwrites the file with random bytes, syncs and removes it. On an SSD or a copying file system the old blocks
// may survive; with the slots gone from the folder, what is sealed under the vault cannot be opened from what is left
// in it.
func Destroy(path string) error {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return mapped(err)
	}
	info, err := f.Stat()
	if err == nil {
		_, err = io.CopyN(f, rand.Reader, info.Size())
	}
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return mapped(err)
	}
	if err := os.Remove(path); err != nil {
		return mapped(err)
	}
	os.Remove(path + Suffix) //nolint:errcheck // usually there is none
	return disk.SyncFolder(filepath.Dir(path))
}

// mapped gives an error of the file system its name in chat, without the path it carries.
func mapped(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return chat.ErrNoProfile
	}
	return disk.Error(err)
}
