package backup

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"sotto/app/apptest/memblob"
	"sotto/app/apptest/memstore"
	"sotto/app/privacy/files"
	"sotto/chat"
	"sotto/crypto/filecrypt"
)

// attach gives a message of the first conversation a file. A content nil: it is not here.
func (w *world) attach(n byte, d chat.Direction, state chat.FileState, size int64, content []byte) chat.Attachment {
	w.t.Helper()
	a := chat.Attachment{
		Key: bytes.Repeat([]byte{n}, 32), Hash: [32]byte{n}, Sealed: filecrypt.SealedSize(size), State: state, Relay: "relay", Created: clock,
		ReadKey: bytes.Repeat([]byte{n + 1}, 32),
	}
	if content != nil {
		sealed, err := files.Seal(w.t.Context(), w.blobs, bytes.NewReader(content), size, nil)
		if err != nil {
			w.t.Fatal(err)
		}
		a.Key, a.Hash, a.Blob, a.Stored = sealed.Key, sealed.Hash, sealed.Blob, true
	}
	if d == chat.Out {
		a.UploadKey = bytes.Repeat([]byte{n + 2}, 32)
	}
	a.Message = chat.MessageID{0xa7, n}
	if state == chat.FileFailed {
		a.Failure = "quota"
	}
	w.update(func(tx chat.Tx) error {
		all, err := tx.Contacts().List()
		if err != nil {
			return err
		}
		m := chat.Message{
			ID: a.Message, Conversation: chat.ConversationID{1}, Author: all[0].ID, Direction: d, Kind: chat.KindAttachment, Seq: 10000 + uint64(n),
			Sent: clock, Received: clock, State: chat.Read, Text: "look", File: chat.File{Name: "plan.png", Type: "image/png", Size: size, Width: 3, Height: 4},
		}
		if d == chat.Out {
			m.Author, m.State = w.me, chat.Queued
		}
		_, err = tx.Messages().Put(m)
		if err == nil {
			err = tx.Attachments().Put(a)
		}
		if err == nil && n%2 == 0 {
			err = tx.Attachments().PutPreview(a.Message, []byte("small picture"))
		}
		return err
	})
	return a
}

// restored is what a backup is restored to.
func restored(t *testing.T, path string) (*memstore.Store, *memblob.Blobs, Summary) {
	t.Helper()
	in, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	store, blobs := memstore.New(), memblob.New()
	store.OnRemoved(func(ids ...chat.BlobID) {
		if err := blobs.Remove(ids...); err != nil {
			t.Error(err)
		}
	})
	s, err := Restore(t.Context(), store, in, secret, Reading{Limits: narrow, Blobs: blobs})
	if err != nil {
		t.Fatal(err)
	}
	return store, blobs, s
}

func attachmentOf(t *testing.T, store chat.Store, id chat.MessageID) (a chat.Attachment, preview []byte) {
	t.Helper()
	err := store.View(t.Context(), func(tx chat.Tx) (err error) {
		if a, err = tx.Attachments().Get(id); err != nil {
			return err
		}
		preview, err = tx.Attachments().Preview(id)
		if errors.Is(err, chat.ErrNotFound) {
			err = nil
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return a, preview
}

func TestFilesComeBackAsTheyWereOrSayWhyNot(t *testing.T) {
	content := bytes.Repeat([]byte("a file with two chunks "), 5000)
	size := int64(len(content))
	type end struct {
		state   chat.FileState
		failure string
		bytes   bool // come back
		fetch   bool // can be fetched
	}
	gone := end{state: chat.FileFailed, failure: chat.FailureFileGone}
	for _, row := range []struct {
		name      string
		direction chat.Direction
		state     chat.FileState
		content   []byte
		want      end
		without   end
	}{
		{"received", chat.In, chat.FileHere, content, end{state: chat.FileHere, bytes: true}, gone},
		{"sent", chat.Out, chat.FileHere, content, end{state: chat.FileHere, bytes: true}, gone},
		{"on its way out", chat.Out, chat.FileSending, content, end{state: chat.FileFailed, failure: chat.FailureRestored, bytes: true}, gone},
		{"refused on its way out", chat.Out, chat.FileFailed, content, end{state: chat.FileFailed, failure: "quota", bytes: true}, gone},
		{"offered", chat.In, chat.FileOffered, nil, end{state: chat.FileOffered, fetch: true}, end{state: chat.FileOffered, fetch: true}},
		{"on its way in", chat.In, chat.FileFetching, nil, end{state: chat.FileOffered, fetch: true}, end{state: chat.FileOffered, fetch: true}},
		{"failed on its way in", chat.In, chat.FileFailed, nil, end{state: chat.FileFailed, failure: "quota", fetch: true}, end{state: chat.FileFailed, failure: "quota", fetch: true}},
		{"empty", chat.In, chat.FileHere, []byte{}, end{state: chat.FileHere, bytes: true}, gone},
	} {
		for _, without := range []bool{false, true} {
			w := newWorld(t)
			w.fill(3)
			n := size
			if row.content != nil {
				n = int64(len(row.content))
			}
			a := w.attach(2, row.direction, row.state, n, row.content)
			out := filepath.Join(w.dir, "b")
			made, err := w.w.Write(t.Context(), Request{Out: out, Passphrase: secret, WithoutFiles: without})
			if err != nil {
				t.Fatal(row.name, err)
			}
			store, blobs, s := restored(t, out)
			want := row.want
			if without {
				want = row.without
			}
			got, preview := attachmentOf(t, store, a.Message)
			if got.State != want.state || got.Failure != want.failure || got.Stored != want.bytes || got.Blob.IsZero() == want.bytes ||
				(len(got.ReadKey) > 0) != want.fetch || !bytes.Equal(got.Key, a.Key) || got.Hash != a.Hash || got.Sealed != a.Sealed {
				t.Errorf("%s, without files %v: restored as %+v", row.name, without, got)
			}
			if len(got.UploadKey) > 0 || string(preview) != "small picture" {
				t.Errorf("%s: upload key %x, preview %q", row.name, got.UploadKey, preview)
			}
			if !reflect.DeepEqual(s.Counts, made.Counts) || s.WithoutFiles != without || (s.Files == 1) != want.bytes || s.FilesDamaged != 0 {
				t.Errorf("%s, without files %v: summary %+v", row.name, without, s)
			}
			if !want.bytes {
				if len(blobs.List()) != 0 {
					t.Errorf("%s: files without a message", row.name)
				}
				continue
			}
			in, err := files.Open(blobs, got, n)
			if err != nil {
				t.Fatal(row.name, err)
			}
			if b, err := io.ReadAll(in); err != nil || !bytes.Equal(b, row.content) {
				t.Errorf("%s: %d bytes came back, %v", row.name, len(b), err)
			}
		}
	}
}

func TestADamagedFileKeepsNobodyFromABackup(t *testing.T) {
	for name, spoil := range map[string]func(*world, chat.BlobID){
		"altered": func(w *world, id chat.BlobID) { w.blobs.Alter(id, func(b []byte) []byte { b[9] ^= 1; return b }) },
		"cut":     func(w *world, id chat.BlobID) { w.blobs.Alter(id, func(b []byte) []byte { return b[:len(b)/2] }) },
		"removed": func(w *world, id chat.BlobID) {
			if err := w.blobs.Remove(id); err != nil {
				w.t.Fatal(err)
			}
		},
	} {
		w := newWorld(t)
		w.fill(3)
		bad := w.attach(1, chat.In, chat.FileHere, 100_000, make([]byte, 100_000))
		good := w.attach(2, chat.In, chat.FileHere, 9, []byte("still ok."))
		spoil(w, bad.Blob)
		out, made := w.write("b")
		store, blobs, s := restored(t, out)
		want := chat.FailureFileDamaged
		if name == "removed" {
			want = chat.FailureFileGone
		}
		if got, _ := attachmentOf(t, store, bad.Message); got.State != chat.FileFailed || got.Failure != want || got.Stored || !got.Blob.IsZero() {
			t.Errorf("%s: restored as %+v", name, got)
		}
		if got, _ := attachmentOf(t, store, good.Message); got.State != chat.FileHere || !got.Stored {
			t.Errorf("%s: the other one is %+v", name, got)
		}
		if made.Files != 1 || made.FilesDamaged+made.FilesAway != 1 || s.Files != 1 || len(blobs.List()) != 1 {
			t.Errorf("%s: made %+v, %d files", name, made, len(blobs.List()))
		}
	}
}

func TestABackupStopsInsideAFile(t *testing.T) {
	w := newWorld(t)
	w.fill(1)
	w.attach(1, chat.In, chat.FileHere, 16<<20, make([]byte, 16<<20))
	for _, part := range []int{1, 3} { // while writing and while reading back, a half and three halves into the file
		ctx, cancel := context.WithCancel(t.Context())
		last := 0
		_, err := w.w.Write(ctx, Request{Out: filepath.Join(w.dir, "x"), Passphrase: secret, Progress: func(done, total int) {
			if done < last || done > total || total < 2*256 {
				t.Errorf("progress went from %d to %d of %d", last, done, total)
			}
			if last = done; done*4 >= part*total {
				cancel()
			}
		}})
		cancel()
		if !errors.Is(err, context.Canceled) {
			t.Errorf("stopped in part %d: %v", part, err)
		}
	}
	if left, err := os.ReadDir(w.dir); err != nil || len(left) != 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func TestHostileFilesAreRefused(t *testing.T) {
	w := newWorld(t)
	w.fill(3)
	w.attach(1, chat.In, chat.FileHere, 5, []byte("hello"))
	good := string(w.plain())
	const sealed = 4<<10 + 16
	at := strings.Index(good, `{"t":"file"`)
	line := good[at : at+strings.IndexByte(good[at:], '\n')+1]
	data := good[at+len(line) : at+len(line)+sealed+1]
	attachment := good[strings.Index(good, `{"t":"attachment"`):]
	attachment = attachment[:strings.IndexByte(attachment, '\n')+1]
	if _, err := decode(t.Context(), strings.NewReader(good), Reading{}, func(any) error { return nil }); err != nil {
		t.Fatal(err)
	}
	replace := func(old, new string) string {
		if !strings.Contains(good, old) {
			t.Fatalf("the control %q is not in the backup", old)
		}
		return strings.Replace(good, old, new, 1)
	}
	for name, text := range map[string]string{
		"a path as a name":                    replace(`"name":"plan.png"`, `"name":"../plan"`),
		"a size beyond the bound":             replace(`"size":5`, `"size":104857601`),
		"a size below nothing":                replace(`"size":5`, `"size":-5`),
		"another length":                      replace(`"sealed":4112`, `"sealed":4113`),
		"a short key":                         replace(`"key":"`, `"key":"AAAA`),
		"an attachment without a message":     replace(attachment, attachment+attachment),
		"a file without an attachment":        replace(attachment, ""),
		"a file twice":                        replace(line+data, line+data+line+data),
		"a file of another length":            replace(`"bytes":4112`, `"bytes":4111`),
		"a file before the messages":          replace(attachment, attachment+line+data),
		"bytes that are cut off":              good[:at+len(line)+100],
		"no newline after the bytes":          replace(line+data, line+data[:sealed]+"x"),
		"an unknown state":                    replace(`"state":"here"`, `"state":"hero"`),
		"a relay as long as a page":           replace(`"relay":"relay","read_key"`, `"relay":"`+strings.Repeat("r", 513)+`","read_key"`),
		"a file in a message of another kind": replace(`"kind":"attachment"`, `"kind":"text"`),
	} {
		_, err := decode(t.Context(), strings.NewReader(text), Reading{}, func(any) error { return nil })
		if !errors.Is(err, ErrDamaged) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestABackupOfTheFirstFormIsStillRead(t *testing.T) {
	w := newWorld(t)
	w.fill(3)
	text := string(w.plain())
	text = strings.Replace(text[:strings.Index(text, `{"t":"end"`)], `"v":2`, `"v":1`, 1)
	if _, err := restore(t.Context(), memstore.New(), strings.NewReader(ended(t, text)), Reading{}); err != nil {
		t.Error(err)
	}
}

func TestNoBackupLiesInsideTheProfile(t *testing.T) {
	w := newWorld(t)
	w.w.Folder = w.dir
	link := filepath.Join(t.TempDir(), "elsewhere")
	if err := errors.Join(os.Mkdir(filepath.Join(w.dir, "blobs"), 0o700), os.Symlink(filepath.Join(w.dir, "blobs"), link)); err != nil {
		t.Fatal(err)
	}
	for _, out := range []string{filepath.Join(w.dir, "b"), filepath.Join(w.dir, "blobs", "b"), filepath.Join(link, "b"), w.dir + "/blobs/../blobs/b"} {
		if _, err := w.w.Write(t.Context(), Request{Out: out, Passphrase: secret}); !errors.Is(err, files.ErrInside) {
			t.Errorf("%s: %v", out, err)
		}
	}
	if _, err := w.w.Write(t.Context(), Request{Out: filepath.Join(t.TempDir(), "b"), Passphrase: secret}); err != nil {
		t.Error(err)
	}
}

func TestTheBytesOfADamagedDiskAreZeros(t *testing.T) {
	s := &steady{in: io.MultiReader(strings.NewReader("abc"), broken{}), left: 7}
	if b, err := io.ReadAll(s); err != nil || string(b) != "abc\x00\x00\x00\x00" {
		t.Errorf("read %q, %v", b, err)
	}
	if sum := sha256.Sum256([]byte("abc")); (&body{sum: sha256.New(), want: sum}).whole() {
		t.Error("other bytes are whole")
	}
}

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, errors.New("input/output error") }

func TestTheEstimateIsNearTheSize(t *testing.T) {
	w := newWorld(t)
	w.fill(2000)
	for i := range byte(9) {
		w.attach(i+1, chat.In, chat.FileHere, 700_000+int64(i)*9999, make([]byte, 700_000+int(i)*9999))
	}
	w.attach(20, chat.In, chat.FileOffered, 5, nil)
	e, err := w.w.Estimate(t.Context())
	if err != nil || e.Messages != 2011 || e.Files != 9 || e.Away != 1 {
		t.Fatalf("%+v, %v", e, err)
	}
	for _, without := range []bool{false, true} {
		s, err := w.w.Write(t.Context(), Request{Out: filepath.Join(w.dir, "b"), Passphrase: secret, WithoutFiles: without})
		if err == nil {
			err = os.Remove(filepath.Join(w.dir, "b"))
		}
		if err != nil {
			t.Fatal(err)
		}
		said := e.Bytes
		if without {
			said -= e.OfFiles
		}
		if said < s.Size/2 || said > s.Size*2 {
			t.Errorf("without files %v: %d bytes, said %d", without, s.Size, said)
		}
	}
}
