package storage

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"sotto/chat"
	"sotto/storage/vaultfile"
)

// Destroy removes the profile in dir, whose store is closed: first the vaults are overwritten, so that what else is left
// for a moment cannot be opened, then everything that Sotto keeps there. extra names further files and folders inside
// dir. The folder itself goes when nothing else is in it. It returns chat.ErrNoProfile where there is no
// vault, ErrMalformed for an extra name that leaves dir.
func Destroy(dir string, extra ...string) error {
	if !Exists(dir) {
		return chat.ErrNoProfile
	}
	for _, name := range extra {
		if !filepath.IsLocal(name) {
			return chat.ErrMalformed
		}
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return folderError(err)
	}
	var vaults []string
	for _, e := range entries {
		if strings.HasSuffix(e.Name(), vaultSuffix) {
			vaults = append(vaults, filepath.Join(dir, e.Name()))
		}
	}
	for _, path := range append(vaults, filepath.Join(dir, VaultFile)) {
		if err := vaultfile.Destroy(path); err != nil {
			return err
		}
		if base, ok := strings.CutSuffix(path, vaultSuffix); ok {
			if err := removeDatabase(base); err != nil {
				return err
			}
			for _, folder := range []string{base + BlobSuffix, base + BlobSuffix + orphanSuffix} {
				if err := os.RemoveAll(folder); err != nil {
					return folderError(err)
				}
			}
		}
	}
	if err := removeDatabase(filepath.Join(dir, HistoryFile)); err != nil {
		return err
	}
	for _, name := range append([]string{TempFolder, BlobFolder, BlobFolder + orphanSuffix, "search.sealed", "search.sealed.new", "relay"}, extra...) {
		if err := os.RemoveAll(filepath.Join(dir, name)); err != nil {
			return folderError(err)
		}
	}
	if err := os.Remove(dir); err != nil && !notEmpty(dir) {
		return folderError(err)
	}
	return nil
}

// databaseSuffixes name the files of one SQLite database.
var databaseSuffixes = []string{"", "-wal", "-shm", "-journal"}

// removeDatabase removes a database with its write-ahead log, and one that was set aside.
func removeDatabase(path string) error {
	for _, suffix := range databaseSuffixes {
		for _, name := range []string{path + suffix, path + orphanSuffix + suffix} {
			if err := os.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return folderError(err)
			}
		}
	}
	return nil
}

func notEmpty(dir string) bool {
	entries, err := os.ReadDir(dir)
	return err == nil && len(entries) > 0
}
