package transporttest

import (
	"context"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"sotto/transport/client"
	"sotto/transport/wire"
)

// Faults are probabilities from 0 to 1 of what happens to one send or push.
type Faults struct {
	DropRequest float64       // the envelope never reaches the relay; Send says ErrOffline
	DropAnswer  float64       // the relay stores it; Send says ErrOffline
	Duplicate   float64       // a send is stored twice under two ids; a push is delivered twice
	Reorder     float64       // a push is delivered after the next one (or after a pause without one)
	Delay       time.Duration // a push waits up to this long
	Cut         float64       // all connections of the relay break before the send
}

// Client is a client with faults. It has every method of client.Client.
type Client struct {
	*client.Client
	relay  *Relay
	faults Faults
	pushes chan wire.Push

	mu     sync.Mutex
	random *rand.Rand
	calm   bool
}

// Faulty returns a client with faults, which repeat with the seed as far as the schedule of goroutines
// allows.
func (r *Relay) Faulty(t testing.TB, seed uint64, faults Faults, onEvent func(wire.Event)) *Client {
	t.Helper()
	c := &Client{
		Client: r.Client(t, onEvent),
		relay:  r,
		faults: faults,
		pushes: make(chan wire.Push, wire.CreditMessages),
		random: rand.New(rand.NewPCG(seed, 0)),
	}
	go c.pass()
	return c
}

// Calm ends the faults, so that a test can wait for what must arrive in the end.
func (c *Client) Calm() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.calm = true
}

func (c *Client) happens(probability float64) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return !c.calm && probability > 0 && c.random.Float64() < probability
}

// Send sends with faults.
func (c *Client) Send(ctx context.Context, m wire.Mailbox, token wire.Token, id wire.EnvelopeID, envelope []byte) error {
	if c.happens(c.faults.Cut) {
		c.relay.Cut()
	}
	if c.happens(c.faults.DropRequest) {
		return wire.ErrOffline
	}
	if c.happens(c.faults.Duplicate) {
		if err := c.Client.Send(ctx, m, token, wire.NewEnvelopeID(), envelope); err != nil {
			return err
		}
	}
	if err := c.Client.Send(ctx, m, token, id, envelope); err != nil {
		return err
	}
	if c.happens(c.faults.DropAnswer) {
		return wire.ErrOffline
	}
	return nil
}

// Pushes delivers with faults.
func (c *Client) Pushes() <-chan wire.Push { return c.pushes }

// pass moves pushes from the client, holding some back behind the next.
func (c *Client) pass() {
	var held []wire.Push
	for {
		var pause <-chan time.Time
		if len(held) > 0 {
			pause = time.After(20 * time.Millisecond)
		}
		select {
		case <-c.Done():
			return
		case <-pause:
		case p := <-c.Client.Pushes():
			if len(held) == 0 && c.happens(c.faults.Reorder) {
				held = append(held, p)
				continue
			}
			held = append([]wire.Push{p}, held...)
			if c.happens(c.faults.Duplicate) {
				held = append(held, p)
			}
		}
		for _, p := range held {
			if !c.deliver(p) {
				return
			}
		}
		held = nil
	}
}

func (c *Client) deliver(p wire.Push) bool {
	if c.faults.Delay > 0 && c.happens(1) {
		c.mu.Lock()
		wait := time.Duration(c.random.Int64N(int64(c.faults.Delay)))
		c.mu.Unlock()
		select {
		case <-time.After(wait):
		case <-c.Done():
			return false
		}
	}
	select {
	case c.pushes <- p:
		return true
	case <-c.Done():
		return false
	}
}
