package crash

import (
	"context"

	"sotto/app/messenger"
	"sotto/transport/wire"
)

// Relay is the connection of a process to a relay. It has a point before and a point after everything that changes
// something there: dead before, nothing was asked; dead after, it was done and the answer never heard.
type Relay struct {
	messenger.Relay
	Fuse *Fuse
	// Sent, unless it is nil, sees what leaves.
	Sent func(envelope []byte)
}

func (r Relay) around(what string, f func() error) error {
	if err := r.Fuse.Pass("before " + what); err != nil {
		return err
	}
	if err := f(); err != nil {
		return err
	}
	return r.Fuse.Pass("after " + what)
}

// CreateMailbox implements messenger.Relay.
func (r Relay) CreateMailbox(ctx context.Context, spec wire.MailboxSpec) (m wire.Mailbox, err error) {
	err = r.around("CreateMailbox", func() (err error) {
		m, err = r.Relay.CreateMailbox(ctx, spec)
		return err
	})
	return m, err
}

// DeleteMailbox implements messenger.Relay.
func (r Relay) DeleteMailbox(ctx context.Context, m wire.Mailbox) error {
	return r.around("DeleteMailbox", func() error { return r.Relay.DeleteMailbox(ctx, m) })
}

// PutToken implements messenger.Relay.
func (r Relay) PutToken(ctx context.Context, m wire.Mailbox, hash wire.TokenHash, limits wire.TokenLimits) error {
	return r.around("PutToken", func() error { return r.Relay.PutToken(ctx, m, hash, limits) })
}

// RevokeToken implements messenger.Relay.
func (r Relay) RevokeToken(ctx context.Context, m wire.Mailbox, hash wire.TokenHash) error {
	return r.around("RevokeToken", func() error { return r.Relay.RevokeToken(ctx, m, hash) })
}

// PutPrekeys implements messenger.Relay.
func (r Relay) PutPrekeys(ctx context.Context, m wire.Mailbox, bundle []byte, prekeys []wire.Prekey) error {
	return r.around("PutPrekeys", func() error { return r.Relay.PutPrekeys(ctx, m, bundle, prekeys) })
}

// State implements messenger.Relay.
func (r Relay) State(ctx context.Context, m wire.Mailbox) ([]byte, error) {
	if err := r.Fuse.Alive(); err != nil {
		return nil, err
	}
	return r.Relay.State(ctx, m)
}

// CompareAndSetState implements messenger.Relay.
func (r Relay) CompareAndSetState(ctx context.Context, m wire.Mailbox, old, cell []byte) error {
	return r.around("CompareAndSetState", func() error { return r.Relay.CompareAndSetState(ctx, m, old, cell) })
}

// PopPrekey implements messenger.Relay.
func (r Relay) PopPrekey(ctx context.Context, m wire.Mailbox, token wire.Token) (bundle []byte, pair *wire.Prekey, err error) {
	err = r.around("PopPrekey", func() (err error) {
		bundle, pair, err = r.Relay.PopPrekey(ctx, m, token)
		return err
	})
	return bundle, pair, err
}

// Send implements messenger.Relay.
func (r Relay) Send(ctx context.Context, m wire.Mailbox, token wire.Token, id wire.EnvelopeID, envelope []byte) error {
	return r.around("Send", func() error {
		if r.Sent != nil {
			r.Sent(envelope)
		}
		return r.Relay.Send(ctx, m, token, id, envelope)
	})
}

// Ack implements messenger.Relay.
func (r Relay) Ack(ctx context.Context, m wire.Mailbox, seqs ...uint64) error {
	return r.around("Ack", func() error { return r.Relay.Ack(ctx, m, seqs...) })
}
