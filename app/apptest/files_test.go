package apptest_test

import (
	"bytes"
	"testing"

	"sotto/app/apptest"
	"sotto/chat"
)

// friends returns two people who know each other.
func friends(t *testing.T) (w *apptest.World, ada, ben *apptest.Person) {
	t.Helper()
	w = apptest.NewWorld(t)
	ada, ben = w.Person("Ada", apptest.PersonOptions{}), w.Person("Ben", apptest.PersonOptions{})
	w.Befriend(ada, ben)
	return w, ada, ben
}

// fetched fetches a file and compares it.
func fetched(t *testing.T, p *apptest.Person, id chat.MessageID, want []byte) {
	t.Helper()
	if err := p.FetchFile(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	p.Until("the file", func() bool {
		s := p.File(id)
		if s.State == chat.FileFailed {
			t.Fatalf("%s cannot fetch: %s", p.Name, s.Failure)
		}
		return s.State == chat.FileHere
	})
	if got, err := p.Contents(id); err != nil || !bytes.Equal(got, want) {
		t.Fatalf("%s reads %d bytes, %v; want %d", p.Name, len(got), err, len(want))
	}
}

// failed waits until a file has stopped, and returns why.
func failed(p *apptest.Person, id chat.MessageID) string {
	p.Until("the failure", func() bool { return p.File(id).State == chat.FileFailed })
	return p.File(id).Failure
}

// kept returns how many files a person's folder holds.
func kept(t *testing.T, p *apptest.Person) int {
	t.Helper()
	list, err := p.Folder().List()
	if err != nil {
		t.Fatal(err)
	}
	return len(list)
}

// offered waits until a message with a file is there.
func offered(p *apptest.Person, id chat.MessageID) {
	p.Until("the offer", func() bool { return p.File(id).State != "" })
}

func TestAFileReachesTheOtherByteForByte(t *testing.T) {
	_, ada, ben := friends(t)
	for i, size := range []int{0, 1, 4096, 64 << 10, 3<<20 + 17} {
		b := apptest.Bytes(uint64(i), size)
		msg := ada.Give(ben, "figures.ods", b)
		offered(ben, msg.ID)
		if s := ben.File(msg.ID); s.State != chat.FileOffered || s.Stored {
			t.Fatalf("nobody asked for it, and it is %+v", s)
		}
		fetched(t, ben, msg.ID, b)
		if s := ada.File(msg.ID); s.State != chat.FileHere || !s.Stored {
			t.Errorf("at Ada it is %+v", s)
		}
		if got, err := ada.Contents(msg.ID); err != nil || !bytes.Equal(got, b) {
			t.Errorf("Ada reads %d bytes, %v", len(got), err)
		}
	}
	files, err := ben.Files(t.Context(), ben.ConversationWith(ada.ID), 0, 10)
	if err != nil || len(files) != 5 || files[0].File.Size != 3<<20+17 {
		t.Errorf("Ben has %d files, %v", len(files), err)
	}
}
