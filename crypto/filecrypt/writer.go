package filecrypt

import (
	"crypto/cipher"
	"crypto/sha256"
	"errors"
	"hash"
	"io"
)

// Writer seals one file. Its memory does not depend on the size. Its methods are for one goroutine; it has others of its own,
// which hash and write what is sealed, until Close.
type Writer struct {
	dst      io.Writer
	layout   layout
	chunks   chunks
	hash     hash.Hash
	pipeline *pipeline // nil: ended
	number   int64     // of the chunk being filled
	written  int64     // content so far
	chunk    []byte    // sealed in place
	sum      [sha256.Size]byte
	err      error
}

// NewWriter returns a Writer that seals size bytes, 0 to MaxFile, to dst (docs/PROTOCOL.md section 8.5). The key must be
// fresh. Write exactly size bytes, then Close: dst has the ciphertext only when Close has returned nil. Close whatever
// happens: until then dst may be written to.
func NewWriter(dst io.Writer, key Key, size int64) *Writer {
	l, err := layoutOf(size)
	if err != nil {
		return &Writer{err: err}
	}
	return newWriter(dst, key.stream(), l)
}

func newWriter(dst io.Writer, aead cipher.AEAD, l layout) *Writer {
	w := &Writer{dst: dst, layout: l, chunks: chunks{aead: aead}, hash: sha256.New()}
	w.pipeline = newPipeline(l.chunks, func(sealed []byte) error {
		w.hash.Write(sealed)
		return nil
	}, w.store)
	w.chunk = w.pipeline.take()
	return w
}

// Write seals p. ErrLength, with none of p written, when that would be more than the size; otherwise errors of the
// destination, which a later call may be the first to tell. After an error the Writer is of no more use.
func (w *Writer) Write(p []byte) (n int, err error) {
	if w.err != nil {
		return 0, w.err
	}
	if int64(len(p)) > w.layout.size-w.written {
		return 0, w.fail(ErrLength)
	}
	for len(p) > 0 {
		// A full chunk is sealed when more follows, so that the last one is left for Close.
		if len(w.chunk) == ChunkSize {
			if err := w.flush(); err != nil {
				return n, err
			}
		}
		taken := min(len(p), ChunkSize-len(w.chunk))
		w.chunk = append(w.chunk, p[:taken]...)
		p, n = p[taken:], n+taken
		w.written += int64(taken)
	}
	return n, nil
}

// Close seals the padding and the last chunk, and clears what the Writer holds. It does not close the destination. ErrLength
// when fewer than size bytes were written: the ciphertext then has no end.
func (w *Writer) Close() error {
	if w.err != nil {
		if errors.Is(w.err, ErrClosed) {
			return nil
		}
		return w.err
	}
	if w.written != w.layout.size {
		return w.fail(ErrLength)
	}
	for {
		end := w.layout.plain(w.number)
		from := len(w.chunk)
		w.chunk = w.chunk[:end]
		clear(w.chunk[from:])
		if w.layout.last(w.number) {
			break
		}
		if err := w.flush(); err != nil {
			return err
		}
	}
	w.seal(true)
	if err := w.end(); err != nil {
		return w.fail(err)
	}
	w.sum = [sha256.Size]byte(w.hash.Sum(nil))
	w.fail(ErrClosed)
	return nil
}

// Sum returns the SHA-256 of the ciphertext, zeros before Close has returned nil.
func (w *Writer) Sum() [sha256.Size]byte { return w.sum }

// flush seals the chunk, has it hashed and written beside, and begins the next.
func (w *Writer) flush() error {
	w.seal(false)
	w.chunk = w.pipeline.take()
	if err := w.pipeline.failure(); err != nil {
		return w.fail(err)
	}
	return nil
}

func (w *Writer) seal(last bool) {
	w.pipeline.put(w.chunks.seal(w.chunk[:0], w.chunk, w.number, last))
	w.chunk = nil
	w.number++
}

// store writes a sealed chunk.
func (w *Writer) store(sealed []byte) error {
	n, err := w.dst.Write(sealed)
	if err == nil && n != len(sealed) {
		err = io.ErrShortWrite
	}
	return err
}

// end waits until what is sealed is written, and returns why it was not.
func (w *Writer) end() (err error) {
	if w.pipeline != nil {
		err = w.pipeline.end()
		w.pipeline = nil
	}
	return err
}

func (w *Writer) fail(err error) error {
	_ = w.end() // what came first counts
	clear(w.chunk[:cap(w.chunk)])
	w.chunk, w.chunks.aead, w.err = nil, nil, err
	return err
}
