package filecrypt

import (
	"crypto/cipher"
	"crypto/sha256"
	"errors"
	"hash"
	"io"
)

// Verify reads a whole ciphertext, of a content of size bytes, and returns its SHA-256 when every chunk opens in its place,
// the padding is zeros and nothing follows. Errors: ErrTruncated, ErrChunk, ErrLength, ErrPadding, or what src returned; the
// hash is zeros then. Its memory does not depend on the size.
func Verify(src io.Reader, key Key, size int64) (hash [sha256.Size]byte, err error) {
	l, err := layoutOf(size)
	if err != nil {
		return hash, err
	}
	return verify(src, key.stream(), l)
}

func verify(src io.Reader, aead cipher.AEAD, l layout) (hash [sha256.Size]byte, err error) {
	v := newVerifier(aead, l)
	defer v.Close()
	if err := v.readFrom(src); err != nil {
		if failed := v.end(); failed != nil {
			err = failed // it came before
		}
		return hash, err
	}
	return v.Sum()
}

// Verifier verifies a ciphertext while it comes. Its methods are for one goroutine; it has others of its own until Close.
type Verifier struct {
	layout   layout
	pipeline *pipeline // nil: ended
	chunk    []byte
	came     int64 // bytes
	put      int64 // chunks
	err      error

	// Of the steps.
	hash   hash.Hash
	chunks chunks
	opened []byte
	number int64
}

// NewVerifier returns what verifies the ciphertext of a content of size bytes: Write all of it, then Sum, and Close whatever
// happens. ErrLength for a size that no file has.
func NewVerifier(key Key, size int64) (*Verifier, error) {
	l, err := layoutOf(size)
	if err != nil {
		return nil, err
	}
	return newVerifier(key.stream(), l), nil
}

func newVerifier(aead cipher.AEAD, l layout) *Verifier {
	v := &Verifier{layout: l, hash: sha256.New(), chunks: chunks{aead: aead}, opened: make([]byte, 0, ChunkSize)}
	v.pipeline = newPipeline(l.chunks, func(sealed []byte) error {
		v.hash.Write(sealed)
		return nil
	}, v.open)
	return v
}

func (v *Verifier) open(sealed []byte) error {
	plain, err := v.chunks.open(v.opened[:0], sealed, v.number, v.layout.last(v.number))
	if err == nil {
		err = v.layout.checkPadding(v.number, plain)
	}
	v.number++
	return err
}

// Write takes what comes next. It never fails before Close, then ErrClosed: Sum tells what is wrong.
func (v *Verifier) Write(p []byte) (int, error) {
	if v.pipeline == nil {
		return 0, ErrClosed
	}
	n := len(p)
	v.came += int64(n)
	for len(p) > 0 && v.put < v.layout.chunks && v.pipeline.failure() == nil {
		if v.chunk == nil {
			v.chunk = v.pipeline.take()
		}
		taken := min(len(p), v.wanted()-len(v.chunk))
		v.chunk = append(v.chunk, p[:taken]...)
		p = p[taken:]
		v.pass()
	}
	return n, nil
}

// wanted is the length of the chunk that is being filled.
func (v *Verifier) wanted() int { return v.layout.plain(v.put) + Overhead }

// pass gives the chunk on when it is full.
func (v *Verifier) pass() {
	if len(v.chunk) == v.wanted() {
		v.pipeline.put(v.chunk)
		v.chunk = nil
		v.put++
	}
}

// readFrom is Write of all of src, up to the first byte too many. Errors: those of src but its end.
func (v *Verifier) readFrom(src io.Reader) error {
	for v.put < v.layout.chunks {
		if v.pipeline.failure() != nil {
			return nil // end tells
		}
		v.chunk = v.pipeline.take()
		n, err := io.ReadFull(src, v.chunk[:v.wanted()])
		v.chunk = v.chunk[:n]
		v.came += int64(n)
		if err != nil {
			return ended(err)
		}
		v.pass()
	}
	var more [1]byte
	n, err := io.ReadFull(src, more[:])
	v.came += int64(n)
	if n > 0 || errors.Is(err, io.EOF) {
		return nil
	}
	return err
}

// Sum returns the SHA-256 of the ciphertext when all of it came and every chunk opened in its place, the padding is zeros and
// nothing followed; else zeros and ErrTruncated, ErrChunk, ErrLength or ErrPadding. Nothing can be written after it.
func (v *Verifier) Sum() (sum [sha256.Size]byte, err error) {
	if err := v.end(); err != nil {
		return sum, err
	}
	switch sealed := v.layout.sealed(); {
	case v.came < sealed:
		return sum, ErrTruncated
	case v.came > sealed:
		return sum, ErrLength
	}
	return [sha256.Size]byte(v.hash.Sum(nil)), nil
}

// Close ends the work and clears what was opened.
func (v *Verifier) Close() error {
	_ = v.end() // Sum tells
	return nil
}

// end waits for the chunks under way and returns what was wrong with one.
func (v *Verifier) end() error {
	if v.pipeline != nil {
		v.err = v.pipeline.end()
		clear(v.opened[:cap(v.opened)])
		v.pipeline, v.chunk, v.chunks.aead = nil, nil, nil
	}
	return v.err
}

// ended says of a source that ended what it means here; other errors stay.
func ended(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return ErrTruncated
	}
	return err
}
