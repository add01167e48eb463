package relay

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/coder/websocket"

	"sotto/transport/relay/store"
	"sotto/transport/wire"
)

// Direction of an observed frame.
type Direction uint8

const (
	// Received frames come from a client, as the relay decoded them.
	Received Direction = 1
	// Sent frames go to a client.
	Sent Direction = 2
)

// Options of a Relay. Store and Identity are required.
type Options struct {
	Store    store.Store
	Identity *Identity
	// Blobs keeps the bytes of blobs; nil: this relay has none.
	Blobs store.Blobs
	// Secret is the creation password; Open lets everyone open mailboxes.
	Secret wire.PassSecret
	Open   bool
	Limits Limits
	// Now is the clock; nil is time.Now.
	Now func() time.Time
	// Log gets few words about the relay itself; nil is silence.
	Log *slog.Logger
	// Observe sees every frame, for scans in tests. It must not keep or change it.
	Observe func(Direction, wire.Frame)
}

// Relay is a relay server. It does not close its store.
type Relay struct {
	opts      Options
	id        wire.RelayID
	metrics   *metrics
	buckets   buckets
	hub       hub
	uploads   uploads
	tagKey    [32]byte // of requester pseudonyms; gone with the process
	draining  atomic.Bool
	ctx       context.Context
	cancel    context.CancelFunc
	group     sync.WaitGroup
	numbering atomic.Uint64

	mu      sync.Mutex
	conns   map[*conn]bool
	hosts   map[netip.Prefix]int
	moving  map[netip.Prefix]int // transfers by host; loopback under the zero prefix
	moves   int
	servers map[*http.Server]bool
}

// New returns a relay that serves nothing yet. It sweeps its store now and every hour until Shutdown.
func New(opts Options) (*Relay, error) {
	if opts.Store == nil || opts.Identity == nil {
		return nil, errors.New("relay: store and identity are required")
	}
	if opts.Secret == "" && !opts.Open {
		return nil, errors.New("relay: a relay without a pass must be open")
	}
	if opts.Now == nil {
		opts.Now = time.Now
	}
	if opts.Log == nil {
		opts.Log = slog.New(slog.DiscardHandler)
	}
	if opts.Limits == (Limits{}) {
		opts.Limits = ServerLimits()
	}
	ctx, cancel := context.WithCancel(context.Background())
	r := &Relay{
		opts:    opts,
		id:      opts.Identity.ID(),
		metrics: newMetrics(),
		buckets: buckets{held: map[bucketKey]*bucket{}},
		hub:     hub{subs: map[wire.Mailbox]map[*subscription]bool{}},
		uploads: uploads{held: map[store.BlobFile]*upload{}},
		moving:  map[netip.Prefix]int{},
		ctx:     ctx,
		cancel:  cancel,
		conns:   map[*conn]bool{},
		hosts:   map[netip.Prefix]int{},
		servers: map[*http.Server]bool{},
	}
	rand.Read(r.tagKey[:])
	r.group.Go(r.sweep)
	return r, nil
}

// ID returns the relay's id: the pin of its address.
func (r *Relay) ID() wire.RelayID { return r.id }

func (r *Relay) sweep() {
	tick := time.NewTicker(time.Hour)
	defer tick.Stop()
	for {
		if err := r.opts.Store.Sweep(r.ctx, r.opts.Now()); err != nil && r.ctx.Err() == nil {
			r.opts.Log.Error("sweeping failed")
		}
		r.sweepBlobs(r.ctx)
		select {
		case <-r.ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// Serve serves plain WebSocket on a listener until Shutdown, which closes it, or until the caller closes
// it; connections that stand then go on. Either way it returns nil. Only for loopback, or behind
// TLS done elsewhere.
func (r *Relay) Serve(l net.Listener) error {
	server := &http.Server{
		Handler:           r.Handler(),
		ReadHeaderTimeout: 10 * time.Second,
		IdleTimeout:       10 * time.Second, // what is no WebSocket and asks nothing is counted by nobody and must not stay
		MaxHeaderBytes:    16 << 10,
		ErrorLog:          log.New(io.Discard, "", 0), // its lines hold addresses
	}
	r.mu.Lock()
	if r.draining.Load() {
		r.mu.Unlock()
		_ = l.Close()
		return nil
	}
	r.servers[server] = true
	r.mu.Unlock()
	err := server.Serve(l)
	r.mu.Lock()
	delete(r.servers, server)
	r.mu.Unlock()
	if errors.Is(err, http.ErrServerClosed) || errors.Is(err, net.ErrClosed) {
		return nil
	}
	return fmt.Errorf("serve: %w", bareNet(err))
}

// ServeTLS serves under the relay's own identity (addresses with a pin).
func (r *Relay) ServeTLS(l net.Listener) error {
	return r.Serve(tls.NewListener(l, r.opts.Identity.TLSConfig(r.opts.Now)))
}

// bareNet removes the address from a network error.
func bareNet(err error) error {
	var op *net.OpError
	if errors.As(err, &op) {
		return op.Err
	}
	return err
}

// Handler serves the WebSocket endpoint and, where the relay keeps blobs, theirs.
func (r *Relay) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+wire.Path, r.accept)
	if r.opts.Blobs != nil {
		r.serveBlobs(mux)
	}
	return mux
}

func (r *Relay) accept(w http.ResponseWriter, req *http.Request) {
	if len(req.Header.Values("Origin")) > 0 {
		r.refuse(w, "origin", http.StatusForbidden)
		return
	}
	host := hostOf(req.RemoteAddr)
	c := r.admit(host)
	if c == nil {
		r.refuse(w, "full", http.StatusServiceUnavailable)
		return
	}
	defer r.leave(c)
	ws, err := websocket.Accept(w, req, &websocket.AcceptOptions{Subprotocols: []string{wire.Subprotocol}})
	if err != nil {
		r.metrics.refused.WithLabelValues("upgrade").Inc()
		return
	}
	defer func() { _ = ws.CloseNow() }()
	if ws.Subprotocol() != wire.Subprotocol {
		r.metrics.refused.WithLabelValues("subprotocol").Inc()
		_ = ws.Close(websocket.StatusPolicyViolation, "subprotocol")
		return
	}
	ws.SetReadLimit(wire.MaxMessage)
	c.ws = ws
	c.serve(r.ctx)
}

func (r *Relay) refuse(w http.ResponseWriter, reason string, status int) {
	r.metrics.refused.WithLabelValues(reason).Inc()
	http.Error(w, http.StatusText(status), status)
}

// hostOf is who counts as one: an IPv4 address, an IPv6 /64, or the zero prefix for loopback.
func hostOf(remote string) netip.Prefix {
	ap, err := netip.ParseAddrPort(remote)
	if err != nil {
		return netip.Prefix{}
	}
	ip := ap.Addr().Unmap().WithZone("")
	switch {
	case ip.IsLoopback():
		return netip.Prefix{}
	case ip.Is4():
		return netip.PrefixFrom(ip, 32)
	}
	p, _ := ip.Prefix(64)
	return p
}

// admit counts a connection, or returns nil when there are too many.
func (r *Relay) admit(host netip.Prefix) *conn {
	r.mu.Lock()
	defer r.mu.Unlock()
	l := r.opts.Limits
	if r.draining.Load() || l.Connections > 0 && len(r.conns) >= l.Connections ||
		host.IsValid() && l.PerHost > 0 && r.hosts[host] >= l.PerHost {
		return nil
	}
	c := newConn(r, host, r.numbering.Add(1))
	r.conns[c] = true
	r.group.Add(1)
	if host.IsValid() {
		r.hosts[host]++
	}
	r.metrics.connections.Inc()
	return c
}

func (r *Relay) leave(c *conn) {
	defer r.group.Done()
	c.end(errEnded)
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.conns, c)
	if c.host.IsValid() {
		if r.hosts[c.host]--; r.hosts[c.host] <= 0 {
			delete(r.hosts, c.host)
		}
	}
	r.metrics.connections.Dec()
}

// requester is the pseudonym of a sender at one mailbox: a keyed hash of its network address (of the
// connection, for loopback), under a key that is never stored.
func (r *Relay) requester(c *conn, m wire.Mailbox) (tag store.Requester) {
	mac := hmac.New(sha256.New, r.tagKey[:])
	mac.Write(m[:])
	if c.host.IsValid() {
		b, _ := c.host.MarshalBinary()
		mac.Write(b)
	} else {
		fmt.Fprintf(mac, "connection %d", c.number)
	}
	copy(tag[:], mac.Sum(nil))
	return tag
}

// Shutdown refuses new connections, tells every client to come back later, answers what was asked, and
// closes. It returns when all is closed, or ctx ended (then without waiting).
func (r *Relay) Shutdown(ctx context.Context) error {
	r.mu.Lock()
	r.draining.Store(true)
	servers := r.servers
	r.servers = map[*http.Server]bool{}
	conns := make([]*conn, 0, len(r.conns))
	for c := range r.conns {
		conns = append(conns, c)
	}
	r.mu.Unlock()
	var group sync.WaitGroup
	for _, c := range conns {
		group.Go(func() { c.drain(ctx) })
	}
	group.Wait()
	r.cancel()
	for s := range servers {
		_ = s.Close()
	}
	ended := make(chan struct{})
	go func() { r.group.Wait(); close(ended) }()
	select {
	case <-ended:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("relay shutdown: %w", ctx.Err())
	}
}
