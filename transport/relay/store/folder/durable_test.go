package folder

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"sotto/transport/relay/store"
)

// told writes down in which order a folder makes things durable, and fails at one step of it.
type told struct {
	steps []string
	fails string
}

var errDisk = errors.New("the disk fails")

func (d *told) step(name string) error {
	d.steps = append(d.steps, name)
	if name == d.fails {
		return errDisk
	}
	return nil
}

func (d *told) durable() durable {
	return durable{
		sync:       func(f *os.File) error { return errors.Join(d.step("sync"), f.Sync()) },
		rename:     func(from, to string) error { return errors.Join(d.step("rename"), os.Rename(from, to)) },
		syncFolder: func(dir string) error { return errors.Join(d.step("sync folder"), syncFolder(dir)) },
	}
}

// TestAFileHasItsNameOnlyWhenItIsOnTheDisk: bytes, then name, then folder; and what fails there is an error.
func TestAFileHasItsNameOnlyWhenItIsOnTheDisk(t *testing.T) {
	for _, fails := range []string{"", "sync", "rename", "sync folder"} {
		t.Run("fails at "+fails, func(t *testing.T) {
			f, err := Open(filepath.Join(t.TempDir(), "blobs"))
			if err != nil {
				t.Fatal(err)
			}
			d := &told{fails: fails}
			f.durable = d.durable()
			p, err := f.Part(store.BlobFile{1})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := p.Write([]byte("bytes")); err != nil {
				t.Fatal(err)
			}
			if err := p.Finish(); errors.Is(err, errDisk) != (fails != "") {
				t.Errorf("finishing: %v", err)
			}
			want := []string{"sync", "rename", "sync folder"}
			if fails != "" {
				want = want[:slices.Index(want, fails)+1]
			}
			if !slices.Equal(d.steps, want) {
				t.Errorf("%s; want %s", strings.Join(d.steps, ", "), strings.Join(want, ", "))
			}
		})
	}
}

// TestThePartOfAFileIsOnTheDiskWithItsName: what is confirmed of an upload is found again under its name.
func TestThePartOfAFileIsOnTheDiskWithItsName(t *testing.T) {
	f, err := Open(filepath.Join(t.TempDir(), "blobs"))
	if err != nil {
		t.Fatal(err)
	}
	d := &told{}
	f.durable = d.durable()
	for _, want := range [][]string{{"sync", "sync folder"}, {"sync"}} { // the name is new once
		d.steps = nil
		p, err := f.Part(store.BlobFile{1})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := p.Write([]byte("bytes")); err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(p.Sync(), p.Close()); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(d.steps, want) {
			t.Errorf("%s; want %s", strings.Join(d.steps, ", "), strings.Join(want, ", "))
		}
	}
	for _, fails := range []string{"sync", "sync folder"} {
		d.fails = fails
		p, err := f.Part(store.BlobFile{2, byte(len(fails))})
		if err != nil {
			t.Fatal(err)
		}
		if err := p.Sync(); !errors.Is(err, errDisk) {
			t.Errorf("%s fails, and a part is confirmed: %v", fails, err)
		}
		if err := p.Close(); err != nil {
			t.Fatal(err)
		}
	}
}
