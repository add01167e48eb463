package blob_test

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"sotto/chat"
	"sotto/storage/blob"
	"sotto/storage/storetest"
)

func open(t *testing.T, dir string) *blob.Folder {
	t.Helper()
	f, err := blob.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// put makes a file, committed or begun.
func put(t *testing.T, f *blob.Folder, content string, commit bool) chat.BlobID {
	t.Helper()
	w, err := f.Create()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write([]byte(content)); err != nil {
		t.Fatal(err)
	}
	end := w.Close
	if commit {
		end = w.Commit
	}
	if err := end(); err != nil {
		t.Fatal(err)
	}
	return w.ID()
}

func TestConformance(t *testing.T) {
	storetest.RunBlobs(t, func(t *testing.T) chat.Blobs { return open(t, filepath.Join(t.TempDir(), "blobs")) })
}

func TestFilesAreTheOwnersAlone(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("no modes")
	}
	dir := filepath.Join(t.TempDir(), "blobs")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	f := open(t, dir)
	whole, begun := put(t, f, "a", true), put(t, f, "b", false)
	for name, mode := range map[string]os.FileMode{"": 0o700, whole.String(): 0o600, begun.String() + ".part": 0o600} {
		info, err := os.Lstat(filepath.Join(dir, name))
		if err != nil || info.Mode().Perm() != mode {
			t.Errorf("%q: %v, %v", name, info, err)
		}
	}
}

func TestSweepRemovesWhatNobodyNames(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "blobs")
	f := open(t, dir)
	kept := []chat.BlobID{put(t, f, "named", true), put(t, f, "begun", false)}
	put(t, f, "nobody's", true)
	put(t, f, "nobody's, begun", false)
	foreign := []string{"notes.txt", strings.ToUpper(kept[0].String()[:31]) + "G", kept[0].String() + "0", kept[0].String() + ".part.part"}
	for _, name := range foreign {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	folder := strings.Repeat("ab", 16)
	if err := os.Mkdir(filepath.Join(dir, folder), 0o700); err != nil {
		t.Fatal(err)
	}
	removed, err := f.Sweep(func(id chat.BlobID) bool { return slices.Contains(kept, id) })
	if removed != 2 || err != nil {
		t.Errorf("Sweep = %d, %v", removed, err)
	}
	want := append(foreign, folder, kept[0].String(), kept[1].String()+".part")
	slices.Sort(want)
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range entries {
		got = append(got, e.Name())
	}
	if !slices.Equal(got, want) {
		t.Errorf("left %q, want %q", got, want)
	}
}

func TestLinksAreRefused(t *testing.T) {
	base := t.TempDir()
	dir, secret := filepath.Join(base, "blobs"), filepath.Join(base, "secret")
	if err := os.WriteFile(secret, []byte("someone's file"), 0o600); err != nil {
		t.Fatal(err)
	}
	f := open(t, dir)
	id := chat.BlobID{7}
	for _, name := range []string{id.String(), id.String() + ".part"} {
		if err := os.Symlink(secret, filepath.Join(dir, name)); err != nil {
			t.Skip("no links here:", err)
		}
	}
	if _, err := f.Open(id); !errors.Is(err, chat.ErrNotFound) {
		t.Errorf("Open: %v", err)
	}
	if _, err := f.Resume(id); !errors.Is(err, chat.ErrNotFound) {
		t.Errorf("Resume: %v", err)
	}
	if err := f.Remove(id); err != nil {
		t.Errorf("Remove: %v", err)
	}
	if b, err := os.ReadFile(secret); err != nil || string(b) != "someone's file" {
		t.Errorf("what the link named: %q, %v", b, err)
	}
	linked := filepath.Join(base, "linked")
	if err := os.Symlink(dir, linked); err != nil {
		t.Fatal(err)
	}
	for what, path := range map[string]string{"a link to a folder": linked, "a file": secret} {
		if _, err := blob.Open(path); !errors.Is(err, chat.ErrDamaged) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func TestErrorsNameNoPath(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "private-name")
	f := open(t, dir)
	id := put(t, f, "x", false)
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	_, create := f.Create()
	_, sweep := f.Sweep(func(chat.BlobID) bool { return true })
	_, free := f.Free()
	_, missing := blob.Open(filepath.Join(dir, "deeper"))
	for what, err := range map[string]error{"Create": create, "Sweep": sweep, "Free": free, "Open": missing} {
		if err == nil || strings.Contains(err.Error(), "private-name") {
			t.Errorf("%s: %v", what, err)
		}
	}
	if _, err := f.Resume(id); !errors.Is(err, chat.ErrNotFound) {
		t.Errorf("Resume: %v", err)
	}
}

func TestAFolderThatCannotBeWrittenIsReadOnly(t *testing.T) {
	if runtime.GOOS == "windows" || os.Getuid() == 0 {
		t.Skip("modes do not hold here")
	}
	dir := filepath.Join(t.TempDir(), "blobs")
	f := open(t, dir)
	if err := os.Chmod(dir, 0o500); err != nil {
		t.Fatal(err)
	}
	defer os.Chmod(dir, 0o700) //nolint:errcheck // for the test's own folder
	if _, err := f.Create(); !errors.Is(err, chat.ErrReadOnly) {
		t.Errorf("Create: %v", err)
	}
}
