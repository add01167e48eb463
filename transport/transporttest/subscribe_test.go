package transporttest_test

import (
	"sync"
	"testing"

	"sotto/transport/relay"
	"sotto/transport/transporttest"
	"sotto/transport/wire"
)

// A subscription that comes while the connection is being made ready finds no session to use, and comes too late for what
// is asked for there: it must be asked for afterwards.
func TestASubscriptionMadeWhileConnectingIsNotForgotten(t *testing.T) {
	r := transporttest.NewRelay(t, nil)
	maker := r.Client(t, nil)
	early, late := spec(t, r), spec(t, r)
	token := wire.NewToken()
	for _, s := range []wire.MailboxSpec{early, late} {
		_, err := maker.CreateMailbox(t.Context(), s)
		ok(t, err)
		ok(t, maker.PutToken(t.Context(), s.Mailbox(), token.Hash(), wire.TokenLimits{}))
	}
	reader := r.Client(t, nil)
	var once sync.Once
	r.Observe(func(d relay.Direction, f wire.Frame) {
		if _, sub := f.Body.(*wire.Sub); sub && d == relay.Received {
			once.Do(func() { reader.Subscribe(late.Owned()) })
		}
	})
	reader.Subscribe(early.Owned())
	ok(t, maker.Send(t.Context(), late.Mailbox(), token, wire.NewEnvelopeID(), envelope(1)))
	if p := receive(t, reader); p.Mailbox != late.Mailbox() {
		t.Error("another mailbox was pushed")
	}
}

// What arrives for a mailbox forgotten in the meantime gives its credit back, also while the connection is being made ready.
func TestAMailboxForgottenWhileConnectingTakesNoRoomFromTheOthers(t *testing.T) {
	for range 8 { // the order of the two subscriptions is chance
		forgetWhileConnecting(t)
	}
}

func forgetWhileConnecting(t *testing.T) {
	type step struct {
		direction relay.Direction
		frame     wire.Frame
	}
	var mu sync.Mutex
	see := func(step) {}
	r := transporttest.NewRelay(t, func(o *relay.Options) {
		o.Observe = func(d relay.Direction, f wire.Frame) {
			mu.Lock()
			f0 := see
			mu.Unlock()
			f0(step{d, f})
		}
	})
	maker := r.Client(t, nil)
	noisy, quiet := spec(t, r), spec(t, r)
	token := wire.NewToken()
	for _, s := range []wire.MailboxSpec{noisy, quiet} {
		_, err := maker.CreateMailbox(t.Context(), s)
		ok(t, err)
		ok(t, maker.PutToken(t.Context(), s.Mailbox(), token.Hash(), wire.TokenLimits{}))
	}
	for i := range wire.CreditMessages {
		ok(t, maker.Send(t.Context(), noisy.Mailbox(), token, wire.NewEnvelopeID(), envelope(i)))
	}
	reader := r.Client(t, nil)
	all := make(chan struct{}) // the relay has pushed all that the credit allows
	pushed, forgotten := 0, false
	mu.Lock()
	see = func(s step) {
		switch b := s.frame.Body.(type) {
		case *wire.Sub:
			if b.Mailboxes[0] == noisy.Mailbox() {
				reader.Forget(noisy.Mailbox())
				forgotten = true
			} else if forgotten {
				<-all
			}
		case *wire.PushFrame:
			if pushed++; pushed == wire.CreditMessages {
				close(all)
			}
		}
	}
	mu.Unlock()
	reader.Subscribe(noisy.Owned(), quiet.Owned())
	ok(t, maker.Send(t.Context(), quiet.Mailbox(), token, wire.NewEnvelopeID(), envelope(1)))
	if p := receive(t, reader); p.Mailbox != quiet.Mailbox() {
		t.Error("a forgotten mailbox is still delivered")
	}
}
