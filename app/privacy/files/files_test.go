package files_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"sotto/app/apptest/memblob"
	"sotto/app/privacy/files"
	"sotto/chat"
	"sotto/storage/blob"
)

func TestWhatIsSealedIsReadAgain(t *testing.T) {
	for _, size := range []int{0, 1, files.Piece, files.Piece + 1, 300_000} {
		blobs := memblob.New()
		content := bytes.Repeat([]byte{'x'}, size)
		steps := int64(0)
		a, err := files.Seal(t.Context(), blobs, bytes.NewReader(content), int64(size), func(n int64) { steps += n })
		if err != nil || steps != int64(size) || !a.Stored || a.State != chat.FileHere {
			t.Fatalf("%d bytes: %+v after %d, %v", size, a.State, steps, err)
		}
		if bytes.Contains(blobs.Bytes(a.Blob), []byte("xxxxxxxx")) {
			t.Error("the file lies in plain")
		}
		in, err := files.Open(blobs, a, int64(size))
		if err != nil {
			t.Fatal(err)
		}
		if got, err := io.ReadAll(in); err != nil || !bytes.Equal(got, content) {
			t.Errorf("%d bytes: read %d, %v", size, len(got), err)
		}
		if err := in.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestASealThatFailsLeavesNothing(t *testing.T) {
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	broken := errors.New("broken")
	for name, row := range map[string]struct {
		ctx  context.Context
		in   io.Reader
		free int64
		want error
	}{
		"fewer bytes": {t.Context(), strings.NewReader("1234"), 1 << 20, chat.ErrMalformed},
		"more bytes":  {t.Context(), strings.NewReader("123456"), 1 << 20, chat.ErrMalformed},
		"canceled":    {canceled, strings.NewReader("12345"), 1 << 20, context.Canceled},
		"a full disk": {t.Context(), strings.NewReader("12345"), 1000, chat.ErrDiskFull},
		"a source that fails": {
			t.Context(), io.MultiReader(strings.NewReader("1"), failing{broken}), 1 << 20, broken,
		},
		"a source that ends early": {
			t.Context(), io.MultiReader(strings.NewReader("12345"), failing{io.ErrUnexpectedEOF}), 1 << 20, io.ErrUnexpectedEOF,
		},
	} {
		blobs := memblob.New()
		blobs.SetFree(row.free)
		if _, err := files.Seal(row.ctx, blobs, row.in, 5, nil); !errors.Is(err, row.want) {
			t.Errorf("%s: %v, want %v", name, err, row.want)
		}
		if left := blobs.List(); len(left) != 0 {
			t.Errorf("%s: %d files are left", name, len(left))
		}
	}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

func TestAFileThatIsNotAsItWasSaysSo(t *testing.T) {
	content := bytes.Repeat([]byte("word "), 50_000)
	for name, row := range map[string]struct {
		spoil func(*memblob.Blobs, *chat.Attachment) error
		want  error
	}{
		"not fetched": {func(_ *memblob.Blobs, a *chat.Attachment) error { a.Stored = false; return nil }, chat.ErrNotFetched},
		"gone":        {func(b *memblob.Blobs, a *chat.Attachment) error { return b.Remove(a.Blob) }, chat.ErrFileGone},
		"another key": {func(_ *memblob.Blobs, a *chat.Attachment) error { a.Key[0] ^= 1; return nil }, chat.ErrFileDamaged},
		"a short key": {func(_ *memblob.Blobs, a *chat.Attachment) error { a.Key = a.Key[1:]; return nil }, chat.ErrFileDamaged},
		"altered within": {func(b *memblob.Blobs, a *chat.Attachment) error {
			b.Alter(a.Blob, func(f []byte) []byte { f[files.Piece+100] ^= 1; return f })
			return nil
		}, chat.ErrFileDamaged},
		"cut": {func(b *memblob.Blobs, a *chat.Attachment) error {
			b.Alter(a.Blob, func(f []byte) []byte { return f[:len(f)-1] })
			return nil
		}, chat.ErrFileDamaged},
	} {
		blobs := memblob.New()
		a, err := files.Seal(t.Context(), blobs, bytes.NewReader(content), int64(len(content)), nil)
		if err == nil {
			err = row.spoil(blobs, &a)
		}
		if err != nil {
			t.Fatal(err)
		}
		in, err := files.Open(blobs, a, int64(len(content)))
		if err == nil {
			var out bytes.Buffer
			if _, err = io.Copy(&out, in); !bytes.HasPrefix(content, out.Bytes()) {
				t.Errorf("%s: gave out bytes that are none of its", name)
			}
		}
		if !errors.Is(err, row.want) {
			t.Errorf("%s: %v, want %v", name, err, row.want)
		}
	}
}

func TestNamesAndSizesAreBounded(t *testing.T) {
	good := chat.File{Name: "Größe 1.png", Type: "image/png", Size: chat.MaxFile, Width: 65535, Height: 1}
	if !files.Valid(good) {
		t.Error("a good one is refused")
	}
	for name, spoil := range map[string]func(*chat.File){
		"no name":           func(f *chat.File) { f.Name = "" },
		"a folder":          func(f *chat.File) { f.Name = "a/b" },
		"another's folder":  func(f *chat.File) { f.Name = `a\b` },
		"the folder above":  func(f *chat.File) { f.Name = ".." },
		"a line break":      func(f *chat.File) { f.Name = "a\nb" },
		"no text":           func(f *chat.File) { f.Name = "\xff" },
		"a long name":       func(f *chat.File) { f.Name = strings.Repeat("a", 256) },
		"a type with words": func(f *chat.File) { f.Type = "image png" },
		"a long type":       func(f *chat.File) { f.Type = strings.Repeat("a", 128) },
		"too large":         func(f *chat.File) { f.Size++ },
		"less than nothing": func(f *chat.File) { f.Size = -1 },
		"too wide":          func(f *chat.File) { f.Width++ },
		"no height":         func(f *chat.File) { f.Height = -1 },
	} {
		f := good
		if spoil(&f); files.Valid(f) {
			t.Errorf("%s is taken: %+v", name, f)
		}
	}
}

func TestWhatLiesInsideIsToldFromWhatLiesBeside(t *testing.T) {
	root := t.TempDir()
	profile, beside := filepath.Join(root, "profile"), filepath.Join(root, "profile-2")
	deep := filepath.Join(profile, "tmp", "deep")
	if err := errors.Join(os.MkdirAll(deep, 0o700), os.Mkdir(beside, 0o700), os.Symlink(deep, filepath.Join(beside, "link"))); err != nil {
		t.Fatal(err)
	}
	for out, inside := range map[string]bool{
		filepath.Join(profile, "x"):              true,
		filepath.Join(deep, "x"):                 true,
		filepath.Join(profile, "missing", "x"):   true,
		filepath.Join(beside, "link", "x"):       true,
		beside + "/../profile/x":                 true,
		filepath.Join(beside, "x"):               false,
		profile:                                  false, // it exists: the writer says that
		filepath.Join(root, "profile-3"):         false,
		filepath.Join(root, "missing", "x", "y"): false,
	} {
		if err := files.Inside(profile, out); errors.Is(err, files.ErrInside) != inside {
			t.Errorf("%s: %v", out, err)
		}
	}
	t.Chdir(profile)
	if err := files.Inside(profile, "x"); !errors.Is(err, files.ErrInside) {
		t.Errorf("a relative name: %v", err)
	}
	if err := files.Inside("", "x"); err != nil {
		t.Error(err)
	}
}

// TestMemoryDoesNotGrowWithAFile seals and reads a file of 32 MiB with less than 2 MiB allocated altogether.
func TestMemoryDoesNotGrowWithAFile(t *testing.T) {
	const size, bound = 32 << 20, 2 << 20
	blobs, err := blob.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	a, err := files.Seal(t.Context(), blobs, io.LimitReader(zeros{}, size), size, nil)
	if err != nil {
		t.Fatal(err)
	}
	in, err := files.Open(blobs, a, size)
	if err != nil {
		t.Fatal(err)
	}
	if n, err := files.Copy(t.Context(), io.Discard, in, nil); err != nil || n != size {
		t.Fatal(n, err)
	}
	if err := in.Close(); err != nil {
		t.Error(err)
	}
	runtime.ReadMemStats(&after)
	if spent := after.TotalAlloc - before.TotalAlloc; spent > bound {
		t.Errorf("%d KiB were allocated", spent>>10)
	}
}

type zeros struct{}

func (zeros) Read(b []byte) (int, error) { clear(b); return len(b), nil }
