package filecrypt

import (
	"bytes"
	"errors"
	"io"
	"math"
	"testing"

	"pgregory.net/rapid"
)

// anySize draws sizes near the edges of chunks as often as others.
func anySize(t *rapid.T, name string) int64 {
	edge := rapid.Int64Range(0, 6).Draw(t, name+" in chunks") * ChunkSize
	return min(max(edge+rapid.Int64Range(-40, 40).Draw(t, name+" beside"), 0), 6*ChunkSize)
}

func TestAnySizeInAnyPartsIsReadBackAtAnyPlace(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		size := anySize(t, "size")
		key, plain := NewKey(), content(size)
		var out bytes.Buffer
		w := NewWriter(&out, key, size)
		for left := plain; len(left) > 0; {
			n := min(rapid.IntRange(0, 2*ChunkSize).Draw(t, "part"), len(left))
			if written, err := w.Write(left[:n]); written != n || err != nil {
				t.Fatal(written, err)
			}
			left = left[n:]
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		r, err := NewReader(bytes.NewReader(out.Bytes()), key, int64(out.Len()), size)
		if err != nil {
			t.Fatal(err)
		}
		for range rapid.IntRange(1, 6).Draw(t, "reads") {
			at, n := anySize(t, "at"), rapid.IntRange(0, 3*ChunkSize).Draw(t, "length")
			b := make([]byte, n)
			want := plain[min(at, size):min(at+int64(n), size)]
			got, err := r.ReadAt(b, at)
			if !bytes.Equal(b[:got], want) || err != nil && (!errors.Is(err, io.EOF) || got == n) || err == nil && got < n {
				t.Fatalf("ReadAt %d at %d of %d: %d, %v", n, at, size, got, err)
			}
			to, err := r.Seek(at, io.SeekStart)
			if to != at || err != nil {
				t.Fatal(to, err)
			}
			if rest, err := io.ReadAll(r); err != nil || !bytes.Equal(rest, plain[min(at, size):]) {
				t.Fatalf("reading on from %d of %d: %d, %v", at, size, len(rest), err)
			}
		}
	})
}

func TestNoCiphertextButTheOneIsRead(t *testing.T) {
	key := NewKey()
	sealed := map[int64][]byte{}
	rapid.Check(t, func(t *rapid.T) {
		size := rapid.SampledFrom([]int64{0, 5000, 2*ChunkSize + 9}).Draw(t, "size")
		if sealed[size] == nil {
			var out bytes.Buffer
			w := NewWriter(&out, key, size)
			if _, err := w.Write(content(size)); err != nil {
				t.Fatal(err)
			}
			if err := w.Close(); err != nil {
				t.Fatal(err)
			}
			sealed[size] = out.Bytes()
		}
		bad := bytes.Clone(sealed[size])
		at := rapid.IntRange(0, len(bad)-1).Draw(t, "at")
		bad[at] ^= rapid.ByteRange(1, 255).Draw(t, "difference")
		if _, err := Verify(bytes.NewReader(bad), key, size); !errors.Is(err, ErrChunk) {
			t.Fatalf("byte %d of %d altered: %v", at, len(bad), err)
		}
	})
}

// TestPaddingIsPadmeAsPublished holds the integer form against the definition and the bounds of Nikitin et al., PoPETs 2019,
// section 4: L is padded to a number whose mantissa has floor(log2(floor(log2 L)))+1 bits, which costs at most 12 %
// (by the definition 15 of 129 bytes) and less the longer a file is.
func TestPaddingIsPadmeAsPublished(t *testing.T) {
	published := func(l int64) int64 {
		e := math.Floor(math.Log2(float64(l)))
		s := math.Floor(math.Log2(e)) + 1
		unit := math.Pow(2, e-s)
		return int64(math.Ceil(float64(l)/unit) * unit)
	}
	worst, at := 0.0, int64(0)
	for l := int64(2); l < 1<<20; l++ {
		got := padme(l)
		if want := published(l); got != want {
			t.Fatalf("padme(%d) = %d, want %d", l, got, want)
		}
		if over := float64(got-l) / float64(l); over > worst {
			worst, at = over, l
		}
		if padme(got) != got || got < l || padme(l-1) > got && l > 2 {
			t.Fatalf("padme(%d) = %d is no rounding", l, got)
		}
	}
	if worst >= 0.12 || at != 129 {
		t.Errorf("the most is %.2f %% at %d", 100*worst, at)
	}
	for _, c := range []struct {
		from, to int64
		most     float64
	}{{4 << 10, 64 << 10, 1.0 / 16}, {64 << 10, MaxFile, 1.0 / 32}} {
		for l := c.from; l <= c.to; l += 1 + l/1000 {
			if over := float64(PaddedSize(l)-l) / float64(l); over > c.most {
				t.Fatalf("%d bytes are padded by %.2f %%", l, 100*over)
			}
		}
	}
}

func TestManySizesHaveOneLength(t *testing.T) {
	lengths := map[int64]bool{}
	for size := int64(0); size <= MaxFile; size += 4096 {
		lengths[SealedSize(size)] = true
	}
	if len(lengths) > 16*4+32*11 { // 16 to a power of two from 4 KiB on, 32 from 64 KiB on
		t.Errorf("%d lengths", len(lengths))
	}
	for size := range int64(MinPadded + 1) {
		if SealedSize(size) != SealedSize(0) {
			t.Fatalf("%d bytes are told from none", size)
		}
	}
}
