package folder_test

import (
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"sotto/transport/relay/store"
	"sotto/transport/relay/store/folder"
	"sotto/transport/relay/store/storetest"
)

func open(t *testing.T, dir string) *folder.Folder {
	t.Helper()
	f, err := folder.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestConformance(t *testing.T) {
	storetest.RunBlobs(t, func(t *testing.T) store.Blobs { return open(t, filepath.Join(t.TempDir(), "blobs")) })
}

func TestFilesAreTheOwnersAndSayNothingByTheirNames(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "blobs")
	f := open(t, dir)
	name := store.BlobFile{0xab, 15: 0xcd}
	p, err := f.Part(name)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.Write([]byte("x")); err != nil {
		t.Fatal(err)
	}
	check := func(want string) {
		t.Helper()
		entries, err := os.ReadDir(dir)
		if err != nil || len(entries) != 1 || entries[0].Name() != want {
			t.Fatalf("folder holds %v, %v; want %s", entries, err, want)
		}
		info, err := entries[0].Info()
		if err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
			t.Errorf("mode %v, %v", info.Mode(), err)
		}
	}
	check(hex.EncodeToString(name[:]) + ".part")
	if err := p.Finish(); err != nil {
		t.Fatal(err)
	}
	check(hex.EncodeToString(name[:]))
	if info, err := os.Stat(dir); err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o700 {
		t.Errorf("folder %v, %v", info.Mode(), err)
	}
}

func TestWhatIsNoBlobIsLeftAlone(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "blobs")
	f := open(t, dir)
	for _, name := range []string{"notes.txt", strings.Repeat("A", 32), strings.Repeat("a", 30), strings.Repeat("b", 32) + ".part.part"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if list, err := f.List(); err != nil || len(list) > 0 {
		t.Errorf("listed %v, %v", list, err)
	}
}

func TestErrorsHoldNoPath(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "blobs")
	f := open(t, dir)
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	_, err := f.Part(store.BlobFile{1})
	_, listErr := f.List()
	_, openErr := folder.Open(filepath.Join(dir, "a\x00b"))
	for _, err := range []error{err, listErr, openErr} {
		if err == nil || strings.Contains(err.Error(), "blobs/") || strings.Contains(err.Error(), dir) {
			t.Errorf("error %v", err)
		}
		if errors.Is(err, store.ErrFull) {
			t.Errorf("%v is taken for a full disk", err)
		}
	}
}
