package messenger

import (
	"sync"
	"time"

	"sotto/chat"
)

// progressEvery is how often the progress of one file is told, at most.
const progressEvery = 100 * time.Millisecond

// watchers are those who watch files move. Each has a queue and a goroutine of its own, like those of the hub.
type watchers struct {
	mu     sync.Mutex
	all    map[int]*queue[FileStatus]
	next   int
	closed bool
	group  sync.WaitGroup
}

// WatchFiles calls f with where files stand while they move, at most ten times a second each, and once more when one has
// changed its state; from one goroutine. Nothing of it is durable: what counts is EventFile. f may call the messenger, but
// not Close.
func (m *Messenger) WatchFiles(f func(FileStatus)) (stop func()) {
	w := &m.transfers.watch
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed {
		return func() {}
	}
	if w.all == nil {
		w.all = map[int]*queue[FileStatus]{}
	}
	id, q := w.next, newQueue[FileStatus]()
	w.next++
	w.all[id] = q
	w.group.Go(func() { q.drain(f) })
	return func() {
		w.mu.Lock()
		delete(w.all, id)
		w.mu.Unlock()
		q.close()
	}
}

func (w *watchers) tell(s FileStatus) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, q := range w.all {
		q.add(s)
	}
}

func (w *watchers) any() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.all) > 0
}

func (w *watchers) close() {
	w.mu.Lock()
	w.closed = true
	for _, q := range w.all {
		q.close()
	}
	w.mu.Unlock()
	w.group.Wait()
}

// begun notes how much of a file had moved when its transfer began.
func (t *transfers) begun(a chat.Attachment, done int64) {
	t.mu.Lock()
	t.done[a.Message] = done
	t.mu.Unlock()
	t.moved(a, 0)
}

// moved counts bytes of a file, and tells it now and then to whoever watches.
func (t *transfers) moved(a chat.Attachment, n int) {
	t.mu.Lock()
	done := min(t.done[a.Message]+int64(n), a.Sealed)
	t.done[a.Message] = done
	r := t.running[a.Message]
	if r == nil || !t.watch.any() {
		t.mu.Unlock()
		return
	}
	now := t.m.now()
	if due := now.Sub(r.told); due < progressEvery && due >= 0 && done < a.Sealed {
		t.mu.Unlock()
		return
	}
	r.told = now
	t.mu.Unlock()
	t.watch.tell(FileStatus{Message: a.Message, State: a.State, Stored: a.Stored, Done: done, Total: a.Sealed})
}

// told takes states that were committed, ends the waits of what is to be tried now, and tells whoever watches.
func (t *transfers) told(list []chat.Attachment) {
	for _, a := range list {
		if a.NotBefore.IsZero() {
			t.mu.Lock()
			delete(t.waits, a.Message)
			t.mu.Unlock()
		}
		if t.watch.any() {
			t.watch.tell(t.status(a))
		}
	}
}
