package filecrypt

import (
	"math/bits"

	"golang.org/x/crypto/chacha20poly1305"
)

// Sizes in bytes.
const (
	ChunkSize = 64 << 10                  // plaintext of each chunk but the last, which has 1 to ChunkSize
	Overhead  = chacha20poly1305.Overhead // of each chunk
	MinPadded = 4 << 10                   // the least that is sealed
	MaxFile   = 100 << 20                 // the largest content
	MaxSealed = 1600 * sealedChunk        // of MaxFile, which is 1,600 chunks and needs no padding
)

const sealedChunk = ChunkSize + Overhead

// PaddedSize returns how many bytes are sealed for a content of size bytes: the Padmé length of size, at most 6.25 % more
// and at least MinPadded (Nikitin et al., "Reducing Metadata Leakage from Encrypted Files and Communication with PURBs",
// PoPETs 2019). 0 for a size that is not between 0 and MaxFile.
func PaddedSize(size int64) int64 {
	if !sizeAllowed(size) {
		return 0
	}
	return padme(max(size, MinPadded))
}

// SealedSize returns the length of the ciphertext of a content of size bytes: its padded size and Overhead for each chunk
// begun. 0 for a size that is not between 0 and MaxFile.
func SealedSize(size int64) int64 {
	padded := PaddedSize(size)
	return padded + chunksOf(padded)*Overhead
}

func sizeAllowed(size int64) bool { return size >= 0 && size <= MaxFile }

// chunksOf returns the number of chunks of a padded content.
func chunksOf(padded int64) int64 { return (padded + ChunkSize - 1) / ChunkSize }

// padme returns the Padmé length of n > 1: only the upper half of the bits of its logarithm may vary.
func padme(n int64) int64 {
	e := bits.Len64(uint64(n)) - 1
	s := bits.Len64(uint64(e))
	mask := int64(1)<<(e-s) - 1
	return (n + mask) &^ mask
}
