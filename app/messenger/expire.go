package messenger

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"sotto/chat"
	"sotto/chat/content"
)

const (
	// expireBatch is how many messages one unit of work removes: the writer is not held for longer.
	expireBatch = 500
	expireRetry = 30 * time.Second // after the store refused
	// RemovedExpired and RemovedRetention are the Detail of an EventDelete of a message that ended, and of messages that a
	// rule of the person does not keep: those name no message, and Count is their number.
	RemovedExpired   = "expired"
	RemovedRetention = "retention"
)

// expirer removes messages when they end. It sleeps until the next end.
type expirer struct {
	m     *Messenger
	poked chan struct{}

	mu   sync.Mutex
	next time.Time // when it looks again; zero: not by itself
}

func newExpirer(m *Messenger) *expirer { return &expirer{m: m, poked: make(chan struct{}, 1)} }

// wake lets it look at the next end again.
func (e *expirer) wake() {
	select {
	case e.poked <- struct{}{}:
	default:
	}
}

// stored lets it look again when a message was stored that ends before it would.
func (e *expirer) stored(u *unit) {
	e.mu.Lock()
	next := e.next
	e.mu.Unlock()
	switch {
	case !u.ends.IsZero() && (next.IsZero() || u.ends.Before(next)):
		e.wake()
	case next.IsZero() && len(u.events) > 0 && e.m.retention != nil:
		e.wake() // the first message that a rule may not keep
	}
}

func (e *expirer) run() {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-e.m.ctx.Done():
			return
		case <-e.poked:
		case <-timer.C:
		}
		next, err := e.m.expireDue(e.m.ctx)
		e.mu.Lock()
		e.next = next
		e.mu.Unlock()
		switch {
		case err != nil:
			timer.Reset(expireRetry)
		case next.IsZero():
			timer.Stop()
		default:
			timer.Reset(min(max(next.Sub(e.m.clock.time()), time.Millisecond), maxLeap))
		}
	}
}

// Expire removes what has ended by now. Whoever shows messages of a store that was just opened calls it first. What a leap
// of the clock would remove stays (see [Messenger.Clock]).
func (m *Messenger) Expire(ctx context.Context) error {
	if _, err := m.expireDue(ctx); err != nil {
		return fmt.Errorf("expire: %w", err)
	}
	if err := m.comeBack(ctx); err != nil {
		return fmt.Errorf("expire: %w", err)
	}
	m.expirer.wake()
	return nil
}

// WakeExpiry makes the messenger look again at what has ended, behind the caller: the rules of the person have changed.
func (m *Messenger) WakeExpiry() { m.expirer.wake() }

// laterPerhaps reports whether the store may take later what it refuses now: nobody is kept out for that.
func laterPerhaps(err error) bool {
	return errors.Is(err, chat.ErrDiskFull) || errors.Is(err, chat.ErrReadOnly) || errors.Is(err, chat.ErrDamaged)
}

// expireDue removes what has ended, a batch at a time, and returns when the next message ends: zero for never.
func (m *Messenger) expireDue(ctx context.Context) (next time.Time, err error) {
	for {
		now, leapt := m.clock.read()
		if leapt {
			if now, err = m.holdLeap(ctx, now); err != nil {
				return time.Time{}, err
			}
		}
		var due bool
		if due, next, err = m.anyDue(ctx, now); err != nil || !due {
			return next, err
		}
		n, err := m.expireSome(ctx, now)
		if err != nil {
			return time.Time{}, err
		}
		if n == 0 { // rows that do not authenticate are left; they must not make this spin
			return now.Add(expireRetry), nil
		}
	}
}

// anyDue reports whether a message has ended, and when the next one does.
func (m *Messenger) anyDue(ctx context.Context, now time.Time) (due bool, next time.Time, err error) {
	err = m.view(ctx, func(tx chat.Tx) error {
		next, err = tx.Deadlines().Next()
		if ignoreMissing(err) != nil {
			return err
		}
		if err == nil && !next.After(now) {
			due = true
			return nil
		}
		if m.retention == nil {
			return nil
		}
		old, later, err := m.retention.Due(tx, now, 1)
		due = len(old) > 0
		if next.IsZero() || !later.IsZero() && later.Before(next) {
			next = later
		}
		return err
	})
	return due, next, err
}

// expireSome removes one batch and returns how many messages that were.
func (m *Messenger) expireSome(ctx context.Context, now time.Time) (n int, err error) {
	err = m.commit(ctx, m.store.Purge, func(u *unit) error {
		ended, err := u.Deadlines().Due(now, expireBatch)
		if err != nil {
			return err
		}
		var old []chat.Message
		if left := expireBatch - len(ended); left > 0 && m.retention != nil {
			if old, _, err = m.retention.Due(u.Tx, now, left); err != nil {
				return err
			}
		}
		n = len(ended) + len(old)
		if err := u.removeAll(ended, old); err != nil {
			return err
		}
		return m.clock.seal(u.Tx)
	})
	return n, err
}

// removal is the removing of messages in one unit of work.
type removal struct {
	*unit
	waiting []waiting // what is queued
	gone    map[chat.MessageID]bool
	touched map[chat.ConversationID]int // how many unread ones went
	order   []chat.ConversationID
}

// waiting is a queued content.
type waiting struct {
	chat.QueueItem
	said content.Content
}

// removeAll removes messages that ended, and those that are not kept, with everything that is about them.
func (u *unit) removeAll(ended, old []chat.Message) error {
	r := &removal{unit: u, gone: map[chat.MessageID]bool{}, touched: map[chat.ConversationID]int{}}
	if err := r.readQueue(); err != nil {
		return err
	}
	for _, msg := range ended {
		if err := r.remove(msg); err != nil {
			return err
		}
	}
	counts := map[chat.ConversationID]int{}
	for _, msg := range old {
		if r.gone[msg.ID] {
			continue
		}
		if err := r.remove(msg); err != nil {
			return err
		}
		counts[msg.Conversation]++
	}
	if err := r.forgetEvents(); err != nil {
		return err
	}
	peers := map[chat.ConversationID]chat.ContactID{}
	for _, conv := range r.order {
		if err := r.settle(conv); err != nil {
			return err
		}
		var err error
		if peers[conv], err = u.peerOf(conv); err != nil {
			return err
		}
	}
	for _, msg := range ended {
		e := Event{Type: EventDelete, Contact: peers[msg.Conversation], Conversation: msg.Conversation, Message: msg.ID, Detail: RemovedExpired}
		if err := u.emit(e); err != nil {
			return err
		}
	}
	total := 0
	for _, conv := range r.order {
		n := counts[conv]
		if n == 0 {
			continue
		}
		total += n
		if err := u.emit(Event{Type: EventDelete, Contact: peers[conv], Conversation: conv, Detail: RemovedRetention, Count: n}); err != nil {
			return err
		}
	}
	if total == 0 {
		return nil
	}
	return u.m.retention.Removed(u.Tx, total)
}

func (r *removal) readQueue() error {
	items, err := r.Queue().List()
	if err != nil {
		return err
	}
	for _, item := range items {
		if c, err := content.Decode(item.Content); err == nil {
			r.waiting = append(r.waiting, waiting{item, c})
		}
	}
	return nil
}

// remove takes a message out of the history and empties what of it waits to be sent.
func (r *removal) remove(msg chat.Message) error {
	r.gone[msg.ID] = true
	for i := range r.waiting {
		if err := r.hollow(&r.waiting[i], msg); err != nil {
			return err
		}
	}
	if err := ignoreMissing(r.Annotations().DeleteForTarget(msg.Conversation, msg.ID)); err != nil {
		return err
	}
	if _, seen := r.touched[msg.Conversation]; !seen {
		r.touched[msg.Conversation] = 0
		r.order = append(r.order, msg.Conversation)
	}
	if msg.Direction == chat.In && msg.State != chat.Read && !msg.Deleted {
		r.touched[msg.Conversation]++
	}
	if err := r.letGo(msg, false); err != nil {
		return err
	}
	return ignoreMissing(r.Messages().Delete(msg.ID))
}

// hollow replaces a queued content that is about a message, or is it, by the message's deletion under the same number, so
// that nothing of it leaves any more and no gap remains. One that was sealed is sealed anew: should the envelope have left
// after all, the deletion follows it. An introduction stays what it is.
func (r *removal) hollow(w *waiting, msg chat.Message) error {
	switch b := w.said.Body.(type) {
	case content.Text, content.Attachment:
		if w.said.ID != msg.ID {
			return nil
		}
	case content.Edit:
		if b.Target != msg.ID {
			return nil
		}
	case content.Reaction:
		if b.Target != msg.ID {
			return nil
		}
	default:
		return nil
	}
	c := w.said
	c.ID, c.ReplyTo, c.ExpiresAfter, c.Body = chat.NewMessageID(), chat.MessageID{}, 0, content.Delete{Target: msg.ID}
	encoded, err := c.Encode()
	if err != nil {
		return err
	}
	w.said = c
	w.Content, w.Message, w.Visible = encoded, c.ID, false
	w.State, w.Failure, w.NotBefore = chat.QueueWaiting, "", time.Time{}
	w.Envelope, w.EnvelopeID, w.Session, w.Device = nil, [16]byte{}, chat.SessionID{}, chat.DeviceID{}
	r.rescan = true
	return r.Queue().Put(w.QueueItem)
}

// forgetEvents drops the events that name what was removed.
func (r *removal) forgetEvents() error {
	return r.Events().Forget(func(e chat.Event) bool {
		if len(r.gone) <= 4 {
			for id := range r.gone {
				if bytes.Contains(e.Body, []byte(id.String())) {
					return true
				}
			}
			return false
		}
		var told Event
		return json.Unmarshal(e.Body, &told) == nil && r.gone[told.Message]
	})
}

// settle brings the count of unread messages and the preview of a conversation up to date.
func (r *removal) settle(id chat.ConversationID) error {
	conv, err := r.Conversations().Get(id)
	if err != nil {
		return ignoreMissing(err)
	}
	conv.Unread = max(0, conv.Unread-r.touched[id])
	return r.summarise(conv)
}

// holdLeap decides what follows from a leap of the clock. When nothing would go by it, it is taken for true; else
// deletions go on by the time seen, and an alert says so, once.
func (m *Messenger) holdLeap(ctx context.Context, now time.Time) (time.Time, error) {
	due, err := m.dueBy(ctx, m.now())
	if err != nil {
		return now, err
	}
	if due == 0 {
		return m.clock.trust(), nil
	}
	if _, first := m.clock.hold(); !first {
		return now, nil
	}
	err = m.update(ctx, func(u *unit) error {
		if err := m.clock.seal(u.Tx); err != nil {
			return err
		}
		return u.emit(Event{Type: EventAlert, Detail: AlertClock, Count: due})
	})
	return now, err
}

// countMost bounds what is counted for the person.
const countMost = 1 << 20

// dueBy counts what would be removed by a time.
func (m *Messenger) dueBy(ctx context.Context, at time.Time) (n int, err error) {
	err = m.view(ctx, func(tx chat.Tx) error {
		if n, err = tx.Deadlines().Count(at); err != nil || m.retention == nil {
			return err
		}
		old, _, err := m.retention.Due(tx, at, countMost)
		for _, msg := range old {
			if msg.Expires.IsZero() || msg.Expires.After(at) {
				n++
			}
		}
		return err
	})
	return n, err
}

// Clock says by which time messages end, and whether deletions wait for the person's word about it.
func (m *Messenger) Clock(ctx context.Context) (ClockState, error) {
	seen, leapt := m.clock.read()
	s := ClockState{Seen: seen, Clock: m.now().Round(0).UTC()}
	if !leapt {
		return s, nil
	}
	var err error
	s.Due, err = m.dueBy(ctx, s.Clock)
	s.Held = s.Due > 0
	return s, err
}

// ConfirmClock takes the computer's clock for true, by the person's word, and removes what has ended by it. What was
// written since the leap keeps its whole time. Error: chat.ErrNotFound when nothing waits for it.
func (m *Messenger) ConfirmClock(ctx context.Context) error {
	if _, leapt := m.clock.read(); !leapt {
		return fmt.Errorf("confirm the clock: %w", chat.ErrNotFound)
	}
	since, _ := m.clock.hold()
	err := m.update(ctx, func(u *unit) error {
		now := u.now.Round(0).UTC()
		due, err := u.Deadlines().Due(now, countMost)
		if err != nil {
			return err
		}
		for _, msg := range due {
			if msg.Received.Before(since) {
				continue
			}
			msg.Expires = now.Add(max(msg.ExpiresAfter, ShortestTimer))
			if msg.Direction == chat.In && msg.State != chat.Read {
				msg.Expires = msg.Expires.Add(UnreadLife)
			}
			if _, err := u.Messages().Put(msg); err != nil {
				return err
			}
		}
		return u.audit("clock.confirmed", chat.ContactID{})
	})
	if err != nil {
		return fmt.Errorf("confirm the clock: %w", err)
	}
	m.clock.trust()
	return m.Expire(ctx)
}
