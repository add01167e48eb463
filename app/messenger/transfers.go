package messenger

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"sotto/chat"
)

const (
	maxTransfers = 6 // at a time
	maxAtRelay   = 2 // of those with one relay: a contact's, which may dawdle, holds up no other
	smallFile    = 1 << 20
	// stalledAfter is how long a transfer may move nothing before it is begun again.
	stalledAfter = time.Minute
	transferMost = 10 * time.Minute // the longest wait before a transfer is tried again
	onwards      = 200 * time.Millisecond
)

// transfers moves files between the disk and the relays, a few at a time. What is durable is in the store: the attachment
// and the bytes that came; this is only who is at it, and until when nobody need be.
type transfers struct {
	m     *Messenger
	poked chan struct{}
	watch hub[FileStatus]

	mu      sync.Mutex
	running map[chat.MessageID]*transfer
	waits   map[chat.MessageID]wait
	done    map[chat.MessageID]int64 // bytes moved, as far as this run knows
	sent    map[chat.MessageID]int64 // bytes that uploads brought in all, those in vain as well
	wake    bool                     // something was committed that matters to files

	removals map[string]*blobRemoval // of blobs, by relay
}

// transfer is one file on its way.
type transfer struct {
	cancel context.CancelFunc
	relay  string
	total  int64
	told   time.Time // when its progress was last told
}

// wait says why a file is not tried now.
type wait struct {
	soft  bool      // ends when a relay comes back
	held  bool      // waits for something that is committed
	ended bool      // the relay came back since
	until time.Time // what does not end with that, or could not be stored as Attachment.NotBefore
	why   string
}

func newTransfers(m *Messenger) *transfers {
	return &transfers{
		m: m, poked: make(chan struct{}, 1), running: map[chat.MessageID]*transfer{}, waits: map[chat.MessageID]wait{},
		done: map[chat.MessageID]int64{}, sent: map[chat.MessageID]int64{},
		removals: map[string]*blobRemoval{},
	}
}

func (t *transfers) signal() {
	select {
	case t.poked <- struct{}{}:
	default:
	}
}

// committed looks again after a commit that touched files or blobs, and after another one at what waits for such.
func (t *transfers) committed(files, blobs, other bool) {
	t.mu.Lock()
	look := files || blobs
	for id, w := range t.waits {
		if w.held && (files || other) {
			delete(t.waits, id)
			look = true
		}
	}
	if look {
		t.wake = true
	}
	if blobs {
		t.removeAtOnce()
	}
	t.mu.Unlock()
	if look {
		t.signal()
	}
}

// kick tries now what waits for a relay that was away.
func (t *transfers) kick() {
	t.mu.Lock()
	for id, w := range t.waits {
		if w.soft {
			w.ended = true
			t.waits[id] = w
		}
	}
	t.removeAtOnce()
	t.wake = true
	t.mu.Unlock()
	t.signal()
}

// removeAtOnce ends the waits of what is to be removed; t.mu is held.
func (t *transfers) removeAtOnce() {
	for _, r := range t.removals {
		r.retry = time.Time{}
	}
}

func (t *transfers) run() {
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	t.kick()
	for {
		select {
		case <-t.m.ctx.Done():
			return
		case <-t.poked:
		case <-timer.C:
		}
		timer.Reset(t.round())
	}
}

// moving returns the files on their way, small ones first, then the oldest, and the blobs that are to be removed.
func (t *transfers) moving() (list []chat.Attachment, remove []doomed, err error) {
	err = t.m.view(t.m.ctx, func(tx chat.Tx) error {
		if list, err = tx.Attachments().Moving(); err != nil {
			return err
		}
		_, err = getJSON(tx, settingBlobs, &remove)
		return err
	})
	slices.SortStableFunc(list, func(a, b chat.Attachment) int {
		return cmp.Compare(weight(a), weight(b))
	})
	return list, remove, err
}

// weight is 0 for small files, else 1.
func weight(a chat.Attachment) int {
	if a.Sealed <= smallFile {
		return 0
	}
	return 1
}

// round starts what is due and returns how long there is nothing to do.
func (t *transfers) round() time.Duration {
	t.mu.Lock()
	t.wake = false
	t.mu.Unlock()
	list, remove, err := t.moving()
	t.mu.Lock()
	defer t.mu.Unlock()
	if errors.Is(err, chat.ErrDamaged) { // the next opening says so
		return expireRetry
	}
	if err != nil {
		t.wake = t.m.ctx.Err() == nil
		return time.Second
	}
	t.forget(list)
	now, next := t.m.now(), time.Hour
	for _, a := range list {
		if t.running[a.Message] != nil {
			continue
		}
		w, waits := t.waits[a.Message]
		if w.held {
			continue
		}
		if left := w.until.Sub(now); left > 0 {
			next = min(next, left)
			continue
		}
		if left := a.NotBefore.Sub(now); left > 0 && waits && !w.ended { // a new process tries at once
			next = min(next, left)
			continue
		}
		if len(t.running) < maxTransfers && t.at(a.Relay) < maxAtRelay {
			t.start(a)
		}
	}
	next = min(next, t.startRemovals(remove, now))
	return max(next, time.Millisecond)
}

// forget ends what is not to be moved any more.
func (t *transfers) forget(list []chat.Attachment) {
	wanted := map[chat.MessageID]bool{}
	for _, a := range list {
		wanted[a.Message] = true
	}
	for id, r := range t.running {
		if !wanted[id] {
			r.cancel()
		}
	}
	for id := range t.waits {
		if !wanted[id] {
			delete(t.waits, id)
		}
	}
	for id := range t.done {
		if !wanted[id] && t.running[id] == nil {
			delete(t.done, id)
		}
	}
	for id := range t.sent {
		if !wanted[id] && t.running[id] == nil {
			delete(t.sent, id)
		}
	}
}

// at counts the transfers with a relay; t.mu is held.
func (t *transfers) at(relay string) (n int) {
	for _, r := range t.running {
		if r.relay == relay {
			n++
		}
	}
	return n
}

// spent counts bytes of an upload and returns how many there were in all since it was last begun by the person.
func (t *transfers) spent(id chat.MessageID, n int) int64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.sent[id] += int64(n)
	return t.sent[id]
}

func (t *transfers) start(a chat.Attachment) {
	ctx, cancel := context.WithCancel(t.m.ctx)
	r := &transfer{cancel: cancel, relay: a.Relay, total: a.Sealed}
	t.running[a.Message] = r
	delete(t.waits, a.Message)
	t.m.group.Go(func() {
		defer cancel()
		var w wait
		if a.State == chat.FileSending {
			w = t.m.upload(ctx, a.Message)
		} else {
			w = t.m.download(ctx, a.Message)
		}
		t.mu.Lock()
		delete(t.running, a.Message)
		if w != (wait{}) {
			t.waits[a.Message] = w
		}
		t.wake = true
		t.mu.Unlock()
		t.signal()
	})
}

// working reports whether something moves, or could now.
func (t *transfers) working() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, r := range t.removals {
		if r.running {
			return true
		}
	}
	return t.wake || len(t.running) > 0
}

// status returns where a file stands.
func (t *transfers) status(a chat.Attachment) FileStatus {
	s := FileStatus{Message: a.Message, State: a.State, Failure: a.Failure, Stored: a.Stored, Total: a.Sealed}
	t.mu.Lock()
	defer t.mu.Unlock()
	switch a.State {
	case chat.FileHere:
		s.Done = s.Total
	case chat.FileSending, chat.FileFetching:
		s.Done, s.Failure = t.done[a.Message], t.waits[a.Message].why
	}
	return s
}
