package filecrypt

import (
	"bufio"
	"bytes"
	"compress/zlib"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// vector is one of the test vectors of age in testdata/age; see the README there.
type vector struct {
	expect  string
	payload string // SHA-256 of the plaintext, hex
	key     []byte // of the stream
	stream  []byte
}

// TestStreamOpensTheVectorsOfAge: the construction is that of age's payload, so what age opens opens here, sealed anew it is
// the same bytes, and what age refuses is refused.
func TestStreamOpensTheVectorsOfAge(t *testing.T) {
	names, err := filepath.Glob("testdata/age/stream_*")
	if err != nil || len(names) < 26 {
		t.Fatal(len(names), err)
	}
	succeeded := 0
	for _, name := range names {
		t.Run(filepath.Base(name), func(t *testing.T) {
			v := parseVector(t, name)
			l, err := layoutOfStream(len(v.stream))
			if err == nil {
				_, err = verify(bytes.NewReader(v.stream), chunkCipher(v.key), l)
			}
			if v.expect != "success" {
				if !errors.Is(err, ErrChunk) && !errors.Is(err, ErrTruncated) && !errors.Is(err, ErrLength) {
					t.Errorf("%s: %v", v.expect, err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			succeeded++
			r, err := newReader(bytes.NewReader(v.stream), chunkCipher(v.key), l)
			if err != nil {
				t.Fatal(err)
			}
			plain, err := io.ReadAll(r)
			if sum := sha256.Sum256(plain); err != nil || hex.EncodeToString(sum[:]) != v.payload {
				t.Errorf("read %d bytes, %v", len(plain), err)
			}
			var again bytes.Buffer
			w := newWriter(&again, chunkCipher(v.key), l)
			if _, err := w.Write(plain); err != nil {
				t.Fatal(err)
			}
			if err := w.Close(); err != nil || !bytes.Equal(again.Bytes(), v.stream) {
				t.Errorf("sealed anew it is another stream (%v)", err)
			}
		})
	}
	if succeeded < 8 {
		t.Errorf("only %d streams opened", succeeded)
	}
}

// layoutOfStream is the layout of a stream without padding, of which only the length is known.
func layoutOfStream(sealed int) (layout, error) {
	n := (int64(sealed) + sealedChunk - 1) / sealedChunk
	l := layout{size: int64(sealed) - n*Overhead, padded: int64(sealed) - n*Overhead, chunks: n}
	if l.padded < 0 || n != max(chunksOf(l.padded), 1) {
		return l, ErrLength
	}
	return l, nil
}

func parseVector(t *testing.T, name string) (v vector) {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	head, body, _ := bytes.Cut(b, []byte("\n\n"))
	var file []byte
	for line := range strings.Lines(string(head)) {
		switch field, value, _ := strings.Cut(strings.TrimSpace(line), ": "); field {
		case "expect":
			v.expect = value
		case "payload":
			v.payload = value
		case "file key":
			if file, err = hex.DecodeString(value); err != nil {
				t.Fatal(err)
			}
		case "compressed":
			z, err := zlib.NewReader(bytes.NewReader(body))
			if err != nil {
				t.Fatal(err)
			}
			if body, err = io.ReadAll(z); err != nil {
				t.Fatal(err)
			}
		}
	}
	r := bufio.NewReader(bytes.NewReader(body))
	for line := ""; !strings.HasPrefix(line, "--- "); {
		if line, err = r.ReadString('\n'); err != nil {
			t.Fatal(err)
		}
	}
	nonce := make([]byte, 16)
	if _, err := io.ReadFull(r, nonce); err != nil {
		t.Fatal(err)
	}
	if v.key, err = hkdf.Key(sha256.New, file, nonce, "payload", 32); err != nil {
		t.Fatal(err)
	}
	if v.stream, err = io.ReadAll(r); err != nil {
		t.Fatal(err)
	}
	return v
}
