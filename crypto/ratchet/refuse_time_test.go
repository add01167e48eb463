//go:build unix && !race

package ratchet

import (
	"encoding/binary"
	"errors"
	"math"
	"testing"
	"time"
)

// refusedWithin is I4's bound on what a forged message costs the receiver, in CPU time: other programs
// share the machine. The dearest measured takes a third of it.
const refusedWithin = 5 * time.Millisecond

// I4: the dearest forgeries of each kind, against a state that holds all the keys and chains it may.
func TestForgedMessagesAreRefusedInTime(t *testing.T) {
	initial, acceptor, _ := newSession(t)
	acceptor.open(initial.send("offer"))
	answer := acceptor.send("two ciphertexts to decapsulate")

	alice, bob := settled(t)
	for range MaxChains - 1 {
		for range MaxStored / (MaxChains - 1) {
			alice.send("lost")
		}
		bob.open(alice.send("arrives"))
		alice.open(bob.send("turn"))
	}
	bob.open(alice.send("arrives"))
	if n := len(bob.state.s.receive); n != MaxChains || bob.storedKeys() != MaxStored {
		t.Fatalf("%d chains and %d keys are held", n, bob.storedKeys())
	}
	known := alice.send("a known chain")
	bob.open(known)
	alice.open(bob.send("turn"))
	turn := alice.send("a new chain")

	for _, c := range []struct {
		name    string
		to      *side
		message []byte
		number  uint32
	}{
		{"known chain, at the limit", bob, known, MaxSkip},
		{"known chain, over the limit", bob, known, math.MaxUint32 - 1},
		{"new chain, at the limit", bob, turn, MaxSkip},
		{"new chain, over the limit", bob, turn, MaxSkip + 1},
		{"new chain with two ciphertexts, at the limit", initial, answer, MaxSkip},
		{"a session nobody has", acceptor, known, 0},
		{"not a message", acceptor, nil, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			forged := make([]byte, MaxMessage) // the dearest to authenticate
			copy(forged, c.message)
			if c.message != nil {
				binary.BigEndian.PutUint32(forged[54:], c.number)
			}
			best := time.Hour
			for range 8 {
				const times = 4
				began := cpuTime(t)
				for range times {
					if _, _, _, err := Decrypt(c.to.state, forged, associated, start); !errors.Is(err, ErrUndecryptable) {
						t.Fatal(err)
					}
				}
				best = min(best, (cpuTime(t)-began)/times)
			}
			t.Logf("%v of CPU time", best)
			if best > refusedWithin {
				t.Errorf("takes %v of CPU time, more than %v", best, refusedWithin)
			}
		})
	}
}
