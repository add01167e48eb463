package export

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"sotto/crypto/identity"
)

// Resign edits the manifest of an export and signs what came of it, as whoever holds the identity can.
func Resign(t *testing.T, folder string, who *identity.Identity, now time.Time, edit func(*Manifest)) {
	t.Helper()
	name := filepath.Join(folder, manifestFile)
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	var m Manifest
	if err := json.Unmarshal(b, &m); err != nil {
		t.Fatal(err)
	}
	edit(&m)
	m.Root = fileRoot(m.Files)
	if b, err = m.bytes(); err != nil {
		t.Fatal(err)
	}
	signature, err := sign(b, who, now)
	if err != nil {
		t.Fatal(err)
	}
	for path, content := range map[string][]byte{name: b, filepath.Join(folder, signatureFile): signature} {
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// Recount makes the manifest's word of a file that of the bytes that lie there.
func Recount(t *testing.T, folder string, m *Manifest, path string) {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(folder, filepath.FromSlash(path)))
	if err != nil {
		t.Fatal(err)
	}
	w := newLines(nil, nil)
	if _, err := w.Write(b); err != nil {
		t.Fatal(err)
	}
	if err := w.end(); err != nil {
		t.Fatal(err)
	}
	for i := range m.Files {
		if m.Files[i].Path == path {
			m.Files[i] = w.file(path)
		}
	}
}

// Reindex writes the index of lines anew, and the manifest's word of it.
func Reindex(t *testing.T, folder string, m *Manifest) {
	t.Helper()
	var index []byte
	for _, f := range m.Files {
		if f.Whole || f.Path == linesFile {
			continue
		}
		b, err := os.ReadFile(filepath.Join(folder, filepath.FromSlash(f.Path)))
		if err != nil {
			t.Fatal(err)
		}
		for len(b) > 0 {
			end := 0
			for end < len(b) && end < maxLine {
				if end++; b[end-1] == '\n' {
					break
				}
			}
			leaf := lineLeaf(b[:end])
			index, b = append(index, leaf[:indexEntry]...), b[end:]
		}
	}
	if err := os.WriteFile(filepath.Join(folder, linesFile), index, 0o600); err != nil {
		t.Fatal(err)
	}
	Recount(t, folder, m, linesFile)
}

// PathAllowed is validPath.
func PathAllowed(name string) bool { return validPath(name) }

// SuggestedName is suggestedName.
func SuggestedName(own, stored string) string { return suggestedName(own, stored) }

// WarningWords are the words of the pages, by the codes of warnings.
func WarningWords() map[string]string { return warningWords }

// NameOf is fileName of a file with that content.
func NameOf(id, own string, content []byte) string { return fileName(id, own, pictureOf(content)) }
