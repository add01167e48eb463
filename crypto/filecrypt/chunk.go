package filecrypt

import (
	"crypto/cipher"
	"encoding/binary"

	"golang.org/x/crypto/chacha20poly1305"
)

const lastFlag = 1

// chunks seals and opens the chunks of one file by their number. It keeps no plaintext, and allocates nothing but itself.
type chunks struct {
	aead  cipher.AEAD
	nonce [chacha20poly1305.NonceSize]byte
}

// at returns the nonce of a chunk: its number in 11 bytes, big-endian, and 1 on the last, else 0.
func (c *chunks) at(number int64, last bool) []byte {
	clear(c.nonce[:])
	binary.BigEndian.PutUint64(c.nonce[3:11], uint64(number))
	if last {
		c.nonce[11] = lastFlag
	}
	return c.nonce[:]
}

// seal appends the sealed chunk to dst.
func (c *chunks) seal(dst, plaintext []byte, number int64, last bool) []byte {
	return c.aead.Seal(dst, c.at(number, last), plaintext, nil)
}

// open appends the plaintext to dst, or returns ErrChunk.
func (c *chunks) open(dst, sealed []byte, number int64, last bool) ([]byte, error) {
	plaintext, err := c.aead.Open(dst, c.at(number, last), sealed, nil)
	if err != nil {
		return nil, ErrChunk
	}
	return plaintext, nil
}

// layout is the division of a file into chunks, known from its size alone.
type layout struct{ size, padded, chunks int64 }

func layoutOf(size int64) (layout, error) {
	if !sizeAllowed(size) {
		return layout{}, ErrLength
	}
	padded := PaddedSize(size)
	return layout{size, padded, chunksOf(padded)}, nil
}

func (l layout) sealed() int64 { return l.padded + l.chunks*Overhead }

// plain returns the length of the plaintext of a chunk.
func (l layout) plain(number int64) int { return int(min(ChunkSize, l.padded-number*ChunkSize)) }

func (l layout) last(number int64) bool { return number == l.chunks-1 }

// checkPadding returns ErrPadding unless what follows the content in this chunk is zeros.
func (l layout) checkPadding(number int64, plaintext []byte) error {
	from := min(max(l.size-number*ChunkSize, 0), int64(len(plaintext)))
	var all byte
	for _, b := range plaintext[from:] {
		all |= b
	}
	if all != 0 {
		return ErrPadding
	}
	return nil
}
