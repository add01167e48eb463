package model

import (
	"context"
	"testing/synctest"
	"time"

	"sotto/app/apptest/memstore"
	"sotto/app/messenger"
	"sotto/chat"
	"sotto/transport/wire"
)

// The states from which a search begins.

// strangers have each handed out an invitation, and both hold the other's.
func strangers() *state {
	s := &state{net: newNetwork(), clock: time.Date(2030, 1, 1, 12, 0, 0, 0, time.UTC), lost: map[string]bool{}}
	for party := range 2 {
		store := memstore.New()
		profile := messenger.Profile{Name: name(party), Relay: wire.Pass{Address: address}.Text()}
		self, err := messenger.Create(context.Background(), store, profile, s.clock)
		must(err)
		s.stores[party], s.ids[party], s.gates[party] = store, self.ID, newGate(false)
		p := s.start(party, nil)
		inv, _, err := p.Invite(context.Background(), messenger.InviteOptions{})
		must(err)
		s.links[party] = inv.Link
		synctest.Wait()
		p.stop()
	}
	return s
}

// friends have talked to each other; nothing is under way.
func friends() *state {
	s := strangers()
	both := [2]*process{s.start(0, nil), s.start(1, nil)}
	defer both[0].stop()
	defer both[1].stop()
	if _, err := both[1].Add(context.Background(), s.links[0], messenger.AddOptions{ConfirmRelay: true}); err != nil {
		s.broken("liveness: Ben cannot add Ada: %v", err)
		return s
	}
	synctest.Wait()
	s.pump(both)
	s.acceptAll(both)
	if s.contact(0) != chat.ContactAccepted || s.contact(1) != chat.ContactAccepted {
		s.broken("liveness: Ben adds Ada, Ada accepts, and they are no friends")
		return s
	}
	for _, b := range s.net.boxes {
		b.acked = nil
	}
	return s
}

// estranged are friends who have both lost their sessions, so that whoever writes begins a new one.
func estranged() *state {
	s := friends()
	if s.violation != "" {
		return s
	}
	for party := range 2 {
		must(s.stores[party].Update(context.Background(), func(tx chat.Tx) error {
			sessions, err := tx.Sessions().ForPeer(s.ids[1-party])
			for _, session := range sessions {
				must(tx.Sessions().Delete(session.ID))
			}
			return err
		}))
	}
	s.forgot = true
	return s
}
