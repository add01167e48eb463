package sqlite_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"sotto/transport/relay/store"
	"sotto/transport/relay/store/sqlite"
	"sotto/transport/relay/store/storetest"
	"sotto/transport/wire"
)

func open(t testing.TB, dir string) *sqlite.Store {
	t.Helper()
	s, err := sqlite.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestConformance(t *testing.T) {
	storetest.Run(t, func(t *testing.T) store.Store { return open(t, t.TempDir()) })
}

func prepare(t testing.TB, s store.Store) {
	t.Helper()
	m := store.Mailbox{Address: wire.Mailbox{1}, Owner: [32]byte{1}, Kind: wire.ContactMailbox, MaxMessages: 1 << 30, MaxBytes: 1 << 40}
	if err := s.CreateMailbox(t.Context(), m, nil, storetest.Start); err != nil {
		t.Fatal(err)
	}
	if err := s.PutToken(t.Context(), m.Address, store.Token{Hash: wire.TokenHash{1}}, storetest.Start); err != nil {
		t.Fatal(err)
	}
}

func envelope(n int) store.Envelope {
	return store.Envelope{
		Mailbox: wire.Mailbox{1}, Token: wire.TokenHash{1}, ID: wire.EnvelopeID{byte(n), byte(n >> 8)},
		Received: storetest.Start, Body: bytes.Repeat([]byte{byte(n)}, 4096),
	}
}

func TestWhatWasConfirmedIsThereAfterOpeningAgain(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	prepare(t, s)
	const n = 300
	var group sync.WaitGroup
	for i := range n {
		group.Add(1)
		s.Append(envelope(i), func(_ uint64, err error) {
			if err != nil {
				t.Error(err)
			}
			group.Done()
		})
	}
	group.Wait()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = open(t, dir)
	defer s.Close()
	all, err := s.After(t.Context(), wire.Mailbox{1}, 0, 1000, 1<<30, storetest.Start)
	if err != nil || len(all) != n {
		t.Fatalf("%d envelopes, %v", len(all), err)
	}
	for i, e := range all {
		if e.Seq != uint64(i+1) || e.Body[0] != byte(i) {
			t.Fatalf("envelope %d has number %d", i, e.Seq)
		}
	}
	s.Append(envelope(n), func(seq uint64, err error) {
		if seq != n+1 || err != nil {
			t.Errorf("next number %d, %v", seq, err)
		}
	})
}

func TestClosedStoreConfirmsNothing(t *testing.T) {
	s := open(t, t.TempDir())
	prepare(t, s)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := s.Ready(t.Context()); !errors.Is(err, wire.ErrUnavailable) {
		t.Errorf("Ready = %v", err)
	}
}

func TestFilesAreReadableByTheirOwnerOnly(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	defer s.Close()
	prepare(t, s)
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) < 2 {
		t.Fatalf("%d files, %v", len(entries), err)
	}
	for _, e := range entries {
		info, err := e.Info()
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %v, %v", filepath.Base(e.Name()), info.Mode(), err)
		}
	}
}
