package client

import (
	"sync"

	"sotto/transport/wire"
)

// eventQueue hands events to a callback in order from one goroutine, without making the connection
// wait for it.
type eventQueue struct {
	mu    sync.Mutex
	queue []wire.Event
	last  wire.EventKind // of the connection; what is no change is not told
	wake  chan struct{}
}

func newEventQueue() *eventQueue { return &eventQueue{wake: make(chan struct{}, 1)} }

func (q *eventQueue) put(e wire.Event) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if e.Kind != wire.MailboxGone {
		if e.Kind == q.last {
			return
		}
		q.last = e.Kind
	}
	q.queue = append(q.queue, e)
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

// run delivers until done is closed.
func (q *eventQueue) run(done <-chan struct{}, deliver func(wire.Event)) {
	for {
		select {
		case <-done:
			return
		case <-q.wake:
		}
		q.mu.Lock()
		batch := q.queue
		q.queue = nil
		q.mu.Unlock()
		for _, e := range batch {
			deliver(e)
		}
	}
}
