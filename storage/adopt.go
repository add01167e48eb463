package storage

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"sotto/chat"
	"sotto/chat/disk"
)

// Adopt moves the profile that was made in the folder from, and whose store is closed, into dir, which holds none: every
// file, the history next to last, the vault last, so that dir holds a whole profile or, after a crash, none (see
// Abandon). It returns chat.ErrProfileExists, ErrNoProfile, ErrDiskFull or ErrReadOnly.
func Adopt(from, dir string) error {
	if Exists(dir) {
		return chat.ErrProfileExists
	}
	if !Exists(from) {
		return chat.ErrNoProfile
	}
	if err := setAside(filepath.Join(dir, HistoryFile), filepath.Join(dir, BlobFolder)); err != nil {
		return err
	}
	entries, err := os.ReadDir(from)
	if err != nil {
		return folderError(err)
	}
	names := []string{HistoryFile + "-wal", HistoryFile + "-shm", HistoryFile, VaultFile}
	for _, e := range entries {
		if !slices.Contains(names, e.Name()) && e.Name() != TempFolder {
			names = slices.Insert(names, 0, e.Name())
		}
	}
	for _, name := range names {
		if name == VaultFile {
			if err := disk.SyncFolder(dir); err != nil {
				return err
			}
		}
		err := os.Rename(filepath.Join(from, name), filepath.Join(dir, name))
		if err != nil && (!errors.Is(err, fs.ErrNotExist) || !strings.HasPrefix(name, HistoryFile+"-")) {
			return folderError(err)
		}
	}
	return errors.Join(disk.SyncFolder(dir), folderError(os.RemoveAll(from)))
}

// Abandon removes a profile that was being made in the folder from and not adopted by dir, or only in part.
func Abandon(from, dir string) error {
	if _, err := os.Lstat(from); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	// What lacks of the profile has been moved to dir already.
	if Exists(from) && !Exists(dir) {
		if moved(from, HistoryFile) {
			if err := removeDatabase(filepath.Join(dir, HistoryFile)); err != nil {
				return err
			}
		}
		if moved(from, BlobFolder) {
			if err := os.RemoveAll(filepath.Join(dir, BlobFolder)); err != nil {
				return folderError(err)
			}
		}
	}
	if Exists(from) {
		if err := Destroy(from); err != nil {
			return err
		}
	}
	return folderError(os.RemoveAll(from))
}

func moved(from, name string) bool {
	_, err := os.Lstat(filepath.Join(from, name))
	return errors.Is(err, fs.ErrNotExist)
}
