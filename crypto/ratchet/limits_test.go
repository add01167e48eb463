package ratchet

import (
	"errors"
	"math"
	"testing"
)

// I4: leaps over the limit are refused before any chain is computed.
func TestLeapsOverTheLimitAreRefusedAtOnce(t *testing.T) {
	t.Run("in a known chain", func(t *testing.T) {
		alice, bob := settled(t)
		for range MaxSkip {
			alice.send("lost")
		}
		bob.fork().open(alice.fork().send("exactly at the limit"))
		alice.send("one more lost")
		bob.refusesFor(alice.send("beyond"), reasonSkipLimit)
	})
	t.Run("in a new chain", func(t *testing.T) {
		alice, bob := settled(t)
		alice.open(bob.send("turn"))
		for range MaxSkip {
			alice.send("lost")
		}
		bob.fork().open(alice.fork().send("exactly at the limit"))
		alice.send("one more lost")
		bob.refusesFor(alice.send("beyond"), reasonSkipLimit)
	})
	t.Run("in the chain before", func(t *testing.T) {
		alice, bob := settled(t)
		for range MaxSkip {
			alice.send("lost")
		}
		reachable := alice.fork()
		other := bob.fork()
		turn := bob.send("turn")
		reachable.open(turn)
		other.send("the same turn")
		other.open(reachable.send("exactly at the limit"))
		alice.send("one more lost")
		alice.open(turn)
		bob.refusesFor(alice.send("beyond"), reasonSkipLimit)
	})
}

// I4: the last number of a chain would make its length overflow.
func TestTheLastNumberOfAChainIsNeverAccepted(t *testing.T) {
	alice, bob := settled(t)
	const last = math.MaxUint32
	alice.state.s.send.number = last - 1
	bob.state.s.receive[0].next, bob.state.s.receive[0].key = last-1, alice.state.s.send.key
	bob.open(alice.send("the last one"))
	if _, _, err := Encrypt(alice.state, nil, nil); !errors.Is(err, ErrExhausted) {
		t.Errorf("Encrypt = %v", err)
	}
	bob.refusesFor(alice.state.s.forge(last), reasonMalformed)
}

// forge returns a message shape with the given number in the sending chain.
func (s *state) forge(number uint32) []byte {
	h := header{flags: s.send.flags, session: s.session, public: s.own.public, number: number, salt: make([]byte, saltSize)}
	return append(h.append(nil), make([]byte, TagSize)...)
}

// I4: at most MaxStored keys are kept, and the oldest go first.
func TestTheOldestSkippedKeysAgeOut(t *testing.T) {
	alice, bob := settled(t)
	var lost [][]byte
	for range 3 {
		for range MaxSkip - 1 {
			lost = append(lost, alice.send("late"))
		}
		bob.open(alice.send("arrives"))
	}
	if n := bob.storedKeys(); n != MaxStored {
		t.Errorf("%d keys stored, want %d", n, MaxStored)
	}
	gone := len(lost) - MaxStored
	bob.refusesFor(lost[0], reasonAgedOut)
	bob.refusesFor(lost[gone-1], reasonAgedOut)
	bob.restart()
	bob.refusesFor(lost[gone-1], reasonAgedOut)
	bob.open(lost[gone])
	bob.open(lost[len(lost)-1])
	if size := len(bob.state.Marshal()); size > MaxState {
		t.Errorf("state of %d bytes, above MaxState", size)
	}
}

// I4: at most MaxChains receiving chains are kept.
func TestTheOldestChainsAreForgotten(t *testing.T) {
	alice, bob := settled(t)
	var late [][]byte
	for range MaxChains + 1 {
		late = append(late, alice.send("late"))
		bob.open(alice.send("arrives"))
		alice.open(bob.send("turn"))
	}
	if n := len(bob.state.s.receive); n != MaxChains {
		t.Errorf("%d chains kept, want %d", n, MaxChains)
	}
	bob.refuses(late[0], ErrUndecryptable)
	for _, m := range late[1:] {
		bob.open(m)
	}
}

func TestMessagesBeyondAClosedChainAreRefused(t *testing.T) {
	alice, bob := settled(t)
	behind := alice.fork() // a copy of the device that never sees the turn
	bob.open(alice.send("current"))
	turn := bob.send("turn")
	alice.open(turn)
	bob.open(alice.send("new chain"))
	behind.send("takes the number of current")
	bob.refusesFor(behind.send("after the end"), reasonChainClosed)
}
