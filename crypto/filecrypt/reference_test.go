package filecrypt

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"testing"

	"golang.org/x/crypto/chacha20poly1305"

	"sotto/crypto/encode"
)

var recordReference = flag.Bool("record", false, "record the files of ../testdata/reference anew; see its README.md")

const (
	recordedFiles = "../testdata/reference/recorded-files.json"
	derivedFiles  = "../testdata/reference/derived-files.json"
)

type recordedFile struct {
	Key  string `json:"key"`
	Size int64  `json:"size"`
}

type derivedFile struct {
	StreamKey string `json:"stream_key"`
	Padded    int64  `json:"padded"`
	Sealed    int64  `json:"sealed"`
	Begin     string `json:"begin"`
	End       string `json:"end"`
	Hash      string `json:"hash"`
}

// TestFilesMatchTheSecondImplementation seals the recorded files and compares with what the JavaScript of
// ../testdata/reference, which was written from docs/PROTOCOL.md alone, made of them.
func TestFilesMatchTheSecondImplementation(t *testing.T) {
	if *recordReference {
		var all []recordedFile
		for i, size := range append([]int64{100, 300*ChunkSize + 1}, sizes...) {
			key := sha256.Sum256(fmt.Appendf(nil, "file key %d", i))
			all = append(all, recordedFile{hex.EncodeToString(key[:]), size})
		}
		b, err := json.MarshalIndent(all, "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(recordedFiles, append(b, '\n'), 0o644); err != nil {
			t.Fatal(err)
		}
		t.Skip("recorded")
	}
	var recorded []recordedFile
	var derived []derivedFile
	for name, into := range map[string]any{recordedFiles: &recorded, derivedFiles: &derived} {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(b, into); err != nil {
			t.Fatal(err)
		}
	}
	if len(recorded) < 10 || len(recorded) != len(derived) {
		t.Fatalf("%d files recorded, %d derived", len(recorded), len(derived))
	}
	for i, f := range recorded {
		b, err := hex.DecodeString(f.Key)
		if err != nil {
			t.Fatal(err)
		}
		key, err := KeyFrom(b)
		if err != nil {
			t.Fatal(err)
		}
		sealed := seal(t, key, content(f.Size))
		sum := sha256.Sum256(sealed)
		got := derivedFile{
			StreamKey: hex.EncodeToString(encode.Derive(key.b[:], nil, encode.FileChunks, chacha20poly1305.KeySize)),
			Padded:    PaddedSize(f.Size), Sealed: SealedSize(f.Size),
			Begin: hex.EncodeToString(sealed[:64]), End: hex.EncodeToString(sealed[len(sealed)-64:]), Hash: hex.EncodeToString(sum[:]),
		}
		if got != derived[i] {
			t.Errorf("%d bytes:\n got %+v\nwant %+v", f.Size, got, derived[i])
		}
	}
}
