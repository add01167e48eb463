package messenger

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"slices"
	"time"

	"sotto/chat"
	"sotto/crypto/encode"
	"sotto/crypto/handshake"
	"sotto/transport/wire"
)

// The generation of a profile (docs/PROTOCOL.md section 7.4, I11): every process start, and every hour of it, replaces
// the state cell of some own mailboxes at their relay, and remembers what it wrote. A cell that holds anything else was
// written by a later start: this store is an older image of itself, or runs twice. Its ratchets are then not used any more.

const (
	// generationCells is how many mailboxes of one relay, the oldest, keep a generation: each is as good a witness.
	generationCells = 8
	// generationWait is how long nothing is sent while relays are asked for it. One that is away holds up nobody longer.
	generationWait = 3 * time.Second
)

// settingGeneration holds, under a mailbox's id, what its state cell should hold.
const settingGeneration = "messenger/generation/"

// generation is what is known of a cell. Next was on its way to the relay when the last process ended, if it is there.
type generation struct {
	Number uint64 // of the start, for telling which side is older
	Cell   []byte // nil: never set
	Next   []byte `json:",omitempty"`
	Any    bool   `json:",omitempty"` // a rollback was noticed by another cell: whatever is there is replaced
}

// fits reports whether the cell at the relay is one that this store left there.
func (g generation) fits(cell []byte) bool {
	return g.Any || bytes.Equal(cell, g.Cell) || g.Next != nil && bytes.Equal(cell, g.Next)
}

// newCell seals number and a random r, so that two copies of a store never write the same.
func newCell(mb chat.Mailbox, number uint64) []byte {
	r := make([]byte, 16)
	rand.Read(r) //nolint:errcheck // never fails: a failing OS generator ends the process
	return handshake.SealCell(mb.OwnerKey, mb.ID, append(encode.Uint64(number), r...))
}

// advance brings the cell of a mailbox to the generation of this run. It may be repeated until it answers nil.
func (m *Messenger) advance(ctx context.Context, relay Relay, mb chat.Mailbox) error {
	id := wire.Mailbox(mb.ID)
	relay.Own(owned(mb))
	cell, err := relay.State(ctx, id)
	if err != nil {
		return m.gone(mb, err)
	}
	var next generation
	err = m.update(ctx, func(u *unit) (err error) {
		next, err = u.nextGeneration(mb, cell)
		return err
	})
	if err != nil {
		return err
	}
	// The answer to an earlier, cut off attempt of this run may have been lost: then the cell holds what is known already.
	if err := relay.CompareAndSetState(ctx, id, cell, next.Next); err != nil {
		return m.gone(mb, err) // a conflict: a copy of this store runs now; the next attempt reads its cell
	}
	return m.update(ctx, func(u *unit) error {
		return putJSON(u.Tx, settingGeneration+mb.ID.String(), generation{Number: next.Number, Cell: next.Next})
	})
}

// nextGeneration judges the cell that a relay holds and writes ahead the one that replaces it.
func (u *unit) nextGeneration(mb chat.Mailbox, cell []byte) (generation, error) {
	var known generation
	if _, err := getJSON(u.Tx, settingGeneration+mb.ID.String(), &known); err != nil {
		return generation{}, err
	}
	if !known.fits(cell) && !u.m.rolled {
		if err := u.rolledBack(mb); err != nil {
			return generation{}, err
		}
		u.rolled = true
	}
	number := known.Number
	if plain, err := handshake.OpenCell(mb.OwnerKey, mb.ID, cell); err == nil {
		r := encode.NewReader(plain)
		number = max(number, r.Uint64())
	}
	next := generation{Number: number + 1, Cell: cell, Next: newCell(mb, number+1)}
	return next, putJSON(u.Tx, settingGeneration+mb.ID.String(), next)
}

// rolledBack gives up the ratchets of an older image: no session sends any more, the contacts are asked for a new one
// and for what they sent since, fresh bundles replace those whose private halves are gone.
func (u *unit) rolledBack(witness chat.Mailbox) error {
	if err := u.renumber(); err != nil { // before anything is numbered here
		return err
	}
	contacts, err := u.Contacts().List()
	if err != nil {
		return err
	}
	for _, c := range contacts {
		if err := u.retellRoute(c); err != nil { // before the question: the answer goes there
			return err
		}
		if err := u.abandonSessions(c); err != nil {
			return err
		}
	}
	mailboxes, err := u.Mailboxes().List()
	if err != nil {
		return err
	}
	for _, mb := range mailboxes {
		if mb.Renewed.IsZero() {
			continue
		}
		if mb.ID != witness.ID {
			if err := putJSON(u.Tx, settingGeneration+mb.ID.String(), generation{Any: true}); err != nil {
				return err
			}
		}
		mb.Renewed = u.now.Add(-renewAfter)
		if err := u.Mailboxes().Put(mb); err != nil {
			return err
		}
	}
	u.tend, u.rescan = true, true
	if err := u.audit("profile.rolled-back", u.m.Self().ID); err != nil {
		return err
	}
	return u.emit(Event{Type: EventAlert, Detail: AlertRolledBack, Relay: witness.Relay})
}

// renumber lets the own numbers of every conversation go on beyond those that were used after the image was taken and are
// not known here: otherwise the next message would be placed among the earlier ones.
func (u *unit) renumber() error {
	list, err := u.Conversations().List()
	if err != nil {
		return err
	}
	for _, conv := range list {
		conv.NextSeq = max(conv.NextSeq, uint64(u.now.UnixMilli()))
		if err := u.Conversations().Put(conv); err != nil {
			return err
		}
	}
	return nil
}

// retellRoute tells an accepted contact where it is to write, above whatever it was told after the image was taken.
func (u *unit) retellRoute(c chat.Contact) error {
	if c.State != chat.ContactAccepted {
		return nil
	}
	var reach ownRoute
	ok, err := getJSON(u.Tx, settingReach+c.ID.String(), &reach)
	if err != nil || !ok {
		return err
	}
	reach.Seq = max(reach.Seq+1, uint64(u.now.Unix()))
	if err := putJSON(u.Tx, settingReach+c.ID.String(), reach); err != nil {
		return err
	}
	return u.queueRoute(c.ID)
}

// abandonSessions archives what sends to a contact. What was sealed and not sent is sealed anew, and an accepted contact
// is asked to send again what did not arrive.
func (u *unit) abandonSessions(c chat.Contact) error {
	sessions, err := u.Sessions().ForPeer(c.ID)
	if err != nil {
		return err
	}
	for _, s := range sessions {
		if !s.Archived.IsZero() {
			continue
		}
		s.Archived = u.now
		if err := u.Sessions().Put(s); err != nil {
			return err
		}
	}
	if err := u.unseal(c.ID); err != nil || c.State != chat.ContactAccepted {
		return err
	}
	if err := putJSON(u.Tx, settingAsked+c.ID.String(), u.now.UTC()); err != nil {
		return err
	}
	u.queued = append(u.queued, c.ID)
	return u.queueAgain(c.ID)
}

// unseal lets the contents that wait for a contact be encrypted anew. One that arrived after all is known by its id.
func (u *unit) unseal(peer chat.ContactID) error {
	items, err := u.Queue().List()
	if err != nil {
		return err
	}
	for _, item := range items {
		if item.Peer != peer || item.Envelope == nil {
			continue
		}
		item.Envelope, item.EnvelopeID, item.Session = nil, [16]byte{}, chat.SessionID{}
		if item.State == chat.QueueFlushed {
			item.State = chat.QueueWaiting
		}
		if err := u.Queue().Put(item); err != nil {
			return err
		}
	}
	return nil
}

// witnesses returns the chores whose mailboxes keep a generation: the oldest that stand.
func witnesses(chores []chore, now time.Time) []chore {
	var out []chore
	for _, c := range chores {
		if !c.Renewed.IsZero() && c.Retired.IsZero() && (c.Expires.IsZero() || now.Before(c.Expires)) {
			out = append(out, c)
		}
	}
	slices.SortStableFunc(out, func(a, b chore) int { return a.Created.Compare(b.Created) })
	return out[:min(len(out), generationCells)]
}

// advanceAll brings the generations of one relay forward, at the start and every hour after: a copy that is started later
// is noticed by the one that runs.
func (t *tender) advanceAll(address string, chores []chore) error {
	relay, err := t.m.pool.get(address)
	if err != nil {
		return err
	}
	for _, c := range witnesses(chores, t.m.now()) {
		t.mu.Lock()
		last := t.advanced[c.ID]
		t.mu.Unlock()
		if !last.IsZero() && t.m.now().Sub(last) < tendEvery {
			continue
		}
		ctx, cancel := context.WithTimeout(t.m.ctx, tendTimeout)
		err := t.m.advance(ctx, relay, c.Mailbox)
		cancel()
		if errors.Is(err, chat.ErrUnauthorized) {
			continue // the mailbox is gone; its record says what follows
		}
		if err != nil {
			return err
		}
		t.mu.Lock()
		t.advanced[c.ID] = t.m.now()
		t.mu.Unlock()
	}
	return nil
}

// awaitGenerations waits until every relay was asked once, or did not answer in time.
func (t *tender) awaitGenerations() {
	timer := time.NewTimer(generationWait)
	defer timer.Stop()
	select {
	case <-t.m.ctx.Done():
	case <-t.asked:
	case <-timer.C:
	}
}
