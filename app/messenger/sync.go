package messenger

import (
	"context"
	"fmt"
	"time"

	"sotto/chat"
)

const (
	syncStep  = 20 * time.Millisecond
	syncQuiet = 300 * time.Millisecond // without a push: the mailboxes are taken to be empty
)

// Sync tries everything now and returns when the outbox and the mailboxes are quiet, at the latest after wait. It
// answers chat.ErrOffline when a relay of ours was not reached by then, chat.ErrPinMismatch when another one answered in
// its place; what was queued stays queued.
func (m *Messenger) Sync(ctx context.Context, wait time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	m.pool.wake()
	m.tender.wake()
	m.Flush()
	ticker := time.NewTicker(syncStep)
	defer ticker.Stop()
	var quiet time.Duration
	last := m.received.Load()
	for {
		select {
		case <-ctx.Done():
			if err := m.pool.unreached(); err != nil {
				return fmt.Errorf("sync: %w", err)
			}
			return nil
		case <-ticker.C:
		}
		now := m.received.Load()
		if now != last || m.busy.Load() > 0 || !m.pool.connected() || !m.outbox.idle() || m.tender.working() ||
			m.transfers.working() {
			last, quiet = now, 0
			continue
		}
		if quiet += syncStep; quiet >= syncQuiet {
			return nil
		}
	}
}

// WaitState waits until an own message has got as far as state. It answers the context's error, or chat.ErrRefused when
// the message failed.
func (m *Messenger) WaitState(ctx context.Context, id chat.MessageID, state chat.MessageState) error {
	return m.waitFor(ctx, func() (bool, error) {
		msg, err := m.Message(ctx, id)
		if err == nil && msg.State == chat.Failed {
			err = fmt.Errorf("message %s: %w", msg.Failure, chat.ErrRefused)
		}
		return msg.State.Rank() >= state.Rank(), err
	})
}

// WaitSent waits until nothing waits for a contact any more but what is parked.
func (m *Messenger) WaitSent(ctx context.Context, id chat.ContactID) error {
	return m.waitFor(ctx, func() (bool, error) {
		s, err := m.Security(ctx, id)
		return s.Waiting == 0, err
	})
}

// waitFor looks again after every event, and now and then for what raises none.
func (m *Messenger) waitFor(ctx context.Context, done func() (bool, error)) error {
	changed := make(chan struct{}, 1)
	cancel := m.Subscribe(func(Event) {
		select {
		case changed <- struct{}{}:
		default:
		}
	})
	defer cancel()
	ticker := time.NewTicker(100 * time.Millisecond)
	defer ticker.Stop()
	for {
		if ok, err := done(); ok || err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-m.ctx.Done():
			return chat.ErrLocked
		case <-changed:
		case <-ticker.C:
		}
	}
}

// Status returns the state of delivery.
func (m *Messenger) Status(ctx context.Context) (Status, error) {
	var out Status
	home := ""
	err := m.view(ctx, func(tx chat.Tx) error {
		pass, err := homePass(tx)
		if err := ignoreMissing(err); err != nil {
			return err
		}
		home = pass.Address.String()
		items, err := tx.Queue().List()
		if err != nil {
			return err
		}
		for _, item := range items {
			if item.State == chat.QueueParked {
				out.Parked++
			} else {
				out.Waiting++
			}
		}
		mailboxes, err := tx.Mailboxes().List()
		if err != nil {
			return err
		}
		out.Mailboxes = len(mailboxes)
		for _, mb := range mailboxes {
			if mb.Renewed.IsZero() {
				out.Pending++
			}
		}
		var r rejections
		_, err = getJSON(tx, settingRejected, &r)
		out.Rejected = r.Count
		return err
	})
	if err != nil {
		return Status{}, err
	}
	for _, r := range m.pool.list() {
		n := m.pool.mailboxes(r)
		address := r.address.String()
		if n == 0 && address != home {
			continue
		}
		s := RelayStatus{Address: address, Reach: reachOf(r.address), Home: address == home, Online: r.Online(), Mailboxes: n}
		if !s.Online {
			s.Error = m.pool.failure(r)
		}
		out.Relays = append(out.Relays, s)
	}
	return out, nil
}
