package memory

import (
	"bytes"
	"io"
	"slices"
	"sync"

	"sotto/transport/relay/store"
	"sotto/transport/wire"
)

// Blobs keeps the bytes of blobs in memory. The zero value is not usable: use NewBlobs.
type Blobs struct {
	mu       sync.Mutex
	files    map[store.BlobFile]*file
	capacity uint64 // 0: not known
}

var _ store.Blobs = (*Blobs)(nil)

type file struct {
	mu       sync.Mutex
	data     []byte
	finished bool
}

// NewBlobs returns an empty store of bytes, with room for capacity bytes (0: without a bound, and Free does not know).
func NewBlobs(capacity uint64) *Blobs {
	return &Blobs{files: map[store.BlobFile]*file{}, capacity: capacity}
}

func (f *file) size() uint64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	return uint64(len(f.data))
}

func (b *Blobs) used() (n uint64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, f := range b.files {
		n += f.size()
	}
	return n
}

func (b *Blobs) Part(name store.BlobFile) (store.BlobPart, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	f, ok := b.files[name]
	if !ok || f.finished {
		f = &file{}
		b.files[name] = f
	}
	return &part{blobs: b, file: f}, nil
}

func (b *Blobs) Open(name store.BlobFile) (store.BlobReader, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	f, ok := b.files[name]
	if !ok || !f.finished {
		return nil, wire.ErrNotFound
	}
	return reader{bytes.NewReader(f.data)}, nil
}

func (b *Blobs) Remove(names ...store.BlobFile) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, n := range names {
		delete(b.files, n)
	}
	return nil
}

func (b *Blobs) List() ([]store.BlobInfo, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	out := make([]store.BlobInfo, 0, len(b.files))
	for name, f := range b.files {
		out = append(out, store.BlobInfo{File: name, Size: int64(f.size()), Finished: f.finished})
	}
	return out, nil
}

func (b *Blobs) Free() (uint64, error) {
	if b.capacity == 0 {
		return 0, store.ErrUnknown
	}
	return b.capacity - min(b.capacity, b.used()), nil
}

type part struct {
	blobs *Blobs
	*file
}

func (p *part) Write(data []byte) (int, error) {
	if free, err := p.blobs.Free(); err == nil && free < uint64(len(data)) {
		return 0, store.ErrFull
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.data = append(p.data, data...)
	return len(data), nil
}

func (p *part) ReadAt(to []byte, at int64) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if at > int64(len(p.data)) {
		return 0, io.EOF
	}
	return bytes.NewReader(p.data).ReadAt(to, at)
}

func (p *part) Size() int64 { return int64(p.size()) }

func (p *part) Truncate(n int64) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.data = slices.Clip(p.data[:min(n, int64(len(p.data)))])
	return nil
}

func (p *part) Sync() error { return nil }

func (p *part) Finish() error {
	p.blobs.mu.Lock()
	defer p.blobs.mu.Unlock()
	p.finished = true
	return nil
}

func (p *part) Close() error { return nil }

type reader struct{ *bytes.Reader }

func (reader) Close() error { return nil }
