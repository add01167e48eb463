package relay

import (
	"errors"
	"strconv"
	"time"

	"sotto/transport/relay/store"
	"sotto/transport/wire"
)

// handle carries out one request. What must keep its order (AUTH, SUB, CREDIT, SEND) is done or queued
// before it returns; the rest runs beside it.
func (c *conn) handle(f wire.Frame) {
	if _, unknown := f.Body.(*wire.Unknown); unknown {
		c.relay.metrics.requests.WithLabelValues("unknown").Inc()
		c.answer(f, wire.ErrUnsupported)
		return
	}
	c.relay.metrics.requests.WithLabelValues(strconv.Itoa(int(f.Body.Kind()))).Inc()
	if c.relay.draining.Load() {
		c.answer(f, &wire.Error{Code: wire.CodeUnavailable, After: time.Second})
		return
	}
	switch b := f.Body.(type) {
	case *wire.Credit:
		c.credit(b)
	case *wire.Auth:
		c.auth(f.ID, b)
	case *wire.Sub:
		c.answer(f, c.subscribe(b))
	case *wire.Send:
		c.send(f, b)
	default:
		c.begin(0)
		c.tasks.Go(func() {
			answer, err := c.carryOut(f.Body)
			if err != nil {
				c.answer(f, err)
			} else {
				c.reply(f.ID, answer)
			}
			c.finish(0)
		})
	}
}

func (c *conn) begin(bytes int) {
	c.mu.Lock()
	c.pending++
	c.pendingBytes += bytes
	c.mu.Unlock()
}

func (c *conn) finish(bytes int) {
	c.mu.Lock()
	c.pending--
	c.pendingBytes -= bytes
	c.changed.Broadcast()
	c.mu.Unlock()
}

// answer queues OK, or ERR for an error. Whoever guesses too often is cut off.
func (c *conn) answer(f wire.Frame, err error) {
	if err == nil {
		c.reply(f.ID, &wire.OK{})
		return
	}
	body := wire.ErrFrame(err)
	c.relay.metrics.errors.WithLabelValues(strconv.Itoa(int(body.Code))).Inc()
	if body.Code == wire.CodeUnavailable && !c.relay.draining.Load() && c.ctx.Err() == nil {
		c.relay.opts.Log.Error("storing failed")
	}
	c.reply(f.ID, body)
	if body.Code != wire.CodeUnauthorized {
		return
	}
	c.mu.Lock()
	c.failures++
	over := c.failures > maxFailures
	c.mu.Unlock()
	if over {
		c.end(wire.ErrUnauthorized)
	}
}

func (c *conn) credit(b *wire.Credit) {
	c.mu.Lock()
	c.creditMessages = min(wire.CreditMessages, c.creditMessages+b.Messages)
	c.creditBytes = min(wire.CreditBytes, c.creditBytes+b.Bytes)
	c.mu.Unlock()
	signal(c.pumpWake)
}

// auth checks an owner's signature and notes which of the mailboxes are his.
func (c *conn) auth(id uint64, b *wire.Auth) {
	f := wire.Frame{ID: id}
	if !b.Verify(c.relay.id, c.challenge) {
		c.answer(f, wire.ErrUnauthorized)
		return
	}
	out := &wire.Authed{}
	var own []wire.Mailbox
	for _, m := range b.Mailboxes {
		box, err := c.relay.opts.Store.Mailbox(c.ctx, m, c.relay.opts.Now())
		switch {
		case isGone(err) || err == nil && box.Owner != b.Owner:
			out.Missing = append(out.Missing, m)
		case err != nil:
			c.answer(f, err)
			return
		default:
			own = append(own, m)
		}
	}
	c.mu.Lock()
	full := len(c.authed)+len(own) > maxAuthed || len(c.owners) >= maxAuthed
	if !full {
		c.owners[b.Owner] = true
		for _, m := range own {
			c.authed[m] = true
		}
	}
	c.mu.Unlock()
	if full {
		c.answer(f, wire.ErrQuota)
		return
	}
	c.reply(id, out)
}

// owns reports whether the mailbox was authenticated on this connection.
func (c *conn) owns(m wire.Mailbox) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.authed[m] {
		return wire.ErrUnauthorized
	}
	return nil
}

func (c *conn) subscribe(b *wire.Sub) error {
	for _, m := range b.Mailboxes {
		if err := c.owns(m); err != nil {
			return err
		}
	}
	for _, m := range b.Mailboxes {
		c.mu.Lock()
		_, again := c.subs[m]
		c.mu.Unlock()
		if again {
			continue
		}
		// The hub comes first: what is committed after the pump has read must find the subscription there.
		s := &subscription{conn: c, mailbox: m, behind: true}
		c.relay.hub.add(s)
		c.mu.Lock()
		c.subs[m] = s
		c.mu.Unlock()
	}
	signal(c.pumpWake)
	return nil
}

// send stores an envelope; the answer follows the commit.
func (c *conn) send(f wire.Frame, b *wire.Send) {
	now := c.relay.opts.Now()
	hash := b.Token.Hash()
	l := c.relay.opts.Limits
	key := bucketKey{mailbox: b.Mailbox, token: hash, kind: wire.KindSend}
	if wait, ok := c.relay.buckets.take(key, l.SendBurst, l.SendEvery, now); !ok {
		c.answer(f, &wire.Error{Code: wire.CodeQuota, After: wait})
		return
	}
	c.begin(len(b.Envelope))
	started := time.Now()
	c.relay.opts.Store.Append(store.Envelope{
		Mailbox:   b.Mailbox,
		Token:     hash,
		ID:        b.ID,
		Requester: c.relay.requester(c, b.Mailbox),
		Received:  now,
		Body:      b.Envelope,
	}, func(seq uint64, err error) {
		if errors.Is(err, wire.ErrQuota) {
			err = &wire.Error{Code: wire.CodeQuota, After: time.Minute}
		}
		c.answer(f, err)
		c.finish(len(b.Envelope))
		if err != nil || seq == 0 {
			return
		}
		c.relay.metrics.stored.Inc()
		c.relay.metrics.commit.Observe(time.Since(started).Seconds())
		c.relay.hub.deliver(b.Mailbox, store.Stored{Seq: seq, Received: now, Body: b.Envelope})
	})
}

// carryOut performs the requests whose order does not matter.
func (c *conn) carryOut(body wire.Body) (wire.Body, error) {
	s, now := c.relay.opts.Store, c.relay.opts.Now()
	switch b := body.(type) {
	case *wire.MboxCreate:
		return &wire.OK{}, c.create(b)
	case *wire.PrekeyPop:
		return c.pop(b)
	case *wire.BlobGrant:
		return &wire.OK{}, c.relay.grantBlob(c.ctx, b)
	case *wire.MboxDelete:
		return c.asOwner(b.Mailbox, func() error { return c.remove(b.Mailbox) })
	case *wire.Ack:
		return c.asOwner(b.Mailbox, func() error { return s.Ack(c.ctx, b.Mailbox, b.Seqs, now) })
	case *wire.TokenPut:
		return c.asOwner(b.Mailbox, func() error { return s.PutToken(c.ctx, b.Mailbox, c.tokenOf(b), now) })
	case *wire.TokenDrop:
		return c.asOwner(b.Mailbox, func() error {
			defer c.relay.removeGone(c.ctx)
			return s.DropToken(c.ctx, b.Mailbox, b.Hash, now)
		})
	case *wire.GrantPut:
		return c.asOwner(b.Mailbox, func() error { return c.grant(b) })
	case *wire.PrekeyPut:
		return c.asOwner(b.Mailbox, func() error { return s.PutPrekeys(c.ctx, b.Mailbox, b.Bundle, b.Prekeys, now) })
	case *wire.PrekeyCount:
		if err := c.owns(b.Mailbox); err != nil {
			return nil, err
		}
		n, err := s.CountPrekeys(c.ctx, b.Mailbox, now)
		return &wire.Count{N: uint64(n)}, err
	case *wire.StateGet:
		if err := c.owns(b.Mailbox); err != nil {
			return nil, err
		}
		cell, err := s.State(c.ctx, b.Mailbox, now)
		return &wire.StateFrame{Cell: cell}, err
	case *wire.StateSet:
		return c.asOwner(b.Mailbox, func() error { return s.SetState(c.ctx, b.Mailbox, b.Old, b.New, now) })
	}
	return nil, wire.ErrUnsupported // a frame only relays send
}

func (c *conn) asOwner(m wire.Mailbox, do func() error) (wire.Body, error) {
	if err := c.owns(m); err != nil {
		return nil, err
	}
	return &wire.OK{}, do()
}

func (c *conn) create(b *wire.MboxCreate) error {
	c.mu.Lock()
	proved := c.owners[b.Owner]
	c.mu.Unlock()
	if !proved {
		return wire.ErrUnauthorized
	}
	var grant *wire.GrantHash
	switch {
	case len(b.Grant) > 0:
		hash := wire.Grant(b.Grant).Hash()
		grant = &hash
	case c.relay.opts.Open:
	case c.relay.opts.Secret == "" || !c.relay.opts.Secret.Equal(wire.PassSecret(b.Pass)):
		return wire.ErrUnauthorized
	}
	l := c.relay.opts.Limits
	if grant != nil {
		l = l.granted()
	}
	m := store.Mailbox{
		Address:     wire.MailboxAddress(b.Owner[:], b.Salt),
		Owner:       b.Owner,
		Kind:        b.Type,
		MaxMessages: atMost(b.MaxMessages, l.MaxMessages),
		MaxBytes:    atMost(b.MaxBytes, l.MaxBytes),
		Expires:     wire.Time(b.Expires),
	}
	now := c.relay.opts.Now()
	if store.Ended(m.Expires, now) {
		return wire.ErrExpired
	}
	if err := c.relay.opts.Store.CreateMailbox(c.ctx, m, grant, now); err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.authed) >= maxAuthed {
		return wire.ErrQuota
	}
	c.authed[m.Address] = true
	return nil
}

// atMost is a wish (0 = none) within a limit.
func atMost(wish, limit uint64) uint64 {
	if wish == 0 {
		return limit
	}
	return min(wish, limit)
}

func (c *conn) remove(m wire.Mailbox) error {
	if err := c.relay.opts.Store.DeleteMailbox(c.ctx, m, c.relay.opts.Now()); err != nil {
		return err
	}
	c.mu.Lock()
	s := c.subs[m]
	delete(c.subs, m)
	delete(c.authed, m)
	c.mu.Unlock()
	if s != nil {
		c.relay.hub.remove(s)
	}
	c.relay.removeGone(c.ctx)
	return nil
}

// tokenOf keeps the owner's wishes within the relay's limits.
func (c *conn) tokenOf(b *wire.TokenPut) store.Token {
	l := c.relay.opts.Limits
	t := store.Token{
		Hash:     b.Hash,
		PopBurst: b.PopBurst,
		PopEvery: time.Duration(b.PopEvery) * time.Second,
		MaxPops:  b.MaxPops,
		Expires:  wire.Time(b.Expires),
	}
	if t.PopBurst == 0 {
		t.PopBurst = l.PopBurst
	}
	if t.PopEvery == 0 {
		t.PopEvery = l.PopEvery
	}
	if l.MaxPopBurst > 0 {
		t.PopBurst = min(t.PopBurst, l.MaxPopBurst)
	}
	t.PopEvery = max(t.PopEvery, l.MinPopEvery)
	return t
}

func (c *conn) grant(b *wire.GrantPut) error {
	g := store.Grant{Hash: b.Hash, Mailboxes: min(b.Mailboxes, c.relay.opts.Limits.GrantedBoxes), Expires: wire.Time(b.Expires)}
	return c.relay.opts.Store.PutGrant(c.ctx, b.Mailbox, g, c.relay.opts.Now())
}

// pop takes a prekey within the rate of the token.
func (c *conn) pop(b *wire.PrekeyPop) (wire.Body, error) {
	s, now, hash := c.relay.opts.Store, c.relay.opts.Now(), b.Token.Hash()
	t, err := s.Token(c.ctx, b.Mailbox, hash, now)
	if err != nil {
		return nil, err
	}
	key := bucketKey{mailbox: b.Mailbox, token: hash, kind: wire.KindPrekeyPop}
	if wait, ok := c.relay.buckets.take(key, t.PopBurst, t.PopEvery, now); !ok {
		return nil, &wire.Error{Code: wire.CodeQuota, After: wait}
	}
	bundle, prekey, err := s.PopPrekey(c.ctx, b.Mailbox, hash, now)
	if err != nil {
		return nil, err
	}
	return &wire.PrekeyFrame{Bundle: bundle, Prekey: prekey}, nil
}
