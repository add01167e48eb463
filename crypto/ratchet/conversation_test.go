package ratchet

import (
	"fmt"
	"testing"
	"time"
)

func TestTwoSidesConverseAndRestartAtEveryStep(t *testing.T) {
	alice, bob, _ := newSession(t)
	for i := range 120 {
		from, to := alice, bob
		if i%2 == 1 {
			from, to = bob, alice
		}
		for j := range 1 + i%3 {
			text := fmt.Sprintf("%d.%d", i, j)
			from.restart()
			message := from.send(text)
			to.restart()
			if got := to.open(message); got != text {
				t.Fatalf("opened %q, want %q", got, text)
			}
		}
	}
}

func TestStatusFollowsThePostQuantumAuthentication(t *testing.T) {
	alice, bob, _ := newSession(t)
	check := func(s *side, name string, want bool) {
		t.Helper()
		st := s.state.Status(s.now)
		if st.PQAuthenticated != want || st.PQPending == want {
			t.Errorf("%s: authenticated %v, pending %v", name, st.PQAuthenticated, st.PQPending)
		}
	}
	first := alice.send("first")
	check(alice, "initiator before any reply", false)
	bob.open(first)
	check(bob, "acceptor after the first message", false)
	bob.open(alice.send("still first chain"))
	check(bob, "acceptor after more of the first chain", false)
	alice.open(bob.send("reply"))
	check(alice, "initiator after the reply", true)
	bob.open(alice.send("next chain"))
	check(bob, "acceptor after the next chain", true)
}

func TestOverdueAfterMessagesOrDays(t *testing.T) {
	alice, _ := settled(t)
	for alice.state.Status(start).MessagesSincePQ < OverdueAfterMessages {
		if alice.state.Status(start).Overdue {
			t.Fatalf("overdue after %d messages", alice.state.Status(start).MessagesSincePQ)
		}
		alice.send("no answer")
	}
	if !alice.state.Status(start).Overdue {
		t.Error("not overdue after 200 messages")
	}
	_, bob := settled(t)
	if bob.state.Status(start.Add(OverdueAfter - time.Second)).Overdue {
		t.Error("overdue before seven days")
	}
	if !bob.state.Status(start.Add(OverdueAfter)).Overdue {
		t.Error("not overdue after seven days")
	}
	if bob.state.Status(start.Add(-OverdueAfter)).Overdue {
		t.Error("a clock that went back makes a session overdue")
	}
}
