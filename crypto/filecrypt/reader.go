package filecrypt

import (
	"crypto/cipher"
	"errors"
	"io"
	"sync"
)

// Reader reads the content of a sealed file at any place. It holds one chunk, whatever the size, and its methods may be
// called at once.
type Reader struct {
	src    io.ReaderAt
	layout layout

	mu     sync.Mutex
	chunks chunks
	chunk  [sealedChunk]byte // opened in place
	plain  []byte            // what chunk holds of the chunk number, authenticated; empty: nothing
	number int64
	offset int64 // of Read and Seek
	closed bool
}

// NewReader returns a Reader of the file sealed in src, a ciphertext of sealed bytes for a content of size bytes
// (docs/PROTOCOL.md section 8.5). It opens the chunks that hold the end of the content, the padding and the end of the
// ciphertext. ErrLength when sealed is not the length of that size or src goes on after it, ErrTruncated when src ends
// before, ErrChunk, ErrPadding, or an error of src.
func NewReader(src io.ReaderAt, key Key, sealed, size int64) (*Reader, error) {
	l, err := layoutOf(size)
	if err != nil {
		return nil, err
	}
	if sealed != l.sealed() {
		return nil, ErrLength
	}
	return newReader(src, key.stream(), l)
}

func newReader(src io.ReaderAt, aead cipher.AEAD, l layout) (*Reader, error) {
	r := &Reader{src: src, layout: l, chunks: chunks{aead: aead}}
	if err := r.checkEnd(); err != nil {
		r.Close()
		return nil, err
	}
	return r, nil
}

// checkEnd opens the last chunk first: what is cut or goes on is told from what is altered.
func (r *Reader) checkEnd() error {
	switch n, err := r.src.ReadAt(r.chunk[:1], r.layout.sealed()); {
	case n > 0:
		return ErrLength
	case err != nil && !errors.Is(err, io.EOF):
		return err
	}
	first := min(r.layout.size/ChunkSize, r.layout.chunks-1)
	for number := r.layout.chunks - 1; number >= first; number-- {
		if err := r.load(number); err != nil {
			return err
		}
	}
	return nil
}

// Size returns the length of the content in bytes.
func (r *Reader) Size() int64 { return r.layout.size }

// ReadAt is that of io.ReaderAt; besides its errors ErrTruncated, ErrChunk, ErrPadding, ErrClosed.
func (r *Reader) ReadAt(p []byte, offset int64) (n int, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.readAt(p, offset)
}

// Read is that of io.Reader, with the errors of ReadAt.
func (r *Reader) Read(p []byte) (n int, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(p) == 0 {
		return 0, nil
	}
	n, err = r.readAt(p[:min(int64(len(p)), max(r.layout.size-r.offset, 1))], r.offset)
	r.offset += int64(n)
	return n, err
}

var errSeek = errors.New("filecrypt: seek before the beginning")

// Seek is that of io.Seeker.
func (r *Reader) Seek(offset int64, whence int) (int64, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch whence {
	case io.SeekCurrent:
		offset += r.offset
	case io.SeekEnd:
		offset += r.layout.size
	case io.SeekStart:
	default:
		return 0, errors.New("filecrypt: seek from nowhere")
	}
	if offset < 0 {
		return 0, errSeek
	}
	r.offset = offset
	return offset, nil
}

// Close clears what the Reader holds. It does not close the source.
func (r *Reader) Close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	clear(r.chunk[:])
	r.plain, r.chunks.aead, r.closed = nil, nil, true
	return nil
}

func (r *Reader) readAt(p []byte, offset int64) (n int, err error) {
	switch {
	case r.closed:
		return 0, ErrClosed
	case offset < 0:
		return 0, errSeek
	}
	for n < len(p) {
		at := offset + int64(n)
		if at >= r.layout.size {
			return n, io.EOF
		}
		if err := r.load(at / ChunkSize); err != nil {
			return n, err
		}
		end := min(int64(len(r.plain)), r.layout.size-r.number*ChunkSize)
		n += copy(p[n:], r.plain[at%ChunkSize:end])
	}
	return n, nil
}

// load makes plain the content of a chunk, authenticated; after an error it is empty.
func (r *Reader) load(number int64) error {
	if len(r.plain) > 0 && r.number == number {
		return nil
	}
	r.plain = nil
	sealed := r.chunk[:r.layout.plain(number)+Overhead]
	if n, err := r.src.ReadAt(sealed, number*sealedChunk); n < len(sealed) {
		if err == nil || errors.Is(err, io.EOF) {
			return ErrTruncated
		}
		return err
	}
	plain, err := r.chunks.open(sealed[:0], sealed, number, r.layout.last(number))
	if err != nil {
		return err
	}
	if err := r.layout.checkPadding(number, plain); err != nil {
		clear(plain)
		return err
	}
	r.plain, r.number = plain, number
	return nil
}
