package folder

import (
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"sotto/transport/relay/store"
	"sotto/transport/wire"
)

const unfinished = ".part"

// Folder is the folder of blobs.
type Folder struct {
	dir     string
	durable durable
}

// durable is what makes names and bytes outlast a power failure; a test sees its order.
type durable struct {
	sync       func(*os.File) error
	rename     func(from, to string) error
	syncFolder func(dir string) error
}

var _ store.Blobs = (*Folder)(nil)

// Open opens or makes the folder. Errors: those of the file system, without their path.
func Open(dir string) (*Folder, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("open folder of blobs: %w", bare(err))
	}
	if err := syncFolder(filepath.Dir(dir)); err != nil { // or all of it could go with the power
		return nil, fmt.Errorf("open folder of blobs: %w", bare(err))
	}
	return &Folder{dir: dir, durable: durable{(*os.File).Sync, os.Rename, syncFolder}}, nil
}

// bare removes the path from an error of the file system, and names a full disk.
func bare(err error) error {
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, quotaReached) {
		return store.ErrFull
	}
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Err
	}
	var link *os.LinkError
	if errors.As(err, &link) {
		return link.Err
	}
	return err
}

func (f *Folder) path(name store.BlobFile) string {
	return filepath.Join(f.dir, hex.EncodeToString(name[:]))
}

// Part implements store.Blobs.
func (f *Folder) Part(name store.BlobFile) (store.BlobPart, error) {
	path := f.path(name)
	file, err := os.OpenFile(path+unfinished, os.O_RDWR, 0)
	made := errors.Is(err, fs.ErrNotExist)
	if made {
		file, err = os.OpenFile(path+unfinished, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
	}
	if err != nil {
		return nil, bare(err)
	}
	info, err := file.Stat()
	if err != nil {
		_ = file.Close()
		return nil, bare(err)
	}
	return &part{durable: f.durable, dir: f.dir, path: path, file: file, size: info.Size(), made: made}, nil
}

// Open implements store.Blobs.
func (f *Folder) Open(name store.BlobFile) (store.BlobReader, error) {
	file, err := os.Open(f.path(name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, wire.ErrNotFound
	}
	if err != nil {
		return nil, bare(err)
	}
	info, err := file.Stat()
	if err != nil {
		_ = file.Close()
		return nil, bare(err)
	}
	return &reader{File: file, size: info.Size()}, nil
}

// Remove implements store.Blobs.
func (f *Folder) Remove(names ...store.BlobFile) error {
	var errs []error
	for _, n := range names {
		path := f.path(n)
		for _, p := range []string{path + unfinished, path} {
			if err := os.Remove(p); err != nil && !errors.Is(err, fs.ErrNotExist) {
				errs = append(errs, bare(err))
			}
		}
	}
	return errors.Join(errs...)
}

// List implements store.Blobs. What has no name of a blob is not listed.
func (f *Folder) List() ([]store.BlobInfo, error) {
	entries, err := os.ReadDir(f.dir)
	if err != nil {
		return nil, bare(err)
	}
	out := make([]store.BlobInfo, 0, len(entries))
	for _, e := range entries {
		digits, part := strings.CutSuffix(e.Name(), unfinished)
		name, err := hex.DecodeString(digits)
		if err != nil || len(name) != len(store.BlobFile{}) || hex.EncodeToString(name) != digits {
			continue
		}
		info, err := e.Info()
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, bare(err)
		}
		out = append(out, store.BlobInfo{File: store.BlobFile(name), Size: info.Size(), Finished: !part})
	}
	return out, nil
}

// Free implements store.Blobs.
func (f *Folder) Free() (uint64, error) { return free(f.dir) }

// part is an unfinished file.
type part struct {
	durable
	dir, path string
	file      *os.File
	size      int64
	made      bool // its name is not synced yet
}

func (p *part) Write(data []byte) (int, error) {
	n, err := p.file.WriteAt(data, p.size)
	p.size += int64(n)
	if err != nil {
		return n, bare(err)
	}
	return n, nil
}

func (p *part) ReadAt(to []byte, at int64) (int, error) { return p.file.ReadAt(to, at) }
func (p *part) Size() int64                             { return p.size }

func (p *part) Truncate(n int64) error {
	if err := p.file.Truncate(n); err != nil {
		return bare(err)
	}
	p.size = n
	return nil
}

func (p *part) Sync() error {
	if err := p.sync(p.file); err != nil {
		return bare(err)
	}
	if !p.made {
		return nil
	}
	if err := p.syncFolder(p.dir); err != nil {
		return bare(err)
	}
	p.made = false
	return nil
}

// Finish syncs, closes, renames, and syncs the folder, in this order.
func (p *part) Finish() error {
	err := p.sync(p.file)
	if e := p.file.Close(); err == nil {
		err = e
	}
	if err != nil {
		return bare(err)
	}
	if err := p.rename(p.path+unfinished, p.path); err != nil {
		return bare(err)
	}
	if err := p.syncFolder(p.dir); err != nil {
		return bare(err)
	}
	return nil
}

func (p *part) Close() error { return p.file.Close() }

type reader struct {
	*os.File
	size int64
}

func (r *reader) Size() int64 { return r.size }
