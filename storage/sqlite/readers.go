package sqlite

import (
	"context"
	"path/filepath"
	"time"

	"sotto/chat"
)

// readers is how many units of work can read beside each other.
const readers = 3

// pool holds the reading connections. One is dialled when a unit of work finds none idle, so that opening a history
// waits for none of them.
type pool struct {
	path  string
	idle  chan *conn
	seats chan struct{} // one for each that is not dialled
}

func newPool(path string) *pool {
	if abs, err := filepath.Abs(path); err == nil { // else dialling says what is wrong
		path = abs
	}
	p := &pool{path: path, idle: make(chan *conn, readers), seats: make(chan struct{}, readers)}
	for range readers {
		p.seats <- struct{}{}
	}
	return p
}

// reader returns a connection to read with; give it back with release of the pool.
func (s *Store) reader(ctx context.Context) (*conn, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	select {
	case <-s.closed:
		return nil, chat.ErrLocked
	default:
	}
	select {
	case c := <-s.pool.idle:
		return c, nil
	default:
	}
	select {
	case c := <-s.pool.idle:
		return c, nil
	case <-s.pool.seats:
		return s.pool.dial()
	case <-s.closed:
		return nil, chat.ErrLocked
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (p *pool) dial() (*conn, error) {
	c, err := dial(p.path, forReader)
	if err != nil {
		p.release(nil)
	}
	return c, err
}

// release gives back a connection, or with nil the seat of one.
func (p *pool) release(c *conn) {
	if c == nil {
		p.seats <- struct{}{}
		return
	}
	p.idle <- c
}

// takeAll waits until nobody reads, and lets nobody begin. nil stands for a connection that is not dialled.
func (p *pool) takeAll() []*conn {
	all, _ := p.takeUntil(nil)
	return all
}

// takeUntil is takeAll until a moment comes; then it takes none, and answers false.
func (p *pool) takeUntil(end <-chan time.Time) (all []*conn, ok bool) {
	for range readers {
		select {
		case c := <-p.idle:
			all = append(all, c)
			continue
		case <-p.seats:
			all = append(all, nil)
			continue
		default: // before the end is looked at, which may have come
		}
		select {
		case c := <-p.idle:
			all = append(all, c)
		case <-p.seats:
			all = append(all, nil)
		case <-end:
			for _, c := range all {
				p.release(c)
			}
			return nil, false
		}
	}
	return all, true
}
