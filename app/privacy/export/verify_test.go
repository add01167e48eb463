package export_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"sotto/app/apptest/alloc"
	"sotto/app/privacy/export"
	"sotto/chat"
)

func TestAChangedByteInAnyFileIsFoundAndItsFileNamed(t *testing.T) {
	w := newWorld(t)
	w.say(ada, "first", "second", "third")
	folder, _ := w.write(export.Request{})
	if err := verify(folder); err != nil {
		t.Fatalf("the export itself: %v", err)
	}
	stride := 23
	if os.Getenv("SOTTO_EVERY_BYTE") != "" { // all of them take a minute
		stride = 1
	}
	for _, name := range filesIn(t, folder) {
		honest := read(t, folder, name)
		for i := 0; i < len(honest); i += stride {
			altered := bytes.Clone(honest)
			altered[i] ^= 1 << (i % 8)
			overwrite(t, folder, name, altered)
			var found *export.PlaceError
			if err := verify(folder); !errors.As(err, &found) || !errors.Is(err, export.ErrAltered) {
				t.Fatalf("byte %d of %s: %v", i, name, err)
			}
			if found.File != name {
				t.Fatalf("byte %d of %s: found in %s", i, name, found.File)
			}
			if line := 1 + bytes.Count(honest[:i], []byte("\n")); strings.HasSuffix(name, ".jsonl") && found.Line != line {
				t.Fatalf("byte %d of %s: found in line %d, want %d", i, name, found.Line, line)
			}
		}
		overwrite(t, folder, name, honest)
	}
	if err := verify(folder); err != nil {
		t.Fatalf("the export put back together: %v", err)
	}
}

func TestDroppedSwappedAndAddedLinesAreNamed(t *testing.T) {
	w := newWorld(t)
	var texts []string
	for i := range 30 {
		texts = append(texts, fmt.Sprint("line ", i))
	}
	w.say(ada, texts...)
	folder, _ := w.write(export.Request{})
	name := find(t, folder, "messages.jsonl", "line 3")
	honest := read(t, folder, name)
	lines := bytes.SplitAfter(honest, []byte("\n"))
	lines = lines[:len(lines)-1]
	cases := []struct {
		name   string
		lines  [][]byte
		line   int
		change export.Change
	}{
		{"dropped", slices.Delete(slices.Clone(lines), 4, 5), 5, export.Missing},
		{"first dropped", lines[1:], 1, export.Missing},
		{"last dropped", lines[:30], 31, export.Missing},
		{"all dropped", nil, 1, export.Missing},
		{"neighbours swapped", swap(lines, 4, 5), 5, export.Swapped},
		{"last two swapped", swap(lines, 29, 30), 30, export.Swapped},
		{"far ones swapped", swap(lines, 4, 9), 5, export.Changed},
		{"doubled", slices.Insert(slices.Clone(lines), 4, lines[3]), 5, export.Added},
		{"added at the end", append(slices.Clone(lines), []byte("{}\n")), 32, export.Added},
		{"last newline cut", append(slices.Clone(lines[:30]), bytes.TrimSuffix(lines[30], []byte("\n"))), 31, export.Changed},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			overwrite(t, folder, name, bytes.Join(c.lines, nil))
			var found *export.PlaceError
			if err := verify(folder); !errors.As(err, &found) {
				t.Fatalf("Verify = %v", err)
			}
			if found.File != name || found.Line != c.line || found.Change != c.change {
				t.Errorf("found %v, want line %d %s", found, c.line, c.change)
			}
		})
	}
}

func swap(lines [][]byte, i, j int) [][]byte {
	out := slices.Clone(lines)
	out[i], out[j] = out[j], out[i]
	return out
}

func TestMissingAndForeignFilesAreNamed(t *testing.T) {
	cases := []struct {
		name   string
		tamper func(t *testing.T, folder string)
		file   string
		change export.Change
	}{
		{"file missing", func(t *testing.T, d string) { remove(t, d, "contacts.jsonl") }, "contacts.jsonl", export.Missing},
		{"index missing", func(t *testing.T, d string) { remove(t, d, "lines.idx") }, "lines.idx", export.Missing},
		{"signature missing", func(t *testing.T, d string) { remove(t, d, "manifest.sig") }, "manifest.sig", export.Missing},
		{"file added", func(t *testing.T, d string) { overwrite(t, d, "note.txt", nil) }, "note.txt", export.Added},
		{"file added below", func(t *testing.T, d string) { overwrite(t, d, "conversations/note.txt", nil) }, "conversations/note.txt", export.Added},
		{"folder added", func(t *testing.T, d string) {
			if err := os.Mkdir(filepath.Join(d, "more"), 0o700); err != nil {
				t.Fatal(err)
			}
		}, "more", export.Added},
		{"file replaced by a link", func(t *testing.T, d string) {
			outside := filepath.Join(t.TempDir(), "same")
			if err := errors.Join(
				os.WriteFile(outside, read(t, d, "contacts.jsonl"), 0o600),
				os.Remove(filepath.Join(d, "contacts.jsonl")),
				os.Symlink(outside, filepath.Join(d, "contacts.jsonl")),
			); err != nil {
				t.Fatal(err)
			}
		}, "contacts.jsonl", export.Changed},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			w.say(ada, "hello")
			folder, _ := w.write(export.Request{})
			c.tamper(t, folder)
			var found *export.PlaceError
			if err := verify(folder); !errors.As(err, &found) || found.File != c.file || found.Change != c.change || found.Line != 0 {
				t.Errorf("Verify = %v", err)
			}
		})
	}
}

func remove(t *testing.T, folder, name string) {
	t.Helper()
	if err := os.Remove(filepath.Join(folder, name)); err != nil {
		t.Fatal(err)
	}
}

func TestTheSignatureOfAnotherDoesNotServe(t *testing.T) {
	one, other := newWorld(t), newWorld(t)
	mine, summary := one.write(export.Request{})
	theirs, _ := other.write(export.Request{})
	overwrite(t, mine, "manifest.sig", read(t, theirs, "manifest.sig"))
	if err := verify(mine); !errors.Is(err, export.ErrAltered) {
		t.Errorf("with a foreign signature: %v", err)
	}
	got, err := export.Verify(theirs, clock.Add(2*time.Hour))
	if err != nil || got.Exporter == summary.Exporter {
		t.Errorf("the exporter of %v, %v", got.Exporter, err)
	}
	if err := verify(t.TempDir()); !errors.Is(err, chat.ErrNotFound) {
		t.Errorf("an empty folder: %v", err)
	}
	if err := verify(filepath.Join(t.TempDir(), "none")); !errors.Is(err, chat.ErrNotFound) {
		t.Errorf("no folder: %v", err)
	}
}

func FuzzVerifyManifest(f *testing.F) {
	f.Add([]byte(`{"v":1,"format":"sotto-export","files":[{"path":"../x"}]}`), []byte("sotto-export-signature 1\n"))
	f.Add([]byte("{}"), []byte{})
	f.Fuzz(func(t *testing.T, manifest, signature []byte) {
		dir := t.TempDir()
		overwrite(t, dir, "manifest.json", manifest)
		overwrite(t, dir, "manifest.sig", signature)
		alloc.Check(t, len(manifest)+len(signature), func() { _ = verify(dir) })
		if err := verify(dir); err == nil {
			t.Error("made-up bytes verify")
		}
	})
}
