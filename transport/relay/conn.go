package relay

import (
	"context"
	"errors"
	"net/netip"
	"sync"
	"time"

	"github.com/coder/websocket"

	"sotto/transport/wire"
)

// Bounds of one connection. A client that does not read its answers is not read from any more; it
// slows nobody else.
const (
	maxPending      = 256      // requests being carried out
	maxPendingBytes = 4 << 20  // envelopes being stored
	maxQueue        = 1024     // frames waiting to be written
	maxQueueBytes   = 8 << 20  // envelopes, bundles and lists waiting to be written
	maxAuthed       = 16384    // mailboxes authenticated
	maxFailures     = 100      // refused tokens, passes and signatures
	writeTarget     = 64 << 10 // frames are joined into one message up to about this size
	writeTimeout    = 60 * time.Second
	pingEvery       = 2 * time.Minute
)

// conn is one connection: a reader, a writer, a pump of what its subscriptions are behind with.
type conn struct {
	relay     *Relay
	ws        *websocket.Conn
	host      netip.Prefix // zero for loopback
	number    uint64
	challenge wire.Challenge
	wake      chan struct{} // there is something to write
	pumpWake  chan struct{}
	cancel    context.CancelFunc
	ctx       context.Context
	tasks     sync.WaitGroup // requests carried out beside the reader, which alone adds

	mu             sync.Mutex
	changed        sync.Cond // pending, queue or err changed
	queue          []wire.Frame
	queueBytes     int
	writing        bool
	pending        int
	pendingBytes   int
	creditMessages uint64
	creditBytes    uint64
	subs           map[wire.Mailbox]*subscription
	authed         map[wire.Mailbox]bool
	owners         map[[32]byte]bool
	failures       int
	err            error
}

func newConn(r *Relay, host netip.Prefix, number uint64) *conn {
	c := &conn{
		relay:          r,
		host:           host,
		number:         number,
		challenge:      wire.NewChallenge(),
		wake:           make(chan struct{}, 1),
		pumpWake:       make(chan struct{}, 1),
		creditMessages: wire.CreditMessages,
		creditBytes:    wire.CreditBytes,
		subs:           map[wire.Mailbox]*subscription{},
		authed:         map[wire.Mailbox]bool{},
		owners:         map[[32]byte]bool{},
	}
	c.changed.L = &c.mu
	c.ctx, c.cancel = context.WithCancel(r.ctx)
	return c
}

func signal(wake chan struct{}) {
	select {
	case wake <- struct{}{}:
	default:
	}
}

func isGone(err error) bool { return errors.Is(err, wire.ErrNoMailbox) }

var errEnded = errors.New("connection ended")

// end stops the connection, once.
func (c *conn) end(err error) {
	c.mu.Lock()
	if c.err == nil {
		c.err = err
	}
	c.changed.Broadcast()
	c.mu.Unlock()
	c.cancel()
}

// serve runs the connection until it ends.
func (c *conn) serve(ctx context.Context) {
	defer c.cancel()
	c.reply(0, &wire.Hello{Version: wire.Version, Relay: c.relay.id, Challenge: c.challenge})
	var group sync.WaitGroup
	group.Go(func() { c.end(c.write(c.ctx)) })
	group.Go(func() { c.pump(c.ctx) })
	group.Go(func() { c.keepAlive(c.ctx) })
	err := c.read(c.ctx)
	c.end(err)
	if errors.Is(err, wire.ErrMalformed) && ctx.Err() == nil {
		_ = c.ws.Close(websocket.StatusPolicyViolation, wire.ErrMalformed.Error())
	}
	_ = c.ws.CloseNow()
	group.Wait()
	c.tasks.Wait()
	c.mu.Lock()
	subs := c.subs
	c.subs = map[wire.Mailbox]*subscription{}
	c.mu.Unlock()
	for _, s := range subs {
		c.relay.hub.remove(s)
	}
}

func (c *conn) keepAlive(ctx context.Context) {
	tick := time.NewTicker(pingEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			pingCtx, cancel := context.WithTimeout(ctx, writeTimeout)
			err := c.ws.Ping(pingCtx)
			cancel()
			if err != nil {
				c.end(err)
				return
			}
		}
	}
}

func (c *conn) read(ctx context.Context) error {
	for {
		if err := c.waitForRoom(); err != nil {
			return err
		}
		kind, message, err := c.ws.Read(ctx)
		if err != nil {
			return err
		}
		if kind != websocket.MessageBinary {
			return wire.ErrMalformed
		}
		for n := 0; len(message) > 0; n++ {
			if n == wire.MaxFrames {
				return wire.ErrMalformed
			}
			frame, rest, err := wire.Decode(message)
			if err != nil && !errors.Is(err, wire.ErrTooLarge) {
				return err
			}
			message = rest
			c.observe(Received, frame)
			if err != nil {
				c.answer(frame, err)
				continue
			}
			if err := c.waitForRoom(); err != nil {
				return err
			}
			c.handle(frame)
		}
	}
}

func (c *conn) observe(d Direction, f wire.Frame) {
	if c.relay.opts.Observe != nil {
		c.relay.opts.Observe(d, f)
	}
}

// waitForRoom blocks the reader while too much is under way for this client.
func (c *conn) waitForRoom() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	for c.err == nil && (c.pending >= maxPending || c.pendingBytes >= maxPendingBytes ||
		len(c.queue) >= maxQueue || c.queueBytes >= maxQueueBytes) {
		c.changed.Wait()
	}
	return c.err
}

// reply queues a frame for writing.
func (c *conn) reply(id uint64, body wire.Body) {
	c.mu.Lock()
	c.queueLocked(wire.Frame{ID: id, Body: body})
	c.mu.Unlock()
}

func (c *conn) queueLocked(f wire.Frame) {
	c.queueBytes += weight(f.Body)
	c.queue = append(c.queue, f)
	signal(c.wake)
}

// weight is what a frame brings along that may be large, in bytes.
func weight(b wire.Body) int {
	switch b := b.(type) {
	case *wire.PushFrame:
		return len(b.Envelope)
	case *wire.PrekeyFrame:
		if b.Prekey != nil {
			return len(b.Bundle) + len(b.Prekey.Sealed)
		}
		return len(b.Bundle)
	case *wire.Authed:
		return len(b.Missing) * (len(wire.Mailbox{}) + 2)
	}
	return 0
}

func (c *conn) write(ctx context.Context) error {
	var buffer []byte
	for {
		select {
		case <-ctx.Done():
			return errEnded
		case <-c.wake:
		}
		for {
			var frames []wire.Frame
			var err error
			if buffer, frames, err = c.join(buffer[:0]); err != nil {
				return err
			}
			if len(frames) == 0 {
				break
			}
			for _, f := range frames {
				c.observe(Sent, f)
			}
			writeCtx, cancel := context.WithTimeout(ctx, writeTimeout)
			err = c.ws.Write(writeCtx, websocket.MessageBinary, buffer)
			cancel()
			if err != nil {
				return err
			}
		}
	}
}

// join encodes queued frames into one message: at least one, then as long as it stays small.
func (c *conn) join(buffer []byte) ([]byte, []wire.Frame, error) {
	c.mu.Lock()
	taken, size := 0, 0
	for taken < len(c.queue) && taken < wire.MaxFrames && size < writeTarget {
		size += weight(c.queue[taken].Body) + 256
		taken++
	}
	frames := append([]wire.Frame(nil), c.queue[:taken]...)
	c.queue = append(c.queue[:0], c.queue[taken:]...)
	for _, f := range frames {
		c.queueBytes -= weight(f.Body)
	}
	c.writing = taken > 0
	c.changed.Broadcast()
	c.mu.Unlock()
	for _, f := range frames {
		var err error
		if buffer, err = wire.Append(buffer, f); err != nil {
			return nil, nil, err
		}
	}
	return buffer, frames, nil
}

// drain waits until what was asked is answered, says GOAWAY and ends the connection.
func (c *conn) drain(ctx context.Context) {
	stop := context.AfterFunc(ctx, func() { c.end(errEnded) })
	defer stop()
	c.mu.Lock()
	c.waitQuiet()
	c.queueLocked(wire.Frame{Body: &wire.GoAway{After: 1}})
	c.waitQuiet()
	c.mu.Unlock()
	c.end(errEnded)
}

// waitQuiet waits until nothing is pending or unwritten; c.mu is held.
func (c *conn) waitQuiet() {
	for c.err == nil && (c.pending > 0 || len(c.queue) > 0 || c.writing) {
		c.changed.Wait()
	}
}
