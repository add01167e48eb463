package messenger_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"sotto/app/apptest"
	"sotto/app/apptest/memstore"
	"sotto/app/messenger"
	"sotto/chat"
	"sotto/transport/wire"
)

// stuck is a relay on which every send takes until it is let go, and then has failed.
type stuck struct {
	away
	begun chan struct{}
	let   chan struct{}
}

func (s stuck) Open(wire.Address, func(wire.Event)) (messenger.Relay, error) { return s, nil }

func (s stuck) Send(context.Context, wire.Mailbox, wire.Token, wire.EnvelopeID, []byte) error {
	s.begun <- struct{}{}
	<-s.let
	return wire.ErrOffline
}

// A relay may come back while a try that will fail is under way. The wait that follows it would be an hour after many tries.
func TestFlushIsNotForgottenWhileATryIsFailing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, store, peer := t.Context(), memstore.New(), chat.ContactID{1}
		if _, err := messenger.Create(ctx, store, messenger.Profile{Name: "Ada", Relay: pass}, time.Now()); err != nil {
			t.Fatal(err)
		}
		err := store.Update(ctx, func(tx chat.Tx) error {
			if err := tx.Contacts().Put(chat.Contact{ID: peer, State: chat.ContactAccepted}); err != nil {
				return err
			}
			address, token := wire.Address{Host: "127.0.0.1", Port: 4001, Mode: wire.Plain}, wire.NewToken()
			err := tx.Routes().Put(chat.Route{Peer: peer, Seq: 1, Relay: address.String(), Token: token[:]})
			if err != nil {
				return err
			}
			_, err = tx.Queue().Add(chat.QueueItem{
				Peer: peer, State: chat.QueueFlushed, Envelope: []byte{1}, EnvelopeID: wire.NewEnvelopeID(), Attempts: 20,
			})
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		relay := stuck{away{done: make(chan struct{}), pushes: make(chan wire.Push)}, make(chan struct{}), make(chan struct{})}
		m, err := messenger.Open(ctx, messenger.Options{Store: store, Relays: relay, Gate: apptest.NewLedger()})
		if err != nil {
			t.Fatal(err)
		}
		if err := m.Start(ctx); err != nil {
			t.Fatal(err)
		}
		<-relay.begun
		begin := time.Now()
		m.Flush()
		relay.let <- struct{}{}
		<-relay.begun
		if waited := time.Since(begin); waited > 0 {
			t.Errorf("tried again after %v", waited)
		}
		relay.let <- struct{}{}
		synctest.Wait()
		if err := m.Close(); err != nil {
			t.Fatal(err)
		}
	})
}
