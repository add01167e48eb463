package messenger

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"sync"
	"time"

	"sotto/chat"
	"sotto/transport/wire"
)

// pool keeps one relay per address, with the goroutine that takes what it pushes.
type pool struct {
	m      *Messenger
	open   Relays
	mu     sync.Mutex
	relays map[string]*pooled
	closed bool
	events *queue[relayEvent]
	group  sync.WaitGroup
}

type pooled struct {
	Relay
	address wire.Address
	owned   map[wire.Mailbox]bool // subscribed own mailboxes
	failure string                // code of the last failure
}

type relayEvent struct {
	address string
	wire.Event
}

func newPool(m *Messenger, open Relays) *pool {
	p := &pool{m: m, open: open, relays: map[string]*pooled{}, events: newQueue[relayEvent]()}
	p.group.Go(func() { p.events.drain(p.handle) })
	return p
}

// get returns the relay of an address, opening it at first use. Errors: chat.ErrMalformed, chat.ErrOffline after Close.
func (p *pool) get(address string) (Relay, error) {
	r, err := p.entry(address)
	if err != nil {
		return nil, err
	}
	return r.Relay, nil
}

func (p *pool) entry(address string) (*pooled, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.entryLocked(address)
}

func (p *pool) entryLocked(address string) (*pooled, error) {
	if r, ok := p.relays[address]; ok {
		return r, nil
	}
	if p.closed {
		return nil, chat.ErrOffline
	}
	parsed, err := wire.ParseAddress(address)
	if err != nil {
		return nil, fmt.Errorf("%w: relay address", chat.ErrMalformed)
	}
	relay, err := p.open.Open(parsed, func(e wire.Event) { p.events.add(relayEvent{address, e}) })
	if err != nil {
		return nil, fmt.Errorf("open relay: %w", relayError(err))
	}
	p.trim()
	r := &pooled{Relay: relay, address: parsed, owned: map[wire.Mailbox]bool{}}
	p.relays[address] = r
	p.group.Go(func() { p.m.takePushes(r) })
	return r, nil
}

// maxForeign bounds the relays that are open only to send to others: routes name them, so peers choose how many.
const maxForeign = 32

// trim closes relays without own mailboxes when there are many. What is being sent over them is sent again.
func (p *pool) trim() {
	var foreign []string
	for address, r := range p.relays {
		if len(r.owned) == 0 {
			foreign = append(foreign, address)
		}
	}
	for len(foreign) >= maxForeign {
		r := p.relays[foreign[0]]
		delete(p.relays, foreign[0])
		foreign = foreign[1:]
		p.group.Go(func() { r.Close() }) //nolint:errcheck // a connection that fails to close is gone
	}
}

// eagerly asks a relay while a person waits: a back-off of the connection ends, so that what is answered is how things
// stand now, and one that fails is tried anew a few times.
func eagerly(ctx context.Context, relay Relay, ask func() error) error {
	var err error
	for _, wait := range []time.Duration{0, 50 * time.Millisecond, 250 * time.Millisecond, time.Second} {
		relay.Wake()
		if wait > 0 {
			timer := time.NewTimer(wait)
			select {
			case <-ctx.Done():
				timer.Stop()
				return err
			case <-timer.C:
			}
		}
		if err = ask(); !errors.Is(err, wire.ErrOffline) {
			return err
		}
	}
	return err
}

// subscribe reads an own mailbox.
func (p *pool) subscribe(mb chat.Mailbox) {
	o := owned(mb)
	p.mu.Lock()
	r, err := p.entryLocked(mb.Relay)
	if err == nil {
		r.owned[o.Mailbox] = true
	}
	p.mu.Unlock()
	if err != nil {
		return // the address was stored parsed; after Close nothing is read
	}
	r.Subscribe(o)
}

// forget stops reading a mailbox.
func (p *pool) forget(mb chat.Mailbox) {
	p.mu.Lock()
	r := p.relays[mb.Relay]
	if r != nil {
		delete(r.owned, wire.Mailbox(mb.ID))
	}
	p.mu.Unlock()
	if r != nil {
		r.Forget(wire.Mailbox(mb.ID))
	}
}

// wake ends the back-off waits of all relays.
func (p *pool) wake() {
	for _, r := range p.list() {
		r.Wake()
	}
}

func (p *pool) list() []*pooled {
	p.mu.Lock()
	defer p.mu.Unlock()
	out := make([]*pooled, 0, len(p.relays))
	for _, r := range p.relays {
		out = append(out, r)
	}
	return out
}

// connected reports whether every relay with own mailboxes is connected.
func (p *pool) connected() bool {
	for _, r := range p.list() {
		if p.mailboxes(r) > 0 && !r.Online() {
			return false
		}
	}
	return true
}

// unreached returns why a relay with own mailboxes is not connected, nil when all are.
func (p *pool) unreached() error {
	var err error
	for _, r := range p.list() {
		switch {
		case p.mailboxes(r) == 0 || r.Online():
		case p.failure(r) == "pin-mismatch":
			return chat.ErrPinMismatch
		default:
			err = chat.ErrOffline
		}
	}
	return err
}

func (p *pool) mailboxes(r *pooled) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(r.owned)
}

func (p *pool) failure(r *pooled) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return r.failure
}

func (p *pool) close() {
	p.mu.Lock()
	p.closed = true
	p.mu.Unlock()
	for _, r := range p.list() {
		r.Close() //nolint:errcheck // a connection that fails to close is gone
	}
	p.events.close()
	p.group.Wait()
}

// handle takes one event of a relay.
func (p *pool) handle(e relayEvent) {
	p.mu.Lock()
	r := p.relays[e.address]
	if r == nil {
		p.mu.Unlock()
		return
	}
	told := Event{Type: EventConnection, Relay: e.address, On: e.Kind == wire.Online}
	alert := false
	switch e.Kind {
	case wire.Online:
		r.failure = ""
	case wire.Offline:
		r.failure = "offline"
	case wire.Refused:
		alert = errors.Is(e.Err, wire.ErrPinMismatch) && r.failure != "pin-mismatch"
		r.failure = "unsupported"
		if errors.Is(e.Err, wire.ErrPinMismatch) {
			r.failure = "pin-mismatch"
		}
	case wire.MailboxGone:
		p.mu.Unlock()
		p.m.mailboxGone(chat.MailboxID(e.Mailbox), e.address)
		return
	}
	told.Text = r.failure
	p.mu.Unlock()
	err := p.m.update(p.m.ctx, func(u *unit) error {
		if alert {
			if err := u.emit(Event{Type: EventAlert, Detail: AlertRelayIdentity, Relay: e.address}); err != nil {
				return err
			}
		}
		return u.emit(told)
	})
	if err != nil {
		return // the store is closed or full: the state is in Status all the same
	}
	if e.Kind == wire.Online {
		p.m.outbox.kick()
		p.m.transfers.kick()
		p.m.tender.wake()
	}
}

// owned returns the mailbox with its owner key.
func owned(mb chat.Mailbox) wire.Owned {
	return wire.Owned{Mailbox: wire.Mailbox(mb.ID), Key: ed25519.NewKeyFromSeed(mb.OwnerKey)}
}

func reachOf(a wire.Address) Reach {
	switch a.Reach() {
	case wire.ReachDevice:
		return ReachComputer
	case wire.ReachLocal:
		return ReachNetwork
	}
	return ReachAnywhere
}

// MailboxKeys returns, by relay address, the own mailboxes with their owner keys: what a locked process needs to stay
// subscribed.
func (m *Messenger) MailboxKeys(ctx context.Context) (map[string][]wire.Owned, error) {
	out := map[string][]wire.Owned{}
	err := m.view(ctx, func(tx chat.Tx) error {
		list, err := tx.Mailboxes().List()
		for _, mb := range list {
			if !mb.Renewed.IsZero() {
				out[mb.Relay] = append(out[mb.Relay], owned(mb))
			}
		}
		return err
	})
	return out, err
}
