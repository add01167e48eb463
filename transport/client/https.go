package client

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"sotto/transport/wire"
)

// Bounds of one exchange over HTTPS. A side that brings less than a block in blockTime is given up.
const (
	block          = 64 << 10
	blockTime      = time.Minute
	maxHeaderBytes = 16 << 10
)

// https asks a relay over HTTPS through one dialer: HTTP/1.1, no cookies, no redirects, no TLS session that another
// connection could be linked by.
type https struct {
	client    *Client
	transport *http.Transport
}

func newHTTPS(c *Client, d Dialer) *https {
	connect := func(ctx context.Context, _, _ string) (net.Conn, error) { return c.connect(ctx, d) }
	return &https{client: c, transport: &http.Transport{
		DialContext:            connect,
		DialTLSContext:         connect,
		DisableCompression:     true,
		DisableKeepAlives:      true, // one connection links no two requests, and idles nowhere
		MaxResponseHeaderBytes: maxHeaderBytes,
		ExpectContinueTimeout:  c.opts.Timeout,
		WriteBufferSize:        block,
		ReadBufferSize:         block,
	}}
}

// connect opens a connection to the relay: with a pinned address no byte of HTTP leaves before the relay has proved its
// identity.
func (c *Client) connect(ctx context.Context, dialer Dialer) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, c.opts.Timeout)
	defer cancel()
	raw, err := dialer.DialContext(ctx, "tcp", c.opts.Address.HostPort())
	if err != nil {
		return nil, offline(err)
	}
	if c.opts.Address.Mode == wire.Plain {
		return raw, nil
	}
	secure := tls.Client(raw, c.tlsConfig())
	if err := secure.HandshakeContext(ctx); err != nil {
		_ = raw.Close()
		if errors.Is(err, wire.ErrPinMismatch) {
			return nil, wire.ErrPinMismatch
		}
		return nil, offline(err)
	}
	return secure, nil
}

type request struct {
	method, path, bearer string
	header               map[string]string
	body                 *part // nil: none
	length               int64
}

// answer is a response whose body has not been read. It must be closed.
type answer struct {
	*http.Response
	watch  *watch
	cancel func()
}

// ask sends a request and waits for the head of the answer: opts.Timeout after the last block of the body.
func (h *https) ask(ctx context.Context, r request) (*answer, error) {
	if h.client.ctx.Err() != nil {
		return nil, wire.ErrClosed
	}
	ctx, cancel := context.WithCancel(ctx)
	ends := context.AfterFunc(h.client.ctx, cancel)
	w := newWatch(cancel, h.client.opts.Timeout+blockTime)
	release := func() {
		w.stop()
		ends()
		cancel()
	}
	scheme := "https"
	if h.client.opts.Address.Mode == wire.Plain {
		scheme = "http"
	}
	req := (&http.Request{
		Method: r.method,
		URL:    &url.URL{Scheme: scheme, Host: h.client.opts.Address.HostPort(), Path: r.path},
		Header: http.Header{"Authorization": {r.bearer}, "User-Agent": {""}},
	}).WithContext(ctx)
	for name, value := range r.header {
		req.Header.Set(name, value)
	}
	if r.body != nil {
		r.body.watch = w
		req.Body, req.ContentLength = r.body, r.length
	}
	resp, err := h.transport.RoundTrip(req)
	if err != nil {
		release()
		return nil, h.explain(err)
	}
	return &answer{Response: resp, watch: w, cancel: release}, nil
}

// explain keeps what a caller branches on, and no address.
func (h *https) explain(err error) error {
	switch {
	case h.client.ctx.Err() != nil:
		return wire.ErrClosed
	case errors.Is(err, wire.ErrPinMismatch):
		return wire.ErrPinMismatch
	}
	return offline(err)
}

// close gives the connection back, or ends it where bytes of the answer are left.
func (a *answer) close() {
	a.cancel()
	_ = a.Body.Close()
}

// copyTo writes the n bytes of the body.
func (a *answer) copyTo(w io.Writer, n int64) (done int64, err error) {
	buffer := make([]byte, min(block, n))
	for done < n {
		a.watch.next()
		got, readErr := io.ReadFull(a.Body, buffer[:min(int64(len(buffer)), n-done)])
		if got > 0 {
			a.watch.pause() // a slow disk here is no fault of the relay
			wrote, err := w.Write(buffer[:got])
			done += int64(max(wrote, 0))
			if err != nil {
				return done, err
			}
			if wrote != got {
				return done, io.ErrShortWrite
			}
		}
		if readErr != nil {
			return done, offline(readErr)
		}
	}
	return done, nil
}

// refusal is what a status means to the caller (docs/PROTOCOL.md section 9.9).
func (a *answer) refusal() error {
	code, known := map[int]wire.Code{
		http.StatusRequestTimeout:        wire.CodeUnavailable,
		http.StatusUnauthorized:          wire.CodeUnauthorized,
		http.StatusForbidden:             wire.CodeUnauthorized,
		http.StatusNotFound:              wire.CodeNotFound,
		http.StatusConflict:              wire.CodeConflict,
		http.StatusRequestEntityTooLarge: wire.CodeTooLarge,
		http.StatusTooManyRequests:       wire.CodeQuota,
		http.StatusInsufficientStorage:   wire.CodeQuota,
	}[a.StatusCode]
	switch {
	case a.StatusCode == http.StatusUnprocessableEntity:
		return wire.ErrDigest
	case !known && a.StatusCode >= 500:
		code = wire.CodeUnavailable
	case !known:
		return wire.ErrMalformed
	}
	after, err := strconv.ParseUint(a.Header.Get("Retry-After"), 10, 32)
	if err != nil {
		after = 0
	}
	return (&wire.Err{Code: code, After: after}).AsError()
}

// part is the body of an upload: exactly left bytes of a reader, whose own failure is told apart from the network's.
type part struct {
	watch *watch

	from  io.Reader // read by one goroutine of the transport
	left  int64
	ended atomic.Bool // no read begins any more

	mu  sync.Mutex
	err error
}

func (p *part) Read(b []byte) (int, error) {
	if p.ended.Load() {
		return 0, io.ErrClosedPipe
	}
	if p.left == 0 {
		return 0, io.EOF
	}
	n, err := p.from.Read(b[:min(int64(len(b)), p.left)])
	p.left -= int64(n)
	p.watch.next()
	if errors.Is(err, io.EOF) && p.left > 0 {
		err = io.ErrUnexpectedEOF
	}
	if p.left == 0 && errors.Is(err, io.EOF) {
		err = nil
	}
	if err != nil {
		p.mu.Lock()
		p.err = err
		p.mu.Unlock()
	}
	return n, err
}

// Close lets no read begin any more; it does not wait for one that hangs.
func (p *part) Close() error {
	p.ended.Store(true)
	return nil
}

func (p *part) failure() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.err
}

// watch ends an exchange in which nothing moves.
type watch struct {
	mu      sync.Mutex
	timer   *time.Timer
	wait    time.Duration
	stopped bool
}

func newWatch(end func(), wait time.Duration) *watch {
	return &watch{timer: time.AfterFunc(wait, end), wait: wait}
}

// next gives the next block its time.
func (w *watch) next() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.stopped {
		w.timer.Reset(w.wait)
	}
}

// pause stops the time until next.
func (w *watch) pause() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.timer.Stop()
}

// stop stops it for good: a part may still be read after its exchange has ended.
func (w *watch) stop() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.stopped = true
	w.timer.Stop()
}
