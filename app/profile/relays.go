package profile

import (
	"context"
	"errors"
	"time"

	"sotto/app/messenger"
	"sotto/app/security"
	"sotto/chat"
	"sotto/transport/client"
	"sotto/transport/wire"
)

// relays opens connections for a messenger: one client per relay, each with its own two connections.
type relays struct {
	now func() time.Time
}

func (r relays) Open(address wire.Address, onEvent func(wire.Event)) (messenger.Relay, error) {
	return client.New(client.Options{Address: address, Now: r.now, OnEvent: onEvent}), nil
}

// startRelay serves the embedded relay. With its port taken it is offline, and Status says so; with its store damaged the
// profile works without it, and an alert says so.
func (p *Profile) startRelay(ctx context.Context) error {
	err := p.Relay.Start()
	switch {
	case errors.Is(err, chat.ErrOffline):
		return nil
	case !p.Relay.Damaged():
		return err
	}
	now := p.options.Now()
	_ = p.Alerts.Raise(ctx, 0, security.Alert{Code: security.AlertRelayDamaged, Count: 1, First: now, Last: now}) // a full disk keeps nobody out
	return nil
}

// RenewRelay sets the damaged store of the embedded relay aside and begins a new one, where the mailboxes of this profile
// are opened again by themselves under their old addresses. Envelopes that lay in the old one and were not fetched are
// lost to their readers. It answers chat.ErrRefused where the store is not damaged.
func (p *Profile) RenewRelay(ctx context.Context) error {
	return p.recorded(ctx, p.Relay.BeginAnew(), "relay.renewed")
}
