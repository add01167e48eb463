package transporttest

import (
	"context"
	"sync"
	"testing"
	"time"

	"sotto/transport/client"
	"sotto/transport/relay"
	"sotto/transport/relay/store"
	"sotto/transport/relay/store/memory"
	"sotto/transport/wire"
)

// Relay is a relay in memory.
type Relay struct {
	*Network
	Address wire.Address
	Secret  wire.PassSecret
	Server  *relay.Relay

	mu      sync.Mutex
	observe []func(relay.Direction, wire.Frame)
}

// NewRelay starts a relay that ends with the test. Change its options with configure, which may be nil;
// the default has a store in memory, sizes as the only limits, and the clock of the system.
func NewRelay(t testing.TB, configure func(*relay.Options)) *Relay {
	t.Helper()
	r := &Relay{
		Network: NewNetwork(),
		Address: wire.Address{Host: "127.0.0.1", Port: 1, Mode: wire.Plain},
		Secret:  wire.NewPassSecret(),
	}
	opts := relay.Options{
		Store:    memory.New(),
		Blobs:    memory.NewBlobs(0),
		Identity: relay.NewIdentity(),
		Secret:   r.Secret,
		Limits:   relay.EmbeddedLimits(),
		Observe:  r.observed,
	}
	if configure != nil {
		configure(&opts)
	}
	server, err := relay.New(opts)
	if err != nil {
		t.Fatal(err)
	}
	r.Server = server
	served := make(chan error, 1)
	go func() { served <- server.Serve(r.Network) }()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := server.Shutdown(ctx); err != nil {
			t.Error(err)
		}
		if err := <-served; err != nil {
			t.Error(err)
		}
		_ = opts.Store.Close()
	})
	return r
}

// NewStore returns a store in memory, for relays that share one over restarts.
func NewStore() store.Store { return memory.New() }

// NewBlobs returns bytes of blobs in memory with room for capacity bytes (0: without a bound), for relays that share them
// over restarts, and for looking at what lies there.
func NewBlobs(capacity uint64) store.Blobs { return memory.NewBlobs(capacity) }

// Observe adds a hook that sees every frame. It must not keep or change it.
func (r *Relay) Observe(see func(relay.Direction, wire.Frame)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.observe = append(r.observe, see)
}

func (r *Relay) observed(d relay.Direction, f wire.Frame) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, see := range r.observe {
		see(d, f)
	}
}

// Credential opens mailboxes on this relay.
func (r *Relay) Credential() wire.Credential { return wire.Credential{Secret: r.Secret} }

// Client returns a client of the relay that is closed with the test. It reconnects within milliseconds.
func (r *Relay) Client(t testing.TB, onEvent func(wire.Event)) *client.Client {
	t.Helper()
	c := client.New(client.Options{
		Address: r.Address, Owner: r.Network, Sender: r.Network, OnEvent: onEvent,
		BackoffMin: time.Millisecond, BackoffMax: 20 * time.Millisecond, Timeout: 10 * time.Second,
	})
	t.Cleanup(func() { _ = c.Close() })
	return c
}
