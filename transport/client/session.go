package client

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/coder/websocket"

	"sotto/transport/wire"
)

const (
	maxInFlight  = 128 // requests of one session without an answer
	pingEvery    = 45 * time.Second
	writeTarget  = 256 << 10 // frames are joined into one message up to about this size
	maxWriteOnce = wire.MaxMessage
)

// session is one standing connection: a writer that joins queued frames, a reader that sorts answers.
type session struct {
	conn      *websocket.Conn
	relay     wire.RelayID
	challenge wire.Challenge
	timeout   time.Duration
	onPush    func(*session, *wire.PushFrame) error
	goAway    time.Duration

	slots  chan struct{}
	wake   chan struct{}
	closed chan struct{}

	mu         sync.Mutex
	queue      []wire.Frame
	next       uint64
	waiting    map[uint64]chan wire.Body
	authed     map[wire.Mailbox]bool
	subscribed map[wire.Mailbox]bool
	used       time.Time
	err        error

	syncing sync.Mutex
}

// openSession reads HELLO and starts the writer and the reader, which end with ctx or the connection.
func (c *Client) openSession(ctx context.Context, conn *websocket.Conn, onPush func(*session, *wire.PushFrame) error) (*session, error) {
	s := &session{
		conn:       conn,
		timeout:    c.opts.Timeout,
		onPush:     onPush,
		slots:      make(chan struct{}, maxInFlight),
		wake:       make(chan struct{}, 1),
		closed:     make(chan struct{}),
		waiting:    map[uint64]chan wire.Body{},
		authed:     map[wire.Mailbox]bool{},
		subscribed: map[wire.Mailbox]bool{},
		used:       time.Now(),
	}
	if err := s.hello(ctx, c.opts.Address); err != nil {
		_ = conn.CloseNow()
		return nil, err
	}
	return s, nil
}

func (s *session) hello(ctx context.Context, address wire.Address) error {
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	kind, message, err := s.conn.Read(ctx)
	if err != nil {
		return offline(err)
	}
	frame, rest, err := wire.Decode(message)
	if err != nil || kind != websocket.MessageBinary || len(rest) > 0 {
		return wire.ErrUnsupported
	}
	hello, ok := frame.Body.(*wire.Hello)
	if !ok || hello.Version != wire.Version {
		return wire.ErrUnsupported
	}
	if address.Mode == wire.Pinned && !hello.Relay.Equal(address.Pin) {
		return wire.ErrPinMismatch
	}
	s.relay, s.challenge = hello.Relay, hello.Challenge
	return nil
}

// run keeps the session going and returns what ended it.
func (s *session) run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	var group sync.WaitGroup
	group.Go(func() { s.fail(s.write(ctx)); cancel() })
	group.Go(func() { s.fail(s.read(ctx)); cancel() })
	group.Go(func() { s.fail(s.keepAlive(ctx)); cancel() })
	select {
	case <-ctx.Done():
		s.fail(wire.ErrOffline)
	case <-s.closed:
	}
	_ = s.conn.CloseNow()
	cancel()
	group.Wait()
	return s.cause()
}

// fail ends the session once, with its first error.
func (s *session) fail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err != nil {
		return
	}
	if err == nil {
		err = wire.ErrOffline
	}
	s.err = err
	close(s.closed)
}

func (s *session) cause() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}

func (s *session) read(ctx context.Context) error {
	for {
		kind, message, err := s.conn.Read(ctx)
		if err != nil {
			return offline(err)
		}
		if kind != websocket.MessageBinary {
			return wire.ErrMalformed
		}
		for n := 0; len(message) > 0; n++ {
			var frame wire.Frame
			if frame, message, err = wire.Decode(message); err != nil {
				return err
			}
			if n == wire.MaxFrames {
				return wire.ErrMalformed
			}
			if err := s.dispatch(frame); err != nil {
				return err
			}
		}
	}
}

func (s *session) dispatch(frame wire.Frame) error {
	switch body := frame.Body.(type) {
	case *wire.PushFrame:
		return s.onPush(s, body)
	case *wire.GoAway:
		s.mu.Lock()
		s.goAway = time.Duration(min(body.After, 3600)) * time.Second
		s.mu.Unlock()
		return wire.ErrUnavailable
	}
	s.mu.Lock()
	answer, ok := s.waiting[frame.ID]
	delete(s.waiting, frame.ID)
	s.mu.Unlock()
	if ok {
		answer <- frame.Body // has room for the one answer
	}
	return nil
}

func (s *session) write(ctx context.Context) error {
	var buffer []byte
	for {
		select {
		case <-ctx.Done():
			return wire.ErrOffline
		case <-s.wake:
		}
		for {
			var err error
			buffer, err = s.join(buffer[:0])
			if err != nil {
				return err
			}
			if len(buffer) == 0 {
				break
			}
			sendCtx, cancel := context.WithTimeout(ctx, s.timeout)
			err = s.conn.Write(sendCtx, websocket.MessageBinary, buffer)
			cancel()
			if err != nil {
				return offline(err)
			}
		}
	}
}

// join encodes queued frames into one message: at least one, then as long as it stays small.
func (s *session) join(buffer []byte) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	taken := 0
	for taken < len(s.queue) && taken < wire.MaxFrames && len(buffer) < writeTarget {
		longer, err := wire.Append(buffer, s.queue[taken])
		if err != nil {
			return nil, err
		}
		if len(longer) > maxWriteOnce && taken > 0 {
			break
		}
		buffer = longer
		taken++
	}
	s.queue = append(s.queue[:0], s.queue[taken:]...)
	return buffer, nil
}

func (s *session) keepAlive(ctx context.Context) error {
	tick := time.NewTicker(pingEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return wire.ErrOffline
		case <-tick.C:
			pingCtx, cancel := context.WithTimeout(ctx, s.timeout)
			err := s.conn.Ping(pingCtx)
			cancel()
			if err != nil {
				return offline(err)
			}
		}
	}
}

// post queues a frame that has no answer.
func (s *session) post(body wire.Body) {
	s.mu.Lock()
	s.queue = append(s.queue, wire.Frame{Body: body})
	s.mu.Unlock()
	s.signal()
}

func (s *session) signal() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// call sends one request and waits for its answer of type B.
func call[B wire.Body](ctx context.Context, s *session, body wire.Body) (B, error) {
	var none B
	if err := wire.Validate(body); err != nil {
		return none, err
	}
	answer, err := s.exchange(ctx, body)
	if err != nil {
		return none, err
	}
	switch a := answer.(type) {
	case *wire.Err:
		return none, a.AsError()
	case B:
		return a, nil
	}
	s.fail(wire.ErrMalformed)
	return none, wire.ErrMalformed
}

func (s *session) callOK(ctx context.Context, body wire.Body) error {
	_, err := call[*wire.OK](ctx, s, body)
	return err
}

func (s *session) exchange(ctx context.Context, body wire.Body) (wire.Body, error) {
	select {
	case s.slots <- struct{}{}:
	case <-s.closed:
		return nil, s.ended()
	case <-ctx.Done():
		return nil, offline(ctx.Err())
	}
	defer func() { <-s.slots }()
	answer := make(chan wire.Body, 1)
	s.mu.Lock()
	s.next++
	id := s.next
	s.waiting[id] = answer
	s.queue = append(s.queue, wire.Frame{ID: id, Body: body})
	s.used = time.Now()
	s.mu.Unlock()
	s.signal()
	timer := time.NewTimer(s.timeout)
	defer timer.Stop()
	select {
	case a := <-answer:
		return a, nil
	case <-s.closed:
		return nil, s.ended()
	case <-timer.C:
		s.fail(wire.ErrOffline)
		return nil, offline(context.DeadlineExceeded)
	case <-ctx.Done():
		s.mu.Lock()
		delete(s.waiting, id)
		s.mu.Unlock()
		return nil, offline(ctx.Err())
	}
}

// ended is what a request gets whose connection broke: offline, whatever the cause was.
func (s *session) ended() error {
	if err := s.cause(); errors.Is(err, wire.ErrOffline) {
		return err
	}
	return fmt.Errorf("%w: %w", wire.ErrOffline, s.cause())
}

// idle reports whether nothing was asked for the given time and nothing is outstanding.
func (s *session) idle(d time.Duration) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.waiting) == 0 && time.Since(s.used) >= d
}

// authenticate proves an owner key for mailboxes (none: to create some) and returns those that the
// relay does not hold for it.
func (s *session) authenticate(ctx context.Context, key ed25519.PrivateKey, mailboxes []wire.Mailbox) ([]wire.Mailbox, error) {
	answer, err := call[*wire.Authed](ctx, s, wire.SignAuth(key, s.relay, s.challenge, mailboxes))
	if err != nil {
		return nil, err
	}
	gone := map[wire.Mailbox]bool{}
	for _, m := range answer.Missing {
		gone[m] = true
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, m := range mailboxes {
		if !gone[m] {
			s.authed[m] = true
		}
	}
	return answer.Missing, nil
}

func (s *session) remember(m wire.Mailbox) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.authed[m] = true
}

func (s *session) remembers(m wire.Mailbox) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.authed[m]
}

func (s *session) forget(m wire.Mailbox) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.authed, m)
	delete(s.subscribed, m)
}

// comeBack is how long a GOAWAY asked to stay away, 0 without one.
func (s *session) comeBack() time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.goAway
}
