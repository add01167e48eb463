package relay

import (
	"context"
	"sync"

	"sotto/transport/relay/store"
	"sotto/transport/wire"
)

// hub brings stored envelopes to the connections subscribed to their mailbox.
type hub struct {
	mu   sync.Mutex
	subs map[wire.Mailbox]map[*subscription]bool
}

// subscription is one mailbox on one connection. Its envelopes are pushed in order. While behind, they
// are read from the store by the connection's pump; once it has caught up, they come straight from the
// commit.
type subscription struct {
	conn    *conn
	mailbox wire.Mailbox

	// Guarded by conn.mu.
	last   uint64 // number of the envelope pushed last
	behind bool   // the store may hold envelopes after last
}

func (h *hub) add(s *subscription) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.subs[s.mailbox] == nil {
		h.subs[s.mailbox] = map[*subscription]bool{}
	}
	h.subs[s.mailbox][s] = true
}

func (h *hub) remove(s *subscription) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.subs[s.mailbox], s)
	if len(h.subs[s.mailbox]) == 0 {
		delete(h.subs, s.mailbox)
	}
}

// deliver hands a committed envelope to the subscriptions. It does not block.
func (h *hub) deliver(m wire.Mailbox, e store.Stored) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for s := range h.subs[m] {
		s.conn.offer(s, e)
	}
}

// offer pushes an envelope if the subscription has all before it and the credit is enough; else it is
// left to the pump.
func (c *conn) offer(s *subscription, e store.Stored) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if e.Seq <= s.last {
		return
	}
	if s.behind || e.Seq != s.last+1 || !c.spend(len(e.Body)) {
		s.behind = true
		signal(c.pumpWake)
		return
	}
	c.pushLocked(s, e)
}

// spend takes credit for one push; c.mu is held.
func (c *conn) spend(size int) bool {
	if c.creditMessages < 1 || c.creditBytes < uint64(size) {
		return false
	}
	c.creditMessages--
	c.creditBytes -= uint64(size)
	return true
}

func (c *conn) pushLocked(s *subscription, e store.Stored) {
	s.last = e.Seq
	c.queueLocked(wire.Frame{Body: &wire.PushFrame{
		Mailbox: s.mailbox, Seq: e.Seq, Received: wire.UnixMilli(e.Received), Envelope: e.Body,
	}})
	c.relay.metrics.pushed.Inc()
}

// pump reads what subscriptions are behind with, as far as the credit goes.
func (c *conn) pump(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-c.pumpWake:
		}
		for {
			s, messages, bytes := c.nextBehind()
			if s == nil {
				break
			}
			if err := c.catchUp(ctx, s, messages, bytes); err != nil {
				if ctx.Err() == nil {
					c.relay.opts.Log.Error("reading envelopes failed")
				}
				c.end(err)
				return
			}
		}
	}
}

// nextBehind picks a subscription that is behind, if there is credit. behind is reset before the read,
// so that an envelope committed during the read sets it again.
func (c *conn) nextBehind() (*subscription, int, int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.creditMessages == 0 || c.creditBytes < wire.MaxEnvelope {
		return nil, 0, 0
	}
	for _, s := range c.subs {
		if s.behind {
			s.behind = false
			return s, int(c.creditMessages), int(c.creditBytes)
		}
	}
	return nil, 0, 0
}

func (c *conn) catchUp(ctx context.Context, s *subscription, messages, bytes int) error {
	c.mu.Lock()
	after := s.last
	c.mu.Unlock()
	batch, err := c.relay.opts.Store.After(ctx, s.mailbox, after, messages, bytes, c.relay.opts.Now())
	if err != nil {
		if isGone(err) {
			return nil
		}
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, e := range batch {
		if e.Seq <= s.last {
			continue
		}
		if !c.spend(len(e.Body)) {
			s.behind = true
			return nil
		}
		c.pushLocked(s, e)
	}
	if len(batch) > 0 {
		s.behind = true // there may be more than fitted
	}
	return nil
}
