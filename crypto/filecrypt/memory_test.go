package filecrypt

import (
	"bytes"
	"io"
	"testing"
)

// TestMemoryDoesNotGrowWithTheFile: a file of 200 chunks allocates what one of two does.
func TestMemoryDoesNotGrowWithTheFile(t *testing.T) {
	cost := func(size int64) (sealing, verifying, reading float64) {
		key, plain := NewKey(), content(size)
		var out bytes.Buffer
		out.Grow(int(SealedSize(size)))
		sealing = testing.AllocsPerRun(3, func() {
			out.Reset()
			w := NewWriter(&out, key, size)
			if _, err := w.Write(plain); err != nil {
				t.Fatal(err)
			}
			if err := w.Close(); err != nil {
				t.Fatal(err)
			}
		})
		sealed, buffer := out.Bytes(), make([]byte, 100_000)
		verifying = testing.AllocsPerRun(3, func() {
			if _, err := Verify(bytes.NewReader(sealed), key, size); err != nil {
				t.Fatal(err)
			}
		})
		reading = testing.AllocsPerRun(3, func() {
			r, err := NewReader(bytes.NewReader(sealed), key, int64(len(sealed)), size)
			if err != nil {
				t.Fatal(err)
			}
			if n, err := io.CopyBuffer(struct{ io.Writer }{io.Discard}, r, buffer); n != size || err != nil {
				t.Fatal(n, err)
			}
		})
		return sealing, verifying, reading
	}
	s, v, r := cost(2 * ChunkSize)
	longS, longV, longR := cost(200 * ChunkSize)
	if longS > s || longV > v || longR > r {
		t.Errorf("sealing %v, then %v; verifying %v, then %v; reading %v, then %v", s, longS, v, longV, r, longR)
	}
}
