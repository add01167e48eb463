package disk

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
)

// RenameNew is [Rename] for a file whose name must be free: it answers an os.ErrExist where there is something already,
// and leaves that as it is. The name is taken in one step where the file system knows hard links; elsewhere another
// program could take it between the look and the renaming.
func RenameNew(from, to string) error {
	err := os.Link(from, to)
	switch {
	case err == nil:
		if err := os.Remove(from); err != nil {
			return Error(errors.Join(err, os.Remove(to)))
		}
		return SyncFolder(filepath.Dir(to))
	case errors.Is(err, os.ErrExist), errors.Is(err, os.ErrNotExist):
		return Error(err)
	case !linkless(err):
		return Error(err)
	}
	if _, err := os.Lstat(to); err == nil {
		return os.ErrExist
	}
	return Rename(from, to)
}

// linkless reports whether a file system refused a hard link for not knowing them. Some say that it is not permitted.
func linkless(err error) bool {
	return errors.Is(err, errors.ErrUnsupported) || errors.Is(err, syscall.EPERM) || errors.Is(err, errLinkless)
}
