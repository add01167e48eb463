package blob

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"sotto/chat"
)

var errDisk = errors.New("the disk fails")

// begun is a file into which more was written than the disk is told of at once.
func begun(t *testing.T) (*Folder, *writer) {
	t.Helper()
	f, err := Open(filepath.Join(t.TempDir(), "blobs"))
	if err != nil {
		t.Fatal(err)
	}
	made, err := f.Create()
	if err != nil {
		t.Fatal(err)
	}
	return f, made.(*writer)
}

// TestAFailureOfTheDiskBesideIsNotForgotten: a system tells of it once, and then takes the bytes for written.
func TestAFailureOfTheDiskBesideIsNotForgotten(t *testing.T) {
	for name, end := range map[string]func(*writer) error{
		"commit":              (*writer).Commit,
		"sync":                func(w *writer) error { return errors.Join(w.Sync(), w.Close()) },
		"more, then a commit": func(w *writer) error { return errors.Join(write(w), w.Commit()) },
	} {
		t.Run(name, func(t *testing.T) {
			f, w := begun(t)
			times := 0
			w.sync = func(file *os.File) error {
				if times++; times == 1 {
					return errDisk
				}
				return file.Sync()
			}
			if err := write(w); err != nil {
				t.Fatal(err)
			}
			if err := end(w); !errors.Is(err, errDisk) {
				t.Errorf("it ends with %v", err)
			}
			if _, err := f.Open(w.ID()); !errors.Is(err, chat.ErrNotFound) {
				t.Errorf("it has its name: %v", err)
			}
			again, err := f.Resume(w.ID())
			if err != nil {
				t.Fatal(err)
			}
			defer again.Close() //nolint:errcheck // nothing was written
			if again.Size() != 0 {
				t.Errorf("%d bytes of it are believed", again.Size())
			}
		})
	}
}

func write(w *writer) error {
	_, err := w.Write(make([]byte, writeAhead))
	return err
}

// TestAFileHasItsNameOnlyWhenItIsOnTheDisk: the last sync comes after the last byte and before the name.
func TestAFileHasItsNameOnlyWhenItIsOnTheDisk(t *testing.T) {
	f, w := begun(t)
	last := int64(-1)
	w.sync = func(file *os.File) error {
		info, err := os.Stat(f.part(w.ID()))
		if err == nil {
			last = info.Size()
		}
		return errors.Join(err, file.Sync())
	}
	if err := write(w); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write([]byte("the end")); err != nil {
		t.Fatal(err)
	}
	if err := w.Commit(); err != nil {
		t.Fatal(err)
	}
	if want := int64(writeAhead + len("the end")); last != want {
		t.Errorf("the disk had %d bytes of %d when it got its name", last, want)
	}
	if _, err := f.Open(w.ID()); err != nil {
		t.Error(err)
	}
}
