package messenger

import (
	"context"
	"encoding/binary"
	"fmt"
	"time"

	"sotto/chat"
	"sotto/crypto/handshake"
	"sotto/transport/wire"
)

// Sizes of the pools of one-time prekeys, and when they are renewed (docs/PROTOCOL.md section 4).
const (
	pairsReusable = 100
	pairsOneTime  = 2
	pairsContact  = 2
	renewAfter    = 7 * 24 * time.Hour
	refillPercent = 20
	maxPrivate    = 2_000 // private halves kept of one mailbox
)

func poolSize(mb chat.Mailbox, reusable bool) int {
	switch {
	case mb.Invitation == "":
		return pairsContact
	case reusable:
		return pairsReusable
	}
	return pairsOneTime
}

// publish puts a fresh bundle and fresh one-time pairs on the relay. Their private halves are committed before the
// relay gets the public ones. Pairs published before are never published again: they may have been taken. Where the relay
// says time and again that all are gone, or someone takes them without end, no more are made until some have run out.
func (m *Messenger) publish(ctx context.Context, relay Relay, mb chat.Mailbox, size int) error {
	now := m.now()
	err := m.view(ctx, func(tx chat.Tx) error {
		kept, err := tx.Prekeys().ForMailbox(mb.ID)
		size = min(size, max(0, maxPrivate-len(kept)))
		return err
	})
	if err != nil {
		return err
	}
	set, err := handshake.NewPrekeySet(now)
	if err != nil {
		return fmt.Errorf("make prekeys: %w", err)
	}
	pairs := make([]*handshake.OneTimePair, size)
	public := make([]wire.Prekey, size)
	secret := handshake.Secret(mb.Secret)
	for i := range pairs {
		if pairs[i], err = handshake.NewOneTimePair(now); err != nil {
			return fmt.Errorf("make prekeys: %w", err)
		}
		id := pairs[i].ID()
		public[i] = wire.Prekey{ID: binary.BigEndian.Uint64(id[:]), Sealed: handshake.SealPair(secret, pairs[i])}
	}
	bundle, err := handshake.NewBundle(m.own(), set, pairs, now)
	if err != nil {
		return fmt.Errorf("sign bundle: %w", err)
	}
	err = m.update(ctx, func(u *unit) error {
		erase := now.Add(handshake.PrekeyRetention)
		err := u.Prekeys().Put(chat.Prekey{
			ID: chat.KeyID(set.ID()), Kind: chat.PrekeySigned, Mailbox: mb.ID, Private: set.Marshal(), Created: now, Erase: erase,
		})
		for _, p := range pairs {
			if err != nil {
				return err
			}
			err = u.Prekeys().Put(chat.Prekey{
				ID: chat.KeyID(p.ID()), Kind: chat.PrekeyOneTime, Mailbox: mb.ID, Private: p.Marshal(), Created: now, Erase: erase,
			})
		}
		return err
	})
	if err != nil {
		return err
	}
	if err := relay.PutPrekeys(ctx, wire.Mailbox(mb.ID), handshake.SealBundle(secret, bundle), public); err != nil {
		return relayError(err)
	}
	return nil
}

// refill publishes anew when the bundle is old or most one-time pairs were taken. It returns how many pairs the relay
// then has.
func (m *Messenger) refill(ctx context.Context, relay Relay, mb chat.Mailbox, size int) (int, error) {
	if m.now().Sub(mb.Renewed) < renewAfter {
		left, err := relay.PrekeyCount(ctx, wire.Mailbox(mb.ID))
		if err != nil {
			return 0, relayError(err)
		}
		if left > 0 && left*100 >= size*refillPercent {
			return left, nil
		}
	}
	if err := m.publish(ctx, relay, mb, size); err != nil {
		return 0, err
	}
	return size, m.update(ctx, func(u *unit) error {
		mb, err := u.Mailboxes().Get(mb.ID)
		if err != nil {
			return ignoreMissing(err)
		}
		mb.Renewed = u.now
		return u.Mailboxes().Put(mb)
	})
}
