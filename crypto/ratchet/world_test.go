package ratchet

import (
	"crypto/ecdh"
	"crypto/mlkem"
	"crypto/rand"
	"errors"
	"slices"
	"testing"
	"time"
)

var start = time.Date(2026, 1, 2, 3, 4, 5, 678_000_000, time.UTC)

var associated = []byte("associated data of both sides")

// side is one device in a test conversation; it panics through t on anything unexpected.
type side struct {
	t     testing.TB
	state State
	now   time.Time
}

// secrets are the long-lived keys a session began with, for tests of what a thief of them can do.
type secrets struct {
	root      Root
	prekey    *ecdh.PrivateKey
	staticKEM *mlkem.DecapsulationKey768
}

func newSession(t testing.TB) (alice, bob *side, began secrets) {
	t.Helper()
	var binding Binding
	var id SessionID
	rand.Read(began.root[:])
	rand.Read(binding[:])
	rand.Read(id[:])
	prekey, err := ecdh.X25519().GenerateKey(rand.Reader)
	must(t, err)
	static, err := mlkem.GenerateKey768()
	must(t, err)
	began.prekey, began.staticKEM = prekey, static
	a, err := NewInitiator(InitiatorParams{
		Root: began.root, Binding: binding, SessionID: id,
		PeerRatchetKey: prekey.PublicKey(), OwnStaticKEM: static,
	}, start)
	must(t, err)
	b, err := NewAcceptor(AcceptorParams{
		Root: began.root, Binding: binding, SessionID: id,
		OwnRatchetKey: prekey, PeerStaticKEM: static.EncapsulationKey(),
	}, start)
	must(t, err)
	return &side{t, a, start}, &side{t, b, start}, began
}

// settled returns a session in which both sides are authenticated.
func settled(t testing.TB) (alice, bob *side) {
	t.Helper()
	alice, bob, _ = newSession(t)
	bob.open(alice.send("one"))
	alice.open(bob.send("two"))
	bob.open(alice.send("three"))
	return alice, bob
}

func (s *side) send(text string) []byte {
	s.t.Helper()
	next, message, err := Encrypt(s.state, []byte(text), associated)
	must(s.t, err)
	s.state = next
	return message
}

func (s *side) open(message []byte) string {
	s.t.Helper()
	next, plaintext, _, err := Decrypt(s.state, message, associated, s.now)
	must(s.t, err)
	s.state = next
	return string(plaintext)
}

// refuses checks that message fails with want and leaves the state as it was (I1).
func (s *side) refuses(message []byte, want error) {
	s.t.Helper()
	before := string(s.state.Marshal())
	next, plaintext, _, err := Decrypt(s.state, message, associated, s.now)
	if !errors.Is(err, want) {
		s.t.Errorf("Decrypt = %v, want %v", err, want)
	}
	if plaintext != nil || next != s.state || string(next.Marshal()) != before {
		s.t.Error("a refused message left a trace")
	}
}

// refusesFor checks the same for ErrUndecryptable, and that the reason inside is the one meant.
func (s *side) refusesFor(message []byte, why reason) {
	s.t.Helper()
	s.refuses(message, ErrUndecryptable)
	_, _, _, err := Decrypt(s.state, message, associated, s.now)
	var r refusal
	if !errors.As(err, &r) || r.reason != why {
		s.t.Errorf("refused for reason %v, want %v", r.reason, why)
	}
}

// restart stores and loads the state.
func (s *side) restart() {
	s.t.Helper()
	again, err := ParseState(s.state.Marshal())
	must(s.t, err)
	if string(again.Marshal()) != string(s.state.Marshal()) {
		s.t.Fatal("a state does not survive storage")
	}
	s.state = again
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// fork returns a copy of the side, as a stolen or restored device would be.
func (s *side) fork() *side {
	s.t.Helper()
	copied, err := ParseState(s.state.Marshal())
	must(s.t, err)
	return &side{s.t, copied, s.now}
}

// cheat makes the side's chain claim other material than it was made with. A key to carry is a
// fresh one.
func (s *side) cheat(f flags, answer []byte) {
	s.t.Helper()
	c := s.state.s.clone()
	c.send.flags, c.send.answer = f, slices.Clone(answer)
	if f == carriesKey && c.outstanding == nil {
		c.outstanding = kemKeyFromSeed(make([]byte, seedSize))
	}
	s.state = State{c}
}

func (s *side) storedKeys() int {
	n := 0
	for _, c := range s.state.s.receive {
		n += len(c.skipped)
	}
	return n
}

// untilOffer lets both talk in turn until one of them is about to offer a key, and names it.
func untilOffer(t *testing.T, alice, bob *side) (offering, answering *side) {
	t.Helper()
	from, to := bob, alice
	for range 100 {
		if from.state.s.send.flags == carriesKey {
			return from, to
		}
		to.open(from.send("talk"))
		from, to = to, from
	}
	t.Fatal("no key was offered within 100 messages")
	return nil, nil
}
