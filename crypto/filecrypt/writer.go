package filecrypt

import (
	"crypto/cipher"
	"crypto/sha256"
	"errors"
	"hash"
	"io"
)

// Writer seals one file. Its memory does not depend on the size.
type Writer struct {
	dst     io.Writer
	layout  layout
	chunks  chunks
	hash    hash.Hash
	number  int64  // of the chunk being filled
	written int64  // content so far
	chunk   []byte // sealed in place
	sum     [sha256.Size]byte
	err     error
}

// NewWriter returns a Writer that seals size bytes, 0 to MaxFile, to dst (docs/PROTOCOL.md section 8.5). The key must be
// fresh. Write exactly size bytes, then Close: dst has the ciphertext only when Close has returned nil.
func NewWriter(dst io.Writer, key Key, size int64) *Writer {
	l, err := layoutOf(size)
	if err != nil {
		return &Writer{err: err}
	}
	return newWriter(dst, key.stream(), l)
}

func newWriter(dst io.Writer, aead cipher.AEAD, l layout) *Writer {
	return &Writer{dst: dst, layout: l, chunks: chunks{aead: aead}, hash: sha256.New(), chunk: make([]byte, 0, sealedChunk)}
}

// Write seals p. ErrLength, with nothing written, when that would be more than the size; otherwise errors of the
// destination. After an error the Writer is of no more use.
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
			if err := w.flush(false); err != nil {
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
		last := w.layout.last(w.number)
		if err := w.flush(last); err != nil {
			return err
		}
		if last {
			break
		}
	}
	w.sum = [sha256.Size]byte(w.hash.Sum(nil))
	w.fail(ErrClosed)
	return nil
}

// Sum returns the SHA-256 of the ciphertext, zeros before Close has returned nil.
func (w *Writer) Sum() [sha256.Size]byte { return w.sum }

func (w *Writer) flush(last bool) error {
	sealed := w.chunks.seal(w.chunk[:0], w.chunk, w.number, last)
	n, err := w.dst.Write(sealed)
	if err == nil && n != len(sealed) {
		err = io.ErrShortWrite
	}
	if err != nil {
		return w.fail(err)
	}
	w.hash.Write(sealed)
	w.chunk = w.chunk[:0]
	w.number++
	return nil
}

func (w *Writer) fail(err error) error {
	clear(w.chunk[:cap(w.chunk)])
	w.chunk, w.chunks.aead, w.err = nil, nil, err
	return err
}
