package export_test

import (
	"bytes"
	"context"
	"errors"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sotto/app/privacy/export"
	"sotto/chat"
)

func TestEveryChangeOfAFileIsFound(t *testing.T) {
	in := func(d, name string) string { return filepath.Join(d, "attachments", name) }
	for _, c := range []struct {
		name   string
		tamper func(d, one, other string) error
		file   string // "" is the first one
		change export.Change
	}{
		{"a bit", func(d, one, _ string) error {
			return alter(in(d, one), func(b []byte) []byte { b[len(b)/2] ^= 1; return b })
		}, "", export.Changed},
		{"cut", func(d, one, _ string) error { return alter(in(d, one), func(b []byte) []byte { return b[:len(b)-1] }) }, "", export.Changed},
		{"longer", func(d, one, _ string) error { return alter(in(d, one), func(b []byte) []byte { return append(b, 0) }) }, "", export.Changed},
		{"a hole behind it", func(d, one, _ string) error { return os.Truncate(in(d, one), 1<<40) }, "", export.Changed},
		{"removed", func(d, one, _ string) error { return os.Remove(in(d, one)) }, "", export.Missing},
		{"added", func(d, _, _ string) error { return os.WriteFile(in(d, "00009-more.txt"), []byte("x"), 0o600) }, "attachments/00009-more.txt", export.Added},
		{"exchanged", func(d, one, other string) error {
			return errors.Join(os.Rename(in(d, one), in(d, "x")), os.Rename(in(d, other), in(d, one)), os.Rename(in(d, "x"), in(d, other)))
		}, "", export.Changed},
		{"renamed", func(d, one, _ string) error { return os.Rename(in(d, one), in(d, "00001-x.txt")) }, "attachments/00001-x.txt", export.Added},
		{"a link", func(d, one, _ string) error {
			outside := filepath.Join(d, "..", "outside")
			return errors.Join(os.Rename(in(d, one), outside), os.Symlink(outside, in(d, one)))
		}, "", export.Changed},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			w.blobs()
			w.fill(ada, 1)
			first, second := w.attach(ada, "one.txt", bytes.Repeat([]byte("one "), 50)), w.attach(ada, "two.txt", bytes.Repeat([]byte("two "), 50))
			folder, _ := w.write(export.Request{})
			name := func(m chat.Message) string {
				return strings.TrimPrefix(line(t, folder, m.ID)["file"].(map[string]any)["path"].(string), "attachments/")
			}
			one, other := name(second), name(first) // the newest stands first in the manifest
			if err := verify(folder); err != nil {
				t.Fatal(err)
			}
			if err := c.tamper(folder, one, other); err != nil {
				t.Fatal(err)
			}
			want := c.file
			if want == "" {
				want = "attachments/" + one
			}
			var at *export.PlaceError
			if err := verify(folder); !errors.As(err, &at) || at.File != want || at.Change != c.change {
				t.Errorf("Verify = %v, want %s %s", err, want, c.change)
			}
			fresh := w.elsewhere()
			fresh.x.Blobs = nil
			fresh.blobs()
			if _, err := fresh.importer().Import(t.Context(), export.ImportRequest{Path: folder}); !errors.Is(err, export.ErrAltered) {
				t.Errorf("Import = %v", err)
			}
			if len(fresh.blobs().List()) > 0 {
				t.Error("files were taken in")
			}
		})
	}
}

func alter(path string, f func([]byte) []byte) error {
	b, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	return os.WriteFile(path, f(b), 0o600)
}

// TestASignedExportOfLiesTakesNothingIn has exports whose signature is good: made by whoever holds the identity.
func TestASignedExportOfLiesTakesNothingIn(t *testing.T) {
	edit := func(old, new string) func(*testing.T, string, *export.Manifest) {
		return func(t *testing.T, folder string, m *export.Manifest) {
			name := m.Conversations[0].Folder + "/messages.jsonl"
			b := read(t, folder, name)
			if !bytes.Contains(b, []byte(old)) {
				t.Fatalf("the control %q is not there", old)
			}
			overwrite(t, folder, name, bytes.Replace(b, []byte(old), []byte(new), 1))
			export.Recount(t, folder, m, name)
			export.Reindex(t, folder, m)
		}
	}
	whole := func(m *export.Manifest) (out []*export.File) {
		for i := range m.Files {
			if m.Files[i].Whole {
				out = append(out, &m.Files[i])
			}
		}
		return out
	}
	for _, c := range []struct {
		name string
		lie  func(*testing.T, string, *export.Manifest)
		free int64
		want error
	}{
		{"nothing", func(*testing.T, string, *export.Manifest) {}, math.MaxInt64, nil},
		{"another size in the line", edit(`"size":200`, `"size":201`), math.MaxInt64, export.ErrAltered},
		{"another sum in the line", func(t *testing.T, d string, m *export.Manifest) {
			edit(whole(m)[0].SHA256, whole(m)[1].SHA256)(t, d, m)
		}, math.MaxInt64, export.ErrAltered},
		{"a file of two messages", func(t *testing.T, d string, m *export.Manifest) {
			files := whole(m)
			edit(files[0].Path, files[1].Path)(t, d, m)
			edit(files[0].SHA256, files[1].SHA256)(t, d, m)
		}, math.MaxInt64, export.ErrAltered},
		{"a path out", edit(`"path":"attachments/`, `"path":"../`), math.MaxInt64, export.ErrAltered},
		{"the path of the contacts", func(t *testing.T, d string, m *export.Manifest) {
			edit(whole(m)[0].Path, "contacts.jsonl")(t, d, m)
		}, math.MaxInt64, export.ErrAltered},
		{"a name with a folder", edit(`"name":"one.txt"`, `"name":"../one.txt"`), math.MaxInt64, export.ErrAltered},
		{"a text with a file", edit(`"kind":"attachment"`, `"kind":"text"`), math.MaxInt64, export.ErrAltered},
		{"a file in the manifest that leaves", func(t *testing.T, d string, m *export.Manifest) {
			whole(m)[0].Path = "attachments/../../x"
		}, math.MaxInt64, export.ErrAltered},
		{"a device in the manifest", func(t *testing.T, d string, m *export.Manifest) { whole(m)[0].Path = "attachments/NUL.txt" }, math.MaxInt64, export.ErrAltered},
		{"lines without a check", func(t *testing.T, d string, m *export.Manifest) { m.Files[0].Whole = true }, math.MaxInt64, export.ErrAltered},
		{"more than a file may be", func(t *testing.T, d string, m *export.Manifest) {
			f := whole(m)[0]
			f.Size = chat.MaxFile + 1
			if err := os.Truncate(filepath.Join(d, f.Path), f.Size); err != nil {
				t.Fatal(err)
			}
		}, math.MaxInt64, export.ErrAltered},
		{"holes that would fill the disk", func(t *testing.T, d string, m *export.Manifest) {
			for _, f := range whole(m) {
				f.Size = 90 << 20
				if err := os.Truncate(filepath.Join(d, f.Path), f.Size); err != nil {
					t.Fatal(err)
				}
			}
		}, 250 << 20, chat.ErrDiskFull},
		{"sizes whose sum overflows", func(t *testing.T, d string, m *export.Manifest) {
			for i := range m.Files {
				m.Files[i].Size = math.MaxInt64 - 1
			}
		}, math.MaxInt64, chat.ErrDiskFull},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			w.blobs()
			w.fill(ada, 1)
			w.attach(ada, "one.txt", bytes.Repeat([]byte("one "), 50))
			w.attach(ada, "two.txt", bytes.Repeat([]byte("two "), 50))
			folder, _ := w.write(export.Request{Conversations: []chat.ConversationID{w.talkWith(ada)}})
			export.Resign(t, folder, w.x.Identity, w.x.Now(), func(m *export.Manifest) { c.lie(t, folder, m) })
			fresh := w.elsewhere()
			fresh.x.Blobs = nil
			fresh.blobs().SetFree(c.free)
			i := fresh.importer()
			_, err := i.Import(t.Context(), export.ImportRequest{Path: folder})
			if !errors.Is(err, c.want) || (err == nil) != (c.want == nil) {
				t.Errorf("Import = %v, want %v", err, c.want)
			}
			if left, err := os.ReadDir(i.Temp); err != nil || len(left) > 0 {
				t.Errorf("left behind: %v, %v", left, err)
			}
			if (len(fresh.blobs().List()) == 0) != (c.want != nil) {
				t.Errorf("%d files were taken in", len(fresh.blobs().List()))
			}
		})
	}
}

func TestAnImportBringsBackTheFileThatAMessageLacks(t *testing.T) {
	w := newWorld(t)
	w.blobs()
	w.fill(ada, 2)
	lost, deleted, moving := w.attach(ada, "lost.txt", []byte("lost")), w.attach(ada, "deleted.txt", []byte("deleted")), w.attach(ada, "moving.txt", []byte("moving"))
	here := w.attach(ada, "here.txt", []byte("here"))
	folder, _ := w.write(export.Request{})
	w.update(func(tx chat.Tx) error {
		for m, state := range map[chat.MessageID]chat.FileState{lost.ID: chat.FileFailed, moving.ID: chat.FileFetching} {
			a, err := tx.Attachments().Get(m)
			a.State, a.Failure, a.Stored, a.Blob = state, "", false, chat.BlobID{}
			if err := errors.Join(err, tx.Attachments().Put(a)); err != nil {
				return err
			}
		}
		m := deleted
		m.Deleted, m.Text, m.File = true, "", chat.File{}
		_, err := tx.Messages().Put(m)
		return err
	})
	blob := w.attachment(here.ID).Blob
	i := w.importer()
	got, err := i.Import(t.Context(), export.ImportRequest{Path: folder})
	if err != nil || got.Files != 1 || got.Added != 0 || got.Deleted != 1 {
		t.Fatalf("imported %+v, %v", got, err)
	}
	if string(w.content(lost)) != "lost" || w.attachment(moving.ID).State != chat.FileFetching || w.attachment(here.ID).Blob != blob {
		t.Error("the wrong ones were brought back")
	}
	if left := w.blobs().List(); len(left) != 2 {
		t.Errorf("%d files, want that which was lost and that which is here", len(left))
	}
}

// failing is a store in which nothing is committed any more.
type failing struct{ chat.Store }

func (failing) Update(context.Context, func(chat.Tx) error) error { return chat.ErrDiskFull }

func TestAnImportThatFailsLeavesNoFiles(t *testing.T) {
	w := newWorld(t)
	w.blobs()
	w.fill(ada, 2)
	w.attach(ada, "a.txt", []byte("aaa"))
	folder, _ := w.write(export.Request{})
	fresh := w.elsewhere()
	fresh.x.Blobs = nil
	fresh.blobs()
	i := fresh.importer()
	i.Store = failing{fresh.store}
	if _, err := i.Import(t.Context(), export.ImportRequest{Path: folder}); !errors.Is(err, chat.ErrDiskFull) {
		t.Errorf("Import = %v", err)
	}
	if n := len(fresh.blobs().List()); n != 0 {
		t.Errorf("%d files are nobody's", n)
	}
}
