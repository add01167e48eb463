package screen_test

import (
	"testing"

	"sotto/app/messenger"
	"sotto/app/ui/screen"
)

func TestARelayIsNamedByHostAndPortAndJudgedByItsAddress(t *testing.T) {
	for _, c := range []struct {
		address, name string
		reach         messenger.Reach
	}{
		{"sotto-relay://127.0.0.1:4711", "127.0.0.1:4711", messenger.ReachComputer},
		{"sotto-relay://localhost:4711#web", "localhost:4711", messenger.ReachComputer},
		{"sotto-relay://[::1]:4711#web", "[::1]:4711", messenger.ReachComputer},
		{"sotto-relay://192.168.1.4:443#pin=AAAA", "192.168.1.4:443", messenger.ReachNetwork},
		{"sotto-relay://[fd00::1]:443#pin=AAAA", "[fd00::1]:443", messenger.ReachNetwork},
		{"sotto-relay://169.254.3.4:443#pin=AAAA", "169.254.3.4:443", messenger.ReachNetwork},
		{"sotto-relay://relay.example.org:443#pin=AAAA", "relay.example.org:443", messenger.ReachAnywhere},
		{"sotto-relay://192.0.2.1:443#pin=AAAA", "192.0.2.1:443", messenger.ReachAnywhere},
	} {
		if got := screen.RelayName(c.address); got != c.name {
			t.Errorf("%s is named %q, want %q", c.address, got, c.name)
		}
		if got := screen.ReachOf(c.address); got != c.reach {
			t.Errorf("%s reaches %q, want %q", c.address, got, c.reach)
		}
	}
}
