package filecrypt

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"sotto/chat"
	"sotto/transport/wire"
)

// content returns size bytes that repeat nowhere: the SHA-256 of 0, 1, 2, ... one after the other.
func content(size int64) []byte {
	out := make([]byte, 0, size+sha256.Size)
	for i := uint64(0); int64(len(out)) < size; i++ {
		block := sha256.Sum256(binary.BigEndian.AppendUint64(nil, i))
		out = append(out, block[:]...)
	}
	return out[:size]
}

func seal(t testing.TB, key Key, plain []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	w := NewWriter(&out, key, int64(len(plain)))
	if n, err := w.Write(plain); n != len(plain) || err != nil {
		t.Fatal(n, err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if w.Sum() != sha256.Sum256(out.Bytes()) {
		t.Fatal("the sum is not that of the ciphertext")
	}
	return out.Bytes()
}

// open reads a whole file by a Reader.
func open(sealed []byte, key Key, size int64) ([]byte, error) {
	r, err := NewReader(bytes.NewReader(sealed), key, SealedSize(size), size)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return io.ReadAll(r)
}

// sizes are those at the edges of chunks and of padding.
var sizes = []int64{0, 1, 4095, 4096, 4097, 65535, 65536, 65537, 2*ChunkSize - 1, 2 * ChunkSize, 2*ChunkSize + 1, 5*ChunkSize + 77, 40*ChunkSize + 1}

func TestWhatIsSealedIsReadBack(t *testing.T) {
	for _, size := range sizes {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			key, plain := NewKey(), content(size)
			sealed := seal(t, key, plain)
			if int64(len(sealed)) != SealedSize(size) {
				t.Errorf("sealed to %d bytes, not %d", len(sealed), SealedSize(size))
			}
			got, err := open(sealed, key, size)
			if err != nil || !bytes.Equal(got, plain) {
				t.Errorf("read back %d bytes, %v", len(got), err)
			}
			hash, err := Verify(iotest.OneByteReader(bytes.NewReader(sealed)), key, size)
			if err != nil || hash != sha256.Sum256(sealed) {
				t.Errorf("verified: %x, %v", hash, err)
			}
		})
	}
}

func TestReaderIsAReaderOfTheStandardLibrary(t *testing.T) {
	for _, size := range []int64{0, 1, ChunkSize, 2*ChunkSize + 5} {
		key, plain := NewKey(), content(size)
		r, err := NewReader(bytes.NewReader(seal(t, key, plain)), key, SealedSize(size), size)
		if err != nil {
			t.Fatal(err)
		}
		if err := iotest.TestReader(r, plain); err != nil {
			t.Errorf("%d bytes: %v", size, err)
		}
	}
}

func TestEachFileHasAKeyOfItsOwn(t *testing.T) {
	plain := content(100)
	a, b := NewKey(), NewKey()
	if a.Equal(b) || a.IsZero() {
		t.Fatal("two keys are one")
	}
	if bytes.Equal(seal(t, a, plain), seal(t, b, plain)) {
		t.Error("two files are sealed alike")
	}
	again, err := KeyFrom(a.Bytes())
	if err != nil || !again.Equal(a) || !bytes.Equal(seal(t, a, plain), seal(t, again, plain)) {
		t.Error("a key that was kept is another one")
	}
	for _, n := range []int{0, 31, 33} {
		if _, err := KeyFrom(make([]byte, n)); !errors.Is(err, ErrKey) {
			t.Errorf("a key of %d bytes: %v", n, err)
		}
	}
	for _, verb := range []string{"%v", "%s", "%+v", "%#v", "%x"} {
		if text := fmt.Sprintf(verb, a); strings.Contains(text, fmt.Sprintf("%x", a.b[:4])) {
			t.Errorf("%s shows the key", verb)
		}
	}
	if a.Zero(); !a.IsZero() {
		t.Error("a cleared key is not")
	}
}

func TestOnlyTheAnnouncedSizeIsSealed(t *testing.T) {
	for _, c := range []struct {
		name          string
		size, written int64
	}{
		{"less", 100, 99},
		{"more", 100, 101},
		{"a chunk less", 3 * ChunkSize, 2 * ChunkSize},
		{"something for nothing", 0, 1},
		{"a negative size", -1, 0},
		{"a file over the bound", MaxFile + 1, 0},
	} {
		var out bytes.Buffer
		w := NewWriter(&out, NewKey(), c.size)
		_, err := w.Write(content(c.written))
		if c.written > c.size && !errors.Is(err, ErrLength) {
			t.Errorf("%s: write: %v", c.name, err)
		}
		if err := w.Close(); !errors.Is(err, ErrLength) {
			t.Errorf("%s: close: %v", c.name, err)
		}
		if w.Sum() != [32]byte{} || c.size >= 0 && int64(out.Len()) >= SealedSize(c.size) && c.size <= MaxFile {
			t.Errorf("%s: the ciphertext is whole", c.name)
		}
	}
	w := NewWriter(io.Discard, NewKey(), 0)
	if err := errors.Join(w.Close(), w.Close()); err != nil {
		t.Error(err)
	}
	if _, err := w.Write([]byte{1}); !errors.Is(err, ErrClosed) {
		t.Errorf("write after close: %v", err)
	}
}

// flaky takes a number of bytes and then fails.
type flaky struct{ left int }

var errFlaky = errors.New("flaky")

func (f *flaky) Write(p []byte) (int, error) {
	if f.left -= len(p); f.left < 0 {
		return 0, errFlaky
	}
	return len(p), nil
}

func TestAFailingDestinationEndsTheWriter(t *testing.T) {
	for _, chunks := range []int64{3, 5, pipelineChunks, 4 * pipelineChunks} {
		size := chunks * ChunkSize
		w := NewWriter(&flaky{left: 2 * sealedChunk}, NewKey(), size)
		_, err := w.Write(content(size))
		if err != nil && !errors.Is(err, errFlaky) || err == nil && chunks > 2*pipelineChunks {
			t.Errorf("%d chunks: write: %v", chunks, err)
		}
		if err := w.Close(); !errors.Is(err, errFlaky) || w.Sum() != [32]byte{} {
			t.Errorf("%d chunks: close: %v", chunks, err)
		}
	}
}

// counted counts what is written to it, under the race detector also whether that goes on.
type counted struct{ n int }

func (c *counted) Write(p []byte) (int, error) {
	c.n += len(p)
	return len(p), nil
}

func TestNothingIsWrittenAfterClose(t *testing.T) {
	var dst counted
	w := NewWriter(&dst, NewKey(), 100*ChunkSize)
	if _, err := w.Write(content(20*ChunkSize + 5)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); !errors.Is(err, ErrLength) {
		t.Fatal(err)
	}
	if dst.n != 20*sealedChunk {
		t.Errorf("%d bytes are written, not those of 20 chunks", dst.n)
	}
}

func TestAVerifierSaysWhatVerifySaysInWhateverPartsItComes(t *testing.T) {
	for _, size := range []int64{0, 5000, 3*ChunkSize + 1000, 3*pipelineChunks*ChunkSize + 1} {
		key := NewKey()
		sealed := seal(t, key, content(size))
		altered, foreign := bytes.Clone(sealed), bytes.Clone(sealed)
		altered[len(altered)/2] ^= 4
		foreign[len(foreign)-1] ^= 4
		for name, b := range map[string][]byte{
			"whole": sealed, "altered": altered, "altered at the end": foreign, "cut": sealed[:len(sealed)-1], "nothing": nil,
			"cut between chunks": sealed[:len(sealed)/sealedChunk*sealedChunk], "longer": append(bytes.Clone(sealed), 0),
		} {
			wantSum, want := Verify(bytes.NewReader(b), key, size)
			for _, part := range []int{1 + len(b)/7, 4096, sealedChunk, len(b) + 1} {
				v, err := NewVerifier(key, size)
				if err != nil {
					t.Fatal(err)
				}
				for left := b; len(left) > 0; {
					n, err := v.Write(left[:min(part, len(left))])
					if err != nil {
						t.Fatal(err)
					}
					left = left[n:]
				}
				sum, err := v.Sum()
				if sum != wantSum || !errors.Is(err, want) {
					t.Errorf("%d bytes, %s, in parts of %d: %x, %v; Verify: %x, %v", size, name, part, sum, err, wantSum, want)
				}
				if _, err := v.Write([]byte{1}); !errors.Is(err, ErrClosed) {
					t.Errorf("written after the end: %v", err)
				}
				if err := v.Close(); err != nil || !bytes.Equal(v.opened[:cap(v.opened)], make([]byte, ChunkSize)) || v.chunks.aead != nil {
					t.Error("plaintext or key is left in the Verifier")
				}
			}
		}
	}
	for _, size := range []int64{-1, MaxFile + 1} {
		if _, err := NewVerifier(NewKey(), size); !errors.Is(err, ErrLength) {
			t.Errorf("size %d: %v", size, err)
		}
	}
}

func TestAFailingSourceIsNoDamage(t *testing.T) {
	if _, err := NewReader(failing{}, NewKey(), SealedSize(1), 1); !errors.Is(err, errFlaky) {
		t.Errorf("reader: %v", err)
	}
	if _, err := Verify(iotest.ErrReader(errFlaky), NewKey(), 1); !errors.Is(err, errFlaky) {
		t.Errorf("verify: %v", err)
	}
}

type failing struct{}

func (failing) ReadAt([]byte, int64) (int, error) { return 0, errFlaky }

func TestClosedHoldsNothing(t *testing.T) {
	key, plain := NewKey(), content(ChunkSize)
	sealed := seal(t, key, plain)
	r, err := NewReader(bytes.NewReader(sealed), key, SealedSize(ChunkSize), ChunkSize)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.ReadAt(make([]byte, 10), 0); err != nil {
		t.Fatal(err)
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	if r.chunk != [sealedChunk]byte{} || r.chunks.aead != nil {
		t.Error("plaintext or key is left in the Reader")
	}
	if _, err := r.Read(make([]byte, 1)); !errors.Is(err, ErrClosed) {
		t.Errorf("read after close: %v", err)
	}

	w := NewWriter(io.Discard, key, 100)
	if _, err := w.Write(plain[:60]); err != nil {
		t.Fatal(err)
	}
	held := w.chunk[:cap(w.chunk)]
	if err := w.Close(); !errors.Is(err, ErrLength) {
		t.Fatal(err)
	}
	if !bytes.Equal(held, make([]byte, len(held))) || w.chunks.aead != nil {
		t.Error("plaintext or key is left in the Writer")
	}
}

func TestTheBoundsAreThoseOfTheVocabulary(t *testing.T) {
	if MaxFile != chat.MaxFile || SealedSize(MaxFile) != MaxSealed || MaxSealed != wire.MaxBlob {
		t.Errorf("MaxFile %d, sealed %d, MaxSealed %d, a relay's %d", MaxFile, SealedSize(MaxFile), MaxSealed, wire.MaxBlob)
	}
	if PaddedSize(-1) != 0 || PaddedSize(MaxFile+1) != 0 || SealedSize(-1) != 0 || SealedSize(MaxFile+1) != 0 {
		t.Error("a size that is none has a length")
	}
}
