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

// BenchmarkBurst is one side writing without an answer.
func BenchmarkBurst(b *testing.B) {
	converse(b, false, false)
}

func converse(b *testing.B, takeTurns, stored bool) {
	to, from := settled(b)
	plaintext := make([]byte, 200)
	overhead := 0
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
}

// BenchmarkRefuse is what a forged message costs the receiver (I4: under 5 ms): at the limit its chain
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
			message := from.send("text")
			binary.BigEndian.PutUint32(message[54:], c.number)
			message[len(message)-1] ^= 1
			b.ResetTimer()
			for range b.N {
				if _, _, _, err := Decrypt(to.state, message, associated, start); !errors.Is(err, ErrUndecryptable) {
					b.Fatal(err)
				}
			}
		})
	}
}
