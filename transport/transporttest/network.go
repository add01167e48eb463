package transporttest

import (
	"bytes"
	"context"
	"errors"
	"net"
	"sync"
	"sync/atomic"

	"sotto/transport/wire"
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
	tap   func(sent bool, b []byte)
	cuts  []int64 // bytes of blob traffic until each cut
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

// Tap sees what goes over every connection from now on, as the client sends and gets it. It must not keep or change it.
func (n *Network) Tap(see func(sent bool, b []byte)) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.tap = see
}

// CutBlobs breaks connections that carry requests about blobs: the first when so many bytes have gone over them in either
// direction, headers included, the next after so many more, and so on. What it did not use up is replaced.
func (n *Network) CutBlobs(after ...int64) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.cuts = after
}

// CutsLeft is how many cuts CutBlobs has not made yet.
func (n *Network) CutsLeft() int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return len(n.cuts)
}

// spend counts bytes of a connection about blobs and returns how many of them may still pass, and whether it breaks then.
func (n *Network) spend(bytes int) (pass int, cut bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if len(n.cuts) == 0 {
		return bytes, false
	}
	if n.cuts[0] > int64(bytes) {
		n.cuts[0] -= int64(bytes)
		return bytes, false
	}
	pass = int(n.cuts[0])
	n.cuts = n.cuts[1:]
	return pass, true
}

func (n *Network) see(sent bool, b []byte) {
	n.mu.Lock()
	tap := n.tap
	n.mu.Unlock()
	if tap != nil && len(b) > 0 {
		tap(sent, b)
	}
}

// tracked is the client's end of a connection.
type tracked struct {
	net.Conn
	network *Network
	blobs   atomic.Bool // it carries requests about blobs, by the first bytes it sent
	begun   atomic.Bool
}

func (c *tracked) Write(b []byte) (int, error) {
	if !c.begun.Swap(true) {
		line, _, _ := bytes.Cut(b, []byte("\r\n"))
		c.blobs.Store(bytes.Contains(line, []byte(" "+wire.UploadPath+" ")) || bytes.Contains(line, []byte(" "+wire.BlobPath+" ")))
	}
	pass, cut := len(b), false
	if c.blobs.Load() {
		pass, cut = c.network.spend(len(b))
	}
	n, err := c.Conn.Write(b[:pass])
	c.network.see(true, b[:n])
	if cut {
		_ = c.Close()
		return n, errDown
	}
	return n, err
}

func (c *tracked) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if c.blobs.Load() && n > 0 {
		pass, cut := c.network.spend(n)
		if n = pass; cut {
			_ = c.Close()
			err = errDown
		}
	}
	c.network.see(false, b[:n])
	return n, err
}

func (c *tracked) Close() error {
	c.network.mu.Lock()
	delete(c.network.conns, c)
	c.network.mu.Unlock()
	return c.Conn.Close()
}
