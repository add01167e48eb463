package media

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"sotto/chat"
)

// Why a file cannot be sent.
var (
	// ErrFolder: it is a folder.
	ErrFolder = errors.New("is a folder")
	// ErrLink: it is a symbolic link, which could lead anywhere by the time it is followed.
	ErrLink = errors.New("is a link")
	// ErrNotRegular: it is a device, a pipe, a socket or the like.
	ErrNotRegular = errors.New("is not an ordinary file")
	// ErrChanged: the file is being written, or was replaced since it was looked at.
	ErrChanged = errors.New("file changed while it was read")
)

// localFile is an opened ordinary file, and what it was when it was opened.
type localFile struct {
	*os.File
	path string
	info fs.FileInfo
}

// openFile opens an ordinary file without ever waiting for one that is not.
func openFile(path string) (*localFile, error) {
	named, err := os.Lstat(path)
	if err != nil {
		return nil, bare(err)
	}
	switch mode := named.Mode(); {
	case mode.IsDir():
		return nil, ErrFolder
	case mode&fs.ModeSymlink != 0:
		return nil, ErrLink
	case !mode.IsRegular():
		return nil, ErrNotRegular
	}
	f, err := os.OpenFile(path, os.O_RDONLY|openFlags, 0)
	if err != nil {
		return nil, bare(err)
	}
	info, err := f.Stat()
	switch {
	case err != nil:
		err = bare(err)
	case !os.SameFile(named, info) || !info.Mode().IsRegular():
		err = ErrChanged
	case info.Size() > chat.MaxFile:
		err = chat.ErrTooLarge
	default:
		return &localFile{f, path, info}, nil
	}
	f.Close()
	return nil, err
}

// again opens the same file anew.
func (f *localFile) again() (*localFile, error) {
	g, err := openFile(f.path)
	if err != nil {
		if errors.Is(err, fs.ErrPermission) {
			return nil, err
		}
		return nil, ErrChanged
	}
	if !same(f.info, g.info) {
		g.Close()
		return nil, ErrChanged
	}
	return g, nil
}

func (f *localFile) changed() error {
	now, err := f.Stat()
	if err != nil || !same(f.info, now) {
		return ErrChanged
	}
	return nil
}

func same(a, b fs.FileInfo) bool {
	return os.SameFile(a, b) && a.Size() == b.Size() && a.ModTime().Equal(b.ModTime())
}

// bare takes the path out of an error.
func bare(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		err = p.Err
	}
	return fmt.Errorf("open a file: %w", err)
}
