package apptest

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"sotto/app/apptest/memstore"
	"sotto/app/messenger"
	"sotto/chat"
	"sotto/transport/relay"
	"sotto/transport/relay/store"
	"sotto/transport/transporttest"
	"sotto/transport/wire"
)

// Patience is how long Until waits before the test fails.
const Patience = 60 * time.Second

// World is relays and people. Its clock can be set forward; it never stands still.
type World struct {
	t      testing.TB
	Relay  *transporttest.Relay // the first relay, home of everyone who names no other
	relays map[string]*transporttest.Relay
	blobs  map[*transporttest.Relay]store.Blobs
	names  map[*transporttest.Relay]wire.Address
	people []*Person

	mu      sync.Mutex
	forward time.Duration
}

// NewWorld returns a world with one relay.
func NewWorld(t testing.TB) *World {
	t.Helper()
	w := &World{t: t, relays: map[string]*transporttest.Relay{}, blobs: map[*transporttest.Relay]store.Blobs{}, names: map[*transporttest.Relay]wire.Address{}}
	w.Relay = w.AddRelay(wire.Address{Host: "127.0.0.1", Port: 4001, Mode: wire.Plain})
	return w
}

// AddRelay starts a relay that people know under an address. Connections are pipes without TLS, so it may be any.
func (w *World) AddRelay(address wire.Address) *transporttest.Relay {
	w.t.Helper()
	return w.AddRelayWith(address, func(*relay.Options) {})
}

// AddRelayWith is AddRelay with other options.
func (w *World) AddRelayWith(address wire.Address, change func(*relay.Options)) *transporttest.Relay {
	w.t.Helper()
	blobs := transporttest.NewBlobs(0)
	r := transporttest.NewRelay(w.t, func(o *relay.Options) {
		o.Now, o.Blobs = w.Now, blobs
		change(o)
	})
	w.relays[address.String()], w.names[r], w.blobs[r] = r, address, blobs
	return r
}

// BlobsAt returns the files that lie on a relay.
func (w *World) BlobsAt(r *transporttest.Relay) []store.BlobInfo {
	w.t.Helper()
	list, err := w.blobs[r].List()
	if err != nil {
		w.t.Fatal(err)
	}
	return list
}

// Now is the clock of everyone in this world.
func (w *World) Now() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return time.Now().Add(w.forward)
}

// Forward sets the clock forward.
func (w *World) Forward(d time.Duration) {
	w.mu.Lock()
	w.forward += d
	w.mu.Unlock()
}

// PassOf returns the relay pass of a relay of this world.
func (w *World) PassOf(r *transporttest.Relay) string {
	return wire.Pass{Address: w.names[r], Secret: r.Secret}.Text()
}

// PersonOptions of a person. The zero value lives on the first relay, in memory, without faults.
type PersonOptions struct {
	Store  chat.Store
	Home   *transporttest.Relay
	NoHome bool
	Faults transporttest.Faults
	Seed   uint64
	Bot    bool
	Relay  func(messenger.Relay) messenger.Relay // stands before each of the person's relays
}

// Person is somebody with a messenger.
type Person struct {
	*messenger.Messenger
	ID     chat.ContactID
	Name   string
	Store  chat.Store
	Blobs  chat.Blobs
	Ledger *Ledger

	t      testing.TB
	w      *World
	o      PersonOptions
	mu     sync.Mutex
	faulty []*transporttest.Client
	calm   bool
}

// Person makes a profile and starts its messenger.
func (w *World) Person(name string, o PersonOptions) *Person {
	w.t.Helper()
	if o.Store == nil {
		o.Store = memstore.New()
	}
	if o.Home == nil {
		o.Home = w.Relay
	}
	profile := messenger.Profile{Name: name, Bot: o.Bot, Relay: w.PassOf(o.Home)}
	if o.NoHome {
		profile.Relay = ""
	}
	self, err := messenger.Create(w.t.Context(), o.Store, profile, w.Now())
	if err != nil {
		w.t.Fatal(err)
	}
	p := &Person{ID: self.ID, Name: name, Store: o.Store, Blobs: blobsOf(w.t, o.Store), Ledger: NewLedger(), t: w.t, w: w, o: o}
	w.people = append(w.people, p)
	p.Wake()
	w.t.Cleanup(p.Sleep)
	return p
}

// Sleep ends the messenger.
func (p *Person) Sleep() {
	if err := p.Close(); err != nil {
		p.t.Error(err)
	}
}

// Wake opens the messenger on its store and starts it.
func (p *Person) Wake() {
	p.t.Helper()
	m, err := messenger.Open(context.Background(), messenger.Options{
		Store: p.Store, Blobs: p.Blobs, Relays: p, Gate: p.Ledger, Now: p.w.Now,
	})
	if err != nil {
		p.t.Fatal(err)
	}
	p.Messenger = m
	if err := m.Start(context.Background()); err != nil {
		p.t.Fatal(err)
	}
}

// Crash ends the messenger wherever it is and opens it again.
func (p *Person) Crash() {
	p.t.Helper()
	p.Sleep()
	p.Wake()
}

// Calm ends the faults of this person's connections.
func (p *Person) Calm() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.calm = true
	for _, c := range p.faulty {
		c.Calm()
	}
}

// Open implements messenger.Relays.
func (p *Person) Open(address wire.Address, onEvent func(wire.Event)) (messenger.Relay, error) {
	r, ok := p.w.relays[address.String()]
	if !ok {
		return nil, fmt.Errorf("%w: no relay of this world", wire.ErrOffline)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.calm || p.o.Faults == (transporttest.Faults{}) {
		if p.o.Relay != nil {
			return p.o.Relay(r.Client(p.t, onEvent)), nil
		}
		return r.Client(p.t, onEvent), nil
	}
	c := r.Faulty(p.t, p.o.Seed+uint64(len(p.faulty)), p.o.Faults, onEvent)
	p.faulty = append(p.faulty, c)
	return c, nil
}

// Image returns a copy of this person's store as it is, for Restore. The store must be in memory.
func (p *Person) Image() chat.Store {
	p.t.Helper()
	s, ok := p.Store.(*memstore.Store)
	if !ok {
		p.t.Fatal("an image of a store that is not in memory")
	}
	return s.Image()
}

// Restore ends the messenger and opens it again on an image.
func (p *Person) Restore(image chat.Store) {
	p.t.Helper()
	p.Sleep()
	p.Store, p.Blobs = image, blobsOf(p.t, image)
	p.Wake()
}

// Until waits until what answers true, looking again after every event of this person and at short intervals for what
// raises none.
func (p *Person) Until(what string, done func() bool) {
	p.t.Helper()
	changed := make(chan struct{}, 1)
	cancel := p.Subscribe(func(messenger.Event) {
		select {
		case changed <- struct{}{}:
		default:
		}
	})
	defer cancel()
	deadline := time.NewTimer(Patience)
	defer deadline.Stop()
	ticker := time.NewTicker(20 * time.Millisecond)
	defer ticker.Stop()
	for !done() {
		select {
		case <-changed:
		case <-ticker.C:
		case <-deadline.C:
			p.t.Fatalf("%s waited in vain for: %s\n%s", p.Name, what, p.w.waiting())
		}
	}
}

// waiting says what everyone still has to send, for the report of a wait in vain.
func (w *World) waiting() string {
	var out strings.Builder
	now := w.Now()
	for _, p := range w.people {
		//nolint:errcheck // only a report
		p.Store.View(context.Background(), func(tx chat.Tx) error {
			items, err := tx.Queue().List()
			for _, q := range items {
				fmt.Fprintf(&out, "%s has %s %q after %d attempts, not before %v\n",
					p.Name, q.State, q.Failure, q.Attempts, q.NotBefore.Sub(now).Round(time.Millisecond))
			}
			return err
		})
	}
	return out.String()
}

// Befriend lets b add a over a fresh one-time invitation and a accept.
func (w *World) Befriend(a, b *Person) {
	w.t.Helper()
	inv, _, err := a.Invite(w.t.Context(), messenger.InviteOptions{})
	if err != nil {
		w.t.Fatal(err)
	}
	b.AddLink(inv.Link, "")
	a.AcceptFrom(b)
	b.UntilAccepted(a)
}

// AddLink adds the contact of a link, agreeing to its relay.
func (p *Person) AddLink(link, message string) chat.Contact {
	p.t.Helper()
	c, err := p.Add(p.t.Context(), link, messenger.AddOptions{Message: message, ConfirmRelay: true})
	if err != nil {
		p.t.Fatal(err)
	}
	return c
}

// AcceptFrom waits for the request of another and accepts it.
func (p *Person) AcceptFrom(other *Person) {
	p.t.Helper()
	p.Until("the request of "+other.Name, func() bool { return p.State(other) == chat.ContactRequest })
	if _, err := p.Accept(p.t.Context(), other.ID); err != nil {
		p.t.Fatal(err)
	}
}

// UntilAccepted waits until another is an accepted contact.
func (p *Person) UntilAccepted(other *Person) {
	p.t.Helper()
	p.Until("acceptance by "+other.Name, func() bool { return p.State(other) == chat.ContactAccepted })
}

// State returns where another stands with this person, empty when unknown.
func (p *Person) State(other *Person) chat.ContactState {
	c, err := p.Contact(context.Background(), other.ID)
	if err != nil {
		return ""
	}
	return c.State
}

// Say sends a text to another.
func (p *Person) Say(other *Person, text string) chat.Message {
	p.t.Helper()
	m, err := p.Send(p.t.Context(), p.ConversationWith(other.ID), text, messenger.SendOptions{})
	if err != nil {
		p.t.Fatal(err)
	}
	return m
}

// Thread returns the whole conversation with another.
func (p *Person) Thread(other *Person) []chat.Message {
	p.t.Helper()
	list, err := p.Messages(p.t.Context(), p.ConversationWith(other.ID), 0, 1_000_000)
	if err != nil {
		p.t.Fatal(err)
	}
	return list
}

// Written returns what an author wrote in the conversation with another, as seen here, in order.
func (p *Person) Written(other *Person, author chat.ContactID) []string {
	p.t.Helper()
	var out []string
	for _, m := range p.Thread(other) {
		if m.Author == author {
			out = append(out, m.ID.String()+" "+m.Text)
		}
	}
	return out
}

// Events returns everything that happened here so far.
func (p *Person) Events() []messenger.Event {
	p.t.Helper()
	list, err := p.EventsSince(p.t.Context(), 0, 100_000)
	if err != nil {
		p.t.Fatal(err)
	}
	return list
}

// Alerts counts the alerts of a code.
func (p *Person) Alerts(code string) int {
	p.t.Helper()
	n := 0
	for _, e := range p.Events() {
		if e.Type == messenger.EventAlert && e.Detail == code {
			n++
		}
	}
	return n
}
