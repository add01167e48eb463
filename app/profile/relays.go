package profile

import (
	"time"

	"sotto/app/messenger"
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
