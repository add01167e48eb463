package relay

import (
	"context"
	"net/netip"
	"sync/atomic"
	"testing"
	"time"

	"sotto/transport/relay/store"
	"sotto/transport/relay/store/memory"
	"sotto/transport/wire"
)

// reads tells of every reading of a mailbox.
type reads struct {
	store.Store
	seen func(wire.Mailbox)
}

func (r reads) After(ctx context.Context, m wire.Mailbox, after uint64, messages, bytes int, now time.Time) ([]store.Stored, error) {
	r.seen(m)
	return r.Store.After(ctx, m, after, messages, bytes, now)
}

// An envelope committed after the pump has read its mailbox is brought by the hub; one that neither brings waits for the
// next. So nothing may be read for a subscription that the hub does not know yet.
func TestTheHubKnowsASubscriptionBeforeItsMailboxIsRead(t *testing.T) {
	const mailboxes = 20_000
	var r *Relay
	var read atomic.Int64
	done := make(chan struct{})
	s := reads{Store: memory.New(), seen: func(m wire.Mailbox) {
		r.hub.mu.Lock()
		known := len(r.hub.subs[m]) > 0
		r.hub.mu.Unlock()
		if !known {
			t.Error("a mailbox was read before what comes next would be pushed")
		}
		if read.Add(1) == mailboxes {
			close(done)
		}
	}}
	r, err := New(Options{Store: s, Identity: NewIdentity(), Open: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.Shutdown(context.Background()) })
	c := newConn(r, netip.Prefix{}, 1)
	t.Cleanup(c.cancel)
	go c.pump(c.ctx)
	for range mailboxes {
		m := wire.MailboxAddress(nil, wire.NewSalt())
		c.authed[m] = true
		if err := c.subscribe(&wire.Sub{Mailboxes: []wire.Mailbox{m}}); err != nil {
			t.Fatal(err)
		}
	}
	<-done
}
