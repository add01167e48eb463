package profile

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"

	"sotto/app/media"
	"sotto/chat"
	"sotto/chat/disk"
	"sotto/storage"
)

// copies are the plaintext copies of attachments that other programs look at: tmp/<random>/<safe name>, folder 0700, file
// 0600. Each is overwritten and removed when it is closed, when the profile is locked or closed, and at the next opening
// when the process was killed. A disk that keeps old blocks keeps theirs too (docs/THREATMODEL.md).
type copies struct {
	tmp string

	mu    sync.Mutex
	ended bool
	all   map[*fileCopy]bool
}

// fileCopy is one copy in a folder of its own.
type fileCopy struct {
	message chat.MessageID
	folder  string
	path    string
	cancel  context.CancelFunc // of its writing
	done    chan struct{}      // closed when its writing has ended
	whole   bool               // its writing succeeded
}

func newCopies(tmp string) *copies { return &copies{tmp: tmp, all: map[*fileCopy]bool{}} }

// make returns the path of a copy of the message's file. One that is there is used again; else write fills a new one.
// After close it answers chat.ErrLocked.
func (c *copies) make(ctx context.Context, id chat.MessageID, name string, write func(context.Context, *os.File) error) (string, error) {
	if path, there := c.of(id); there {
		return path, nil
	}
	f, ctx, err := c.begin(ctx, id, name)
	if err != nil {
		return "", err
	}
	err = errors.Join(fill(ctx, f.path, write), ctx.Err())
	f.cancel()
	if !c.written(f, err == nil) && err == nil {
		err = chat.ErrLocked // wiped meanwhile
	}
	if err != nil {
		return "", err
	}
	return f.path, nil
}

// of returns the copy of a message that is whole and still there.
func (c *copies) of(id chat.MessageID) (path string, there bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for f := range c.all {
		if f.message != id || !f.whole {
			continue
		}
		if _, err := os.Lstat(f.path); err == nil {
			return f.path, true
		}
	}
	return "", false
}

// begin makes the folder of a new copy.
func (c *copies) begin(ctx context.Context, id chat.MessageID, name string) (*fileCopy, context.Context, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ended {
		return nil, nil, chat.ErrLocked
	}
	if err := os.MkdirAll(c.tmp, 0o700); err != nil {
		return nil, nil, disk.Error(err)
	}
	folder, err := os.MkdirTemp(c.tmp, "") // 0700
	if err != nil {
		return nil, nil, disk.Error(err)
	}
	f := &fileCopy{message: id, folder: folder, path: filepath.Join(folder, name), done: make(chan struct{})}
	ctx, f.cancel = context.WithCancel(ctx)
	c.all[f] = true
	return f, ctx, nil
}

func fill(ctx context.Context, path string, write func(context.Context, *os.File) error) error {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return disk.Error(err)
	}
	return errors.Join(write(ctx, file), disk.Error(file.Close()))
}

// written ends the writing of a copy: one that is not whole goes. It reports whether the copy was not wiped meanwhile.
func (c *copies) written(f *fileCopy, whole bool) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	defer close(f.done)
	kept := c.all[f]
	f.whole = whole
	if kept && !whole {
		delete(c.all, f)
		_ = shred(f.folder) // what stays is wiped at the next opening
	}
	return kept
}

// count returns how many copies there are.
func (c *copies) count() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.all)
}

// wipe overwrites and removes every copy, one that is being written as well.
func (c *copies) wipe() error {
	c.mu.Lock()
	all := c.all
	c.all = map[*fileCopy]bool{}
	c.mu.Unlock()
	var failed []error
	for f := range all {
		f.cancel()
		<-f.done
		if err := shred(f.folder); err != nil {
			failed = append(failed, err)
			c.mu.Lock()
			c.all[f] = true // tried again with the next wipe
			c.mu.Unlock()
		}
	}
	return errors.Join(failed...)
}

// close wipes every copy and makes no further one.
func (c *copies) close() error {
	c.mu.Lock()
	c.ended = true
	c.mu.Unlock()
	return c.wipe()
}

// OpenCopy returns the path of a plaintext copy of the message's file, under its safe name in tmp/, for other programs to
// look at. The copy is overwritten and removed by CloseCopies, with the lock, and when the profile is closed or opened
// the next time. It is recorded in the audit log. Errors: chat.ErrNotFound, chat.ErrNotFetched, chat.ErrFileGone,
// chat.ErrFileDamaged, chat.ErrDiskFull, chat.ErrLocked, that of ctx; after one there is no copy.
func (p *Profile) OpenCopy(ctx context.Context, id chat.MessageID) (path string, err error) {
	r, m, err := p.Messenger.OpenFile(ctx, id)
	if err != nil {
		return "", fmt.Errorf("open a copy: %w", err)
	}
	defer r.Close() //nolint:errcheck // it was only read
	path, err = p.copies.make(ctx, id, media.SafeName(m.File.Name), func(ctx context.Context, file *os.File) error {
		if err := pour(ctx, file, r, m.File.Size, nil); err != nil {
			return err
		}
		p.markForeign(m, file.Name())
		return p.recordFile(ctx, actOpened, m)
	})
	if err != nil {
		return "", fmt.Errorf("open a copy: %w", err)
	}
	return path, nil
}

// Copies returns how many plaintext copies there are.
func (p *Profile) Copies() int { return p.copies.count() }

// CloseCopies overwrites and removes all plaintext copies. What another program holds so that it cannot be removed stays
// until the lock or the next opening, and is the error.
func (p *Profile) CloseCopies() error { return p.copies.wipe() }

// WipeCopies overwrites and removes the plaintext copies that a killed process left in dir, for a window that starts and
// has not been unlocked yet. While another process has the profile, the copies are its own: chat.ErrProfileInUse. A folder
// without a profile has none.
func WipeCopies(dir string) error {
	if !Exists(dir) {
		return nil
	}
	f, err := hold(dir)
	if err != nil {
		return err
	}
	return errors.Join(wipeCopies(f.path(storage.TempFolder)), f.release())
}

// wipeCopies overwrites and removes the copies that an earlier run left in a folder that this process holds.
func wipeCopies(tmp string) error {
	entries, err := os.ReadDir(tmp)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	failed := []error{disk.Error(err)}
	for _, e := range entries {
		failed = append(failed, shred(filepath.Join(tmp, e.Name())))
	}
	return errors.Join(failed...)
}

// shred overwrites every file below path and removes all of it. It goes as far as it can; what it meets that is no plain
// file is removed only.
func shred(path string) error {
	failed := []error{filepath.WalkDir(path, func(name string, e fs.DirEntry, err error) error {
		if err != nil {
			return nil //nolint:nilerr // RemoveAll says so
		}
		if e.Type().IsRegular() {
			_ = overwrite(name) // removed all the same
		}
		return nil
	})}
	return disk.Error(errors.Join(append(failed, os.RemoveAll(path))...))
}

// overwrite writes zeros over a file, to the disk.
func overwrite(name string) error {
	f, err := os.OpenFile(name, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	info, err := f.Stat()
	if err != nil {
		return errors.Join(err, f.Close())
	}
	zeros := make([]byte, 64<<10)
	for left := info.Size(); left > 0 && err == nil; left -= int64(len(zeros)) {
		_, err = f.Write(zeros[:min(left, int64(len(zeros)))])
	}
	return errors.Join(err, f.Sync(), f.Close())
}
