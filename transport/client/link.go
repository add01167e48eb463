package client

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"sotto/transport/wire"
)

// role is what distinguishes the two connections.
type role interface {
	// keep reports whether the connection is to be kept up without a call.
	keep() bool
	// push takes a pushed envelope.
	push(*session, *wire.PushFrame) error
	// reset prepares for a new session, before its reader starts.
	reset()
	// start makes a new session ready for use.
	start(context.Context, *session) error
	// up and down tell of the change.
	up()
	down(error)
}

// link keeps at most one session, and the back-off between attempts.
type link struct {
	ctx    context.Context
	client *Client
	dialer Dialer
	role   role

	mu       sync.Mutex
	current  *session
	attempt  chan struct{} // not nil while connecting; closed at its end
	failures int
	resting  *time.Timer // not nil during back-off
	last     error
}

func newLink(ctx context.Context, c *Client, d Dialer, r role) *link {
	return &link{ctx: ctx, client: c, dialer: d, role: r}
}

func (l *link) standing() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.current != nil
}

// session returns the standing session, or makes one attempt to get one. During back-off it answers
// with the last error at once.
func (l *link) session(ctx context.Context) (*session, error) {
	l.mu.Lock()
	if l.current != nil {
		defer l.mu.Unlock()
		return l.current, nil
	}
	if l.ctx.Err() != nil {
		l.mu.Unlock()
		return nil, wire.ErrClosed
	}
	if l.attempt == nil && l.resting != nil {
		defer l.mu.Unlock()
		return nil, l.lastError()
	}
	l.connectLocked()
	attempt := l.attempt
	l.mu.Unlock()
	select {
	case <-attempt:
	case <-ctx.Done():
		return nil, offline(ctx.Err())
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.current == nil {
		return nil, l.lastError()
	}
	return l.current, nil
}

// lastError is the reason there is no session: the refusal itself, else offline.
func (l *link) lastError() error {
	switch {
	case l.ctx.Err() != nil:
		return wire.ErrClosed
	case l.last == nil:
		return wire.ErrOffline
	case errors.Is(l.last, wire.ErrOffline) || isRefusal(l.last):
		return l.last
	}
	return fmt.Errorf("%w: %w", wire.ErrOffline, l.last)
}

func isRefusal(err error) bool {
	return errors.Is(err, wire.ErrPinMismatch) || errors.Is(err, wire.ErrUnsupported)
}

// connectLocked starts an attempt unless one runs or a session stands.
func (l *link) connectLocked() {
	if l.current != nil || l.attempt != nil || l.ctx.Err() != nil {
		return
	}
	if l.resting != nil {
		l.resting.Stop()
		l.resting = nil
	}
	l.attempt = make(chan struct{})
	l.client.group.Go(l.connect)
}

// connect makes one attempt and, if it succeeds, stays until the session ends.
func (l *link) connect() {
	s, ran, err := l.open()
	l.mu.Lock()
	if err != nil {
		l.failed(err, 0)
	} else {
		l.current, l.failures, l.last = s, 0, nil
	}
	close(l.attempt)
	l.attempt = nil
	l.mu.Unlock()
	if err != nil {
		l.role.down(err)
		return
	}
	l.role.up()
	cause := <-ran
	l.mu.Lock()
	l.current = nil
	if l.role.keep() {
		l.failed(cause, s.comeBack())
	}
	l.mu.Unlock()
	l.role.down(cause)
}

// open dials, greets, starts the session and makes it ready.
func (l *link) open() (*session, <-chan error, error) {
	ctx, cancel := context.WithTimeout(l.ctx, l.client.opts.Timeout)
	defer cancel()
	conn, err := l.client.dial(ctx, l.dialer)
	if err != nil {
		return nil, nil, err
	}
	l.role.reset()
	s, err := l.client.openSession(ctx, conn, l.role.push)
	if err != nil {
		return nil, nil, err
	}
	ran := make(chan error, 1)
	l.client.group.Go(func() { ran <- s.run(l.ctx) })
	if err := l.role.start(ctx, s); err != nil {
		s.fail(err)
		<-ran
		return nil, nil, err
	}
	return s, ran, nil
}

// failed begins a back-off: doubling from BackoffMin to BackoffMax, the upper half of it by chance, at
// once at BackoffMax after a refusal, and not less than the relay asked for in a GOAWAY.
func (l *link) failed(err error, asked time.Duration) {
	l.last = err
	if l.ctx.Err() != nil {
		return
	}
	low, high := l.client.opts.BackoffMin, l.client.opts.BackoffMax
	wait := min(high, low<<min(l.failures, 10))
	if isRefusal(err) {
		wait = high
	}
	wait = max(asked, wait/2) + rand.N(wait/2+1)
	l.failures++
	l.resting = time.AfterFunc(wait, l.rested)
}

func (l *link) rested() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.resting = nil
	if l.role.keep() {
		l.connectLocked()
	}
}

// wake ends a back-off.
func (l *link) wake() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.resting == nil {
		return
	}
	l.resting.Stop()
	l.resting = nil
	l.failures = 0
	if l.role.keep() {
		l.connectLocked()
	}
}

// stop ends the back-off timer, after the context was cancelled: from here on nothing connects.
func (l *link) stop() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.resting != nil {
		l.resting.Stop()
		l.resting = nil
	}
}
