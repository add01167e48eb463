package transporttest_test

import (
	"context"
	"errors"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"

	"sotto/transport/client"
	"sotto/transport/relay"
	"sotto/transport/transporttest"
	"sotto/transport/wire"
)

func TestSendingFasterThanTheTokenAllowsIsToldHowLongToWait(t *testing.T) {
	var mu sync.Mutex
	now := time.Now()
	r := transporttest.NewRelay(t, func(o *relay.Options) {
		o.Limits.SendBurst, o.Limits.SendEvery = 60, time.Second
		o.Now = func() time.Time { mu.Lock(); defer mu.Unlock(); return now }
	})
	bob, alice := r.Client(t, nil), r.Client(t, nil)
	box, token := open(t, r, bob)
	send := func() error {
		return alice.Send(t.Context(), box.Mailbox, token, wire.NewEnvelopeID(), envelope(1))
	}
	for range 60 {
		ok(t, send())
	}
	err := send()
	is(t, err, wire.ErrQuota)
	if after, _ := wire.RetryAfter(err); after != time.Second {
		t.Errorf("wait %v, want 1s", after)
	}
	other := wire.NewToken()
	ok(t, bob.PutToken(t.Context(), box.Mailbox, other.Hash(), wire.TokenLimits{}))
	ok(t, alice.Send(t.Context(), box.Mailbox, other, wire.NewEnvelopeID(), envelope(1)))
	mu.Lock()
	now = now.Add(2 * time.Second)
	mu.Unlock()
	ok(t, send())
	ok(t, send())
	is(t, send(), wire.ErrQuota)
}

func TestOneRequesterHoldsAtMostAQuarterOfAnInvitationMailbox(t *testing.T) {
	r := transporttest.NewRelay(t, nil)
	bob := r.Client(t, nil)
	s := spec(t, r)
	s.Kind, s.MaxMessages = wire.InvitationMailbox, 8
	_, err := bob.CreateMailbox(t.Context(), s)
	ok(t, err)
	token := wire.NewToken()
	ok(t, bob.PutToken(t.Context(), s.Mailbox(), token.Hash(), wire.TokenLimits{}))
	send := func(c *client.Client) error {
		return c.Send(t.Context(), s.Mailbox(), token, wire.NewEnvelopeID(), envelope(1))
	}
	flood, guest := r.Client(t, nil), r.Client(t, nil)
	ok(t, send(flood))
	ok(t, send(flood))
	is(t, send(flood), wire.ErrQuota)
	ok(t, send(guest))
}

func TestASlowReaderSlowsOnlyItself(t *testing.T) {
	r := transporttest.NewRelay(t, nil)
	bob, alice := r.Client(t, nil), r.Client(t, nil)
	box, token := open(t, r, bob)

	// A client that asks without ever reading an answer, until the relay reads no more from it.
	stuck, err := r.DialContext(t.Context(), "tcp", "")
	ok(t, err)
	ws, _, err := websocket.Dial(t.Context(), "ws://relay"+wire.Path, &websocket.DialOptions{
		Subprotocols: []string{wire.Subprotocol}, HTTPClient: through(stuck),
	})
	ok(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var message []byte
	for range 200 {
		message = append(message, 0x83, 0x18, 0xc8, 0x07, 0xa0) // a frame of a later version: answered ERR
	}
	written := 0
	blocked := make(chan struct{})
	go func() {
		defer close(blocked)
		for ctx.Err() == nil {
			writeCtx, stop := context.WithTimeout(ctx, 200*time.Millisecond)
			err := ws.Write(writeCtx, websocket.MessageBinary, message)
			stop()
			if err != nil {
				return
			}
			written++
		}
	}()
	<-blocked
	if written == 0 {
		t.Fatal("the relay never read")
	}

	for i := range 200 {
		ok(t, alice.Send(t.Context(), box.Mailbox, token, wire.NewEnvelopeID(), envelope(i)))
		p := receive(t, bob)
		ok(t, bob.Ack(t.Context(), p.Mailbox, p.Seq))
	}
}

func TestGuessingIsCutOff(t *testing.T) {
	r := transporttest.NewRelay(t, nil)
	bob := r.Client(t, nil)
	open(t, r, bob)
	s := spec(t, r)
	s.Credential.Secret = "guess"
	for range 300 {
		if _, err := bob.CreateMailbox(t.Context(), s); errors.Is(err, wire.ErrOffline) {
			return
		}
	}
	t.Error("300 wrong passes on one connection")
}

func TestTooManyConnectionsAreRefused(t *testing.T) {
	r := transporttest.NewRelay(t, func(o *relay.Options) { o.Limits.Connections = 1 })
	open(t, r, r.Client(t, nil))
	_, _, err := r.Client(t, nil).PopPrekey(t.Context(), wire.Mailbox{1}, wire.NewToken())
	is(t, err, wire.ErrOffline)
}

// ensure the network of the world is a dialer and a listener.
var (
	_ client.Dialer = (*transporttest.Network)(nil)
	_ net.Listener  = (*transporttest.Network)(nil)
)

func TestAMailboxOpenedByAGrantHoldsAnEighth(t *testing.T) {
	r := transporttest.NewRelay(t, func(o *relay.Options) { o.Limits.MaxBytes = 8 * wire.MaxEnvelope })
	bob, alice := r.Client(t, nil), r.Client(t, nil)
	box, own := open(t, r, bob)
	grant := wire.NewGrant()
	ok(t, bob.PutGrant(t.Context(), box.Mailbox, grant.Hash(), 1, time.Time{}))
	s := spec(t, r)
	s.Credential, s.MaxBytes = wire.Credential{Grant: grant}, 1<<40
	granted, err := alice.CreateMailbox(t.Context(), s)
	ok(t, err)
	token := wire.NewToken()
	ok(t, alice.PutToken(t.Context(), granted, token.Hash(), wire.TokenLimits{}))
	for i, want := range []error{nil, wire.ErrQuota} {
		err := alice.Send(t.Context(), granted, token, wire.NewEnvelopeID(), make([]byte, wire.MaxEnvelope))
		if !errors.Is(err, want) {
			t.Errorf("envelope %d: %v, want %v", i, err, want)
		}
		ok(t, alice.Send(t.Context(), box.Mailbox, own, wire.NewEnvelopeID(), make([]byte, wire.MaxEnvelope)))
	}
}
