package client

import (
	"context"
	"crypto/ed25519"
	"errors"
	"time"

	"sotto/transport/wire"
)

type ackKey struct {
	mailbox wire.Mailbox
	seq     uint64
}

// pushed is how much room a push takes, and where its credit goes back to. The session may not be the link's yet.
type pushed struct {
	bytes   int
	session *session
}

func isGone(err error) bool { return errors.Is(err, wire.ErrNoMailbox) }

// ownerLink is the role of the connection that reads and manages the own mailboxes.
type ownerLink struct{ c *Client }

func (o ownerLink) keep() bool {
	o.c.mu.Lock()
	defer o.c.mu.Unlock()
	return len(o.c.subs) > 0
}

// reset forgets what was pushed on the session before: the relay pushes it again.
func (o ownerLink) reset() {
	o.c.mu.Lock()
	defer o.c.mu.Unlock()
	clear(o.c.unacks)
	for {
		select {
		case <-o.c.pushes:
		default:
			return
		}
	}
}

func (o ownerLink) start(ctx context.Context, s *session) error { return o.c.sync(ctx, s) }

func (o ownerLink) up() {
	o.c.owner.refresh() // what was subscribed after start looked, and found no session yet
	o.c.sender.wake()
	o.c.events.put(wire.Event{Kind: wire.Online})
}

func (o ownerLink) down(err error) {
	kind := wire.Offline
	if isRefusal(err) {
		kind = wire.Refused
	}
	o.c.events.put(wire.Event{Kind: kind, Err: err})
}

func (o ownerLink) push(s *session, p *wire.PushFrame) error {
	wanted, err := o.c.accept(s, p)
	if err == nil && !wanted {
		o.c.release(p.Mailbox, []uint64{p.Seq})
	}
	return err
}

// accept queues a push for the receiver, unless its mailbox was forgotten.
func (c *Client) accept(s *session, p *wire.PushFrame) (wanted bool, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	key := ackKey{p.Mailbox, p.Seq}
	if _, again := c.unacks[key]; again {
		return false, wire.ErrMalformed
	}
	if !c.subs[p.Mailbox] {
		c.unacks[key] = pushed{len(p.Envelope), s}
		return false, nil
	}
	push := wire.Push{Mailbox: p.Mailbox, Seq: p.Seq, Received: wire.Time(p.Received), Envelope: p.Envelope}
	select {
	case c.pushes <- push:
	default:
		return false, wire.ErrMalformed // more than the credit allows
	}
	c.unacks[key] = pushed{len(p.Envelope), s}
	return true, nil
}

// release gives the relay credit for pushes that are done with.
func (c *Client) release(m wire.Mailbox, seqs []uint64) {
	var credit wire.Credit
	var s *session // one for all: what came on another was forgotten with it
	c.mu.Lock()
	for _, seq := range seqs {
		if p, ok := c.unacks[ackKey{m, seq}]; ok {
			delete(c.unacks, ackKey{m, seq})
			credit.Messages++
			credit.Bytes += uint64(p.bytes)
			s = p.session
		}
	}
	c.mu.Unlock()
	if s != nil {
		s.post(&credit)
	}
}

// refresh connects, or brings the standing session up to the present subscriptions.
func (l *link) refresh() {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := l.current
	if s == nil {
		if l.resting == nil {
			l.connectLocked()
		}
		return
	}
	if l.ctx.Err() != nil {
		return
	}
	l.client.group.Go(func() {
		ctx, cancel := context.WithTimeout(l.ctx, l.client.opts.Timeout)
		defer cancel()
		if err := l.client.sync(ctx, s); err != nil {
			s.fail(err)
		}
	})
}

func (l *link) peek() *session {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.current
}

// sync authenticates and subscribes what the session does not have yet, one AUTH per owner key.
func (c *Client) sync(ctx context.Context, s *session) error {
	s.syncing.Lock()
	defer s.syncing.Unlock()
	for _, group := range c.unsubscribed(s) {
		gone, err := s.authenticate(ctx, group.key, group.mailboxes)
		if err != nil {
			return err
		}
		present := without(group.mailboxes, gone)
		if len(present) > 0 {
			if err := s.callOK(ctx, &wire.Sub{Mailboxes: present}); err != nil {
				return err
			}
		}
		s.mu.Lock()
		for _, m := range present { // one that is gone may be opened again, and is then asked for once more
			s.subscribed[m] = true
		}
		s.mu.Unlock()
		for _, m := range gone {
			c.events.put(wire.Event{Kind: wire.MailboxGone, Mailbox: m})
		}
	}
	return nil
}

type ownerGroup struct {
	key       ed25519.PrivateKey
	mailboxes []wire.Mailbox
}

func (c *Client) unsubscribed(s *session) []ownerGroup {
	c.mu.Lock()
	defer c.mu.Unlock()
	s.mu.Lock()
	defer s.mu.Unlock()
	var groups []ownerGroup
	index := map[string]int{}
	for m := range c.subs {
		if s.subscribed[m] {
			continue
		}
		key := c.owned[m]
		i, ok := index[string(key)]
		if !ok || len(groups[i].mailboxes) == wire.MaxAuthMailboxes {
			i = len(groups)
			index[string(key)] = i
			groups = append(groups, ownerGroup{key: key})
		}
		groups[i].mailboxes = append(groups[i].mailboxes, m)
	}
	return groups
}

func without(all, gone []wire.Mailbox) []wire.Mailbox {
	drop := map[wire.Mailbox]bool{}
	for _, m := range gone {
		drop[m] = true
	}
	var kept []wire.Mailbox
	for _, m := range all {
		if !drop[m] {
			kept = append(kept, m)
		}
	}
	return kept
}

// senderLink is the role of the connection that sends to the mailboxes of others.
type senderLink struct{ c *Client }

func (senderLink) keep() bool                           { return false }
func (senderLink) reset()                               {}
func (senderLink) up()                                  {}
func (senderLink) down(error)                           {}
func (senderLink) push(*session, *wire.PushFrame) error { return wire.ErrMalformed }

// start closes the session once it has been idle.
func (l senderLink) start(_ context.Context, s *session) error {
	l.c.group.Go(func() {
		tick := time.NewTicker(l.c.opts.SendIdle / 2)
		defer tick.Stop()
		for {
			select {
			case <-s.closed:
				return
			case <-tick.C:
				if s.idle(l.c.opts.SendIdle) {
					s.fail(errIdle)
					return
				}
			}
		}
	})
	return nil
}

var errIdle = errors.New("closed after idling")
