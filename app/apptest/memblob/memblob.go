package memblob

import (
	"bytes"
	"crypto/rand"
	"io"
	"io/fs"
	"maps"
	"math"
	"slices"
	"sync"

	"sotto/chat"
)

// Blobs is a chat.Blobs in memory. Make one with New.
type Blobs struct {
	mu    sync.Mutex
	files map[chat.BlobID]*file
	free  int64
}

type file struct {
	b         []byte
	committed bool
}

var _ chat.Blobs = (*Blobs)(nil)

// New returns an empty store with room for everything.
func New() *Blobs { return &Blobs{files: map[chat.BlobID]*file{}, free: math.MaxInt64} }

// SetFree sets how many bytes are left; writes count against it, removals give back.
func (s *Blobs) SetFree(n int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.free = n
}

// List returns the names of all files, begun or committed.
func (s *Blobs) List() []chat.BlobID {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Collect(maps.Keys(s.files))
}

// Bytes returns a copy of a file's content, begun or committed, nil when there is none.
func (s *Blobs) Bytes(id chat.BlobID) []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	if f := s.files[id]; f != nil {
		return bytes.Clone(f.b)
	}
	return nil
}

// Alter changes a file in its place, as a failing disk or another program may.
func (s *Blobs) Alter(id chat.BlobID, f func([]byte) []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if file := s.files[id]; file != nil {
		file.b = f(bytes.Clone(file.b))
	}
}

// Sweep removes what known does not name, as an opening of the profile does.
func (s *Blobs) Sweep(known func(chat.BlobID) bool) (removed int, err error) {
	for _, id := range s.List() {
		if !known(id) {
			removed++
			if err := s.Remove(id); err != nil {
				return removed, err
			}
		}
	}
	return removed, nil
}

// Create implements chat.Blobs.
func (s *Blobs) Create() (chat.BlobWriter, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var id chat.BlobID
	rand.Read(id[:]) //nolint:errcheck // never fails
	s.files[id] = &file{}
	return &writer{s: s, id: id, f: s.files[id]}, nil
}

// Resume implements chat.Blobs.
func (s *Blobs) Resume(id chat.BlobID) (chat.BlobWriter, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f := s.files[id]
	if f == nil || f.committed {
		return nil, chat.ErrNotFound
	}
	return &writer{s: s, id: id, f: f}, nil
}

// Open implements chat.Blobs.
func (s *Blobs) Open(id chat.BlobID) (chat.BlobReader, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f := s.files[id]
	if f == nil || !f.committed {
		return nil, chat.ErrNotFound
	}
	return &reader{s: s, f: f}, nil
}

// Remove implements chat.Blobs.
func (s *Blobs) Remove(ids ...chat.BlobID) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, id := range ids {
		if f := s.files[id]; f != nil {
			s.give(int64(len(f.b)))
			delete(s.files, id)
		}
	}
	return nil
}

// Free implements chat.Blobs.
func (s *Blobs) Free() (int64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.free, nil
}

func (s *Blobs) give(n int64) {
	if s.free < math.MaxInt64-n {
		s.free += n
	}
}

func (s *Blobs) readAt(f *file, closed bool, p []byte, offset int64) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if closed {
		return 0, fs.ErrClosed
	}
	return bytes.NewReader(f.b).ReadAt(p, offset)
}

type writer struct {
	s      *Blobs
	id     chat.BlobID
	f      *file
	closed bool
}

func (w *writer) ID() chat.BlobID { return w.id }

func (w *writer) Size() int64 {
	w.s.mu.Lock()
	defer w.s.mu.Unlock()
	return int64(len(w.f.b))
}

func (w *writer) Write(p []byte) (n int, err error) {
	w.s.mu.Lock()
	defer w.s.mu.Unlock()
	if w.closed {
		return 0, fs.ErrClosed
	}
	if int64(len(p)) > w.s.free {
		p, err = p[:w.s.free], chat.ErrDiskFull
	}
	if w.s.free < math.MaxInt64 {
		w.s.free -= int64(len(p))
	}
	w.f.b = append(w.f.b, p...)
	return len(p), err
}

func (w *writer) ReadAt(p []byte, offset int64) (int, error) {
	return w.s.readAt(w.f, w.closed, p, offset)
}

func (w *writer) Truncate(n int64) error {
	w.s.mu.Lock()
	defer w.s.mu.Unlock()
	switch {
	case w.closed:
		return fs.ErrClosed
	case n < 0 || n > int64(len(w.f.b)):
		return chat.ErrMalformed
	}
	w.s.give(int64(len(w.f.b)) - n)
	w.f.b = w.f.b[:n:n]
	return nil
}

func (w *writer) Sync() error {
	w.s.mu.Lock()
	defer w.s.mu.Unlock()
	if w.closed {
		return fs.ErrClosed
	}
	return nil
}

func (w *writer) Commit() error {
	w.s.mu.Lock()
	defer w.s.mu.Unlock()
	switch {
	case w.closed:
		return fs.ErrClosed
	case w.s.files[w.id] != w.f: // removed meanwhile
		w.closed = true
		return fs.ErrNotExist
	}
	w.closed, w.f.committed = true, true
	return nil
}

func (w *writer) Close() error {
	w.s.mu.Lock()
	defer w.s.mu.Unlock()
	if w.closed {
		return fs.ErrClosed
	}
	w.closed = true
	return nil
}

type reader struct {
	s      *Blobs
	f      *file
	closed bool
}

func (r *reader) Size() int64 {
	r.s.mu.Lock()
	defer r.s.mu.Unlock()
	return int64(len(r.f.b))
}

func (r *reader) ReadAt(p []byte, offset int64) (int, error) {
	if offset < 0 {
		return 0, fs.ErrInvalid
	}
	return r.s.readAt(r.f, r.closed, p, offset)
}

func (r *reader) Close() error {
	r.closed = true
	return nil
}

var _ io.ReaderAt = (*reader)(nil)
