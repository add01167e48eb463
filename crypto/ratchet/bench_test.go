//go:build unix

package ratchet

import (
	"encoding/binary"
	"errors"
	"syscall"
	"testing"
	"time"
)

// cpuTime returns what the process has used, collection of garbage included. The figures are per
// CPU-second, since other programs share the machine.
func cpuTime(b testing.TB) time.Duration {
	var u syscall.Rusage
	must(b, syscall.Getrusage(syscall.RUSAGE_SELF, &u))
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkPingPong is the figure docs/PERFORMANCE.md compares with libsignal: one message encrypted
// and decrypted, the sides taking turns, exchanges included.
func BenchmarkPingPong(b *testing.B) {
	converse(b, true, false)
}

// BenchmarkPingPongThroughStorage also serialises and parses both states at every message.
func BenchmarkPingPongThroughStorage(b *testing.B) {
	converse(b, true, true)
}

// BenchmarkOneWay is one side writing without an answer.
func BenchmarkOneWay(b *testing.B) {
	converse(b, false, false)
}

func converse(b *testing.B, takeTurns, stored bool) {
	to, from := settled(b)
	plaintext := make([]byte, 200)
	overhead, largest := 0, 0
	load := func(s *side) {
		if stored {
			parsed, err := ParseState(s.state.Marshal())
			must(b, err)
			s.state = parsed
		}
	}
	b.ReportAllocs()
	b.ResetTimer()
	began := cpuTime(b)
	for range b.N {
		load(from)
		sent, message, err := Encrypt(from.state, plaintext, associated)
		must(b, err)
		from.state = sent
		overhead += len(message) - len(plaintext)
		largest = max(largest, len(message)-len(plaintext))
		load(to)
		opened, _, _, err := Decrypt(to.state, message, associated, start)
		must(b, err)
		to.state = opened
		if takeTurns {
			from, to = to, from
		}
	}
	b.ReportMetric(float64(b.N)/(cpuTime(b)-began).Seconds(), "messages/CPU-s")
	b.ReportMetric(float64(overhead)/float64(b.N), "overhead-B/message")
	b.ReportMetric(float64(largest), "largest-overhead-B")
}

// BenchmarkStateSize is what a session takes in storage: of each side after the handshake and the first message, at most
// in a conversation in turns, and with all the keys and chains of lost messages that a state may hold.
func BenchmarkStateSize(b *testing.B) {
	var initiator, acceptor, turns, worst int
	for range b.N {
		alice, bob, _ := newSession(b)
		bob.open(alice.send("first"))
		initiator, acceptor = alice.state.Size(), bob.state.Size()
		turns, worst = 0, 0
		for range 3 * ExchangeAfterMessages {
			alice.open(bob.send("turn"))
			alice, bob = bob, alice
			turns = max(turns, alice.state.Size(), bob.state.Size())
		}
		alice, bob = settled(b)
		for range 3 * MaxChains {
			for range MaxStored / (MaxChains - 1) {
				alice.send("lost")
			}
			bob.open(alice.send("arrives"))
			alice.open(bob.send("turn"))
			worst = max(worst, bob.state.Size())
		}
	}
	b.ReportMetric(float64(initiator), "initiator-B")
	b.ReportMetric(float64(acceptor), "acceptor-B")
	b.ReportMetric(float64(turns), "turns-B")
	b.ReportMetric(float64(worst), "worst-B")
}

// BenchmarkRefuse is what a forged message of the largest size costs the receiver (I4: under 5 ms): at the limit its chain
// is still computed, over it nothing is.
func BenchmarkRefuse(b *testing.B) {
	for _, c := range []struct {
		name   string
		turn   bool
		number uint32
	}{
		{"known chain, next", false, 1},
		{"known chain, at the limit", false, MaxSkip},
		{"new chain, at the limit", true, MaxSkip},
		{"over the limit", false, 1 << 31},
	} {
		b.Run(c.name, func(b *testing.B) {
			from, to := settled(b)
			if c.turn {
				from.open(to.send("turn"))
			}
			message := make([]byte, MaxMessage) // the dearest to authenticate
			copy(message, from.send("text"))
			binary.BigEndian.PutUint32(message[54:], c.number)
			b.ResetTimer()
			began := cpuTime(b)
			for range b.N {
				if _, _, _, err := Decrypt(to.state, message, associated, start); !errors.Is(err, ErrUndecryptable) {
					b.Fatal(err)
				}
			}
			b.ReportMetric((cpuTime(b)-began).Seconds()*1000/float64(b.N), "CPU-ms")
		})
	}
}
