package storetest

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"testing"

	"sotto/chat"
)

// RunBlobs is the suite of chat.Blobs; open returns an empty one.
func RunBlobs(t *testing.T, open func(*testing.T) chat.Blobs) {
	for _, c := range []struct {
		name string
		f    func(*testing.T, chat.Blobs)
	}{
		{"OnlyACommittedFileOpens", onlyCommitted},
		{"ABegunFileIsResumedAtItsEnd", resumed},
		{"AnEmptyFileIsAFile", emptyBlob},
		{"TruncateCutsAndWritingGoesOn", truncated},
		{"AnyPlaceIsRead", anyPlace},
		{"NamesAreNew", namesAreNew},
		{"RemovedIsGone", removed},
		{"AClosedWriterWritesNothing", closedWriter},
		{"WhatWasRemovedWhileItWasWrittenIsNotCommitted", removedMeanwhile},
		{"TheRoomLeftIsKnownOrNot", room},
	} {
		t.Run(c.name, func(t *testing.T) { c.f(t, open(t)) })
	}
}

// begin creates a file with a content.
func begin(t *testing.T, s chat.Blobs, content []byte) chat.BlobWriter {
	t.Helper()
	w, err := s.Create()
	if err != nil {
		t.Fatal(err)
	}
	write(t, w, content)
	return w
}

func write(t *testing.T, w chat.BlobWriter, content []byte) {
	t.Helper()
	before := w.Size()
	if n, err := w.Write(content); n != len(content) || err != nil {
		t.Fatalf("Write = %d, %v", n, err)
	}
	if w.Size() != before+int64(len(content)) {
		t.Fatalf("Size = %d after %d and %d more", w.Size(), before, len(content))
	}
}

func must(t *testing.T, what string, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
}

// holds opens a committed file and compares its content.
func holds(t *testing.T, s chat.Blobs, id chat.BlobID, want []byte) {
	t.Helper()
	r, err := s.Open(id)
	if err != nil {
		t.Errorf("Open: %v", err)
		return
	}
	got, err := io.ReadAll(io.NewSectionReader(r, 0, r.Size()))
	if err != nil || !bytes.Equal(got, want) || r.Size() != int64(len(want)) {
		t.Errorf("read %d bytes of %d (want %d), %v", len(got), r.Size(), len(want), err)
	}
	must(t, "Close", r.Close())
}

func onlyCommitted(t *testing.T, s chat.Blobs) {
	w := begin(t, s, []byte("sealed"))
	_, err := s.Open(w.ID())
	is(t, "open before the commit", err, chat.ErrNotFound)
	must(t, "Sync", w.Sync())
	must(t, "Commit", w.Commit())
	holds(t, s, w.ID(), []byte("sealed"))
	_, err = s.Resume(w.ID())
	is(t, "resume after the commit", err, chat.ErrNotFound)
	for _, id := range []chat.BlobID{{}, {1}} {
		_, err := s.Open(id)
		is(t, "open what is not there", err, chat.ErrNotFound)
		_, err = s.Resume(id)
		is(t, "resume what is not there", err, chat.ErrNotFound)
	}
}

func resumed(t *testing.T, s chat.Blobs) {
	w := begin(t, s, []byte("first "))
	must(t, "Close", w.Close())
	again, err := s.Resume(w.ID())
	must(t, "Resume", err)
	if again.ID() != w.ID() || again.Size() != 6 {
		t.Errorf("resumed %v at %d", again.ID(), again.Size())
	}
	write(t, again, []byte("second"))
	must(t, "Commit", again.Commit())
	holds(t, s, w.ID(), []byte("first second"))
}

func emptyBlob(t *testing.T, s chat.Blobs) {
	w := begin(t, s, nil)
	must(t, "Commit", w.Commit())
	holds(t, s, w.ID(), nil)
}

func truncated(t *testing.T, s chat.Blobs) {
	w := begin(t, s, []byte("good and foul"))
	for _, n := range []int64{-1, 14} {
		is(t, "truncate to what is not there", w.Truncate(n), chat.ErrMalformed)
	}
	must(t, "Truncate", w.Truncate(5))
	write(t, w, []byte("again"))
	must(t, "Commit", w.Commit())
	holds(t, s, w.ID(), []byte("good again"))
}

func anyPlace(t *testing.T, s chat.Blobs) {
	w := begin(t, s, []byte("0123456789"))
	check := func(what string, r io.ReaderAt) {
		b := make([]byte, 4)
		if n, err := r.ReadAt(b, 3); n != 4 || err != nil || string(b) != "3456" {
			t.Errorf("%s: in the middle %d %q, %v", what, n, b, err)
		}
		if n, err := r.ReadAt(b, 8); n != 2 || !errors.Is(err, io.EOF) || string(b[:2]) != "89" {
			t.Errorf("%s: over the end %d %q, %v", what, n, b, err)
		}
		if n, err := r.ReadAt(b, 10); n != 0 || !errors.Is(err, io.EOF) {
			t.Errorf("%s: at the end %d, %v", what, n, err)
		}
	}
	check("while it is written", w)
	must(t, "Commit", w.Commit())
	r, err := s.Open(w.ID())
	must(t, "Open", err)
	check("committed", r)
	must(t, "Close", r.Close())
}

func namesAreNew(t *testing.T, s chat.Blobs) {
	seen := map[chat.BlobID]bool{{}: true}
	for range 20 {
		w := begin(t, s, nil)
		if seen[w.ID()] {
			t.Errorf("%v twice, or no name", w.ID())
		}
		seen[w.ID()] = true
		must(t, "Close", w.Close())
	}
}

func removed(t *testing.T, s chat.Blobs) {
	begun, committed, other := begin(t, s, []byte("a")), begin(t, s, []byte("b")), begin(t, s, []byte("c"))
	must(t, "Close", begun.Close())
	must(t, "Commit", committed.Commit())
	must(t, "Commit", other.Commit())
	must(t, "Remove", s.Remove(begun.ID(), chat.BlobID{}, chat.BlobID{9}, committed.ID()))
	_, err := s.Resume(begun.ID())
	is(t, "begun", err, chat.ErrNotFound)
	_, err = s.Open(committed.ID())
	is(t, "committed", err, chat.ErrNotFound)
	holds(t, s, other.ID(), []byte("c"))
	must(t, "Remove again", s.Remove(begun.ID(), committed.ID()))
	must(t, "Remove nothing", s.Remove())
}

func closedWriter(t *testing.T, s chat.Blobs) {
	for what, end := range map[string]func(chat.BlobWriter) error{
		"closed": chat.BlobWriter.Close, "committed": chat.BlobWriter.Commit,
	} {
		w := begin(t, s, []byte("x"))
		must(t, what, end(w))
		_, err := w.Write([]byte("y"))
		is(t, what+": Write", err, fs.ErrClosed)
		is(t, what+": Sync", w.Sync(), fs.ErrClosed)
		is(t, what+": Truncate", w.Truncate(0), fs.ErrClosed)
		is(t, what+": Commit", w.Commit(), fs.ErrClosed)
		is(t, what+": Close", w.Close(), fs.ErrClosed)
	}
}

func removedMeanwhile(t *testing.T, s chat.Blobs) {
	w := begin(t, s, []byte("x"))
	if err := s.Remove(w.ID()); err != nil {
		t.Skip("an open file is not removed here") // Windows
	}
	if err := w.Commit(); err == nil {
		t.Error("it was committed")
	}
	_, err := s.Open(w.ID())
	is(t, "open", err, chat.ErrNotFound)
}

func room(t *testing.T, s chat.Blobs) {
	if n, err := s.Free(); n < 0 || err != nil && !errors.Is(err, chat.ErrUnsupported) {
		t.Errorf("Free = %d, %v", n, err)
	}
}
