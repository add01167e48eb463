//go:build unix && !race

package handshake_test

import (
	"bytes"
	"testing"
	"time"

	"sotto/crypto/handshake"
)

// refusedWithin is I4's bound in CPU time, for initial messages too (I16).
const refusedWithin = 5 * time.Millisecond

// I16: without the invitation's secret a forged initial message costs an HMAC; with it, at most the key
// agreement, for what opens after that was sealed by someone who did more work still.
func TestI16ForgedInitialMessagesAreRefusedInTime(t *testing.T) {
	alice, bob := newParty(t), newMailbox(t, newParty(t), 1)
	header := bob.initiate(t, alice).Header
	ungated := bytes.Clone(header)
	ungated[handshake.OffsetGate] ^= 1
	garbage := bytes.Clone(header)
	garbage[len(garbage)-1] ^= 1
	largest := make([]byte, handshake.MaxHeader+1)
	for _, c := range []struct {
		name   string
		header []byte
		within time.Duration
	}{
		{"too large", largest, refusedWithin / 100},
		{"without the secret", ungated, refusedWithin / 10},
		{"with the secret", handshake.Regate(garbage, bob.secret), refusedWithin},
	} {
		best := time.Hour
		for range 8 {
			const times = 4
			began := cpuTime(t)
			for range times {
				_, err := bob.accept(c.header)
				refused(t, c.name, err)
			}
			best = min(best, (cpuTime(t)-began)/times)
		}
		t.Logf("%s: %v of CPU time", c.name, best)
		if best > c.within {
			t.Errorf("%s: takes %v of CPU time, more than %v", c.name, best, c.within)
		}
	}
}
