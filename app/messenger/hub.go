package messenger

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"

	"sotto/chat"
)

// hub tells subscribers what happens. Each has a queue and a goroutine of its own, so that a slow one never holds up a
// commit, a transfer or another subscriber. The zero value has none.
type hub[T any] struct {
	mu     sync.Mutex
	subs   map[int]*queue[T]
	next   int
	closed bool
	group  sync.WaitGroup
}

func (h *hub[T]) subscribe(f func(T)) (cancel func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return func() {}
	}
	if h.subs == nil {
		h.subs = map[int]*queue[T]{}
	}
	id, q := h.next, newQueue[T]()
	h.next++
	h.subs[id] = q
	h.group.Go(func() { q.drain(f) })
	return func() {
		h.mu.Lock()
		delete(h.subs, id)
		h.mu.Unlock()
		q.close()
	}
}

func (h *hub[T]) publish(items ...T) {
	if len(items) == 0 {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, q := range h.subs {
		q.add(items...)
	}
}

// heard reports whether anybody listens.
func (h *hub[T]) heard() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.subs) > 0
}

// close returns when no subscriber is told anything any more.
func (h *hub[T]) close() {
	h.mu.Lock()
	h.closed = true
	for _, q := range h.subs {
		q.close()
	}
	h.mu.Unlock()
	h.group.Wait()
}

// queue is an unbounded queue with one reader.
type queue[T any] struct {
	mu     sync.Mutex
	ready  *sync.Cond
	items  []T
	closed bool
}

func newQueue[T any]() *queue[T] {
	q := &queue[T]{}
	q.ready = sync.NewCond(&q.mu)
	return q
}

func (q *queue[T]) add(items ...T) {
	q.mu.Lock()
	q.items = append(q.items, items...)
	q.mu.Unlock()
	q.ready.Signal()
}

func (q *queue[T]) close() {
	q.mu.Lock()
	q.closed = true
	q.mu.Unlock()
	q.ready.Signal()
}

// drain calls f with each item until the queue is closed.
func (q *queue[T]) drain(f func(T)) {
	for {
		q.mu.Lock()
		for len(q.items) == 0 && !q.closed {
			q.ready.Wait()
		}
		if q.closed {
			q.mu.Unlock()
			return
		}
		items := q.items
		q.items = nil
		q.mu.Unlock()
		for _, item := range items {
			f(item)
		}
	}
}

// Subscribe calls f with every event after its commit, in the order of commits, from one goroutine. f may take its time
// and may call the messenger, except Close.
func (m *Messenger) Subscribe(f func(Event)) (cancel func()) { return m.hub.subscribe(f) }

// EventsSince returns at most limit events of the durable stream with a greater seq.
func (m *Messenger) EventsSince(ctx context.Context, seq uint64, limit int) ([]Event, error) {
	var out []Event
	err := m.view(ctx, func(tx chat.Tx) error {
		stored, err := tx.Events().Since(seq, limit)
		if err != nil {
			return err
		}
		for _, s := range stored {
			e := Event{Type: EventType(s.Type)}
			if err := json.Unmarshal(s.Body, &e); err != nil {
				return fmt.Errorf("%w: event", chat.ErrDamaged)
			}
			e.Seq = s.Seq
			out = append(out, e)
		}
		return nil
	})
	return out, err
}

// LastEvent returns the seq of the newest event, 0 if there is none.
func (m *Messenger) LastEvent(ctx context.Context) (seq uint64, err error) {
	err = m.view(ctx, func(tx chat.Tx) error {
		seq, err = tx.Events().Last()
		return err
	})
	return seq, err
}
