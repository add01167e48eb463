package backup

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	"sotto/chat"
)

// tempPattern names the files of backups in the making.
const tempPattern = ".sotto-backup-*"

// sweep removes what backups left in a folder that were killed a day ago or earlier. They are encrypted, and no use.
func sweep(folder string, now time.Time) {
	found, _ := filepath.Glob(filepath.Join(folder, tempPattern)) // the pattern is sound; a folder with brackets is not swept
	for _, name := range found {
		if info, err := os.Lstat(name); err == nil && info.Mode().IsRegular() && now.Sub(info.ModTime()) > 24*time.Hour {
			_ = os.Remove(name)
		}
	}
}

// rename gives a finished file its name, durably.
func rename(temp, target string) error {
	if err := os.Rename(temp, target); err != nil {
		return fileError(err)
	}
	folder, err := os.Open(filepath.Dir(target))
	if err != nil {
		return fileError(err)
	}
	err = folder.Sync()
	if errors.Is(err, syscall.EINVAL) || errors.Is(err, errors.ErrUnsupported) {
		err = nil // a file system that cannot sync folders
	}
	return fileError(errors.Join(err, folder.Close()))
}

// fileError names the sentinel and takes the path out: it is the user's.
func fileError(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT), errors.Is(err, syscall.EFBIG):
		return chat.ErrDiskFull
	case errors.Is(err, syscall.EROFS), errors.Is(err, fs.ErrPermission):
		return chat.ErrReadOnly
	}
	var path *fs.PathError
	if errors.As(err, &path) {
		return fmt.Errorf("backup: %s: %w", path.Op, path.Err)
	}
	var link *os.LinkError
	if errors.As(err, &link) {
		return fmt.Errorf("backup: %s: %w", link.Op, link.Err)
	}
	return err
}

func sorted(m map[string][]byte) []string { return slices.Sorted(maps.Keys(m)) }
