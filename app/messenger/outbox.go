package messenger

import (
	"sync"
	"sync/atomic"
	"time"

	"sotto/chat"
	"sotto/chat/content"
)

// queueOptions of one content on its way.
type queueOptions struct {
	message chat.MessageID // the visible message it belongs to; zero: the content's own id
	visible bool
	seq     uint64
	expires time.Time
	held    bool // waits for its file to be on the relay
}

// enqueueBody encodes a body as a fresh content of the direct conversation and queues it.
func (u *unit) enqueueBody(to chat.ContactID, body content.Body, o queueOptions) error {
	return u.enqueue(to, content.Content{
		ID: chat.NewMessageID(), Conv: u.m.ConversationWith(to), Seq: o.seq, Sent: u.now, Body: body,
	}, o)
}

// enqueue queues a content. Error: chat.ErrNotConsented for what a bot may not read.
func (u *unit) enqueue(to chat.ContactID, c content.Content, o queueOptions) error {
	if ofThePerson(c) {
		contact := u.to
		if contact.ID != to {
			var err error
			if contact, err = u.Contacts().Get(to); err != nil {
				return err
			}
		}
		if err := u.m.mayTake(u.Tx, contact, c); err != nil {
			return err
		}
	}
	b, err := c.Encode()
	if err != nil {
		return err
	}
	if o.message.IsZero() {
		o.message = c.ID
	}
	state := chat.QueueWaiting
	if o.held {
		state = chat.QueueHeld
	}
	_, err = u.Queue().Add(chat.QueueItem{
		Peer: to, Message: o.message, Visible: o.visible, Content: b, State: state, Created: u.now, Expires: o.expires,
	})
	if err != nil {
		return err
	}
	u.rescan = true
	return nil
}

// Enqueue implements chat.Outbox. The content is sent in the order of the queue; call Flush after the commit.
func (m *Messenger) Enqueue(tx chat.Tx, to chat.ContactID, id chat.MessageID, encoded []byte) error {
	contact, err := tx.Contacts().Get(to)
	if err != nil {
		return err
	}
	if err := maySend(contact); err != nil {
		return err
	}
	c, err := content.Decode(encoded)
	if err != nil {
		return err
	}
	if err := m.mayTake(tx, contact, c); err != nil {
		return err
	}
	_, err = tx.Queue().Add(chat.QueueItem{
		Peer: to, Message: id, Content: encoded, State: chat.QueueWaiting, Created: m.now(),
	})
	return err
}

// LetGo implements chat.Outbox.
func (m *Messenger) LetGo(tx chat.Tx, msg chat.Message) error {
	return (&unit{Tx: tx, m: m, now: m.now()}).leaveBlob(msg, false)
}

// Flush implements chat.Outbox: it looks at the queue again and sends what is due, also what waits for a relay that was
// away.
func (m *Messenger) Flush() {
	m.outbox.rescan()
	m.outbox.kick()
	m.transfers.kick()
}

// maySend says why nothing may be queued for a contact.
func maySend(c chat.Contact) error {
	switch {
	case c.State == chat.ContactBlocked:
		return chat.ErrBlocked
	case c.State == chat.ContactRequest:
		return chat.ErrNotAccepted
	case c.Verification == chat.Changed:
		return chat.ErrIdentityChanged
	}
	return nil
}

// outbox runs one sender per contact with something to send. What is durable is the queue in the store; this is only
// who is at it, and until when nobody need be.
type outbox struct {
	m     *Messenger
	poked chan struct{}
	slots chan struct{} // bounds senders at work
	turns atomic.Uint64 // contacts that turned into bots in this run

	mu      sync.Mutex
	dirty   bool
	sending map[chat.ContactID]bool
	again   map[chat.ContactID]bool      // poked or kicked while sending
	due     map[chat.ContactID]time.Time // when a contact with waiting contents is tried next
	soft    map[chat.ContactID]bool      // the wait ends when a relay comes back
	held    map[chat.ContactID]bool      // waits for something other than time
}

const maxSenders = 16

func newOutbox(m *Messenger) *outbox {
	return &outbox{
		m: m, poked: make(chan struct{}, 1), slots: make(chan struct{}, maxSenders),
		sending: map[chat.ContactID]bool{}, again: map[chat.ContactID]bool{}, due: map[chat.ContactID]time.Time{},
		soft: map[chat.ContactID]bool{}, held: map[chat.ContactID]bool{},
	}
}

func (o *outbox) signal() {
	select {
	case o.poked <- struct{}{}:
	default:
	}
}

// rescan makes the outbox look at the whole queue.
func (o *outbox) rescan() {
	o.mu.Lock()
	o.dirty = true
	o.mu.Unlock()
	o.signal()
}

// poke tries a contact now: something it waited for happened.
func (o *outbox) poke(peer chat.ContactID) {
	o.mu.Lock()
	delete(o.held, peer)
	if o.soft[peer] {
		delete(o.soft, peer)
		o.due[peer] = time.Time{}
	}
	if o.sending[peer] {
		o.again[peer] = true
	}
	o.dirty = true
	o.mu.Unlock()
	o.signal()
}

// kick tries now what waits for a relay that was away, and once more what is just being tried: that may still fail.
func (o *outbox) kick() {
	o.mu.Lock()
	for peer := range o.sending {
		o.again[peer] = true
	}
	for peer := range o.soft {
		o.due[peer] = time.Time{}
	}
	clear(o.soft)
	o.mu.Unlock()
	o.signal()
}

func (o *outbox) run() {
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		select {
		case <-o.m.ctx.Done():
			return
		case <-o.poked:
		case <-timer.C:
		}
		timer.Reset(o.round())
	}
}

// round starts senders for what is due and returns how long there is nothing to do.
func (o *outbox) round() time.Duration {
	o.mu.Lock()
	dirty := o.dirty
	o.dirty = false
	o.mu.Unlock()
	if dirty && !o.scan() {
		return time.Second
	}
	now := o.m.now()
	wait := time.Hour
	o.mu.Lock()
	defer o.mu.Unlock()
	for peer, at := range o.due {
		switch {
		case o.held[peer] || o.sending[peer]:
		case at.After(now):
			wait = min(wait, at.Sub(now))
		default:
			o.sending[peer] = true
			delete(o.soft, peer)
			o.m.group.Go(func() { o.serve(peer) })
		}
	}
	return max(wait, time.Millisecond)
}

// scan learns from the store who has something waiting, and keeps the waits that are already known.
func (o *outbox) scan() bool {
	fresh := map[chat.ContactID]chat.QueueItem{}
	var released map[chat.ContactID]bool
	err := o.m.view(o.m.ctx, func(tx chat.Tx) error {
		items, err := tx.Queue().List()
		if err != nil {
			return err
		}
		held := map[chat.ContactID]bool{}
		for _, item := range items {
			if _, seen := fresh[item.Peer]; !seen && item.State != chat.QueueParked && item.State != chat.QueueHeld {
				fresh[item.Peer] = item
			}
			if awaitsConsent(item) {
				held[item.Peer] = true
			}
		}
		released, err = o.m.readable(tx, held)
		return err
	})
	if err == nil && len(released) > 0 {
		err = o.m.update(o.m.ctx, func(u *unit) error { return u.release(released) })
	}
	if err != nil {
		o.mu.Lock()
		o.dirty = true
		o.mu.Unlock()
		return false
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	for peer := range o.due {
		if _, ok := fresh[peer]; !ok && !o.sending[peer] {
			delete(o.due, peer)
		}
	}
	for peer, item := range fresh {
		if _, known := o.due[peer]; !known {
			o.due[peer] = item.NotBefore
			if item.Failure == failureOffline {
				o.soft[peer] = true
			}
		}
	}
	return true
}

// serve sends to one contact until nothing is due.
func (o *outbox) serve(peer chat.ContactID) {
	for {
		var r result
		select {
		case o.slots <- struct{}{}:
			r = o.m.sendTo(o.m.ctx, peer)
			<-o.slots
		case <-o.m.ctx.Done():
		}
		o.mu.Lock()
		if o.again[peer] && o.m.ctx.Err() == nil {
			delete(o.again, peer)
			o.mu.Unlock()
			continue
		}
		delete(o.again, peer)
		delete(o.sending, peer)
		delete(o.due, peer)
		switch {
		case r.held:
			o.held[peer], o.due[peer] = true, time.Time{}
		case !r.until.IsZero():
			o.due[peer] = r.until
			if r.soft {
				o.soft[peer] = true
			}
		default:
			o.dirty = true // something may have been queued since
		}
		o.mu.Unlock()
		o.signal()
		return
	}
}

// idle reports whether nothing is being sent and nothing could be now.
func (o *outbox) idle() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.dirty || len(o.sending) > 0 {
		return false
	}
	now := o.m.now()
	for peer, at := range o.due {
		if !o.held[peer] && !at.After(now) {
			return false
		}
	}
	return true
}

// visibleState moves an own message and tells it.
func (u *unit) visibleState(id chat.MessageID, state chat.MessageState, failure string) error {
	msg, err := u.Messages().Get(id)
	if err != nil {
		return ignoreMissing(err)
	}
	if msg.Direction != chat.Out || (state != chat.Failed && state != chat.Queued && msg.State.Rank() >= state.Rank()) {
		return nil
	}
	msg.State, msg.Failure = state, failure
	if _, err := u.Messages().Put(msg); err != nil {
		return err
	}
	peer, err := u.peerOf(msg.Conversation)
	if err != nil {
		return err
	}
	return u.emit(Event{
		Type: EventReceipt, Contact: peer, Conversation: msg.Conversation, Message: id, State: state, Detail: failure,
	})
}

// peerOf returns the contact of a direct conversation.
func (u *unit) peerOf(conv chat.ConversationID) (chat.ContactID, error) {
	c, err := u.Conversations().Get(conv)
	if err != nil || len(c.Members) == 0 {
		return chat.ContactID{}, ignoreMissing(err)
	}
	return c.Members[0], nil
}
