package messenger

import (
	"crypto/sha256"
	"crypto/subtle"
	"slices"

	"sotto/chat"
	"sotto/crypto/ratchet"
)

// maxRatchets is how many sessions are kept parsed; others are parsed when they are used.
const maxRatchets = 32

// ratchets keeps the states of the sessions used last as they were committed, parsed: making the key pair of a state
// from its bytes costs as much as agreeing with it. A state is found by its session and the SHA-256 of its stored bytes,
// so that what is stored decides, whoever wrote it. It is used within units of work only, one at a time.
type ratchets struct {
	entries []parsedRatchet // newest commit first
	closed  bool            // nothing is kept any more
}

type parsedRatchet struct {
	session chat.SessionID
	sum     [32]byte // of the marshalled state
	state   ratchet.State
}

// find returns the state that was committed with the given sum. One that was erased since is none.
func (r *ratchets) find(session chat.SessionID, sum [32]byte) (ratchet.State, bool) {
	i := r.index(session)
	if i < 0 || !r.entries[i].is(sum) {
		return ratchet.State{}, false
	}
	return r.entries[i].state, true
}

// keep takes what a unit of work has committed.
func (r *ratchets) keep(p parsedRatchet) {
	r.drop(p.session, p.state)
	if r.closed {
		p.state.Erase()
		return
	}
	if len(r.entries) == maxRatchets {
		r.drop(r.entries[maxRatchets-1].session, ratchet.State{})
	}
	r.entries = slices.Insert(r.entries, 0, p)
}

// drop erases the state of a session, unless it is the one that follows.
func (r *ratchets) drop(session chat.SessionID, next ratchet.State) {
	i := r.index(session)
	if i < 0 {
		return
	}
	if r.entries[i].state != next {
		r.entries[i].state.Erase()
	}
	r.entries = slices.Delete(r.entries, i, i+1)
}

// close erases all states, and keeps none from now on.
func (r *ratchets) close() {
	r.closed = true
	for i := range r.entries {
		r.entries[i].state.Erase()
	}
	clear(r.entries)
	r.entries = nil
}

func (r *ratchets) index(session chat.SessionID) int {
	return slices.IndexFunc(r.entries, func(p parsedRatchet) bool { return p.session == session })
}

func (p parsedRatchet) is(sum [32]byte) bool {
	return subtle.ConstantTimeCompare(p.sum[:], sum[:]) == 1 && !p.state.IsZero()
}

// staged are the states of a unit of work: nothing of them is kept unless it commits.
type staged map[chat.SessionID]parsedRatchet

// ratchet returns the state of a session with the given stored bytes, parsed unless it is known.
func (u *unit) ratchet(session chat.SessionID, stored []byte) (ratchet.State, error) {
	sum := sha256.Sum256(stored)
	if p, ok := u.states[session]; ok && p.is(sum) {
		return p.state, nil
	}
	if state, ok := u.m.ratchets.find(session, sum); ok {
		return state, nil
	}
	return ratchet.ParseState(stored)
}

// stage remembers a state that the unit of work has stored.
func (u *unit) stage(session chat.SessionID, stored []byte, state ratchet.State) {
	if u.states == nil {
		u.states = staged{}
	}
	u.states[session] = parsedRatchet{session: session, sum: sha256.Sum256(stored), state: state}
}

// deleteSession deletes a session, and its state from memory.
func (u *unit) deleteSession(id chat.SessionID) error {
	if err := u.Sessions().Delete(id); err != nil {
		return err
	}
	u.stage(id, nil, ratchet.State{})
	return nil
}

// settleStates keeps the states of a unit of work that has committed.
func (u *unit) settleStates() {
	for session, p := range u.states {
		if p.state.IsZero() {
			u.m.ratchets.drop(session, ratchet.State{})
			continue
		}
		u.m.ratchets.keep(p)
	}
	u.states = nil
}

// dropStates erases the states of a unit of work that has not committed. Where it went on with one that was kept, that one
// is gone as well, and is parsed anew.
func (u *unit) dropStates() {
	for _, p := range u.states {
		p.state.Erase()
	}
	u.states = nil
}
