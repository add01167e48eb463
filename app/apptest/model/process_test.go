package model

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"testing/synctest"
	"time"

	"sotto/app/apptest"
	"sotto/app/apptest/memstore"
	"sotto/app/apptest/noblobs"
	"sotto/app/messenger"
	"sotto/chat"
	"sotto/chat/content"
	"sotto/transport/wire"
)

var address = wire.Address{Host: "127.0.0.1", Port: 4001, Mode: wire.Plain}

// process is one run of the messenger of a party, between two crashes. It is the party's only relay at the same time,
// which answers at once and pushes only what deliver says.
type process struct {
	*messenger.Messenger
	s       *state
	party   int
	store   *traced
	pushes  chan wire.Push
	done    chan struct{}
	durable func() // called after every commit and every act of the relay; nil: not wanted
}

// traced tells of every commit.
type traced struct {
	*memstore.Store
	committed func()
}

func (t *traced) Update(ctx context.Context, f func(chat.Tx) error) error {
	err := t.Store.Update(ctx, f)
	if err == nil {
		t.committed()
	}
	return err
}

func (t *traced) Purge(ctx context.Context, f func(chat.Tx) error) error { return t.Update(ctx, f) }

func (t *traced) Erase(ctx context.Context, f func(chat.Tx) error) error { return t.Update(ctx, f) }

// start opens the messenger of a party on its store and lets it run until nothing moves.
func (s *state) start(party int, durable func()) *process {
	p := &process{s: s, party: party, pushes: make(chan wire.Push, 64), done: make(chan struct{}), durable: durable}
	s.stores[party] = s.stores[party].Image()
	p.store = &traced{Store: s.stores[party], committed: p.moved}
	m, err := messenger.Open(context.Background(), messenger.Options{
		Store: p.store, Relays: p, Gate: s.gates[party], Now: s.now,
	})
	if err != nil {
		panic(err)
	}
	p.Messenger = m
	if err := m.Start(context.Background()); err != nil {
		panic(err)
	}
	synctest.Wait()
	return p
}

func (p *process) moved() {
	if p.durable != nil {
		p.durable()
	}
}

// stop ends the process; what it does not commit any more is as after a crash.
func (p *process) stop() {
	p.durable = nil
	if err := p.Messenger.Close(); err != nil {
		panic(err)
	}
}

// push delivers an envelope and lets the messenger deal with it.
func (p *process) push(mailbox wire.Mailbox, seq uint64, envelope []byte) {
	p.pushes <- wire.Push{Mailbox: mailbox, Seq: seq, Received: p.s.now(), Envelope: bytes.Clone(envelope)}
	synctest.Wait()
}

// take delivers an envelope that waits in a mailbox.
func (p *process) take(mailbox wire.Mailbox, seq uint64) {
	for _, l := range p.s.net.box(mailbox).waiting {
		if l.seq == seq {
			p.push(mailbox, seq, l.envelope)
			return
		}
	}
}

// say sends a text to the other party.
func (p *process) say(text string) {
	_, err := p.Send(context.Background(), p.ConversationWith(p.s.ids[1-p.party]), text, messenger.SendOptions{})
	if err != nil {
		p.s.broken("%s cannot send: %v", name(p.party), err)
	}
	synctest.Wait()
}

// relay is the process as its messenger.Relay.
type relay struct {
	noblobs.Relay
	p *process
}

// Open implements messenger.Relays.
func (p *process) Open(wire.Address, func(wire.Event)) (messenger.Relay, error) {
	return relay{p: p}, nil
}

func (relay) Own(...wire.Owned)          {}
func (relay) Subscribe(...wire.Owned)    {}
func (relay) Forget(...wire.Mailbox)     {}
func (r relay) Pushes() <-chan wire.Push { return r.p.pushes }
func (r relay) Done() <-chan struct{}    { return r.p.done }
func (relay) Online() bool               { return true }
func (relay) Wake()                      {}

func (r relay) Close() error {
	close(r.p.done)
	return nil
}

// on runs f on a mailbox of the relay.
func (r relay) on(m wire.Mailbox, changes bool, f func(b *box) error) error {
	n := r.p.s.net
	n.mu.Lock()
	b := n.box(m)
	if b == nil {
		n.mu.Unlock()
		return wire.ErrNoMailbox
	}
	err := f(b)
	n.mu.Unlock()
	if changes && err == nil {
		r.p.moved()
	}
	return err
}

func (r relay) CreateMailbox(_ context.Context, spec wire.MailboxSpec) (wire.Mailbox, error) {
	n := r.p.s.net
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.box(spec.Mailbox()) == nil {
		n.boxes = append(n.boxes, &box{id: spec.Mailbox(), owner: r.p.party, tokens: map[wire.TokenHash]bool{}})
	}
	return spec.Mailbox(), nil
}

func (r relay) DeleteMailbox(_ context.Context, m wire.Mailbox) error {
	n := r.p.s.net
	n.mu.Lock()
	defer n.mu.Unlock()
	for i, b := range n.boxes {
		if b.id == m {
			n.boxes = append(n.boxes[:i:i], n.boxes[i+1:]...)
			return nil
		}
	}
	return wire.ErrNoMailbox
}

func (r relay) PutToken(_ context.Context, m wire.Mailbox, hash wire.TokenHash, _ wire.TokenLimits) error {
	return r.on(m, true, func(b *box) error { b.tokens[hash] = true; return nil })
}

func (r relay) RevokeToken(_ context.Context, m wire.Mailbox, hash wire.TokenHash) error {
	return r.on(m, true, func(b *box) error { delete(b.tokens, hash); return nil })
}

func (r relay) PutGrant(_ context.Context, m wire.Mailbox, _ wire.GrantHash, _ int, _ time.Time) error {
	return r.on(m, false, func(*box) error { return nil })
}

func (r relay) PutPrekeys(_ context.Context, m wire.Mailbox, bundle []byte, prekeys []wire.Prekey) error {
	return r.on(m, true, func(b *box) error { b.bundle, b.prekeys = bundle, prekeys; return nil })
}

func (r relay) PrekeyCount(_ context.Context, m wire.Mailbox) (n int, err error) {
	err = r.on(m, false, func(b *box) error { n = len(b.prekeys); return nil })
	return n, err
}

func (r relay) State(_ context.Context, m wire.Mailbox) (cell []byte, err error) {
	err = r.on(m, false, func(b *box) error { cell = b.cell; return nil })
	return cell, err
}

func (r relay) CompareAndSetState(_ context.Context, m wire.Mailbox, old, cell []byte) error {
	return r.on(m, true, func(b *box) error {
		if !bytes.Equal(b.cell, old) && !bytes.Equal(b.cell, cell) {
			return wire.ErrConflict
		}
		b.cell = cell
		return nil
	})
}

func (r relay) PopPrekey(_ context.Context, m wire.Mailbox, token wire.Token) (bundle []byte, prekey *wire.Prekey, err error) {
	err = r.on(m, true, func(b *box) error {
		if !b.tokens[token.Hash()] {
			return wire.ErrUnauthorized
		}
		if b.bundle == nil {
			return wire.ErrNotFound
		}
		bundle = b.bundle
		if len(b.prekeys) > 0 {
			prekey, b.prekeys = &b.prekeys[0], b.prekeys[1:]
		}
		return nil
	})
	return bundle, prekey, err
}

// Send checks what must be committed before an envelope leaves (I10), and takes it.
func (r relay) Send(_ context.Context, m wire.Mailbox, token wire.Token, id wire.EnvelopeID, envelope []byte) error {
	l, committed := r.p.letter(id, envelope)
	if !committed {
		r.p.s.broken("I10: an envelope left before it was committed")
	}
	return r.on(m, true, func(b *box) error {
		if !b.tokens[token.Hash()] {
			return wire.ErrUnauthorized
		}
		if wrong := r.p.s.net.take(b, r.p.party, l, r.p.s.upset() || r.p.s.forgot, r.p.s.lied); wrong != "" {
			r.p.s.broken("%s", wrong)
		}
		return nil
	})
}

// letter finds out from the queue of the sender what an envelope carries; false when it was not committed.
func (p *process) letter(id wire.EnvelopeID, envelope []byte) (l letter, committed bool) {
	l = letter{id: id, envelope: bytes.Clone(envelope)}
	p.s.view(p.party, func(tx chat.Tx) {
		items, err := tx.Queue().List()
		must(err)
		for _, item := range items {
			if item.EnvelopeID != id || !bytes.Equal(item.Envelope, envelope) {
				continue
			}
			committed = true
			c, err := content.Decode(item.Content)
			must(err)
			l.carries, l.content = label(c), c.ID.String()
		}
	})
	return l, committed
}

// label is the text of a content, else its kind.
func label(c content.Content) string {
	switch b := c.Body.(type) {
	case content.Text:
		return b.Text
	case content.Session:
		if b.Text != "" {
			return b.Text
		}
		return fmt.Sprintf("<session %d>", b.Action)
	}
	return "<" + c.Kind().String() + ">"
}

func isText(label string) bool { return !strings.HasPrefix(label, "<") }

// Ack checks that what is acknowledged is committed (I10), and forgets it.
func (r relay) Ack(_ context.Context, m wire.Mailbox, seqs ...uint64) error {
	have := map[string]bool{}
	for _, msg := range r.p.s.thread(r.p.party) {
		have[msg.Text] = true
	}
	r.p.s.view(r.p.party, func(tx chat.Tx) { // the text of a request is a message once it is accepted
		if c, err := tx.Contacts().Get(r.p.s.ids[1-r.p.party]); err == nil && c.State == chat.ContactRequest {
			have[c.FirstText] = true
		}
	})
	return r.on(m, true, func(b *box) error {
		for _, seq := range seqs {
			for i, l := range b.waiting {
				if l.seq != seq {
					continue
				}
				if isText(l.carries) && !have[l.carries] && !l.altered && !r.p.s.mayMiss(r.p.party, l.carries) {
					r.p.s.broken("I10: %s was acknowledged and is not committed", l.carries)
				}
				b.waiting = append(b.waiting[:i:i], b.waiting[i+1:]...)
				b.acked = append(b.acked, l)
				break
			}
		}
		return nil
	})
}

var _ messenger.Relays = (*process)(nil)

func newGate(receipts bool) *apptest.Ledger {
	g := apptest.NewLedger()
	g.Allow(chat.DeliveryReceipts, receipts)
	return g
}
