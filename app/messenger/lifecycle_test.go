package messenger_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"sotto/app/apptest"
	"sotto/app/apptest/memstore"
	"sotto/app/apptest/noblobs"
	"sotto/app/messenger"
	"sotto/chat"
	"sotto/transport/wire"
)

const pass = "sotto-relay://secret-secret-secret@127.0.0.1:4001#plain"

// away is a relay that is never reached.
type away struct {
	noblobs.Relay
	done   chan struct{}
	pushes chan wire.Push
}

func (a away) Open(wire.Address, func(wire.Event)) (messenger.Relay, error) {
	return &away{done: make(chan struct{}), pushes: make(chan wire.Push)}, nil
}

func (away) Own(...wire.Owned)          {}
func (away) Subscribe(...wire.Owned)    {}
func (away) Forget(...wire.Mailbox)     {}
func (away) Online() bool               { return false }
func (away) Wake()                      {}
func (a away) Pushes() <-chan wire.Push { return a.pushes }
func (a away) Done() <-chan struct{}    { return a.done }

func (a away) Close() error {
	close(a.done)
	return nil
}

func (away) CreateMailbox(context.Context, wire.MailboxSpec) (wire.Mailbox, error) {
	return wire.Mailbox{}, wire.ErrOffline
}
func (away) DeleteMailbox(context.Context, wire.Mailbox) error { return wire.ErrOffline }
func (away) PutToken(context.Context, wire.Mailbox, wire.TokenHash, wire.TokenLimits) error {
	return wire.ErrOffline
}

func (away) RevokeToken(context.Context, wire.Mailbox, wire.TokenHash) error { return wire.ErrOffline }

func (away) PutGrant(context.Context, wire.Mailbox, wire.GrantHash, int, time.Time) error {
	return wire.ErrOffline
}

func (away) PutPrekeys(context.Context, wire.Mailbox, []byte, []wire.Prekey) error {
	return wire.ErrOffline
}

func (away) PrekeyCount(context.Context, wire.Mailbox) (int, error) { return 0, wire.ErrOffline }
func (away) State(context.Context, wire.Mailbox) ([]byte, error)    { return nil, wire.ErrOffline }
func (away) CompareAndSetState(context.Context, wire.Mailbox, []byte, []byte) error {
	return wire.ErrOffline
}
func (away) Ack(context.Context, wire.Mailbox, ...uint64) error { return wire.ErrOffline }
func (away) Send(context.Context, wire.Mailbox, wire.Token, wire.EnvelopeID, []byte) error {
	return wire.ErrOffline
}

func (away) PopPrekey(context.Context, wire.Mailbox, wire.Token) ([]byte, *wire.Prekey, error) {
	return nil, nil, wire.ErrOffline
}

// TestCloseLeavesNothingRunning relies on synctest: a goroutine that outlives Close deadlocks the bubble.
func TestCloseLeavesNothingRunning(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx := t.Context()
		store := memstore.New()
		if _, err := messenger.Create(ctx, store, messenger.Profile{Name: "Ada", Relay: pass}, time.Now()); err != nil {
			t.Fatal(err)
		}
		m, err := messenger.Open(ctx, messenger.Options{Store: store, Relays: away{}, Gate: apptest.NewLedger()})
		if err != nil {
			t.Fatal(err)
		}
		m.Subscribe(func(messenger.Event) {})
		if err := m.Start(ctx); err != nil {
			t.Fatal(err)
		}
		if _, _, err := m.Invite(ctx, messenger.InviteOptions{}); !errors.Is(err, chat.ErrOffline) {
			t.Errorf("inviting without a relay = %v", err)
		}
		if err := m.TestRelay(ctx, pass); !errors.Is(err, chat.ErrOffline) {
			t.Errorf("testing a relay that is away = %v", err)
		}
		time.Sleep(3 * time.Hour) // of the bubble: sweeps and retries go on
		if err := m.Close(); err != nil {
			t.Fatal(err)
		}
		if err := m.Close(); err != nil {
			t.Fatal(err)
		}
	})
}

func TestAProfileIsCreatedOnce(t *testing.T) {
	ctx, store := t.Context(), memstore.New()
	if _, err := messenger.Open(ctx, messenger.Options{Store: store, Relays: away{}, Gate: apptest.NewLedger()}); !errors.Is(err, chat.ErrNoProfile) {
		t.Errorf("opening nothing = %v", err)
	}
	if _, err := messenger.Create(ctx, store, messenger.Profile{Name: "\u202e"}, time.Now()); !errors.Is(err, chat.ErrMalformed) {
		t.Errorf("a name of nothing = %v", err)
	}
	self, err := messenger.Create(ctx, store, messenger.Profile{Name: " Ada ", Bot: true}, time.Now())
	if err != nil || self.Name != "Ada" || !self.Bot {
		t.Fatal(self, err)
	}
	if _, err := messenger.Create(ctx, store, messenger.Profile{Name: "Ben"}, time.Now()); !errors.Is(err, chat.ErrExists) {
		t.Errorf("creating twice = %v", err)
	}
}

func TestTheDeviceListIsRenewedInTime(t *testing.T) {
	ctx, store := t.Context(), memstore.New()
	start := time.Now()
	self, err := messenger.Create(ctx, store, messenger.Profile{Name: "Ada"}, start)
	if err != nil {
		t.Fatal(err)
	}
	for _, after := range []time.Duration{time.Hour, 70 * 24 * time.Hour, 400 * 24 * time.Hour} {
		m, err := messenger.Open(ctx, messenger.Options{
			Store: store, Relays: away{}, Gate: apptest.NewLedger(), Now: func() time.Time { return start.Add(after) },
		})
		if err != nil {
			t.Fatalf("after %v: %v", after, err)
		}
		if m.Self() != self {
			t.Errorf("after %v: %+v", after, m.Self())
		}
		if err := m.Close(); err != nil {
			t.Error(err)
		}
	}
}
