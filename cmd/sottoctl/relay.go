package main

import (
	"context"
	"errors"

	"sotto/app/profile"
	"sotto/chat"
)

// relayVerb serves the relay of a profile and nothing else: the profile stays locked, so that it asks for no passphrase.
type relayVerb struct {
	BeginAnew bool `help:"Set a damaged store of the relay aside and begin a new one."`
}

func (*relayVerb) onlyTerminal() {}

// relayServed is the embedded relay in the foreground.
type relayServed struct {
	V       v1     `json:"v"`
	Address string `json:"address"` // on this computer
	Network bool   `json:"network"` // it can be reached from the local network too
}

func (o relayServed) print(p *page) { p.line("address: %s", plain(o.Address)) }

func (v *relayVerb) do(ctx context.Context, d *desk) (any, error) {
	dir, err := d.dir()
	if err != nil {
		return nil, err
	}
	r, err := profile.OpenRelay(dir)
	if err != nil {
		return nil, err
	}
	err = r.Start()
	switch {
	case r.Damaged() && v.BeginAnew:
		err = r.BeginAnew()
	case r.Damaged():
		err = explain(err, "The store of this relay is damaged. Nothing was changed. Set it aside and begin a new one with: sottoctl relay-serve --begin-anew")
	}
	if errors.Is(err, chat.ErrOffline) {
		err = explain(err, "Another program has taken the port of this relay.")
	}
	if err != nil {
		return nil, err
	}
	if !r.Serving() {
		return nil, explain(chat.ErrProfileInUse, "Another process serves this relay already.")
	}
	if err := d.show(relayServed{Address: r.LoopbackAddress(), Network: r.OnNetwork()}); err != nil {
		return nil, errors.Join(err, r.Close())
	}
	<-ctx.Done()
	return nil, r.Close()
}
