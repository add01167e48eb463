package transporttest_test

import (
	"context"
	"encoding/binary"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"sotto/transport/client"
	"sotto/transport/relay"
	"sotto/transport/relay/store/sqlite"
	"sotto/transport/wire"
)

// The shape of the Mosquitto anchor (docs/PERFORMANCE.md): topics there are mailboxes here.
const (
	peerMailboxes = 1000
	peerReaders   = 50
	peerSenders   = 8
)

// crowd is a relay on loopback TLS with readers that acknowledge what they get, and senders.
type crowd struct {
	boxes   [peerMailboxes]wire.Owned
	tokens  [peerMailboxes]wire.Token
	senders [peerSenders]*client.Client
	taken   atomic.Int64
	onPush  atomic.Pointer[func(wire.Push)]
}

func newCrowd(b *testing.B) *crowd {
	b.Helper()
	r := startTCP(b, func(o *relay.Options) {
		s, err := sqlite.Open(b.TempDir())
		ok(b, err)
		b.Cleanup(func() { _ = s.Close() })
		o.Store = s
		o.Limits = relay.EmbeddedLimits()
		o.Limits.MaxMessages, o.Limits.MaxBytes = 1<<30, 1<<40
	})
	c := &crowd{}
	var group sync.WaitGroup
	for i := range peerReaders {
		reader := connect(b, r.pass.Address, nil)
		group.Go(func() {
			var own []wire.Owned
			for n := i; n < peerMailboxes; n += peerReaders {
				c.boxes[n], c.tokens[n] = mailbox(b, reader, r.pass.Secret)
				own = append(own, c.boxes[n])
			}
			reader.Subscribe(own...)
		})
		go c.read(reader)
	}
	for i := range c.senders {
		c.senders[i] = connect(b, r.pass.Address, nil)
	}
	group.Wait()
	return c
}

// read takes pushes in batches and acknowledges them, as the messenger does.
func (c *crowd) read(reader *client.Client) {
	for {
		seqs := map[wire.Mailbox][]uint64{}
		take := func(p wire.Push) {
			if f := c.onPush.Load(); f != nil {
				(*f)(p)
			}
			seqs[p.Mailbox] = append(seqs[p.Mailbox], p.Seq)
			c.taken.Add(1)
		}
		select {
		case <-reader.Done():
			return
		case p := <-reader.Pushes():
			take(p)
		}
		for more := true; more; {
			select {
			case p := <-reader.Pushes():
				take(p)
			default:
				more = false
			}
		}
		var group sync.WaitGroup
		for box, list := range seqs {
			group.Go(func() { _ = reader.Ack(context.Background(), box, list...) })
		}
		group.Wait()
	}
}

func (c *crowd) send(b *testing.B, n int, body []byte) {
	at := n * 7919 % peerMailboxes
	ok(b, c.senders[n%peerSenders].Send(context.Background(), c.boxes[at].Mailbox, c.tokens[at], wire.NewEnvelopeID(), body))
}

// BenchmarkManyMailboxes has 64 sends in flight to 1,000 mailboxes read by 50 clients. One operation is one envelope of
// 4 KiB, synced, pushed and received.
func BenchmarkManyMailboxes(b *testing.B) {
	c := newCrowd(b)
	body := make([]byte, 4096)
	inFlight(200, func(n int) { c.send(b, n, body) }) // connections are up
	for c.taken.Load() < 200 {
		time.Sleep(time.Millisecond)
	}
	c.taken.Store(0)
	b.ResetTimer()
	inFlight(b.N, func(n int) { c.send(b, n, body) })
	for c.taken.Load() < int64(b.N) {
		time.Sleep(time.Millisecond)
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "envelopes/s")
}

// BenchmarkManyMailboxesLatency sends 1,000 envelopes a second to the same crowd: the time from Send to the push.
func BenchmarkManyMailboxesLatency(b *testing.B) {
	c := newCrowd(b)
	inFlight(200, func(n int) { c.send(b, n, make([]byte, 4096)) })
	for c.taken.Load() < 200 {
		time.Sleep(time.Millisecond)
	}
	start := time.Now()
	var mu sync.Mutex
	var delays []time.Duration
	finished := make(chan struct{})
	note := func(p wire.Push) {
		delay := time.Since(start) - time.Duration(binary.BigEndian.Uint64(p.Envelope))
		mu.Lock()
		defer mu.Unlock()
		if delays = append(delays, delay); len(delays) == b.N {
			close(finished)
		}
	}
	c.onPush.Store(&note)
	b.ResetTimer()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	var group sync.WaitGroup
	for n := range b.N {
		<-tick.C
		group.Go(func() {
			body := make([]byte, 4096)
			binary.BigEndian.PutUint64(body, uint64(time.Since(start)))
			c.send(b, n, body)
		})
	}
	group.Wait()
	<-finished
	c.onPush.Store(nil)
	slices.Sort(delays)
	b.ReportMetric(float64(delays[len(delays)/2].Microseconds())/1e3, "p50-ms")
	b.ReportMetric(float64(delays[len(delays)*99/100].Microseconds())/1e3, "p99-ms")
	b.ReportMetric(0, "ns/op")
}
