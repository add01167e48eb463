package filecrypt

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"io"
	"testing"

	"sotto/app/apptest/alloc"
)

// oneChunk is what a reader takes for the chunk it is at, however little there is to read.
const oneChunk = 80 << 10

// onePipeline is what verifying takes for the chunks under way, however little there is to verify.
const onePipeline = oneChunk + pipelineChunks*(sealedChunk+4<<10)

// FuzzOpenChunks feeds ciphertexts to both ways of reading. Under a key that the fuzzer cannot seal with, only what was sealed
// opens; the two ways agree.
func FuzzOpenChunks(f *testing.F) {
	key, err := KeyFrom(bytes.Repeat([]byte{7}, KeySize))
	if err != nil {
		f.Fatal(err)
	}
	genuine := map[[sha256.Size]byte]int64{}
	for _, size := range []int64{0, 1, 4097, ChunkSize + 1} {
		sealed := seal(f, key, content(size))
		genuine[sha256.Sum256(sealed)] = size
		f.Add(sealed, size)
		f.Add(sealed[:len(sealed)-1], size)
		f.Add(append(sealed[:len(sealed):len(sealed)], 0), size)
		f.Add(sealed, size+1)
	}
	f.Add([]byte{}, int64(-1))
	f.Add([]byte{}, int64(MaxFile+1))
	f.Add(make([]byte, 100), int64(MaxFile))
	f.Fuzz(func(t *testing.T, sealed []byte, size int64) {
		var hash [sha256.Size]byte
		var failed error
		alloc.CheckBesides(t, len(sealed), onePipeline, func() {
			hash, failed = Verify(bytes.NewReader(sealed), key, size)
		})
		var plain []byte
		var read error
		alloc.CheckBesides(t, len(sealed), oneChunk, func() {
			var r *Reader
			if r, read = NewReader(bytes.NewReader(sealed), key, int64(len(sealed)), size); read == nil {
				plain, read = io.ReadAll(r)
			}
		})
		if (failed == nil) != (read == nil) {
			t.Fatalf("Verify says %v, the Reader %v", failed, read)
		}
		if failed != nil {
			for _, err := range []error{failed, read} {
				if !errors.Is(err, ErrTruncated) && !errors.Is(err, ErrChunk) && !errors.Is(err, ErrLength) && !errors.Is(err, ErrPadding) {
					t.Errorf("an error without a name: %v", err)
				}
			}
			return
		}
		// The size is the message's word: a larger one of the same padded length gives zeros more.
		was, ok := genuine[hash]
		if !ok || hash != sha256.Sum256(sealed) || size < was || int64(len(plain)) != size ||
			!bytes.Equal(plain, append(content(was), make([]byte, size-was)...)) {
			t.Errorf("%d bytes opened as %d that were never sealed", len(sealed), size)
		}
	})
}
