package export_test

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

func TestWhatTheExportDoesNotHoldIsSaidToBeLeftOut(t *testing.T) {
	w := newWorld(t)
	w.blobs()
	w.fill(ada, 1)
	here, offered, gone := w.attach(ada, "here", []byte("here")), w.attach(ada, "offered", nil), w.attach(ada, "gone", []byte("gone"))
	if err := w.blobs().Remove(w.attachment(gone.ID).Blob); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		without bool
		want    map[chat.MessageID]string
	}{
		{true, map[chat.MessageID]string{here.ID: "file-left-out", offered.ID: "file-left-out", gone.ID: "file-left-out"}},
		{false, map[chat.MessageID]string{here.ID: "", offered.ID: "file-left-out", gone.ID: "file-gone"}},
	} {
		folder, _ := w.write(export.Request{WithoutFiles: c.without})
		fresh := w.elsewhere()
		fresh.x.Blobs = nil
		fresh.blobs()
		if _, err := fresh.importer().Import(t.Context(), export.ImportRequest{Path: folder}); err != nil {
			t.Fatal(err)
		}
		for id, want := range c.want {
			if a := fresh.attachment(id); a.Failure != want || (a.State == chat.FileFailed) == (want == "") {
				t.Errorf("without files %t: it came back %s, %q, want %q", c.without, a.State, a.Failure, want)
			}
		}
		again, _ := fresh.write(export.Request{})
		if l := line(t, again, offered.ID)["file"].(map[string]any); l["reason"] != "left-out" {
			t.Errorf("the next export says %v", l)
		}
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
