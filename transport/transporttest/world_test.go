package transporttest_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"testing"
	"time"

	"sotto/transport/client"
	"sotto/transport/relay"
	"sotto/transport/transporttest"
	"sotto/transport/wire"
)

// port is what client.Client and transporttest.Client have in common; both must satisfy it.
type port interface {
	Address() wire.Address
	CreateMailbox(context.Context, wire.MailboxSpec) (wire.Mailbox, error)
	DeleteMailbox(context.Context, wire.Mailbox) error
	Own(...wire.Owned)
	Forget(...wire.Mailbox)
	Subscribe(...wire.Owned)
	PutToken(context.Context, wire.Mailbox, wire.TokenHash, wire.TokenLimits) error
	RevokeToken(context.Context, wire.Mailbox, wire.TokenHash) error
	PutGrant(context.Context, wire.Mailbox, wire.GrantHash, int, time.Time) error
	PutPrekeys(context.Context, wire.Mailbox, []byte, []wire.Prekey) error
	PrekeyCount(context.Context, wire.Mailbox) (int, error)
	State(context.Context, wire.Mailbox) ([]byte, error)
	CompareAndSetState(context.Context, wire.Mailbox, []byte, []byte) error
	Ack(context.Context, wire.Mailbox, ...uint64) error
	Pushes() <-chan wire.Push
	Send(context.Context, wire.Mailbox, wire.Token, wire.EnvelopeID, []byte) error
	PopPrekey(context.Context, wire.Mailbox, wire.Token) ([]byte, *wire.Prekey, error)
	Online() bool
	Wake()
	Done() <-chan struct{}
	Close() error
}

var (
	_ port = (*client.Client)(nil)
	_ port = (*transporttest.Client)(nil)
)

func ok(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func is(t testing.TB, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Fatalf("got %v, want %v", err, want)
	}
}

func newKey(t testing.TB) ed25519.PrivateKey {
	t.Helper()
	_, key, err := ed25519.GenerateKey(nil)
	ok(t, err)
	return key
}

func spec(t testing.TB, r *transporttest.Relay) wire.MailboxSpec {
	t.Helper()
	return wire.MailboxSpec{OwnerKey: newKey(t), Salt: wire.NewSalt(), Kind: wire.ContactMailbox, Credential: r.Credential()}
}

// open makes a subscribed mailbox with a token.
func open(t testing.TB, r *transporttest.Relay, c port) (wire.Owned, wire.Token) {
	t.Helper()
	s := spec(t, r)
	_, err := c.CreateMailbox(t.Context(), s)
	ok(t, err)
	token := wire.NewToken()
	ok(t, c.PutToken(t.Context(), s.Mailbox(), token.Hash(), wire.TokenLimits{}))
	c.Subscribe(s.Owned())
	return s.Owned(), token
}

func envelope(n int) []byte {
	return append([]byte(fmt.Sprintf("%04d", n)), make([]byte, 4092)...)
}

func receive(t testing.TB, c port) wire.Push {
	t.Helper()
	select {
	case p := <-c.Pushes():
		return p
	case <-time.After(20 * time.Second):
		t.Fatal("nothing was pushed")
		panic("unreachable")
	}
}

func TestEnvelopesArriveInOrderAndEndWithTheirAck(t *testing.T) {
	r := transporttest.NewRelay(t, nil)
	bob, alice := r.Client(t, nil), r.Client(t, nil)
	box, token := open(t, r, bob)
	const n = 300 // several times the credit
	go func() {
		for i := range n {
			if err := alice.Send(context.Background(), box.Mailbox, token, wire.NewEnvelopeID(), envelope(i)); err != nil {
				t.Error(err)
				return
			}
		}
	}()
	for i := range n {
		p := receive(t, bob)
		if p.Mailbox != box.Mailbox || p.Seq != uint64(i+1) || !bytes.Equal(p.Envelope, envelope(i)) {
			t.Fatalf("push %d has number %d and begins %s", i, p.Seq, p.Envelope[:4])
		}
		ok(t, bob.Ack(t.Context(), p.Mailbox, p.Seq))
	}
	again := r.Client(t, nil)
	again.Subscribe(box)
	ok(t, alice.Send(t.Context(), box.Mailbox, token, wire.NewEnvelopeID(), envelope(n)))
	if p := receive(t, again); p.Seq != n+1 {
		t.Errorf("acknowledged envelope %d came again", p.Seq)
	}
}

func TestUnacknowledgedEnvelopesComeAgainAfterACut(t *testing.T) {
	r := transporttest.NewRelay(t, nil)
	bob, alice := r.Client(t, nil), r.Client(t, nil)
	box, token := open(t, r, bob)
	for i := range 3 {
		ok(t, alice.Send(t.Context(), box.Mailbox, token, wire.NewEnvelopeID(), envelope(i)))
	}
	receive(t, bob)
	second := receive(t, bob)
	ok(t, bob.Ack(t.Context(), box.Mailbox, second.Seq))
	receive(t, bob)
	r.Cut()
	for _, want := range []uint64{1, 3} {
		if p := receive(t, bob); p.Seq != want {
			t.Fatalf("number %d came again, want %d", p.Seq, want)
		}
	}
}

func TestAReceiverThatAcknowledgesNothingGetsItsCreditAndNoMore(t *testing.T) {
	r := transporttest.NewRelay(t, nil)
	bob, alice := r.Client(t, nil), r.Client(t, nil)
	box, token := open(t, r, bob)
	for i := range wire.CreditMessages + 5 {
		ok(t, alice.Send(t.Context(), box.Mailbox, token, wire.NewEnvelopeID(), envelope(i)))
	}
	for i := range wire.CreditMessages {
		if p := receive(t, bob); p.Seq != uint64(i+1) {
			t.Fatalf("number %d, want %d", p.Seq, i+1)
		}
	}
	select {
	case p := <-bob.Pushes():
		t.Fatalf("number %d was pushed beyond the credit", p.Seq)
	case <-time.After(50 * time.Millisecond):
	}
	ok(t, bob.Ack(t.Context(), box.Mailbox, 1, 2))
	for _, want := range []uint64{wire.CreditMessages + 1, wire.CreditMessages + 2} {
		if p := receive(t, bob); p.Seq != want {
			t.Fatalf("number %d, want %d", p.Seq, want)
		}
	}
}

func TestAForgottenMailboxTakesNoRoomFromTheOthers(t *testing.T) {
	r := transporttest.NewRelay(t, nil)
	bob, alice := r.Client(t, nil), r.Client(t, nil)
	noisy, noisyToken := open(t, r, bob)
	for i := range wire.CreditMessages + 10 {
		ok(t, alice.Send(t.Context(), noisy.Mailbox, noisyToken, wire.NewEnvelopeID(), envelope(i)))
	}
	for range wire.CreditMessages {
		receive(t, bob)
	}
	bob.Forget(noisy.Mailbox)
	is(t, bob.Ack(t.Context(), noisy.Mailbox, 1), wire.ErrNotOwned)
	quiet, quietToken := open(t, r, bob)
	ok(t, alice.Send(t.Context(), quiet.Mailbox, quietToken, wire.NewEnvelopeID(), envelope(1)))
	if p := receive(t, bob); p.Mailbox != quiet.Mailbox {
		t.Error("a forgotten mailbox is still delivered")
	}
}

func TestRepeatedSendIsStoredOnce(t *testing.T) {
	r := transporttest.NewRelay(t, nil)
	bob, alice := r.Client(t, nil), r.Client(t, nil)
	box, token := open(t, r, bob)
	id := wire.NewEnvelopeID()
	for range 3 {
		ok(t, alice.Send(t.Context(), box.Mailbox, token, id, envelope(1)))
	}
	ok(t, bob.Ack(t.Context(), box.Mailbox, receive(t, bob).Seq))
	ok(t, alice.Send(t.Context(), box.Mailbox, token, id, envelope(1)))
	ok(t, alice.Send(t.Context(), box.Mailbox, token, wire.NewEnvelopeID(), envelope(2)))
	if p := receive(t, bob); !bytes.Equal(p.Envelope, envelope(2)) {
		t.Error("a repeat was delivered again")
	}
}

func TestRefusals(t *testing.T) {
	r := transporttest.NewRelay(t, func(o *relay.Options) { o.Limits.MaxMessages = 2 })
	bob, alice := r.Client(t, nil), r.Client(t, nil)
	box, token := open(t, r, bob)
	ctx := t.Context()
	send := func(m wire.Mailbox, token wire.Token, size int) error {
		return alice.Send(ctx, m, token, wire.NewEnvelopeID(), make([]byte, size))
	}
	is(t, send(wire.Mailbox{1}, token, 4096), wire.ErrNoMailbox)
	is(t, send(box.Mailbox, wire.NewToken(), 4096), wire.ErrUnauthorized)
	is(t, send(box.Mailbox, token, 4000), wire.ErrTooLarge)
	is(t, send(box.Mailbox, token, 512<<10), wire.ErrTooLarge)
	_, _, err := alice.PopPrekey(ctx, box.Mailbox, token)
	is(t, err, wire.ErrNotFound)
	ok(t, send(box.Mailbox, token, 4096))
	ok(t, send(box.Mailbox, token, 4096))
	err = send(box.Mailbox, token, 4096)
	is(t, err, wire.ErrQuota)
	if _, said := wire.RetryAfter(err); !said {
		t.Error("a quota error says no delay")
	}
	ok(t, bob.RevokeToken(ctx, box.Mailbox, token.Hash()))
	is(t, send(box.Mailbox, token, 4096), wire.ErrUnauthorized)
	is(t, alice.PutToken(ctx, box.Mailbox, token.Hash(), wire.TokenLimits{}), wire.ErrNotOwned)
	alice.Own(wire.Owned{Mailbox: box.Mailbox, Key: newKey(t)})
	is(t, alice.PutToken(ctx, box.Mailbox, token.Hash(), wire.TokenLimits{}), wire.ErrNoMailbox)

	s := spec(t, r)
	s.Credential = wire.Credential{}
	_, err = alice.CreateMailbox(ctx, s)
	is(t, err, wire.ErrUnauthorized)
	s.Credential.Secret = wire.NewPassSecret()
	_, err = alice.CreateMailbox(ctx, s)
	is(t, err, wire.ErrUnauthorized)
	s.Credential = wire.Credential{Grant: wire.NewGrant()}
	_, err = alice.CreateMailbox(ctx, s)
	is(t, err, wire.ErrUnauthorized)

	ok(t, bob.DeleteMailbox(ctx, box.Mailbox))
	is(t, send(box.Mailbox, token, 4096), wire.ErrNoMailbox)
	bob.Own(box)
	ok(t, bob.DeleteMailbox(ctx, box.Mailbox))
}

func TestAGrantOpensItsMailboxesAndNoMore(t *testing.T) {
	r := transporttest.NewRelay(t, nil)
	bob, alice := r.Client(t, nil), r.Client(t, nil)
	box, _ := open(t, r, bob)
	grant := wire.NewGrant()
	ok(t, bob.PutGrant(t.Context(), box.Mailbox, grant.Hash(), 2, time.Now().Add(time.Hour)))
	var first wire.Mailbox
	for range 2 {
		s := spec(t, r)
		s.Credential = wire.Credential{Grant: grant}
		m, err := alice.CreateMailbox(t.Context(), s)
		ok(t, err)
		first = m
	}
	s := spec(t, r)
	s.Credential = wire.Credential{Grant: grant}
	_, err := alice.CreateMailbox(t.Context(), s)
	is(t, err, wire.ErrExpired)
	is(t, alice.PutGrant(t.Context(), first, wire.NewGrant().Hash(), 1, time.Time{}), wire.ErrUnauthorized)
}

func TestPrekeysAndState(t *testing.T) {
	now := time.Now()
	r := transporttest.NewRelay(t, func(o *relay.Options) {
		o.Limits.PopBurst, o.Limits.PopEvery = 2, 10*time.Minute
		o.Now = func() time.Time { return now }
	})
	bob, alice := r.Client(t, nil), r.Client(t, nil)
	box, token := open(t, r, bob)
	ctx := t.Context()
	ok(t, bob.PutPrekeys(ctx, box.Mailbox, []byte("bundle"), []wire.Prekey{{ID: 5, Sealed: []byte("pair")}}))
	n, err := bob.PrekeyCount(ctx, box.Mailbox)
	ok(t, err)
	if n != 1 {
		t.Errorf("%d prekeys", n)
	}
	bundle, p, err := alice.PopPrekey(ctx, box.Mailbox, token)
	ok(t, err)
	if string(bundle) != "bundle" || p == nil || p.ID != 5 || string(p.Sealed) != "pair" {
		t.Errorf("popped %q, %+v", bundle, p)
	}
	_, p, err = alice.PopPrekey(ctx, box.Mailbox, token)
	ok(t, err)
	if p != nil {
		t.Error("popped a prekey twice")
	}
	_, _, err = alice.PopPrekey(ctx, box.Mailbox, token)
	is(t, err, wire.ErrQuota)
	if after, _ := wire.RetryAfter(err); after != 10*time.Minute {
		t.Errorf("try again in %v", after)
	}
	cell, err := bob.State(ctx, box.Mailbox)
	ok(t, err)
	if cell != nil {
		t.Errorf("new cell %q", cell)
	}
	ok(t, bob.CompareAndSetState(ctx, box.Mailbox, nil, []byte("one")))
	is(t, bob.CompareAndSetState(ctx, box.Mailbox, nil, []byte("two")), wire.ErrConflict)
	ok(t, bob.CompareAndSetState(ctx, box.Mailbox, []byte("one"), []byte("two")))
	if cell, err = bob.State(ctx, box.Mailbox); string(cell) != "two" || err != nil {
		t.Errorf("cell %q, %v", cell, err)
	}
}

func TestEventsTellOfTheConnection(t *testing.T) {
	r := transporttest.NewRelay(t, nil)
	events := make(chan wire.Event, 100)
	bob := r.Client(t, func(e wire.Event) { events <- e })
	expect := func(kind wire.EventKind) wire.Event {
		t.Helper()
		for {
			select {
			case e := <-events:
				if e.Kind == kind {
					return e
				}
			case <-time.After(10 * time.Second):
				t.Fatalf("no event %d", kind)
			}
		}
	}
	box, _ := open(t, r, bob)
	expect(wire.Online)
	r.Down(true)
	if e := expect(wire.Offline); !errors.Is(e.Err, wire.ErrOffline) {
		t.Errorf("offline with %v", e.Err)
	}
	_, err := bob.State(t.Context(), box.Mailbox)
	is(t, err, wire.ErrOffline)
	r.Down(false)
	expect(wire.Online)
	ghost := spec(t, r).Owned()
	bob.Subscribe(ghost)
	if e := expect(wire.MailboxGone); e.Mailbox != ghost.Mailbox {
		t.Error("another mailbox is said to be gone")
	}
	ok(t, bob.Close())
	_, err = bob.State(t.Context(), box.Mailbox)
	is(t, err, wire.ErrClosed)
	is(t, bob.Send(t.Context(), box.Mailbox, wire.NewToken(), wire.NewEnvelopeID(), envelope(1)), wire.ErrClosed)
}

func TestEverythingArrivesThroughFaults(t *testing.T) {
	r := transporttest.NewRelay(t, nil)
	faults := transporttest.Faults{
		DropRequest: 0.1, DropAnswer: 0.1, Duplicate: 0.1, Reorder: 0.2, Delay: time.Millisecond, Cut: 0.05,
	}
	bob, alice := r.Faulty(t, 1, faults, nil), r.Faulty(t, 2, faults, nil)
	box, token := open(t, r, r.Client(t, nil))
	bob.Subscribe(box)
	const n = 200
	go func() {
		for i := range n {
			id := wire.NewEnvelopeID()
			for alice.Send(context.Background(), box.Mailbox, token, id, envelope(i)) != nil {
				select {
				case <-t.Context().Done():
					return
				case <-time.After(time.Millisecond):
				}
			}
		}
	}()
	got := map[string]int{}
	for len(got) < n {
		p := receive(t, bob)
		got[string(p.Envelope[:4])]++
		_ = bob.Ack(t.Context(), p.Mailbox, p.Seq) // lost ones come again
	}
	more := 0
	for _, times := range got {
		more += times - 1
	}
	if more == 0 {
		t.Error("the faults doubled nothing")
	}
}
