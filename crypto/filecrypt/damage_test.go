package filecrypt

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"slices"
	"testing"
)

// cut returns the sealed chunks of a ciphertext.
func cut(sealed []byte) [][]byte { return slices.Collect(slices.Chunk(sealed, sealedChunk)) }

// refused reads a ciphertext in each way and demands the error. Reading by a Reader, the error comes from NewReader or from the
// chunk itself, and not a byte of that chunk before it.
func refused(t *testing.T, name string, sealed []byte, key Key, size int64, plain []byte, want error) {
	t.Helper()
	if hash, err := Verify(bytes.NewReader(sealed), key, size); !errors.Is(err, want) || hash != [32]byte{} {
		t.Errorf("%s: Verify: %v, want %v", name, err, want)
	}
	r, err := NewReader(bytes.NewReader(sealed), key, SealedSize(size), size)
	if err == nil {
		var got []byte
		got, err = io.ReadAll(r)
		if !bytes.Equal(got, plain[:len(got)]) || len(got)%ChunkSize != 0 {
			t.Errorf("%s: %d bytes were given out that are not the content, or not whole chunks of it", name, len(got))
		}
		r.Close()
	}
	if !errors.Is(err, want) {
		t.Errorf("%s: Reader: %v, want %v", name, err, want)
	}
}

func TestEveryChangeOfACiphertextIsRefusedByItsName(t *testing.T) {
	const size = 3*ChunkSize + 1000 // four chunks, the last of which holds the end of the content and padding
	key, plain := NewKey(), content(size)
	sealed := seal(t, key, plain)
	of := cut(sealed)
	foreign := cut(seal(t, NewKey(), plain))
	shorter := cut(seal(t, key, plain[:2*ChunkSize]))
	if len(of) != 4 || len(shorter) != 2 {
		t.Fatalf("%d and %d chunks", len(of), len(shorter))
	}
	join := func(chunks ...[]byte) []byte { return slices.Concat(chunks...) }

	for i := range of {
		for _, at := range []int{0, 1, len(of[i]) / 2, len(of[i]) - Overhead - 1, len(of[i]) - Overhead, len(of[i]) - 1} {
			for _, bit := range []byte{1, 0x80} {
				bad := bytes.Clone(sealed)
				bad[i*sealedChunk+at] ^= bit
				refused(t, fmt.Sprintf("chunk %d altered at %d", i, at), bad, key, size, plain, ErrChunk)
			}
		}
		for _, n := range []int{0, 1, Overhead, len(of[i]) - 1} {
			refused(t, fmt.Sprintf("cut in chunk %d after %d", i, n), sealed[:i*sealedChunk+n], key, size, plain, ErrTruncated)
		}
		replaced := slices.Clone(of)
		replaced[i] = foreign[i]
		refused(t, fmt.Sprintf("chunk %d of another file", i), join(replaced...), key, size, plain, ErrChunk)
		for j := range i {
			if len(of[i]) != len(of[j]) {
				continue
			}
			swapped := slices.Clone(of)
			swapped[i], swapped[j] = of[j], of[i]
			refused(t, fmt.Sprintf("chunks %d and %d exchanged", j, i), join(swapped...), key, size, plain, ErrChunk)
			repeated := slices.Clone(of)
			repeated[i] = of[j]
			refused(t, fmt.Sprintf("chunk %d again at %d", j, i), join(repeated...), key, size, plain, ErrChunk)
		}
		removed := slices.Delete(slices.Clone(of), i, i+1)
		want := ErrChunk // what follows is at another place
		if i >= len(of)-2 {
			want = ErrTruncated // and the last one is no whole chunk
		}
		if _, err := Verify(bytes.NewReader(join(removed...)), key, size); !errors.Is(err, want) {
			t.Errorf("chunk %d removed: Verify: %v, want %v", i, err, want)
		}
		if _, err := NewReader(bytes.NewReader(join(removed...)), key, SealedSize(size), size); !errors.Is(err, ErrTruncated) {
			t.Errorf("chunk %d removed: NewReader: %v", i, err)
		}
	}
	refused(t, "a byte appended", join(sealed, []byte{0}), key, size, plain, ErrLength)
	refused(t, "a chunk appended", join(sealed, of[0]), key, size, plain, ErrLength)
	refused(t, "the last chunk again", join(sealed, of[3]), key, size, plain, ErrLength)
	refused(t, "nothing", nil, key, size, plain, ErrTruncated)
	refused(t, "another key", sealed, NewKey(), size, plain, ErrChunk)
	refused(t, "a last chunk as one in the middle", join(shorter[0], shorter[1], of[2], of[3]), key, size, plain, ErrChunk)

	// The size is another one: the length of the ciphertext says so, or the padding.
	for name, c := range map[string]struct {
		size int64
		want error
	}{
		"a chunk less":    {size - ChunkSize, ErrLength},
		"a chunk more":    {size + ChunkSize, ErrTruncated},
		"negative":        {-1, ErrLength},
		"above the bound": {MaxFile + 1, ErrLength},
	} {
		if _, err := Verify(bytes.NewReader(sealed), key, c.size); !errors.Is(err, c.want) && !errors.Is(err, ErrChunk) {
			t.Errorf("size %s: Verify: %v", name, err)
		}
		if _, err := NewReader(bytes.NewReader(sealed), key, int64(len(sealed)), c.size); !errors.Is(err, ErrLength) {
			t.Errorf("size %s: NewReader: %v", name, err)
		}
	}
	for name, length := range map[string]int64{"none": 0, "one less": int64(len(sealed)) - 1, "one more": int64(len(sealed)) + 1, "negative": -1} {
		if _, err := NewReader(bytes.NewReader(sealed), key, length, size); !errors.Is(err, ErrLength) {
			t.Errorf("length %s: %v", name, err)
		}
	}
}

// sealRaw seals a padded content as someone may who does not follow the format.
func sealRaw(t *testing.T, key Key, padded []byte, flagged int64) []byte {
	t.Helper()
	c := chunks{aead: key.stream()}
	var out []byte
	number := int64(0)
	for chunk := range slices.Chunk(padded, ChunkSize) {
		out = c.seal(out, chunk, number, number == flagged)
		number++
	}
	return out
}

func TestNoTwoChunksOfAFileShareANonce(t *testing.T) {
	var c chunks
	seen := map[string]bool{}
	for number := range int64(MaxFile / ChunkSize) {
		for _, last := range []bool{false, true} {
			nonce := string(c.at(number, last))
			if seen[nonce] {
				t.Fatalf("chunk %d (last: %t) has the nonce of another", number, last)
			}
			seen[nonce] = true
		}
	}
}

func TestTheLastFlagStandsOnTheLastChunkAlone(t *testing.T) {
	const size = 3 * ChunkSize
	key, plain := NewKey(), content(size)
	if !bytes.Equal(sealRaw(t, key, plain, 2), seal(t, key, plain)) {
		t.Fatal("the test seals otherwise than the Writer")
	}
	for _, flagged := range []int64{-1, 0, 1} {
		refused(t, fmt.Sprintf("flag on chunk %d", flagged), sealRaw(t, key, plain, flagged), key, size, plain, ErrChunk)
	}
}

func TestPaddingIsZerosToTheLastByte(t *testing.T) {
	for _, size := range []int64{0, 1, 4000, 4097, 65537, 40*ChunkSize + 1, 128*ChunkSize + 1} { // the last has chunks of padding alone
		key, plain := NewKey(), content(size)
		padded := PaddedSize(size)
		if padded == size {
			t.Fatalf("%d bytes need no padding", size)
		}
		last := chunksOf(padded) - 1
		for _, at := range []int64{size, (size + padded) / 2, padded - 1} {
			b := append(bytes.Clone(plain), make([]byte, padded-size)...)
			b[at] = 0x40
			refused(t, fmt.Sprintf("%d bytes, %d is not zero", size, at), sealRaw(t, key, b, last), key, size, plain, ErrPadding)
		}
		// The size said is smaller than what was sealed, of the same padded length.
		if size > 4096 && PaddedSize(size-1) == padded {
			refused(t, "a smaller size", seal(t, key, bytes.Repeat([]byte{1}, int(size))), key, size-1, bytes.Repeat([]byte{1}, int(size)), ErrPadding)
		}
	}
}

func TestAFileThatChangesWhileItIsReadGivesNothingElse(t *testing.T) {
	const size = 4 * ChunkSize
	key, plain := NewKey(), content(size)
	sealed := seal(t, key, plain)
	r, err := NewReader(bytes.NewReader(sealed), key, SealedSize(size), size)
	if err != nil {
		t.Fatal(err)
	}
	sealed[sealedChunk+5] ^= 1
	b := make([]byte, size)
	n, err := r.ReadAt(b, 0)
	if n != ChunkSize || !errors.Is(err, ErrChunk) || !bytes.Equal(b[:n], plain[:n]) || !bytes.Equal(b[n:], make([]byte, size-n)) {
		t.Errorf("%d bytes, %v", n, err)
	}
	for _, at := range []int64{0, 2 * ChunkSize} {
		if n, err := r.ReadAt(b[:10], at); n != 10 || err != nil || !bytes.Equal(b[:10], plain[at:at+10]) {
			t.Errorf("another chunk: %d bytes, %v", n, err)
		}
		if n, err := r.ReadAt(b[:10], ChunkSize); n != 0 || !errors.Is(err, ErrChunk) {
			t.Errorf("%d bytes, %v", n, err)
		}
	}
	sealed[sealedChunk+5] ^= 1
	if n, err := r.ReadAt(b, 0); n != size || err != nil || sha256.Sum256(b) != sha256.Sum256(plain) {
		t.Errorf("restored: %d bytes, %v", n, err)
	}
}
