package ratchet

import (
	"bytes"
	"errors"
	"testing"
)

// fuzzStates returns states of every shape: waiting, fresh, offering, answering, with skipped keys.
func fuzzStates(t testing.TB) map[string]*side {
	alice, bob, _ := newSession(t)
	states := map[string]*side{"initiator": alice.fork(), "acceptor": bob.fork()}
	alice.send("lost")
	bob.open(alice.send("offer"))
	states["acceptor after the first message"] = bob.fork()
	alice.open(bob.send("answer"))
	states["initiator after the reply"] = alice.fork()
	alice.send("lost")
	bob.open(alice.send("turn"))
	states["acceptor with skipped keys"] = bob.fork()
	return states
}

func FuzzParseState(f *testing.F) {
	for _, s := range fuzzStates(f) {
		b := s.state.Marshal()
		f.Add(b)
		f.Add(b[:len(b)-1])
		f.Add(append(b, 0))
	}
	alice, _, _ := newSession(f)
	message := alice.send("for whom it may concern")
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := ParseState(b)
		if err != nil {
			if !errors.Is(err, ErrState) || !s.IsZero() {
				t.Errorf("ParseState = %v, %v", s, err)
			}
			return
		}
		if !bytes.Equal(s.Marshal(), b) {
			t.Fatal("a state was read that is written otherwise")
		}
		// What was read can be used without a panic, and what comes of it can be read again.
		if next, _, err := Encrypt(s, []byte("text"), nil); err == nil {
			if _, err := ParseState(next.Marshal()); err != nil {
				t.Error("the state after sending cannot be read")
			}
		}
		copy(message[2:], s.s.session[:])
		if len(s.s.receive) > 0 {
			copy(message[18:], s.s.receive[0].public[:])
		}
		if _, plaintext, _, err := Decrypt(s, message, nil, start); err == nil {
			t.Errorf("a foreign message reads %q", plaintext)
		}
	})
}

func FuzzDecrypt(f *testing.F) {
	alice, bob, _ := newSession(f)
	first, second := alice.send("first"), alice.send("second")
	waiting := bob.fork()
	bob.open(first)
	answer := bob.send("answer")
	pending := alice.fork()
	alice.open(answer)
	turn := alice.send("turn")
	states := []*side{waiting, pending, bob}
	genuine := map[string]bool{string(first): true, string(second): true, string(answer): true, string(turn): true}
	for m := range genuine {
		for i := range states {
			f.Add(i, []byte(m))
			f.Add(i, []byte(m)[:len(m)-1])
			f.Add(i, []byte(m)[:MinOverhead])
		}
	}
	f.Fuzz(func(t *testing.T, which int, message []byte) {
		if which < 0 || which >= len(states) {
			return
		}
		s := states[which].state
		before := s.Marshal()
		next, _, _, err := Decrypt(s, message, associated, start)
		switch {
		case err == nil && !genuine[string(message)]:
			t.Errorf("a forged message opens: %x", message)
		case err != nil && !errors.Is(err, ErrUndecryptable) && !errors.Is(err, ErrDuplicate):
			t.Errorf("Decrypt = %v", err)
		case err != nil && next != s:
			t.Error("a refused message changed the state")
		}
		if !bytes.Equal(s.Marshal(), before) {
			t.Error("Decrypt changed its argument")
		}
	})
}
