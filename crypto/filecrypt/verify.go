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
	c := chunks{aead: aead}
	h := besideHash()
	defer h.end()
	buffer, opened := make([]byte, sealedChunk), make([]byte, 0, ChunkSize)
	defer func() { clear(opened[:cap(opened)]) }()
	for number := range l.chunks {
		sealed := buffer[:l.plain(number)+Overhead]
		if _, err := io.ReadFull(src, sealed); err != nil {
			return hash, ended(err)
		}
		h.begin(sealed)
		plain, err := c.open(opened[:0], sealed, number, l.last(number))
		h.wait()
		if err != nil {
			return hash, err
		}
		if err := l.checkPadding(number, plain); err != nil {
			return hash, err
		}
	}
	switch n, err := io.ReadFull(src, buffer[:1]); {
	case n > 0:
		return hash, ErrLength
	case !errors.Is(err, io.EOF):
		return hash, err
	}
	return [sha256.Size]byte(h.hash.Sum(nil)), nil
}

// hasher hashes chunks while they are opened: each takes about as long as the other.
type hasher struct {
	hash       hash.Hash
	work, done chan []byte
}

func besideHash() *hasher {
	h := &hasher{hash: sha256.New(), work: make(chan []byte), done: make(chan []byte)}
	go func() {
		for b := range h.work {
			h.hash.Write(b)
			h.done <- b
		}
	}()
	return h
}

// begin hashes b, which must not change before wait has returned.
func (h *hasher) begin(b []byte) { h.work <- b }

func (h *hasher) wait() { <-h.done }

func (h *hasher) end() { close(h.work) }

// ended says of a source that ended what it means here; other errors stay.
func ended(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return ErrTruncated
	}
	return err
}
