//go:build unix

package handshake_test

import (
	"syscall"
	"testing"
	"time"

	"sotto/crypto/handshake"
)

// setups is how many sessions one operation of BenchmarkSetUp begins, each with a one-time pair and a sender of its own.
const setups = 100

// BenchmarkSetUp begins sessions per CPU-second (docs/PERFORMANCE.md): initiate opens a sealed bundle, verifies its
// signatures and computes the handshake; accept opens the initial message and verifies the initiator's signatures.
func BenchmarkSetUp(b *testing.B) {
	bob := newMailbox(b, newParty(b), setups)
	var sealed [][]byte
	var senders []*party
	for _, pair := range bob.pairs {
		sealed = append(sealed, handshake.SealPair(bob.secret, pair))
		senders = append(senders, newParty(b))
	}
	headers := make([][]byte, setups)
	var initiating, accepting time.Duration
	for b.Loop() {
		began := cpuTime(b)
		for i := range headers {
			pair, err := handshake.OpenPair(bob.secret, sealed[i])
			if err != nil {
				b.Fatal(err)
			}
			initiated, err := handshake.Initiate(senders[i].own, bob.open(b), pair, bob.secret, now)
			if err != nil {
				b.Fatal(err)
			}
			headers[i] = initiated.Header
		}
		initiating += cpuTime(b) - began
		began = cpuTime(b)
		for _, header := range headers {
			if _, err := bob.accept(header); err != nil {
				b.Fatal(err)
			}
		}
		accepting += cpuTime(b) - began
	}
	total := float64(b.N) * setups
	b.ReportMetric(total/initiating.Seconds(), "initiated/CPU-s")
	b.ReportMetric(total/accepting.Seconds(), "accepted/CPU-s")
	b.ReportMetric(float64(len(headers[0])), "header-B")
}

// cpuTime returns what the process has used so far, collection of garbage included.
func cpuTime(b testing.TB) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
