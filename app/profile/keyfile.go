package profile

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"sotto/chat"
	"sotto/chat/disk"
	"sotto/crypto/vault"
)

var (
	// ErrKeyFile: what was named as a key file is no file, cannot be read, or has less than 32 bytes or more than 1 MiB.
	ErrKeyFile = errors.New("profile: not usable as a key file")
	// ErrKeyFileInside: a key file inside the profile folder goes wherever the folder goes, also to a thief.
	ErrKeyFileInside = errors.New("profile: the key file lies inside the profile folder")
)

// MakeKeyFile writes a fresh key file of 64 random bytes, mode 0600, for the profile in dir. Errors: [ErrKeyFileInside],
// chat.ErrExists (it is left as it is), ErrDiskFull, ErrReadOnly.
func MakeKeyFile(dir, path string) error {
	if err := outside(dir, path); err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return chat.ErrExists
	}
	if err != nil {
		return fmt.Errorf("make a key file: %w", disk.Error(err))
	}
	content := vault.NewKeyFile()
	defer clear(content)
	_, err = f.Write(content)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return errors.Join(fmt.Errorf("write a key file: %w", disk.Error(err)), disk.Error(os.Remove(path)))
	}
	return disk.SyncFolder(filepath.Dir(path))
}

// readKeyFile reads a whole key file.
func readKeyFile(path string) (vault.KeyFile, error) {
	info, err := os.Stat(path)
	if err != nil {
		return vault.KeyFile{}, fmt.Errorf("%w: %w", ErrKeyFile, disk.Error(err))
	}
	if !info.Mode().IsRegular() {
		return vault.KeyFile{}, fmt.Errorf("%w: not a file", ErrKeyFile)
	}
	f, err := os.Open(path)
	if err != nil {
		return vault.KeyFile{}, fmt.Errorf("%w: %w", ErrKeyFile, disk.Error(err))
	}
	defer f.Close() //nolint:errcheck // read only
	content, err := io.ReadAll(io.LimitReader(f, vault.MaxKeyFile+1))
	if err != nil {
		return vault.KeyFile{}, fmt.Errorf("%w: %w", ErrKeyFile, disk.Error(err))
	}
	defer clear(content)
	key, err := vault.ReadKeyFile(content)
	if err != nil {
		return vault.KeyFile{}, fmt.Errorf("%w: %w", ErrKeyFile, err)
	}
	return key, nil
}

// outside answers ErrKeyFileInside for a path in the folder or below it, also through a link or another spelling.
func outside(dir, path string) error {
	folder, err := os.Stat(dir)
	if err != nil {
		return disk.Error(err)
	}
	path, err = filepath.Abs(path)
	if err != nil {
		return disk.Error(err)
	}
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real
	} else if real, err := filepath.EvalSymlinks(filepath.Dir(path)); err == nil {
		path = filepath.Join(real, filepath.Base(path))
	}
	for at := filepath.Dir(path); ; at = filepath.Dir(at) {
		if info, err := os.Stat(at); err == nil && os.SameFile(info, folder) {
			return ErrKeyFileInside
		}
		if at == filepath.Dir(at) {
			return nil
		}
	}
}
