package client

import (
	"context"
	"crypto/ed25519"
	"crypto/x509"
	"net"
	"sync"
	"time"

	"sotto/transport/wire"
)

// Dialer opens TCP connections. net.Dialer and [SOCKS5] are dialers.
type Dialer interface {
	DialContext(ctx context.Context, network, address string) (net.Conn, error)
}

// Options of a Client. Only Address is required.
type Options struct {
	Address wire.Address
	// Owner and Sender open the two connections; nil is a plain net.Dialer. With Tor, give each its own
	// isolation (SOCKS5 with different user names).
	Owner, Sender Dialer
	// Now is the clock that certificates are judged by; nil is time.Now.
	Now func() time.Time
	// OnEvent is told about changes of the owner connection, in order, from one goroutine. It must not
	// block and must not call Close.
	OnEvent func(wire.Event)
	// RootCAs judges the certificates of Web addresses; nil is the system's.
	RootCAs *x509.CertPool
	// BackoffMin and BackoffMax bound the wait between attempts; 0 is 500 ms and 1 min.
	BackoffMin, BackoffMax time.Duration
	// SendIdle is how long an unused sending connection stays; 0 is 2 min.
	SendIdle time.Duration
	// Timeout bounds dialling and the wait for an answer of one request; 0 is 30 s.
	Timeout time.Duration
}

// Client is a connection pair to one relay. It is safe for concurrent use.
type Client struct {
	opts               Options
	owner              *link
	sender             *link
	uploads, downloads *https
	pushes             chan wire.Push
	events             *eventQueue
	done               chan struct{}
	ctx                context.Context
	cancel             context.CancelFunc
	group              sync.WaitGroup

	mu     sync.Mutex
	owned  map[wire.Mailbox]ed25519.PrivateKey
	subs   map[wire.Mailbox]bool
	unacks map[ackKey]pushed // what was delivered on the present connection
	closed bool
}

// New returns a client. It opens no connection before the first call.
func New(opts Options) *Client {
	if opts.Owner == nil {
		opts.Owner = &net.Dialer{}
	}
	if opts.Sender == nil {
		opts.Sender = &net.Dialer{}
	}
	if opts.Now == nil {
		opts.Now = time.Now
	}
	if opts.OnEvent == nil {
		opts.OnEvent = func(wire.Event) {}
	}
	setDefault(&opts.BackoffMin, 500*time.Millisecond)
	setDefault(&opts.BackoffMax, time.Minute)
	setDefault(&opts.SendIdle, 2*time.Minute)
	setDefault(&opts.Timeout, 30*time.Second)
	ctx, cancel := context.WithCancel(context.Background())
	c := &Client{
		opts:   opts,
		pushes: make(chan wire.Push, wire.CreditMessages),
		events: newEventQueue(),
		done:   make(chan struct{}),
		ctx:    ctx,
		cancel: cancel,
		owned:  map[wire.Mailbox]ed25519.PrivateKey{},
		subs:   map[wire.Mailbox]bool{},
		unacks: map[ackKey]pushed{},
	}
	c.owner = newLink(ctx, c, opts.Owner, ownerLink{c})
	c.sender = newLink(ctx, c, opts.Sender, senderLink{c})
	c.uploads, c.downloads = newHTTPS(c, opts.Sender), newHTTPS(c, opts.Owner)
	c.group.Go(func() { c.events.run(c.done, opts.OnEvent) })
	return c
}

func setDefault(d *time.Duration, value time.Duration) {
	if *d == 0 {
		*d = value
	}
}

// Address returns the relay's address.
func (c *Client) Address() wire.Address { return c.opts.Address }

// Pushes delivers the envelopes of the subscribed mailboxes, in order by mailbox. At most
// wire.CreditMessages wait; a receiver that does not acknowledge gets no more than that. The channel is
// never closed: stop with Done.
func (c *Client) Pushes() <-chan wire.Push { return c.pushes }

// Done is closed by Close.
func (c *Client) Done() <-chan struct{} { return c.done }

// Online reports whether the owner connection stands.
func (c *Client) Online() bool { return c.owner.standing() }

// Wake ends a back-off wait of both connections, for when the network came back.
func (c *Client) Wake() {
	c.owner.wake()
	c.sender.wake()
}

// Close ends both connections and every waiting call with wire.ErrClosed.
func (c *Client) Close() error {
	c.mu.Lock()
	if c.closed {
		c.mu.Unlock()
		return nil
	}
	c.closed = true
	c.mu.Unlock()
	c.cancel()
	close(c.done)
	c.owner.stop()
	c.sender.stop()
	c.group.Wait()
	return nil
}
