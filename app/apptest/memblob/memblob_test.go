package memblob_test

import (
	"errors"
	"testing"

	"sotto/app/apptest/memblob"
	"sotto/chat"
	"sotto/storage/storetest"
)

func TestConformance(t *testing.T) {
	storetest.RunBlobs(t, func(*testing.T) chat.Blobs { return memblob.New() })
}

func TestAFullDiskTakesWhatFits(t *testing.T) {
	s := memblob.New()
	s.SetFree(4)
	w, err := s.Create()
	if err != nil {
		t.Fatal(err)
	}
	if n, err := w.Write([]byte("sealed")); n != 4 || !errors.Is(err, chat.ErrDiskFull) || string(s.Bytes(w.ID())) != "seal" {
		t.Errorf("%d, %v", n, err)
	}
	if err := s.Remove(w.ID()); err != nil {
		t.Fatal(err)
	}
	if n, err := s.Free(); n != 4 || err != nil {
		t.Errorf("Free = %d, %v", n, err)
	}
}
