package ratchet

import (
	"bytes"
	"errors"
	"testing"
)

func TestStatesOfEveryShapeSurviveStorage(t *testing.T) {
	for name, s := range fuzzStates(t) {
		t.Run(name, func(t *testing.T) {
			s.t = t
			status := s.state.Status(start)
			s.restart()
			if s.state.Status(start) != status {
				t.Errorf("status %+v, was %+v", s.state.Status(start), status)
			}
		})
	}
}

func TestAParsedStateKeepsNothingOfItsInput(t *testing.T) {
	_, bob, _ := newSession(t)
	b := bob.state.Marshal()
	s, err := ParseState(b)
	must(t, err)
	want := bytes.Clone(b)
	clear(b)
	if !bytes.Equal(s.Marshal(), want) {
		t.Error("the state aliases the bytes it was parsed from")
	}
}

func TestTruncatedAndForeignStatesAreRefused(t *testing.T) {
	for name, s := range fuzzStates(t) {
		t.Run(name, func(t *testing.T) {
			b := s.state.Marshal()
			for n := range b {
				if _, err := ParseState(b[:n]); !errors.Is(err, ErrState) {
					t.Fatalf("%d of %d bytes: %v", n, len(b), err)
				}
			}
			for _, bad := range [][]byte{
				append(bytes.Clone(b), 0),
				append([]byte{0}, b[1:]...),
				append([]byte{Version + 1}, b[1:]...),
				make([]byte, MaxState+1),
			} {
				if _, err := ParseState(bad); !errors.Is(err, ErrState) {
					t.Errorf("ParseState = %v", err)
				}
			}
		})
	}
}

// Each case breaks one rule of a state that is otherwise well-formed.
func TestPartsThatCannotOccurTogetherAreRefused(t *testing.T) {
	states := fuzzStates(t)
	late := states["acceptor with skipped keys"]
	for name, c := range map[string]struct {
		from string
		with func(*state)
	}{
		"no role":                      {"initiator", func(s *state) { s.role = 0 }},
		"another role":                 {"initiator", func(s *state) { s.role = Acceptor }},
		"third role":                   {"initiator", func(s *state) { s.role = 3 }},
		"offer without a seed":         {"initiator", func(s *state) { s.outstanding = nil }},
		"initiator without a chain":    {"initiator", func(s *state) { s.send = sendChain{} }},
		"authenticated too early":      {"initiator", func(s *state) { s.authenticated = true }},
		"static seed missing":          {"initiator", func(s *state) { s.ownStatic = nil }},
		"static seed kept":             {"initiator after the reply", func(s *state) { s.ownStatic = kemKeyFromSeed(make([]byte, seedSize)) }},
		"authentication lost":          {"initiator after the reply", func(s *state) { s.authenticated = false }},
		"acceptor without static key":  {"acceptor", func(s *state) { s.peerStatic = nil }},
		"acceptor authenticated early": {"acceptor", func(s *state) { s.authenticated = true }},
		"acceptor with a bad key":      {"acceptor", func(s *state) { s.peerStatic = bytes.Repeat([]byte{0xff}, encapsulationKey) }},
		"acceptor with a static seed":  {"acceptor", func(s *state) { s.ownStatic = kemKeyFromSeed(make([]byte, seedSize)) }},
		"first answer, authenticated":  {"acceptor after the first message", func(s *state) { s.authenticated = true }},
		"no chain received":            {"acceptor after the first message", func(s *state) { s.receive = nil }},
		"closed newest chain":          {"acceptor after the first message", func(s *state) { s.receive[0].open = false }},
		"open older chain":             {"acceptor with skipped keys", func(s *state) { s.receive[1].open = true }},
		"another newest chain":         {"acceptor with skipped keys", func(s *state) { s.peer[0] ^= 1 }},
		"a chain twice":                {"acceptor with skipped keys", func(s *state) { s.receive[1].public = s.receive[0].public }},
		"skipped key of the future":    {"acceptor with skipped keys", func(s *state) { s.receive[0].skipped[0].number = s.receive[0].next }},
		"skipped key under the floor":  {"acceptor with skipped keys", func(s *state) { s.receive[0].floor = s.receive[0].next }},
		"floor of the future":          {"acceptor with skipped keys", func(s *state) { s.receive[0].floor = s.receive[0].next + 1 }},
		"skipped keys out of order": {"acceptor with skipped keys", func(s *state) {
			s.receive[0].next += 5
			s.receive[0].skipped = append(s.receive[0].skipped, skippedKey{number: 0})
		}},
		"too many skipped keys": {"acceptor with skipped keys", func(s *state) {
			s.receive[0].next = 5000
			for i := range uint32(MaxStored) {
				s.receive[0].skipped = append(s.receive[0].skipped, skippedKey{number: 100 + i})
			}
		}},
		"too many chains": {"acceptor with skipped keys", func(s *state) {
			for i := range MaxChains {
				s.receive = append(s.receive, receiveChain{public: [publicSize]byte{byte(i)}})
			}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			broken := states[c.from].state.s.clone()
			c.with(broken)
			if _, err := ParseState(broken.append(nil)); !errors.Is(err, ErrState) {
				t.Errorf("ParseState = %v", err)
			}
		})
	}
	if len(late.state.s.receive) != 2 || len(late.state.s.receive[0].skipped) != 1 {
		t.Error("the cases above need two chains and a skipped key")
	}
}
