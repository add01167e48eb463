package uiqueue

import (
	"sync"
	"testing"
	"time"
)

// Patience is how long Until waits in all.
const Patience = time.Minute

// Queue keeps what is to run on the UI thread.
type Queue struct {
	mu    sync.Mutex
	todo  []func()
	ready chan struct{}
}

// New answers an empty queue.
func New() *Queue { return &Queue{ready: make(chan struct{}, 1)} }

// Do is a screen.Dispatcher.
func (q *Queue) Do(f func()) {
	q.mu.Lock()
	q.todo = append(q.todo, f)
	q.mu.Unlock()
	select {
	case q.ready <- struct{}{}:
	default:
	}
}

// Drain runs what is queued and reports whether there was anything.
func (q *Queue) Drain() bool {
	any := false
	for {
		q.mu.Lock()
		todo := q.todo
		q.todo = nil
		q.mu.Unlock()
		if len(todo) == 0 {
			return any
		}
		any = true
		for _, f := range todo {
			f()
		}
	}
}

// Until runs what is dispatched until done answers true, which it asks after each bundle. It fails t when that does not
// happen within [Patience].
func (q *Queue) Until(t testing.TB, what string, done func() bool) {
	t.Helper()
	end := time.NewTimer(Patience)
	defer end.Stop()
	for {
		q.Drain()
		if done() {
			return
		}
		select {
		case <-q.ready:
		case <-end.C:
			t.Fatalf("waited %v in vain: %s", Patience, what)
		}
	}
}
