package main

import (
	"context"
	"errors"

	"sotto/chat"
	"sotto/transport/wire"
)

// relayVerb serves the relay of a profile and nothing else: the profile stays offline and answers nothing.
type relayVerb struct{}

func (relayVerb) onlyTerminal() {}

// relayServed is the embedded relay in the foreground.
type relayServed struct {
	V       v1     `json:"v"`
	Address string `json:"address"` // on this computer
	Network bool   `json:"network"` // it can be reached from the local network too
}

func (o relayServed) print(p *page) { p.line("address: %s", plain(o.Address)) }

func (relayVerb) do(ctx context.Context, d *desk) (any, error) {
	p, err := d.open(ctx)
	if err != nil {
		return nil, err
	}
	if err := p.Relay.Start(); err != nil {
		if errors.Is(err, chat.ErrOffline) {
			err = explain(err, "Another program has taken the port of this relay.")
		}
		return nil, err
	}
	if !p.Relay.Serving() {
		return nil, explain(chat.ErrProfileInUse, "Another process serves this relay already.")
	}
	pass, err := wire.ParsePass(p.Relay.LoopbackPass())
	if err != nil {
		return nil, err
	}
	if err := d.show(relayServed{Address: pass.Address.String(), Network: p.Relay.OnNetwork()}); err != nil {
		return nil, err
	}
	<-ctx.Done()
	return nil, nil
}
