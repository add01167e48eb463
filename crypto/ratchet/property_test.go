package ratchet

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// I3: whatever the order, messages of one chain each open exactly once as long as no leap is over
// MaxSkip.
func TestAnyPermutationOpensEachMessageOnce(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		alice, bob := settled(t)
		if rapid.Bool().Draw(rt, "new chain") {
			alice.open(bob.send("turn"))
		}
		n := rapid.IntRange(1, 40).Draw(rt, "messages")
		messages := make([][]byte, n)
		order := make([]int, n)
		for i := range messages {
			messages[i] = alice.send(fmt.Sprint(i))
			order[i] = i
		}
		for _, i := range rapid.Permutation(order).Draw(rt, "order") {
			if got := bob.open(messages[i]); got != fmt.Sprint(i) {
				rt.Fatalf("message %d reads %q", i, got)
			}
			if rapid.Bool().Draw(rt, "restart") {
				bob.restart()
			}
			bob.refuses(messages[i], ErrDuplicate)
		}
		for _, m := range messages {
			bob.refuses(m, ErrDuplicate)
		}
		if bob.storedKeys() != 0 {
			rt.Fatalf("%d keys are left over", bob.storedKeys())
		}
	})
}

// I3 at its limit: MaxSkip messages overtaken by the next one.
func TestAFullLeapBackwardsOpensEachMessageOnce(t *testing.T) {
	alice, bob := settled(t)
	var messages [][]byte
	for range MaxSkip + 1 {
		messages = append(messages, alice.send("text"))
	}
	for i := len(messages) - 1; i >= 0; i-- {
		bob.open(messages[i])
	}
	if bob.storedKeys() != 0 {
		t.Errorf("%d keys are left over", bob.storedKeys())
	}
}

// flight is a message under way in a random conversation.
type flight struct {
	text    string
	message []byte
	chain   int // which of its sender's chains, counted from 0
	opened  bool
}

// traveller is one side of a random conversation and what is under way to the other.
type traveller struct {
	*side
	sent     []*flight
	chain    int // own chains made so far
	received int // newest chain of the peer opened so far
}

// Random conversations with loss, reordering, duplicates, restarts, failed commits and days passing:
// every message opens once and only once, as long as its chain is among the newest MaxChains.
func TestRandomConversationsWithLoss(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		a, b, _ := newSession(t)
		alice, bob := &traveller{side: a, received: -1}, &traveller{side: b, received: -1}
		count := 0
		deliver := func(from, to *traveller) {
			if len(from.sent) == 0 {
				return
			}
			f := from.sent[rapid.IntRange(0, len(from.sent)-1).Draw(rt, "which")]
			before := to.state
			next, plaintext, opened, err := Decrypt(to.state, f.message, associated, to.now)
			old := to.received-f.chain >= MaxChains
			switch {
			case f.opened && !old && !errors.Is(err, ErrDuplicate):
				rt.Fatalf("a repeated message: %v", err)
			case (f.opened || old) && err == nil:
				rt.Fatalf("a used or forgotten message reads %q", plaintext)
			case !f.opened && !old && err != nil:
				rt.Fatalf("chain %d of %d: %v", f.chain, to.received, err)
			case err != nil:
				if next != before {
					rt.Fatal("a refused message changed the state")
				}
				return
			}
			if string(plaintext) != f.text {
				rt.Fatalf("%q reads %q", f.text, plaintext)
			}
			if rapid.IntRange(0, 9).Draw(rt, "commit") == 0 {
				return // the commit fails: it has not happened
			}
			to.state = next
			f.opened = true
			if opened.Turn != (f.chain > to.received) {
				rt.Fatalf("Turn is %v for chain %d after %d", opened.Turn, f.chain, to.received)
			}
			if opened.Turn {
				if to.state.s.role == Initiator || to.received >= 0 {
					to.chain++
				}
				to.received = f.chain
			}
		}
		send := func(s *traveller) {
			next, message, err := Encrypt(s.state, fmt.Append(nil, count), associated)
			if errors.Is(err, ErrNotReady) {
				return
			}
			must(t, err)
			s.state = next
			f := &flight{text: fmt.Sprint(count), message: message, chain: s.chain}
			count++
			if rapid.IntRange(0, 4).Draw(rt, "loss") > 0 {
				s.sent = append(s.sent, f)
			}
		}
		rt.Repeat(map[string]func(*rapid.T){
			"alice writes":   func(*rapid.T) { send(alice) },
			"bob writes":     func(*rapid.T) { send(bob) },
			"to bob":         func(*rapid.T) { deliver(alice, bob) },
			"to alice":       func(*rapid.T) { deliver(bob, alice) },
			"alice restarts": func(*rapid.T) { alice.restart() },
			"bob restarts":   func(*rapid.T) { bob.restart() },
			"time passes": func(rt *rapid.T) {
				hours := time.Duration(rapid.IntRange(-2, 30).Draw(rt, "hours"))
				alice.now, bob.now = alice.now.Add(hours*time.Hour), bob.now.Add(hours*time.Hour)
			},
			"": func(rt *rapid.T) {
				for _, s := range []*traveller{alice, bob} {
					if !s.state.s.consistent() {
						rt.Fatal("an inconsistent state")
					}
				}
			},
		})
	})
}
