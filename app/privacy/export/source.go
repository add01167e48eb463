package export

import (
	"fmt"
	"io"
	"io/fs"
	"os"

	"sotto/chat"
)

// source is where an export is read from: a folder as it was found, or a staged copy.
type source interface {
	open(name string) (io.ReadCloser, error) // an error that is fs.ErrNotExist for a missing one
	size(name string) (int64, error)
	// check compares the names that are there with those that must be: files and the folders above them. Its errors are
	// places.
	check(files, folders map[string]bool) error
}

// found is an export in a folder of somebody else's making.
type found struct{ root *os.Root }

func (f found) open(name string) (io.ReadCloser, error) { return f.root.Open(name) }

// size refuses what is not a regular file, before it is opened.
func (f found) size(name string) (int64, error) {
	info, err := f.root.Lstat(name)
	if err != nil {
		return 0, err
	}
	if !info.Mode().IsRegular() {
		return 0, fmt.Errorf("%w: not a file", chat.ErrMalformed)
	}
	return info.Size(), nil
}

func (f found) check(files, folders map[string]bool) error {
	return fs.WalkDir(f.root.FS(), ".", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return place(name, 0, Changed)
		case entry.IsDir() && !folders[name], !entry.IsDir() && !files[name]:
			return place(name, 0, Added)
		case !entry.IsDir() && !entry.Type().IsRegular():
			return place(name, 0, Changed)
		}
		return nil
	})
}

func readBounded(s source, name string, limit int64) ([]byte, error) {
	size, err := s.size(name)
	if err != nil {
		return nil, err
	}
	if size > limit {
		return nil, chat.ErrMalformed
	}
	in, err := s.open(name)
	if err != nil {
		return nil, err
	}
	defer in.Close()
	b, err := io.ReadAll(io.LimitReader(in, limit+1))
	if err == nil && int64(len(b)) > limit {
		err = chat.ErrMalformed
	}
	return b, err
}
