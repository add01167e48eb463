package messenger

import (
	"bytes"
	"context"
	"errors"
	"testing"
	"time"

	"sotto/chat"
	"sotto/crypto/ratchet"
	"sotto/transport/wire"
)

// open opens the messenger of one side for the whole test.
func (p *post) open(t testing.TB, i int) *Messenger {
	t.Helper()
	m, err := Open(context.Background(), Options{
		Store: p.stores[i], Relays: p, Gate: nobody{}, Now: func() time.Time { return p.now },
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := m.Close(); err != nil {
			t.Error(err)
		}
	})
	return m
}

// within runs f in a unit of work of m that ends with the error.
func within(t testing.TB, m *Messenger, end error, f func(*unit)) {
	t.Helper()
	err := m.update(t.Context(), func(u *unit) error {
		f(u)
		return end
	})
	if !errors.Is(err, end) {
		t.Fatal(err)
	}
}

// kept returns the state that m keeps of a session, as it is stored; nil when it keeps none.
func kept(m *Messenger, id chat.SessionID) []byte {
	m.commits.Lock()
	defer m.commits.Unlock()
	if i := m.ratchets.index(id); i >= 0 {
		return m.ratchets.entries[i].state.Marshal()
	}
	return nil
}

func (p *post) storedState(t testing.TB, i int) []byte {
	t.Helper()
	s, err := parseSession(p.sending(t, i))
	if err != nil {
		t.Fatal(err)
	}
	return s.ratchet.Marshal()
}

func TestAKeptStateIsTheCommittedOne(t *testing.T) {
	p := established(t)
	ms := [2]*Messenger{p.open(t, 0), p.open(t, 1)}
	for n := range 60 { // over several exchanges of ML-KEM keys
		from := n / 3 % 2
		if _, err := ms[from].Send(t.Context(), ms[from].ConversationWith(p.ids[1-from]), "text", SendOptions{}); err != nil {
			t.Fatal(err)
		}
		ms[from].sendTo(t.Context(), p.ids[1-from])
		for len(p.table[1-from]) > 0 {
			push := p.table[1-from][0]
			p.table[1-from] = p.table[1-from][1:]
			within(t, ms[1-from], nil, func(u *unit) {
				if err := u.receiveAll([]wire.Push{push}); err != nil {
					t.Fatal(err)
				}
			})
		}
		for i, m := range ms {
			if got := kept(m, p.sending(t, i).ID); got != nil && !bytes.Equal(got, p.storedState(t, i)) {
				t.Fatalf("message %d: %d keeps another state than it has committed", n, i)
			}
		}
	}
	for i, m := range ms {
		if kept(m, p.sending(t, i).ID) == nil {
			t.Errorf("%d keeps nothing", i)
		}
	}
	if got := p.heard(t, 0)["text"] + p.heard(t, 1)["text"]; got != 60 {
		t.Errorf("%d of 60 arrived", got)
	}
}

// I3: what a unit of work made of a state is gone when it does not commit, and the message opens once it does.
func TestI3AStateThatWasNotCommittedIsNotKept(t *testing.T) {
	p := established(t)
	m := p.open(t, 1)
	stopped := errors.New("stopped")
	for range 3 {
		p.say(t, 0)
		push := p.table[1][0]
		p.table[1] = nil
		before := p.storedState(t, 1)
		id := p.sending(t, 1).ID
		var lost ratchet.State
		within(t, m, stopped, func(u *unit) {
			if err := u.receiveAll([]wire.Push{push}); err != nil {
				t.Fatal(err)
			}
			lost = u.states[id].state
			if lost.IsZero() {
				t.Fatal("the unit of work stored no state")
			}
		})
		if !lost.IsZero() {
			t.Error("the state of a unit of work that was rolled back is still there")
		}
		if got := kept(m, id); got != nil && !bytes.Equal(got, before) {
			t.Error("a state is kept that was not committed")
		}
		within(t, m, nil, func(u *unit) {
			if err := u.receiveAll([]wire.Push{push}); err != nil {
				t.Fatal(err)
			}
		})
		if !bytes.Equal(kept(m, id), p.storedState(t, 1)) {
			t.Error("the committed state is not the one that is kept")
		}
	}
	if got := len(p.heard(t, 1)); got < 3 {
		t.Errorf("%d of 3 arrived", got)
	}
}

func TestWhatIsStoredDecidesNotWhatIsKept(t *testing.T) {
	p := established(t)
	m := p.open(t, 0)
	if _, err := m.Send(t.Context(), m.ConversationWith(p.ids[1]), "first", SendOptions{}); err != nil {
		t.Fatal(err)
	}
	older := p.sending(t, 0)
	m.sendTo(t.Context(), p.ids[1])
	if bytes.Equal(kept(m, older.ID), p.storedState(t, 0)) == false {
		t.Fatal("nothing is kept")
	}
	within(t, m, nil, func(u *unit) {
		if err := u.Sessions().Put(older); err != nil { // behind its back
			t.Fatal(err)
		}
	})
	within(t, m, nil, func(u *unit) {
		s, err := u.sendingSession(p.ids[1])
		if err != nil {
			t.Fatal(err)
		}
		want, err := parseSession(older)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(s.ratchet.Marshal(), want.ratchet.Marshal()) {
			t.Error("the kept state was used in place of the stored one")
		}
	})
}

// I2: a session that is deleted, or whose profile is locked, leaves nothing in what is kept.
func TestI2DeletedSessionsAndLockedProfilesKeepNoState(t *testing.T) {
	p := established(t)
	m := p.open(t, 0)
	state := func() ratchet.State {
		t.Helper()
		if _, err := m.Send(t.Context(), m.ConversationWith(p.ids[1]), "text", SendOptions{}); err != nil {
			t.Fatal(err)
		}
		m.sendTo(t.Context(), p.ids[1])
		if len(m.ratchets.entries) != 1 {
			t.Fatalf("%d states are kept", len(m.ratchets.entries))
		}
		return m.ratchets.entries[0].state
	}
	id, before := p.sending(t, 0), state()
	within(t, m, nil, func(u *unit) {
		if err := u.deleteSession(id.ID); err != nil {
			t.Fatal(err)
		}
	})
	if !before.IsZero() || kept(m, id.ID) != nil {
		t.Error("the state of a deleted session is kept")
	}
	within(t, m, nil, func(u *unit) {
		if err := u.Sessions().Put(id); err != nil {
			t.Fatal(err)
		}
	})
	before = state()
	if err := m.Close(); err != nil {
		t.Fatal(err)
	}
	if !before.IsZero() || len(m.ratchets.entries) != 0 {
		t.Error("a state is kept after the profile was closed")
	}
	within(t, m, nil, func(u *unit) {
		s, err := u.session(id)
		if err != nil {
			t.Fatal(err)
		}
		if err := u.putSession(s); err != nil {
			t.Fatal(err)
		}
	})
	if len(m.ratchets.entries) != 0 {
		t.Error("a state is kept that was committed after the profile was closed")
	}
}

func TestOnlySoManyStatesAreKept(t *testing.T) {
	p := established(t)
	stored := p.storedState(t, 0)
	var r ratchets
	var first ratchet.State
	for n := range maxRatchets + 1 {
		state, err := ratchet.ParseState(stored)
		if err != nil {
			t.Fatal(err)
		}
		if n == 0 {
			first = state
		}
		r.keep(parsedRatchet{session: chat.SessionID{byte(n)}, state: state})
	}
	if len(r.entries) != maxRatchets || !first.IsZero() {
		t.Errorf("%d states are kept, the oldest is erased: %v", len(r.entries), first.IsZero())
	}
}
