package blob

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"sotto/chat"
	"sotto/chat/disk"
)

// partSuffix ends the name of a file that is not committed.
const partSuffix = ".part"

// Folder holds the files. Its methods may be called at once; a file has one writer at a time.
type Folder struct{ dir string }

var _ chat.Blobs = (*Folder)(nil)

// Open returns the folder dir, made with mode 0700 if it is missing. Errors: chat.ErrDamaged when dir is something else or a
// link to a folder elsewhere, chat.ErrDiskFull, chat.ErrReadOnly.
func Open(dir string) (*Folder, error) {
	err := os.Mkdir(dir, 0o700)
	if err == nil {
		return &Folder{dir}, disk.SyncFolder(filepath.Dir(dir))
	}
	info, stat := os.Lstat(dir)
	switch {
	case stat != nil:
		return nil, disk.Error(err)
	case !info.IsDir():
		return nil, fmt.Errorf("the folder of attachments is none: %w", chat.ErrDamaged)
	case info.Mode().Perm()&0o077 != 0:
		if err := os.Chmod(dir, 0o700); err != nil {
			return nil, disk.Error(err)
		}
	}
	return &Folder{dir}, nil
}

// Create implements chat.Blobs.
func (f *Folder) Create() (chat.BlobWriter, error) {
	var id chat.BlobID
	rand.Read(id[:]) //nolint:errcheck // never fails: a failing OS generator ends the process
	file, err := os.OpenFile(f.part(id), os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, disk.Error(err)
	}
	return &writer{folder: f, id: id, file: file, fresh: true, sync: (*os.File).Sync}, nil
}

// Resume implements chat.Blobs.
func (f *Folder) Resume(id chat.BlobID) (chat.BlobWriter, error) {
	file, size, err := openFile(f.part(id), os.O_RDWR)
	if err != nil {
		return nil, err
	}
	if _, err := file.Seek(size, io.SeekStart); err != nil {
		return nil, disk.Error(errors.Join(err, file.Close()))
	}
	return &writer{folder: f, id: id, file: file, size: size, fresh: true, sync: (*os.File).Sync}, nil
}

// Open implements chat.Blobs.
func (f *Folder) Open(id chat.BlobID) (chat.BlobReader, error) {
	file, size, err := openFile(f.whole(id), os.O_RDONLY)
	if err != nil {
		return nil, err
	}
	return &reader{file, size}, nil
}

// Remove implements chat.Blobs. It goes on after a failure, and returns the first.
func (f *Folder) Remove(ids ...chat.BlobID) error {
	var failed error
	removed := false
	for _, id := range ids {
		for _, path := range []string{f.part(id), f.whole(id)} {
			switch err := os.Remove(path); {
			case err == nil:
				removed = true
			case !errors.Is(err, fs.ErrNotExist) && failed == nil:
				failed = disk.Error(err)
			}
		}
	}
	if removed {
		return errors.Join(failed, disk.SyncFolder(f.dir))
	}
	return failed
}

// Sweep removes the files, begun or committed, of which known answers false, and returns how many. Anything else in the
// folder stays: it is not Sotto's. It is for the opening of a profile, when no writer is at work.
func (f *Folder) Sweep(known func(chat.BlobID) bool) (removed int, err error) {
	ids, err := f.List()
	if err != nil {
		return 0, err
	}
	var orphans []chat.BlobID
	for _, id := range ids {
		if !known(id) {
			orphans = append(orphans, id)
		}
	}
	return len(orphans), f.Remove(orphans...)
}

// List returns the names of all files, begun or committed, in no order.
func (f *Folder) List() ([]chat.BlobID, error) {
	entries, err := os.ReadDir(f.dir)
	if err != nil {
		return nil, disk.Error(err)
	}
	var out []chat.BlobID
	for _, e := range entries {
		if id, ok := parseName(e.Name()); ok && !e.IsDir() {
			out = append(out, id)
		}
	}
	return out, nil
}

// Free implements chat.Blobs.
func (f *Folder) Free() (int64, error) {
	free, err := freeBytes(f.dir)
	return free, disk.Error(err)
}

func (f *Folder) whole(id chat.BlobID) string { return filepath.Join(f.dir, id.String()) }

func (f *Folder) part(id chat.BlobID) string { return f.whole(id) + partSuffix }

// parseName reads the name of a file as this package writes it.
func parseName(name string) (id chat.BlobID, ok bool) {
	name = strings.TrimSuffix(name, partSuffix)
	b, err := hex.DecodeString(name)
	if err != nil || len(b) != len(id) {
		return id, false
	}
	id = chat.BlobID(b)
	return id, id.String() == name
}

// openFile opens a regular file and returns its size; chat.ErrNotFound for anything else, links too.
func openFile(path string, flags int) (*os.File, int64, error) {
	named, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) || err == nil && !named.Mode().IsRegular() {
		return nil, 0, chat.ErrNotFound
	}
	if err != nil {
		return nil, 0, disk.Error(err)
	}
	file, err := os.OpenFile(path, flags, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, 0, chat.ErrNotFound
	}
	if err != nil {
		return nil, 0, disk.Error(err)
	}
	opened, err := file.Stat()
	if err != nil || !os.SameFile(named, opened) {
		return nil, 0, errors.Join(chat.ErrNotFound, file.Close())
	}
	return file, opened.Size(), nil
}
