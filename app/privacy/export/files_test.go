package export_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"

	"sotto/app/apptest/memblob"
	"sotto/app/privacy/export"
	"sotto/app/privacy/files"
	"sotto/chat"
	"sotto/storage/blob"
)

// Beginnings of files, as far as a browser looks.
var (
	aPNG = append([]byte("\x89PNG\r\n\x1a\n"), make([]byte, 100)...)
	aGIF = append([]byte("GIF89a"), make([]byte, 100)...)
	aSVG = []byte(`<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>`)
	aWeb = []byte(`<!DOCTYPE html><script>alert("run")</script>`)
)

// blobs gives the world a place for files.
func (w *world) blobs() *memblob.Blobs {
	w.t.Helper()
	if w.x.Blobs == nil {
		b := memblob.New()
		w.x.Blobs = b
		w.store.OnRemoved(func(ids ...chat.BlobID) {
			if err := b.Remove(ids...); err != nil {
				w.t.Error(err)
			}
		})
	}
	return w.x.Blobs.(*memblob.Blobs)
}

// attach stores a message with a file of that name in the conversation with a peer; content nil: it is not here.
func (w *world) attach(peer chat.ContactID, name string, content []byte) chat.Message {
	w.t.Helper()
	m := chat.Message{
		ID: chat.NewMessageID(), Conversation: w.talkWith(peer), Author: peer, Device: chat.DeviceID{7}, Direction: chat.In, Kind: chat.KindAttachment,
		Seq: 5000 + uint64(len(w.x.Blobs.(*memblob.Blobs).List())), Text: "about " + name, State: chat.Read, Sent: clock.Add(24 * time.Hour), Received: clock.Add(24 * time.Hour),
		File: chat.File{Name: name, Type: "application/x", Size: int64(len(content)), Width: 30, Height: 20},
	}
	a := chat.Attachment{Key: make([]byte, 32), Sealed: 4112, State: chat.FileOffered}
	if content != nil {
		var err error
		if a, err = files.Seal(w.t.Context(), w.x.Blobs, bytes.NewReader(content), m.File.Size, nil); err != nil {
			w.t.Fatal(err)
		}
	}
	a.Message, a.Created = m.ID, clock
	w.update(func(tx chat.Tx) (err error) {
		if m, err = tx.Messages().Put(m); err != nil {
			return err
		}
		return tx.Attachments().Put(a)
	})
	return m
}

func (w *world) attachment(id chat.MessageID) (a chat.Attachment) {
	w.t.Helper()
	w.view(func(tx chat.Tx) (err error) {
		a, err = tx.Attachments().Get(id)
		return err
	})
	return a
}

// content is what a message's file holds.
func (w *world) content(m chat.Message) []byte {
	w.t.Helper()
	in, err := files.Open(w.x.Blobs, w.attachment(m.ID), m.File.Size)
	if err != nil {
		w.t.Fatal(err)
	}
	b, err := io.ReadAll(in)
	if err := errors.Join(err, in.Close()); err != nil {
		w.t.Fatal(err)
	}
	return b
}

// line is the line of a message in an export.
func line(t *testing.T, folder string, id chat.MessageID) map[string]any {
	t.Helper()
	for _, l := range jsonLines(t, read(t, folder, find(t, folder, "messages.jsonl", id.String()))) {
		if l["id"] == id.String() {
			return l
		}
	}
	t.Fatal("no such message")
	return nil
}

func TestFilesGoOutAndComeBackAsTheyAre(t *testing.T) {
	large := bytes.Repeat([]byte("0123456789"), 30_000)
	contents := map[string][]byte{
		"photo.png": aPNG, "drawing.svg": aSVG, "page.html": aWeb, "Größe 世界.tar.gz": large, "CON": []byte("a device"), "empty.txt": {}, "no ending": []byte("x"),
		"ملف.pdf": []byte("%PDF"), strings.Repeat("長", 80) + ".docx": []byte("office"), `a*b?c"d.txt`: []byte("signs"),
	}
	for _, form := range []export.Encryption{export.Plain, export.ExportCode} {
		w := newWorld(t)
		w.blobs()
		w.fill(ada, 20)
		w.fill(bob, 1)
		sent := map[string]chat.Message{}
		for name, content := range contents {
			sent[name] = w.attach(ada, name, content)
		}
		twin := w.attach(bob, "photo.png", []byte("another of that name"))
		spoiled := w.attach(bob, "damaged.bin", []byte("damaged"))
		w.blobs().Alter(w.attachment(spoiled.ID).Blob, func(b []byte) []byte { b[3] ^= 1; return b })
		before := w.lines()
		out, s := w.write(export.Request{Encrypt: form})
		if c := s.Manifest.Counts; c.Files != len(contents)+1 || c.FilesMissing != 1 || s.Manifest.V != 2 {
			t.Errorf("counts %+v", c)
		}

		fresh := w.elsewhere()
		fresh.x.Blobs = nil
		fresh.blobs()
		i := fresh.importer()
		done, total := 0, 0
		got, err := i.Import(t.Context(), export.ImportRequest{Path: out, Code: s.Code, Progress: func(n, of int) {
			if n < done || n > of {
				t.Errorf("progress went from %d to %d of %d", done, n, of)
			}
			done, total = n, of
		}})
		if err != nil || got.Files != len(contents)+1 || got.FilesMissing != 1 || done != total {
			t.Fatalf("imported %+v, %d of %d, %v", got, done, total, err)
		}
		if left, err := os.ReadDir(i.Temp); err != nil || len(left) > 0 {
			t.Errorf("left behind: %v, %v", left, err)
		}
		for name, m := range sent {
			if !bytes.Equal(fresh.content(m), contents[name]) {
				t.Errorf("%q came back otherwise", name)
			}
			old, now := w.attachment(m.ID), fresh.attachment(m.ID)
			if bytes.Equal(old.Key, now.Key) || old.Hash == now.Hash || now.State != chat.FileHere || !now.Stored {
				t.Errorf("%q is under the old key, or %s", name, now.State)
			}
		}
		if string(fresh.content(twin)) != "another of that name" {
			t.Error("files of one name changed places")
		}
		if a := fresh.attachment(spoiled.ID); a.State != chat.FileFailed || a.Failure != "file-damaged" || a.Stored {
			t.Errorf("a damaged file came back as %+v", a)
		}
		after := fresh.lines()
		for id := range before {
			if before[id] != after[id] {
				t.Errorf("conversation %.8s differs after the way out and back", id)
			}
		}
		again, err := fresh.importer().Import(t.Context(), export.ImportRequest{Path: out, Code: s.Code})
		if err != nil || again.Files != 0 || again.Added != 0 || len(fresh.blobs().List()) != len(contents)+1 {
			t.Errorf("a second time: %+v, %v", again, err)
		}
	}
}

func TestWhatIsMissingIsNamedWithItsReason(t *testing.T) {
	w := newWorld(t)
	w.blobs()
	w.fill(ada, 1)
	fail := func(m chat.Message, code string) chat.Message {
		w.update(func(tx chat.Tx) error {
			a, err := tx.Attachments().Get(m.ID)
			a.State, a.Failure = chat.FileFailed, code
			return errors.Join(err, tx.Attachments().Put(a))
		})
		return m
	}
	removed := w.attach(ada, "removed", []byte("removed"))
	if err := w.blobs().Remove(w.attachment(removed.ID).Blob); err != nil {
		t.Fatal(err)
	}
	short := w.attach(ada, "cut", bytes.Repeat([]byte("x"), 200_000))
	w.blobs().Alter(w.attachment(short.ID).Blob, func(b []byte) []byte { return b[:100_000] })
	late := w.attach(ada, "altered behind its begin", bytes.Repeat([]byte("x"), 200_000))
	w.blobs().Alter(w.attachment(late.ID).Blob, func(b []byte) []byte { b[70_000] ^= 1; return b })
	want := map[chat.MessageID]string{
		w.attach(ada, "offered", nil).ID: "not-fetched", removed.ID: "gone", short.ID: "damaged", late.ID: "damaged",
		fail(w.attach(ada, "gone", nil), "file-gone").ID: "gone", fail(w.attach(ada, "broken", nil), "file-damaged").ID: "damaged",
	}
	folder, s := w.write(export.Request{})
	if len(s.Manifest.MissingFiles) != len(want) || s.Manifest.Counts.FilesMissing != len(want) || s.Manifest.Counts.Files != 0 || s.Manifest.V != 1 {
		t.Errorf("the manifest says %+v", s.Manifest)
	}
	for _, f := range s.Manifest.MissingFiles {
		var id chat.MessageID
		if err := id.UnmarshalText([]byte(f.Message)); err != nil || f.Reason != want[id] || f.Conversation != w.talkWith(ada).String() {
			t.Errorf("missing %+v, want %q", f, want[id])
		}
		if l := line(t, folder, id)["file"].(map[string]any); l["state"] != "missing" || l["reason"] != want[id] || l["path"] != nil {
			t.Errorf("the line says %v", l)
		}
	}
	if err := verify(folder); err != nil {
		t.Error(err)
	}
	find(t, folder, ".html", "never fetched")
	if _, err := os.Stat(filepath.Join(folder, "attachments")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("an empty folder is left: %v", err)
	}
}

func TestFilesAreLeftOutWhenThatIsWished(t *testing.T) {
	w := newWorld(t)
	w.blobs()
	w.fill(ada, 3)
	m := w.attach(ada, "secret plan.png", aPNG)
	folder, s := w.write(export.Request{WithoutFiles: true})
	if !s.Manifest.WithoutFiles || s.Manifest.Counts.Files != 0 || s.Manifest.Counts.FilesMissing != 1 || len(s.Manifest.MissingFiles) != 0 {
		t.Errorf("the manifest says %+v", s.Manifest)
	}
	if l := line(t, folder, m.ID)["file"].(map[string]any); l["reason"] != "left-out" || l["name"] != "secret plan.png" {
		t.Errorf("the line says %v", l)
	}
	for _, f := range filesIn(t, folder) {
		if bytes.Contains(read(t, folder, f), aPNG) {
			t.Errorf("%s holds it", f)
		}
	}
	if err := verify(folder); err != nil {
		t.Error(err)
	}
}

func TestAPageShowsPicturesAndRunsNothing(t *testing.T) {
	w := newWorld(t)
	w.blobs()
	w.fill(ada, 1)
	w.attach(ada, "photo.png", aPNG)
	w.attach(ada, "really a picture.html", aGIF)
	w.attach(ada, "evil.svg", aSVG)
	w.attach(ada, "evil.html", aWeb)
	w.attach(ada, "evil.png", aWeb)
	w.attach(ada, `"><script>alert(1)</script>.exe`, []byte("MZ"))
	folder, _ := w.write(export.Request{})
	page := string(read(t, folder, find(t, folder, ".html", "photo.png")))
	if !strings.Contains(page, `content="default-src 'none'; img-src 'self' file:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"`) {
		t.Error("the page lacks its policy")
	}
	shown := regexp.MustCompile(`<img src="([^"]*)"`).FindAllStringSubmatch(page, -1)
	if len(shown) != 2 {
		t.Errorf("%d pictures are shown", len(shown))
	}
	for _, s := range shown {
		if !strings.HasSuffix(s[1], ".png") && !strings.HasSuffix(s[1], ".gif") {
			t.Errorf("%s is shown", s[1])
		}
	}
	for _, bad := range []string{"<script", "<svg", "<object", "<iframe", "<embed", "javascript:"} {
		if strings.Contains(page, bad) {
			t.Errorf("the page has %s", bad)
		}
	}
	for _, f := range filesIn(t, folder) {
		if name, ok := strings.CutPrefix(f, "attachments/"); ok && !regexp.MustCompile(`^[0-9a-f]{12}-[\pL\pM\pN._-]+\.(png|gif|bin)$`).MatchString(name) {
			t.Errorf("a file is called %q", name)
		}
	}
	var links int
	for _, l := range regexp.MustCompile(`href="(\.\./\.\./attachments/[^"]*)"`).FindAllStringSubmatch(page, -1) {
		links++
		if strings.ContainsAny(l[1], "<> ") {
			t.Errorf("a link to %q", l[1])
		}
	}
	if links != 8 { // six files, two of them as pictures, too
		t.Errorf("%d links", links)
	}
}

func TestNamesInAnExportAreOnesThatEverySystemStores(t *testing.T) {
	for _, row := range []struct {
		own     string
		content []byte
		want    string
	}{
		{"photo.png", aPNG, "attachments/0123456789ab-photo.png"},
		{"photo.PNG", aPNG, "attachments/0123456789ab-photo.png"},
		{"photo.jpeg", []byte("\xff\xd8\xff\xe0"), "attachments/0123456789ab-photo.jpeg"},
		{"photo.html", aPNG, "attachments/0123456789ab-photo.html.png"},
		{"photo", []byte("RIFF....WEBP"), "attachments/0123456789ab-photo.webp"},
		{"page.html", aWeb, "attachments/0123456789ab-page.html.bin"},
		{"run.exe", nil, "attachments/0123456789ab-run.exe.bin"},
		{"Makefile", nil, "attachments/0123456789ab-Makefile.bin"},
		{"a b/c:d.pdf", nil, "attachments/0123456789ab-c_d.pdf"},
		{"../../../etc/passwd", nil, "attachments/0123456789ab-passwd.bin"},
		{`C:\x\nul.txt`, nil, "attachments/0123456789ab-nul.txt"},
		{"invoice\u202efdp.exe", nil, "attachments/0123456789ab-invoicefdp.exe.bin"},
		{strings.Repeat("ä", 200) + ".pdf", nil, "attachments/0123456789ab-" + strings.Repeat("ä", 51) + ".pdf"},
	} {
		got := export.NameOf("0123456789ab", row.own, row.content)
		if got != row.want {
			t.Errorf("%q is called %q, want %q", row.own, got, row.want)
		}
		if !export.PathAllowed(got) {
			t.Errorf("%q is refused by an import", got)
		}
	}
	for _, name := range []string{
		"", ".", "..", "../x", "/x", "a/../b", "a//b", `a\b`, "c:x", "nul", "NUL.txt", "attachments/aux", "attachments/COM1.txt", "lpt9", "a/com¹", "x.", "x ",
		"nul .txt", "a\nb", "a*", "a?", "a|b", strings.Repeat("x", 600), "conin$",
	} {
		if export.PathAllowed(name) {
			t.Errorf("%q is taken", name)
		}
	}
}

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

func TestTwoIdsThatBeginAlikeAreTwoFiles(t *testing.T) {
	w := newWorld(t)
	w.blobs()
	w.fill(ada, 1)
	var ids []chat.MessageID
	for i := range byte(3) {
		m := w.attach(ada, "same.txt", []byte{i})
		w.update(func(tx chat.Tx) error {
			m.ID, m.Position = chat.MessageID{1, 2, 3, 4, 5, 6, i}, 0
			sealed, err := files.Seal(t.Context(), w.x.Blobs, bytes.NewReader([]byte{i}), 1, nil)
			if err != nil {
				return err
			}
			sealed.Message = m.ID
			_, err = tx.Messages().Put(m)
			return errors.Join(err, tx.Attachments().Put(sealed))
		})
		ids = append(ids, m.ID)
	}
	folder, s := w.write(export.Request{})
	if s.Manifest.Counts.Files != 6 {
		t.Errorf("%d files", s.Manifest.Counts.Files)
	}
	for i, id := range ids {
		path := line(t, folder, id)["file"].(map[string]any)["path"].(string)
		if b := read(t, folder, path); len(b) != 1 || int(b[0]) != i {
			t.Errorf("%s is another's", path)
		}
	}
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

func TestAnExportStopsInsideAFile(t *testing.T) {
	for _, form := range []export.Encryption{export.Plain, export.ExportCode} {
		for _, part := range []int{1, 3} { // of four: writing the file, and sealing it
			if form == export.Plain && part == 3 {
				continue
			}
			w := newWorld(t)
			w.blobs()
			w.fill(ada, 1)
			w.attach(ada, "large", make([]byte, 20<<20))
			ctx, cancel := context.WithCancel(t.Context())
			last := 0
			_, err := w.x.Write(ctx, export.Request{Out: filepath.Join(w.dir, "out"), Encrypt: form, Progress: func(done, total int) {
				if done < last || done > total || total < 320 {
					t.Errorf("progress went from %d to %d of %d", last, done, total)
				}
				if last = done; done*4 >= part*total {
					cancel()
				}
			}})
			cancel()
			if !errors.Is(err, context.Canceled) {
				t.Errorf("%q in part %d: %v", form, part, err)
			}
			if left := w.entries(); len(left) != 0 {
				t.Errorf("left %v", left)
			}
		}
	}
}

func TestAnEncryptedExportAndAStageShowNothingOfAFile(t *testing.T) {
	w := newWorld(t)
	w.blobs()
	w.fill(ada, 1)
	needle := []byte("the needle in the file")
	w.attach(ada, "large", append(bytes.Repeat([]byte("hay "), 1<<20), needle...))
	looked := 0
	look := func(dir string) {
		for _, f := range filesIn(t, dir) {
			looked++
			if b := read(t, dir, f); bytes.Contains(b, needle) || bytes.Contains(b, []byte("hay hay ")) {
				t.Errorf("%s is plain", f)
			}
		}
	}
	out, s := w.write(export.Request{Encrypt: export.ExportCode, Progress: func(int, int) { look(w.dir) }})
	look(w.dir)
	fresh := w.elsewhere()
	fresh.x.Blobs = nil
	fresh.blobs()
	i := fresh.importer()
	if _, err := i.Import(t.Context(), export.ImportRequest{Path: out, Code: s.Code, Progress: func(int, int) { look(i.Temp) }}); err != nil || looked < 10 {
		t.Errorf("%d looks, %v", looked, err)
	}
}

func TestWhatIsDeletedWhileAnExportIsMadeIsNotInIt(t *testing.T) {
	w := newWorld(t)
	w.blobs()
	w.fill(ada, 1)
	gone := w.attach(ada, "gone.txt", []byte("deleted meanwhile"))
	w.attach(ada, "large", make([]byte, 2<<20))
	erased, late := false, chat.Message{}
	folder, s := w.write(export.Request{Progress: func(int, int) {
		if erased {
			return
		}
		erased = true
		w.update(func(tx chat.Tx) error {
			m := gone
			m.Deleted, m.Text, m.File = true, "", chat.File{}
			_, err := tx.Messages().Put(m)
			return err
		})
		late = w.attach(ada, "late.txt", []byte("late"))
	}})
	if !erased || s.Manifest.Counts.Files != 1 || len(s.Manifest.MissingFiles) != 1 || s.Manifest.MissingFiles[0].Message != late.ID.String() ||
		s.Manifest.MissingFiles[0].Reason != "later" {
		t.Errorf("files %+v, missing %+v", s.Manifest.Counts, s.Manifest.MissingFiles)
	}
	for _, f := range filesIn(t, folder) {
		if bytes.Contains(read(t, folder, f), []byte("deleted meanwhile")) {
			t.Errorf("%s holds it", f)
		}
	}
	if err := verify(folder); err != nil {
		t.Error(err)
	}
}

func TestFilesOfAPeerThatWithdrewExportAreLeftOut(t *testing.T) {
	w := newWorld(t)
	w.blobs()
	w.fill(ada, 1)
	w.attach(ada, "hers.txt", []byte("what ada wrote"))
	w.update(func(tx chat.Tx) error {
		return tx.Consents().Append(chat.Consent{
			ID: "p1", Subject: ada, Purpose: chat.PeerExports, State: chat.Withdrawn, Method: "peer", Time: clock, ByPeer: true,
		})
	})
	folder, s := w.write(export.Request{})
	if s.Manifest.Counts.Files+s.Manifest.Counts.FilesMissing != 0 {
		t.Errorf("counts %+v", s.Manifest.Counts)
	}
	for _, f := range filesIn(t, folder) {
		if bytes.Contains(read(t, folder, f), []byte("what ada wrote")) {
			t.Errorf("%s holds it", f)
		}
	}
}

func TestNoExportLiesInsideTheProfile(t *testing.T) {
	w := newWorld(t)
	w.x.Folder = w.dir
	if _, err := w.x.Write(t.Context(), export.Request{Out: filepath.Join(w.dir, "out")}); !errors.Is(err, files.ErrInside) || len(w.entries()) != 0 {
		t.Errorf("Write = %v, left %v", err, w.entries())
	}
	if _, err := w.x.Write(t.Context(), export.Request{Out: filepath.Join(t.TempDir(), "out")}); err != nil {
		t.Error(err)
	}
}

func TestAnEstimateCountsFiles(t *testing.T) {
	w := newWorld(t)
	w.blobs()
	w.fill(ada, 10)
	w.fill(bob, 1)
	w.attach(ada, "a", make([]byte, 500_000))
	w.attach(ada, "b", nil)
	w.attach(bob, "c", make([]byte, 1000))
	e, err := w.x.Estimate(t.Context())
	if err != nil || e.Messages != 14 || e.Files != 2 || e.Away != 1 || e.OfFiles != 501_000 || e.Bytes <= e.OfFiles {
		t.Errorf("everything: %+v, %v", e, err)
	}
	if e, err = w.x.Estimate(t.Context(), w.talkWith(bob)); err != nil || e.Messages != 2 || e.OfFiles != 1000 {
		t.Errorf("one conversation: %+v, %v", e, err)
	}
	if _, err := w.x.Estimate(t.Context(), chat.ConversationID{9}); !errors.Is(err, chat.ErrNotFound) {
		t.Errorf("an unknown one: %v", err)
	}
}

// TestMemoryDoesNotGrowWithTheFilesOfAnExport writes, checks and takes in a file of 48 MiB, and looks at what is in use.
func TestMemoryDoesNotGrowWithTheFilesOfAnExport(t *testing.T) {
	const size, bound = 48 << 20, 16 << 20
	for _, form := range []export.Encryption{export.Plain, export.ExportCode} {
		w := newWorld(t)
		w.blobs()
		w.fill(ada, 1)
		kept, err := blob.Open(t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		m := w.attach(ada, "large", make([]byte, 5))
		a, err := files.Seal(t.Context(), kept, io.LimitReader(zeros{}, size), size, nil)
		if err != nil {
			t.Fatal(err)
		}
		a.Message = m.ID
		w.update(func(tx chat.Tx) error {
			m.File.Size = size
			_, err := tx.Messages().Put(m)
			return errors.Join(err, tx.Attachments().Put(a))
		})
		w.x.Blobs = kept
		before, peak, looked := inUse(), int64(0), 0
		look := func(int, int) {
			looked++
			if looked%16 == 0 { // a look takes the time of a collection
				peak = max(peak, inUse()-before)
			}
		}
		out, s := w.write(export.Request{Encrypt: form, Progress: look})
		fresh := w.elsewhere()
		if fresh.x.Blobs, err = blob.Open(t.TempDir()); err != nil {
			t.Fatal(err)
		}
		got, err := fresh.importer().Import(t.Context(), export.ImportRequest{Path: out, Code: s.Code, Progress: look})
		if err != nil || got.FileBytes != size || looked < 64 {
			t.Fatalf("%+v after %d looks, %v", got, looked, err)
		}
		if peak > bound {
			t.Errorf("%q: %d MiB are in use for a file of %d MiB", form, peak>>20, size>>20)
		}
	}
}

// inUse is how much memory is held after a collection.
func inUse() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

type zeros struct{}

func (zeros) Read(b []byte) (int, error) { clear(b); return len(b), nil }

func TestTheLineOfAFileFollowsTheSchema(t *testing.T) {
	w := newWorld(t)
	w.blobs()
	w.fill(ada, 1)
	w.attach(ada, "here.png", aPNG)
	w.attach(ada, "offered", nil)
	folder, _ := w.write(export.Request{})
	var root map[string]any
	if err := json.Unmarshal(read(t, folder, "schema.json"), &root); err != nil {
		t.Fatal(err)
	}
	v, checked := validator{root}, 0
	for _, l := range jsonLines(t, read(t, folder, find(t, folder, "messages.jsonl", "here.png"))) {
		if err := v.check(root, l); err != nil {
			t.Error(err)
		}
		if f, ok := l["file"].(map[string]any); ok {
			checked++
			for name, bad := range map[string]any{"state": "there", "path": "../x", "sha256": "00", "size": "1", "reason": "why not"} {
				old, had := f[name]
				f[name] = bad
				if v.check(root, l) == nil {
					t.Errorf("the schema takes %s %v", name, bad)
				}
				if f[name] = old; !had {
					delete(f, name)
				}
			}
		}
	}
	if checked != 2 {
		t.Errorf("%d files checked", checked)
	}
}
