package storetest

import (
	"bytes"
	"errors"
	"io"
	"testing"

	"sotto/transport/relay/store"
	"sotto/transport/wire"
)

// RunBlobs runs the suite of the bytes of blobs; open returns new, empty ones.
func RunBlobs(t *testing.T, open func(*testing.T) store.Blobs) {
	for name, test := range map[string]func(*testing.T, store.Blobs){
		"a file is written at its end and opened when it is finished": blobWritten,
		"an unfinished file goes on where it ended, or is cut":        blobResumed,
		"removed files are gone":                                      blobRemoved,
		"what lies there is listed":                                   blobListed,
	} {
		t.Run(name, func(t *testing.T) { test(t, open(t)) })
	}
}

func good(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func partOf(t *testing.T, s store.Blobs, name store.BlobFile, size int64) store.BlobPart {
	t.Helper()
	p, err := s.Part(name)
	good(t, err)
	if p.Size() != size {
		t.Fatalf("the part has %d bytes, want %d", p.Size(), size)
	}
	return p
}

func write(t *testing.T, p store.BlobPart, text string) {
	t.Helper()
	if n, err := p.Write([]byte(text)); err != nil || n != len(text) {
		t.Fatalf("wrote %d, %v", n, err)
	}
}

func absent(t *testing.T, s store.Blobs, name store.BlobFile) {
	t.Helper()
	if _, err := s.Open(name); !errors.Is(err, wire.ErrNotFound) {
		t.Fatalf("opened: %v", err)
	}
}

func holds(t *testing.T, s store.Blobs, name store.BlobFile, want string) {
	t.Helper()
	file, err := s.Open(name)
	good(t, err)
	got, err := io.ReadAll(io.NewSectionReader(file, 0, file.Size()))
	if err != nil || string(got) != want {
		t.Fatalf("holds %q, %v; want %q", got, err, want)
	}
	var two [2]byte
	if n, err := file.ReadAt(two[:], 1); n != 2 || string(two[:]) != want[1:3] {
		t.Errorf("inside %q, %v", two[:n], err)
	}
	good(t, file.Close())
}

func blobWritten(t *testing.T, s store.Blobs) {
	name := store.BlobFile{1}
	absent(t, s, name)
	p := partOf(t, s, name, 0)
	write(t, p, "one ")
	good(t, p.Sync())
	write(t, p, "two")
	absent(t, s, name)
	back := make([]byte, 7)
	if n, err := p.ReadAt(back, 0); n != 7 || !bytes.Equal(back, []byte("one two")) {
		t.Errorf("read back %q, %v", back[:n], err)
	}
	good(t, p.Finish())
	holds(t, s, name, "one two")
	if free, err := s.Free(); err == nil && free == 0 || err != nil && !errors.Is(err, store.ErrUnknown) {
		t.Errorf("free %d, %v", free, err)
	}
}

func blobResumed(t *testing.T, s store.Blobs) {
	name := store.BlobFile{1}
	p := partOf(t, s, name, 0)
	write(t, p, "one two")
	good(t, p.Close())
	p = partOf(t, s, name, 7)
	good(t, p.Truncate(4))
	if p.Size() != 4 {
		t.Fatalf("cut to %d", p.Size())
	}
	write(t, p, "three")
	good(t, p.Close())
	p = partOf(t, s, name, 9)
	good(t, p.Finish())
	holds(t, s, name, "one three")
}

func blobRemoved(t *testing.T, s store.Blobs) {
	for n := range byte(2) {
		p := partOf(t, s, store.BlobFile{n}, 0)
		write(t, p, "bytes")
		if n == 0 {
			good(t, p.Finish())
		} else {
			good(t, p.Close())
		}
	}
	for range 2 {
		good(t, s.Remove(store.BlobFile{0}, store.BlobFile{1}, store.BlobFile{2}))
	}
	absent(t, s, store.BlobFile{0})
	if list, err := s.List(); err != nil || len(list) > 0 {
		t.Fatalf("%d left, %v", len(list), err)
	}
	good(t, partOf(t, s, store.BlobFile{1}, 0).Close())
}

func blobListed(t *testing.T, s store.Blobs) {
	want := map[store.BlobFile]store.BlobInfo{}
	for n := range byte(4) {
		name := store.BlobFile{n}
		p := partOf(t, s, name, 0)
		write(t, p, "bytes"[:n+1])
		if n%2 == 0 {
			good(t, p.Finish())
		} else {
			good(t, p.Close())
		}
		want[name] = store.BlobInfo{File: name, Size: int64(n) + 1, Finished: n%2 == 0}
	}
	list, err := s.List()
	good(t, err)
	if len(list) != len(want) {
		t.Errorf("%d listed, want %d", len(list), len(want))
	}
	for _, got := range list {
		if got != want[got.File] {
			t.Errorf("listed %+v, want %+v", got, want[got.File])
		}
	}
}
