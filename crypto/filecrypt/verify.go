package filecrypt

import (
	"crypto/cipher"
	"crypto/sha256"
	"errors"
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
	h := sha256.New()
	buffer := make([]byte, sealedChunk)
	defer clear(buffer)
	for number := range l.chunks {
		sealed := buffer[:l.plain(number)+Overhead]
		if _, err := io.ReadFull(src, sealed); err != nil {
			return hash, ended(err)
		}
		h.Write(sealed)
		plain, err := c.open(sealed[:0], sealed, number, l.last(number))
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
	return [sha256.Size]byte(h.Sum(nil)), nil
}

// ended says of a source that ended what it means here; other errors stay.
func ended(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return ErrTruncated
	}
	return err
}
