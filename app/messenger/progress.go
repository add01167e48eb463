package messenger

import (
	"time"

	"sotto/chat"
)

// progressEvery is how often the progress of one file is told, at most.
const progressEvery = 100 * time.Millisecond

// WatchFiles calls f with where files stand while they move, at most ten times a second each, and once more when one has
// changed its state; from one goroutine. Nothing of it is durable: what counts is EventFile. f may call the messenger, but
// not Close.
func (m *Messenger) WatchFiles(f func(FileStatus)) (stop func()) {
	return m.transfers.watch.subscribe(f)
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
	if r == nil || !t.watch.heard() {
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
	t.watch.publish(FileStatus{Message: a.Message, State: a.State, Stored: a.Stored, Done: done, Total: a.Sealed})
}

// told takes states that were committed, ends the waits of what is to be tried now, and tells whoever watches.
func (t *transfers) told(list []chat.Attachment) {
	for _, a := range list {
		if a.NotBefore.IsZero() {
			t.mu.Lock()
			delete(t.waits, a.Message)
			t.mu.Unlock()
		}
		if t.watch.heard() {
			t.watch.publish(t.status(a))
		}
	}
}
