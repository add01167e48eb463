package transporttest

import (
	"context"
	"errors"
	"net"
	"sync"
)

var errDown = errors.New("the test network is down")

// Network is a listener and dialer over pipes. It satisfies net.Listener and client.Dialer.
type Network struct {
	accepted chan net.Conn
	closed   chan struct{}
	once     sync.Once

	mu    sync.Mutex
	down  bool
	conns map[net.Conn]bool
}

// NewNetwork returns a network that is up.
func NewNetwork() *Network {
	return &Network{accepted: make(chan net.Conn), closed: make(chan struct{}), conns: map[net.Conn]bool{}}
}

// DialContext connects to the listener, whatever the address.
func (n *Network) DialContext(ctx context.Context, _, _ string) (net.Conn, error) {
	n.mu.Lock()
	down := n.down
	n.mu.Unlock()
	if down {
		return nil, errDown
	}
	near, far := net.Pipe()
	select {
	case n.accepted <- far:
	case <-n.closed:
		return nil, errDown
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	c := &tracked{Conn: near, network: n}
	n.mu.Lock()
	n.conns[c] = true
	n.mu.Unlock()
	return c, nil
}

// Accept implements net.Listener.
func (n *Network) Accept() (net.Conn, error) {
	select {
	case c := <-n.accepted:
		return c, nil
	case <-n.closed:
		return nil, net.ErrClosed
	}
}

// Close implements net.Listener.
func (n *Network) Close() error {
	n.once.Do(func() { close(n.closed) })
	return nil
}

// Addr implements net.Listener.
func (n *Network) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 1} }

// Cut breaks every connection.
func (n *Network) Cut() {
	n.mu.Lock()
	conns := n.conns
	n.conns = map[net.Conn]bool{}
	n.mu.Unlock()
	for c := range conns {
		_ = c.Close()
	}
}

// Down refuses new connections, or allows them again; with true it also cuts.
func (n *Network) Down(down bool) {
	n.mu.Lock()
	n.down = down
	n.mu.Unlock()
	if down {
		n.Cut()
	}
}

type tracked struct {
	net.Conn
	network *Network
}

func (c *tracked) Close() error {
	c.network.mu.Lock()
	delete(c.network.conns, c)
	c.network.mu.Unlock()
	return c.Conn.Close()
}
