package transporttest_test

import (
	"context"
	"encoding/binary"
	"slices"
	"sync"
	"testing"
	"time"

	"sotto/transport/client"
	"sotto/transport/relay"
	"sotto/transport/relay/store/sqlite"
	"sotto/transport/wire"
)

// benchRelay is the production path: TLS 1.3 on loopback TCP, SQLite with a sync per commit.
func benchRelay(b *testing.B) (wire.Owned, wire.Token, *client.Client, *client.Client) {
	b.Helper()
	r := startTCP(b, func(o *relay.Options) {
		s, err := sqlite.Open(b.TempDir())
		ok(b, err)
		b.Cleanup(func() { _ = s.Close() })
		o.Store = s
		o.Limits = relay.EmbeddedLimits()
		o.Limits.MaxMessages, o.Limits.MaxBytes = 1<<30, 1<<40
	})
	bob, alice := connect(b, r.pass.Address, nil), connect(b, r.pass.Address, nil)
	box, token := mailbox(b, bob, r.pass.Secret)
	return box, token, bob, alice
}

// BenchmarkSendPushAck has 64 sends in flight; every envelope (4 KiB, the smallest the wire allows) is
// synced, pushed, acknowledged and deleted. One operation is one envelope.
func BenchmarkSendPushAck(b *testing.B) {
	box, token, bob, alice := benchRelay(b)
	bob.Subscribe(box)
	received := make(chan struct{})
	go func() {
		defer close(received)
		seqs := make([]uint64, 0, 32)
		for n := 0; n < b.N; n++ {
			p := <-bob.Pushes()
			seqs = append(seqs, p.Seq)
			if len(seqs) == cap(seqs)/2 || n == b.N-1 {
				batch := slices.Clone(seqs)
				seqs = seqs[:0]
				go func() { _ = bob.Ack(context.Background(), box.Mailbox, batch...) }()
			}
		}
	}()
	body := make([]byte, 4096)
	b.SetBytes(4096)
	b.ResetTimer()
	inFlight(b.N, func(int) { ok(b, alice.Send(context.Background(), box.Mailbox, token, wire.NewEnvelopeID(), body)) })
	<-received
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "envelopes/s")
}

// BenchmarkSend has 64 sends in flight to a mailbox nobody reads.
func BenchmarkSend(b *testing.B) {
	box, token, _, alice := benchRelay(b)
	body := make([]byte, 4096)
	b.SetBytes(4096)
	b.ResetTimer()
	inFlight(b.N, func(int) { ok(b, alice.Send(context.Background(), box.Mailbox, token, wire.NewEnvelopeID(), body)) })
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "envelopes/s")
}

func inFlight(n int, do func(int)) {
	next := make(chan int)
	var group sync.WaitGroup
	for range 64 {
		group.Go(func() {
			for i := range next {
				do(i)
			}
		})
	}
	for i := range n {
		next <- i
	}
	close(next)
	group.Wait()
}

// BenchmarkPushLatency sends 1,000 envelopes a second and reports the time from Send to the push.
func BenchmarkPushLatency(b *testing.B) {
	box, token, bob, alice := benchRelay(b)
	bob.Subscribe(box)
	start := time.Now()
	delays := make([]time.Duration, 0, b.N)
	received := make(chan struct{})
	go func() {
		defer close(received)
		for len(delays) < b.N {
			p := <-bob.Pushes()
			sent := time.Duration(binary.BigEndian.Uint64(p.Envelope))
			delays = append(delays, time.Since(start)-sent)
			go func() { _ = bob.Ack(context.Background(), box.Mailbox, p.Seq) }()
		}
	}()
	b.ResetTimer()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	var group sync.WaitGroup
	for range b.N {
		<-tick.C
		group.Go(func() {
			body := make([]byte, 4096)
			binary.BigEndian.PutUint64(body, uint64(time.Since(start)))
			ok(b, alice.Send(context.Background(), box.Mailbox, token, wire.NewEnvelopeID(), body))
		})
	}
	group.Wait()
	<-received
	slices.Sort(delays)
	b.ReportMetric(float64(delays[len(delays)/2].Microseconds()), "p50-us")
	b.ReportMetric(float64(delays[len(delays)*99/100].Microseconds()), "p99-us")
	b.ReportMetric(0, "ns/op")
}
