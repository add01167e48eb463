package apptest_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"sotto/app/apptest"
	"sotto/app/apptest/crash"
	"sotto/app/messenger"
	"sotto/chat"
	"sotto/transport/wire"
)

// mortal is a person whose process can be ended at any point of what it writes.
type mortal struct {
	*apptest.Person
	t    *testing.T
	w    *apptest.World
	fuse crash.Fuse
	seen *seen
	said map[chat.ContactID][]string // what it was told is kept, by whom it was said to
	disk *disk                       // nil: the store is in memory
}

// seen is every message key that was used on what left, of everyone.
type seen struct {
	mu    sync.Mutex
	slots map[string][]byte // session, chain, number -> the one envelope sealed there
	twice []string
}

// sent notes the message key of an envelope: two envelopes under one are a key used twice.
func (s *seen) sent(envelope []byte) {
	message := envelope[2:]
	if envelope[1] == 1 { // an initial envelope: the handshake's header comes first
		message = envelope[6+int(binary.BigEndian.Uint32(envelope[2:])):]
	}
	slot := fmt.Sprintf("%s number %d", hex.EncodeToString(message[2:50]), binary.BigEndian.Uint32(message[54:]))
	s.mu.Lock()
	defer s.mu.Unlock()
	if before, known := s.slots[slot]; known && !bytes.Equal(before, envelope) {
		s.twice = append(s.twice, slot)
	}
	s.slots[slot] = bytes.Clone(envelope)
}

func newSeen() *seen { return &seen{slots: map[string][]byte{}} }

// newMortal makes a person and starts its mortal process.
func newMortal(t *testing.T, w *apptest.World, s *seen, name string, o apptest.PersonOptions) *mortal {
	t.Helper()
	m := &mortal{Person: w.Person(name, o), t: t, w: w, seen: s, said: map[chat.ContactID][]string{}}
	m.Sleep()
	m.fuse.Arm("", 0, nil)
	if err := m.rise(); err != nil {
		t.Fatal(err)
	}
	return m
}

// Open implements messenger.Relays.
func (m *mortal) Open(address wire.Address, onEvent func(wire.Event)) (messenger.Relay, error) {
	r, err := m.Person.Open(address, onEvent)
	if err != nil {
		return nil, err
	}
	return crash.Relay{Relay: r, Fuse: &m.fuse, Sent: m.seen.sent}, nil
}

// rise starts the process; it may die of it.
func (m *mortal) rise() error {
	p, err := messenger.Open(context.Background(), messenger.Options{
		Store: &crash.Store{Beneath: m.Store, Fuse: &m.fuse}, Blobs: crash.Blobs{Beneath: m.Blobs, Fuse: &m.fuse}, Relays: m, Gate: m.Ledger, Now: m.w.Now,
	})
	if err != nil {
		return err
	}
	m.Messenger = p
	return p.Start(context.Background())
}

// attempt runs what the process is about to do until all is quiet or the process is dead. It reports whether it died, and
// how often it came to each point.
func (m *mortal) attempt(at death, act func() error) (died bool, passed map[string]int) {
	m.t.Helper()
	var burnt func()
	if m.disk != nil {
		burnt = m.disk.copy
	}
	m.fuse.Arm(at.point, at.nth, burnt)
	ctx, cancel := m.fuse.While(context.Background())
	defer cancel()
	err := act()
	if err == nil && m.fuse.Alive() == nil {
		err = m.Sync(ctx, time.Minute)
	}
	died = m.fuse.Alive() != nil
	if err != nil && !died {
		m.t.Fatalf("%v: %v", at, err)
	}
	return died, m.fuse.Passed()
}

// resurrect starts a new process on what the dead one left.
func (m *mortal) resurrect() {
	m.t.Helper()
	m.Sleep()
	if m.disk != nil {
		store := m.disk.reopen()
		m.Store, m.Blobs = store, store.Blobs()
	} else {
		m.SweepFiles()
	}
	m.fuse.Arm("", 0, nil)
	if err := m.rise(); err != nil {
		m.t.Fatal(err)
	}
}

// aftermath checks that nothing was lost, doubled, used twice or left over between two people, after all is quiet.
func aftermath(t *testing.T, what string, s *seen, a, b *mortal) {
	t.Helper()
	wait := time.Second
	for settled := false; !settled && wait < 3*time.Hour; wait *= 2 { // what waits to be tried again is tried by then
		settle(t, a.Person)
		settle(t, b.Person)
		if settled = alike(a, b) && alike(b, a) && len(queue(t, a.Person))+len(queue(t, b.Person)) == 0; !settled {
			time.Sleep(wait)
		}
	}
	for _, p := range []struct{ reader, writer *mortal }{{a, b}, {b, a}} {
		if !alike(p.reader, p.writer) {
			t.Errorf("%s: %s has of %s\n%q\nwant\n%q", what, p.reader.Name, p.writer.Name,
				p.reader.Written(p.writer.Person, p.writer.ID), p.writer.Written(p.reader.Person, p.writer.ID))
		}
		texts := map[string]bool{}
		for _, m := range p.reader.Thread(p.writer.Person) {
			if texts[m.Text] {
				t.Errorf("%s: %s has %q twice", what, p.reader.Name, m.Text)
			}
			texts[m.Text] = true
		}
		for _, text := range p.writer.said[p.reader.ID] {
			if !texts[text] {
				t.Errorf("%s: %s never got %q, which %s was told is kept", what, p.reader.Name, text, p.writer.Name)
			}
		}
		for _, code := range []string{messenger.AlertRejected, messenger.AlertRolledBack} {
			if n := p.reader.Alerts(code); n != 0 {
				t.Errorf("%s: %s raised %d alerts %q", what, p.reader.Name, n, code)
			}
		}
		if n := len(queue(t, p.reader.Person)); n != 0 {
			t.Errorf("%s: %s still has %d contents to send", what, p.reader.Name, n)
		}
		security, err := p.reader.Security(t.Context(), p.writer.ID)
		if err != nil || security.SkippedKeys != 0 {
			t.Errorf("%s: %s keeps %d keys for messages that never come, %v", what, p.reader.Name, security.SkippedKeys, err)
		}
	}
	if x, y := sendingIn(t, a, b), sendingIn(t, b, a); x != y {
		t.Errorf("%s: the sides go on in different sessions", what)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.twice) > 0 {
		t.Errorf("%s: message keys were used twice: %q", what, s.twice)
	}
	if t.Failed() {
		t.FailNow()
	}
}

// alike reports whether the reader has what the writer wrote, all of it and in its order.
func alike(reader, writer *mortal) bool {
	return slices.Equal(reader.Written(writer.Person, writer.ID), writer.Written(reader.Person, writer.ID))
}

// sendingIn returns the one session in which m writes to a peer.
func sendingIn(t *testing.T, m, peer *mortal) (id chat.SessionID) {
	t.Helper()
	n := 0
	err := m.Store.View(t.Context(), func(tx chat.Tx) error {
		list, err := tx.Sessions().ForPeer(peer.ID)
		for _, s := range list {
			if s.Archived.IsZero() {
				id = s.ID
				n++
			}
		}
		return err
	})
	if err != nil || n != 1 {
		t.Errorf("%s sends in %d sessions, %v", m.Name, n, err)
	}
	return id
}

// death is where a process dies: when it comes to a point for the nth time. The zero value lets it live.
type death struct {
	point string
	nth   int
}

func (d death) String() string { return fmt.Sprintf("%s, time %d", d.point, d.nth) }
