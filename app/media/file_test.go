package media

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sotto/app/apptest/alloc"
	"sotto/chat"
)

func write(t testing.TB, name string, data []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestOnlyOrdinaryFilesAreSent(t *testing.T) {
	file := write(t, "a.txt", []byte("a text"))
	dir := filepath.Dir(file)
	link, loop, socket := filepath.Join(dir, "link"), filepath.Join(dir, "loop"), filepath.Join(dir, "s")
	if err := errors.Join(os.Symlink(file, link), os.Symlink(loop, loop)); err != nil {
		t.Skip("no links here")
	}
	l, err := net.Listen("unix", socket)
	if err != nil {
		t.Skip("no sockets here")
	}
	defer l.Close()
	big := filepath.Join(dir, "big")
	if err := errors.Join(os.WriteFile(big, nil, 0o600), os.Truncate(big, chat.MaxFile+1)); err != nil {
		t.Fatal(err)
	}
	cases := map[string]error{
		dir: ErrFolder, link: ErrLink, loop: ErrLink, socket: ErrNotRegular, filepath.Join(dir, "missing"): fs.ErrNotExist, big: chat.ErrTooLarge,
	}
	if _, err := os.Stat("/dev/null"); err == nil {
		cases["/dev/null"] = ErrNotRegular
	}
	if pipe := filepath.Join(dir, "pipe"); makePipe(pipe) == nil {
		cases[pipe] = ErrNotRegular
	}
	for path, want := range cases {
		_, err := Prepare(t.Context(), path, Options{})
		if !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", path, err, want)
		}
		if err != nil && strings.ContainsAny(err.Error(), `/\`) {
			t.Errorf("the error tells the path: %v", err)
		}
	}
	if out, err := Prepare(t.Context(), file, Options{}); err != nil || out.Name != "a.txt" || out.Type != "text/plain" || out.Size != 6 {
		t.Errorf("%+v, %v", out, err)
	}
}

func TestAFileThatChangesIsNoticed(t *testing.T) {
	content := bytes.Repeat([]byte("0123456789"), 20_000)
	later := time.Now().Add(time.Hour)
	for name, c := range map[string]struct {
		change  func(path string) error
		opening bool // noticed at the latest when it is opened
	}{
		"appended":  {func(p string) error { return os.Truncate(p, 300_000) }, true},
		"cut":       {func(p string) error { return os.Truncate(p, 1000) }, true},
		"touched":   {func(p string) error { return os.Chtimes(p, later, later) }, true},
		"removed":   {os.Remove, true},
		"replaced":  {func(p string) error { return errors.Join(os.Rename(p, p+"~"), os.WriteFile(p, content, 0o600)) }, true},
		"a link":    {func(p string) error { return errors.Join(os.Rename(p, p+"~"), os.Symlink(p+"~", p)) }, true},
		"unchanged": {func(string) error { return nil }, false},
	} {
		for _, early := range []bool{true, false} {
			path := write(t, "file.bin", content)
			out, err := Prepare(t.Context(), path, Options{})
			if err != nil {
				t.Fatal(err)
			}
			if early {
				if err := c.change(path); err != nil {
					t.Fatal(name, err)
				}
			}
			r, err := out.Open()
			if early && c.opening {
				if !errors.Is(err, ErrChanged) {
					t.Errorf("%s before it was opened: %v", name, err)
				}
				continue
			}
			if err != nil {
				t.Fatal(name, err)
			}
			if _, err := io.CopyN(io.Discard, r, 50_000); err != nil {
				t.Fatal(err)
			}
			if !early {
				if err := c.change(path); err != nil {
					t.Fatal(name, err)
				}
			}
			_, err = io.Copy(io.Discard, r)
			sameBytes := name == "unchanged" || name == "removed" || name == "replaced" || name == "a link" // the open file is still the one
			if sameBytes != (err == nil) || err != nil && !errors.Is(err, ErrChanged) {
				t.Errorf("%s while it was read: %v", name, err)
			}
			r.Close()
		}
	}
}

func TestALargePictureIsStrippedInLittleMemory(t *testing.T) {
	small := seeds(t)["exif.jpg"]
	end := bytes.LastIndex(small, []byte{0xff, 0xd9})
	path := write(t, "large.jpg", small[:end])
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		t.Fatal(err)
	}
	segment := append([]byte{0xff, 0xed, 0xff, 0xff}, bytes.Repeat([]byte("I"), 65533)...)
	for range 900 { // 56 MiB of IPTC
		if _, err := f.Write(segment); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := f.Write([]byte{0xff, 0xd9}); err != nil {
		t.Fatal(err)
	}
	f.Close()
	spent := alloc.Bytes(func() {
		l, err := openFile(path)
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		p, err := strip(l, l.info.Size(), mediaJPEG)
		if err != nil || p.size > int64(len(small)) {
			t.Errorf("%d bytes stay, %v", p.size, err)
		}
	})
	if spent > 256<<10 {
		t.Errorf("%d bytes allocated", spent)
	}
}

func TestAPastedPictureIsStrippedLikeAFile(t *testing.T) {
	data := seeds(t)["text.png"]
	out, err := PrepareBytes(t.Context(), "picture.png", data, Options{})
	if err != nil || out.Type != "image/png" || out.Width != 32 || len(out.Thumbnail) == 0 {
		t.Fatalf("%+v, %v", out, err)
	}
	for range 2 { // it can be read again, for another try
		r, err := out.Open()
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(r)
		if err != nil || int64(len(b)) != out.Size || bytes.Contains(b, []byte("PLANTED")) {
			t.Errorf("%d bytes, %v", len(b), err)
		}
	}
}

func TestPreparingStopsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := PrepareBytes(ctx, "a.jpg", seeds(t)["gray.jpg"], Options{}); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}
