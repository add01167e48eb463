package conversation

import (
	"slices"
	"strings"
	"testing"

	"sotto/app/messenger"
	"sotto/chat"
)

func TestTheHeadOfTheChatNamesEveryState(t *testing.T) {
	ada, bot := chat.Contact{ID: them, Name: "Ada"}, chat.Contact{ID: them, Name: "Guide", Bot: true}
	type state = messenger.SecurityState
	for _, c := range []struct {
		name    string
		contact chat.Contact
		state   state
		overdue bool
		want    []string
	}{
		{"not verified, pending", ada, state{PQ: messenger.PQPending, Online: true}, false, []string{"Not verified", "Quantum-safe pending"}},
		{"no session yet", ada, state{PQ: messenger.PQNone, Online: true}, false, []string{"Not verified", "No session yet"}},
		{"overdue", ada, state{PQ: messenger.PQOverdue, Online: true}, false, []string{"Not verified", "Quantum-safe overdue"}},
		{"a new device", ada, state{PQ: messenger.PQPending, Online: true, NewDevices: 1}, false, []string{"New device: confirm", "Not verified", "Quantum-safe pending"}},
		{"a device that asks for messages", ada, state{PQ: messenger.PQPending, Online: true, ResendHeld: true}, false, []string{"New device: confirm", "Not verified", "Quantum-safe pending"}},
		{"restored", ada, state{PQ: messenger.PQPending, Online: true, Restored: true, NewDevices: 1}, false, []string{"Restored: confirm", "Not verified", "Quantum-safe pending"}},
		{"a verified contact with a new device", ada, state{Verification: chat.Verified, PQ: messenger.PQAuthenticated, Online: true, NewDevices: 1}, false, []string{"New device: confirm", "Verified", "Quantum-safe"}},
		{"verified", ada, state{Verification: chat.Verified, PQ: messenger.PQAuthenticated, Online: true}, false, []string{"Verified", "Quantum-safe"}},
		{"changed comes first", bot, state{Verification: chat.Changed, PQ: messenger.PQOverdue, Online: true}, false, []string{"Identity changed: check", "Bot", "Quantum-safe overdue"}},
		{"a moment offline", ada, state{Relay: "r", Waiting: 3, PQ: messenger.PQPending}, false, []string{"Not verified", "Quantum-safe pending"}},
		{"offline", ada, state{Relay: "r", PQ: messenger.PQPending}, true, []string{"Not verified", "Offline", "Quantum-safe pending"}},
		{"offline with something to send", ada, state{Relay: "r", Waiting: 3, PQ: messenger.PQPending}, true, []string{"Not verified", "Offline: 3 waiting", "Quantum-safe pending"}},
		{"the other side is away", ada, state{Relay: "r", Online: true, Waiting: 2, PQ: messenger.PQPending}, true, []string{"Not verified", "Offline: 2 waiting", "Quantum-safe pending"}},
		{"set aside", ada, state{Relay: "r", Online: true, Parked: 1, PQ: messenger.PQPending}, false, []string{"Not verified", "1 not sent", "Quantum-safe pending"}},
	} {
		var got []string
		for _, s := range conditions(c.contact, c.state, c.overdue) {
			got = append(got, s.word)
			if n := strings.Count(s.text, ". ") + 1; n < 3 || n > 4 {
				t.Errorf("%s: %q is explained in %d sentences", c.name, s.word, n)
			}
			if s.icon == "" || s.title == "" {
				t.Errorf("%s: %q has no icon or title", c.name, s.word)
			}
			if (s.offer == "") != (s.action == noAct) {
				t.Errorf("%s: %q offers %q and does %d", c.name, s.word, s.offer, s.action)
			}
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}
