package security

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"

	"sotto/chat"
)

// Attempts counts wrong secrets and makes the next guess wait: three are free, then 2 s, doubling to 15 minutes.
//
// The count lies in a small file beside the vault, outside of it because the vault is shut when it is needed. It is
// written before a guess is tried, so that ending the process does not save the wait, and it is not secret. Whoever can
// delete it, or copies the vault away, is not held up by it: against them stands Argon2id alone. It slows a person at
// the keyboard, as docs/THREATMODEL.md says.
type Attempts struct {
	path string
	now  func() time.Time
	mu   sync.Mutex
}

const (
	freeAttempts = 3
	firstDelay   = 2 * time.Second
	longestDelay = 15 * time.Minute
	attemptsSize = 4 + 8 + 4 // count, unix milliseconds, CRC-32 (IEEE)
)

// NewAttempts keeps the count in the file at path, which need not exist.
func NewAttempts(path string, now func() time.Time) *Attempts {
	return &Attempts{path: path, now: now}
}

// Try calls open unless an earlier failure demands a wait, which is a [chat.DelayError]. A chat.ErrWrongSecret from open
// counts; success clears the count; any other error leaves it as it was. It returns open's error.
func (a *Attempts) Try(open func() error) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	before, err := a.load()
	if err != nil {
		return err
	}
	if wait := before.wait(a.now()); wait > 0 {
		return &chat.DelayError{Wait: wait}
	}
	// Counted before the attempt: a process ended in the middle of it has tried.
	if err := a.store(attempts{count: before.count + 1, last: a.now()}); err != nil {
		return err
	}
	err = open()
	switch {
	case errors.Is(err, chat.ErrWrongSecret):
		if failed := a.store(attempts{count: before.count + 1, last: a.now()}); failed != nil {
			return failed
		}
		return err
	case err != nil:
		return errors.Join(err, a.store(before))
	}
	return a.store(attempts{})
}

// Unguessed calls open for a secret that nobody can guess, such as a random key that the system keeps: it neither waits
// nor counts, and success clears the count. It returns open's error.
func (a *Attempts) Unguessed(open func() error) error {
	if err := open(); err != nil {
		return err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.store(attempts{})
}

// Wait returns how long the next attempt has to wait, 0 for not at all.
func (a *Attempts) Wait() (time.Duration, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	state, err := a.load()
	if err != nil {
		return 0, err
	}
	return state.wait(a.now()), nil
}

// attempts is the content of the file.
type attempts struct {
	count uint32
	last  time.Time
}

// wait is the rest of the delay. A clock that stands before the last failure counts as no time gone by.
func (s attempts) wait(now time.Time) time.Duration {
	if s.count < freeAttempts {
		return 0
	}
	delay := longestDelay
	if steps := s.count - freeAttempts; steps < 16 {
		delay = min(firstDelay<<steps, longestDelay)
	}
	gone := max(now.Round(0).Sub(s.last), 0)
	return max(delay-gone, 0)
}

// load reads the file. One that is torn or foreign counts as the worst case: the longest delay from its date on.
func (a *Attempts) load() (attempts, error) {
	b, err := os.ReadFile(a.path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return attempts{}, nil
	case err != nil:
		return attempts{}, fmt.Errorf("reading the count of attempts: %w", bare(err))
	}
	if len(b) == attemptsSize && crc32.ChecksumIEEE(b[:12]) == binary.BigEndian.Uint32(b[12:]) {
		return attempts{
			count: binary.BigEndian.Uint32(b),
			last:  time.UnixMilli(int64(binary.BigEndian.Uint64(b[4:]))),
		}, nil
	}
	worst := attempts{count: freeAttempts + 16, last: a.now()}
	if info, err := os.Stat(a.path); err == nil {
		worst.last = info.ModTime()
	}
	return worst, nil
}

// store replaces the file, durably; a zero count removes it.
func (a *Attempts) store(s attempts) error {
	if s.count == 0 {
		if err := os.Remove(a.path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("clearing the count of attempts: %w", bare(err))
		}
		return nil
	}
	b := binary.BigEndian.AppendUint32(nil, s.count)
	b = binary.BigEndian.AppendUint64(b, uint64(s.last.UnixMilli()))
	b = binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(b))
	if err := replaceFile(a.path, b); err != nil {
		return fmt.Errorf("keeping the count of attempts: %w", bare(err))
	}
	return nil
}

func replaceFile(path string, b []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".attempts-*")
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	err = errors.Join(err, f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}

// bare takes the path out of a file error: it is the user's.
func bare(err error) error {
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
