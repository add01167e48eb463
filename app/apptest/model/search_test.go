package model

import (
	"context"
	"crypto/sha256"
	"fmt"
	"slices"
	"sync"
	"testing/synctest"
	"time"

	"sotto/app/apptest/memstore"
	"sotto/app/messenger"
	"sotto/chat"
	"sotto/transport/wire"
)

// bound limits a search.
type bound struct {
	name     string
	root     func() *state
	messages int // texts of both together
	faults   budget
	reorder  bool // any waiting envelope may come next, otherwise the oldest
	replay   bool // live through every path to an end once more without starting the processes anew
}

// search explores breadth first, so that the first violation has the shortest trace.
type search struct {
	bound
	seen      map[[sha256.Size]byte]int32 // number of a state
	onward    []int32                     // of every state: the one in which its oldest envelope has arrived; 0: nothing waits
	probed    map[[sha256.Size]byte]bool
	steps     int
	depth     int
	converged int
	probes    int
	replayed  int
	begin     *state // a copy of the root
	failed    *state
}

// run explores every state within the bound, or until the deadline or a violation. It reports whether it got through.
func (c *search) run(deadline time.Time, wall func() time.Time) bool {
	c.seen, c.onward, c.probed = map[[sha256.Size]byte]int32{}, []int32{0}, map[[sha256.Size]byte]bool{}
	root := c.root()
	c.begin = root.next("begin")
	layer := []*state{}
	if !c.admit(root, &layer) {
		return false
	}
	for len(layer) > 0 {
		c.depth++
		var next []*state
		for i, s := range layer {
			layer[i] = nil
			enabled := c.enabled(s)
			for _, step := range enabled {
				c.steps++
				reached := step.take(s)
				for _, n := range reached {
					if !c.admit(n, &next) {
						return false
					}
				}
				if step.oldest {
					c.onward[s.number] = reached[0].number
				}
			}
			if len(enabled) == 0 && c.replay && !c.replays(s) {
				return false
			}
			s.stores, s.net = [2]*memstore.Store{}, nil // only the trace is wanted now
			if wall().After(deadline) {
				return false
			}
		}
		layer = next
	}
	return c.arrives(root)
}

// admit checks a state and queues it unless it is known. It reports false for a violation.
func (c *search) admit(s *state, layer *[]*state) bool {
	if s.check() != "" {
		c.failed = s
		return false
	}
	key := s.key()
	if s.number = c.seen[key]; s.number != 0 {
		return true
	}
	s.number = int32(len(c.onward))
	c.seen[key], c.onward = s.number, append(c.onward, 0)
	if !c.probeAll(s) {
		return false
	}
	if s.oldest() == nil {
		end := s.next("then without faults")
		end.converge()
		c.converged++
		if end.violation != "" {
			c.failed = end
			return false
		}
	}
	*layer = append(*layer, s)
	return true
}

// arrives checks that delivering alone ends, from wherever it begins: then the continuations from the states in which
// nothing waits are the ends of the continuations from all.
func (c *search) arrives(root *state) bool {
	ends := make([]bool, len(c.onward))
	for at := range c.onward {
		var path []int
		for n := at; !ends[n]; n = int(c.onward[n]) {
			if c.onward[n] == 0 {
				ends[n] = true
				break
			}
			if path = append(path, n); len(path) > len(c.onward) {
				root.broken("liveness: envelopes go to and fro without end")
				c.failed = root
				return false
			}
		}
		for _, n := range path {
			ends[n] = true
		}
	}
	return true
}

// step is one thing that can happen in a state.
type step struct {
	take   func(*state) []*state
	oldest bool // what waited longest arrives
}

// enabled lists the steps that the bound allows in a state.
func (c *search) enabled(s *state) (out []step) {
	for party := range 2 {
		for _, take := range c.ofParty(s, party) {
			out = append(out, step{take: take})
		}
	}
	first := s.oldest()
	for _, b := range s.net.boxes {
		for i, take := range c.ofBox(s, b) {
			out = append(out, step{take, b == first && i == 0})
		}
	}
	return out
}

func (c *search) ofParty(s *state, party int) (out []func(*state) []*state) {
	who := name(party)
	switch s.contact(party) {
	case "":
		if s.links[1-party] != "" {
			out = append(out, c.acting(who+" adds", party, func(p *process) { p.add() }))
		}
	case chat.ContactRequest:
		out = append(out, c.acting(who+" accepts", party, func(p *process) { p.accept() }))
	default:
		if s.said[0]+s.said[1] < c.messages {
			t := text(party, s.said[party]+1)
			out = append(out, c.acting(who+" says "+t, party, func(p *process) { p.say(t) }))
		}
	}
	if len(s.queue(party)) > 0 {
		out = append(out, c.acting(who+" starts again", party, func(*process) {}))
	}
	if s.spent.backups < c.faults.backups && s.contact(party) == chat.ContactAccepted {
		out = append(out, func(s *state) []*state { return []*state{s.backUp(party)} })
	}
	if s.backup[party] != nil && s.spent.restores < c.faults.restores {
		for _, lie := range []bool{false, true} {
			out = append(out, func(s *state) []*state { return s.restore(party, lie) })
		}
	}
	return out
}

// ofBox lists what can happen to the waiting envelopes, first that the oldest arrives.
func (c *search) ofBox(s *state, b *box) (out []func(*state) []*state) {
	for i, l := range b.waiting {
		if i > 0 && !c.reorder {
			break
		}
		what := fmt.Sprintf("%s gets %s", name(b.owner), l.carries)
		out = append(out, c.acting(what, b.owner, func(p *process) { p.take(b.id, l.seq) }))
		if s.contact(b.owner) != chat.ContactAccepted || l.altered {
			continue // a relay that keeps an introduction to itself keeps people apart
		}
		if isText(l.carries) && s.spent.drops < c.faults.drops {
			out = append(out, func(s *state) []*state {
				n := s.next("the relay loses " + l.carries)
				n.spent.drops++
				n.lost[l.carries] = true
				at := n.net.box(b.id)
				at.waiting = slices.Delete(at.waiting, i, i+1)
				return []*state{n}
			})
		}
		if s.spent.alters < c.faults.alters {
			out = append(out, func(s *state) []*state {
				n := s.next("the relay alters " + l.carries)
				n.spent.alters++
				n.altered = true
				n.net.box(b.id).waiting[i].alter()
				return []*state{n}
			})
		}
	}
	return out
}

// acting starts a party, lets it act and ends it. While crashes are left it also returns the states in which the process
// ended right after one of its commits, or one of the relay's.
func (c *search) acting(what string, party int, act func(*process)) func(*state) []*state {
	return func(s *state) []*state {
		n := s.next(what)
		n.actor, n.act = party, act
		var mu sync.Mutex
		var cuts []*state
		durable := func() {}
		if s.spent.crashes < c.faults.crashes {
			durable = func() {
				mu.Lock()
				defer mu.Unlock()
				stores := n.stores
				stores[party] = stores[party].Image()
				cut := n.copyWith(stores[0], stores[1], n.net.clone())
				cut.parent, cut.spent.crashes = s, s.spent.crashes+1
				cut.step = fmt.Sprintf("%s, but crashes after commit %d", what, len(cuts)+1)
				cuts = append(cuts, cut)
			}
		}
		p := n.start(party, durable)
		act(p)
		p.stop()
		n.count()
		for _, cut := range cuts {
			cut.count()
		}
		return append([]*state{n}, cuts...)
	}
}

// count brings the numbers of texts up to date with what is stored.
func (s *state) count() {
	for party := range 2 {
		for _, t := range s.texts(party, party) {
			var n int
			if _, err := fmt.Sscanf(t[1:], "%d", &n); err == nil {
				s.said[party] = max(s.said[party], n)
			}
		}
	}
}

func text(party, n int) string { return fmt.Sprintf("%c%d", name(party)[0]|0x20, n) }

// add adds the other party by its link, with a first text.
func (p *process) add() {
	t := text(p.party, p.s.said[p.party]+1)
	_, err := p.Add(context.Background(), p.s.links[1-p.party], messenger.AddOptions{Message: t, ConfirmRelay: true})
	if err != nil {
		p.s.broken("%s cannot add: %v", name(p.party), err)
	}
	synctest.Wait()
}

func (p *process) accept() {
	if _, err := p.Accept(context.Background(), p.s.ids[1-p.party]); err != nil {
		p.s.broken("%s cannot accept: %v", name(p.party), err)
	}
	synctest.Wait()
}

// backUp copies a party's store.
func (s *state) backUp(party int) *state {
	n := s.next(name(party) + "'s disk is copied")
	n.spent.backups++
	i := &image{store: s.stores[party].Image(), cells: map[wire.Mailbox][]byte{}}
	for _, b := range s.net.boxes {
		if b.owner == party {
			i.cells[b.id] = b.cell
		}
	}
	i.key = fmt.Sprintf("%x", s.key())
	n.backup[party] = i
	return n
}

// restore puts the copy back. With a lie the relay goes along, so that nothing shows.
func (s *state) restore(party int, lie bool) []*state {
	i := s.backup[party]
	moved := false
	for _, b := range s.net.boxes {
		moved = moved || b.owner == party && string(b.cell) != string(i.cells[b.id])
	}
	if !moved {
		return nil
	}
	n := s.next(name(party) + " comes back from the copy")
	n.spent.restores++
	n.stores[party] = i.store.Image()
	n.restored[party], n.lied = true, n.lied || lie
	if lie {
		n.step += ", which the relay hides"
		for _, b := range n.net.boxes {
			if b.owner == party {
				b.cell = i.cells[b.id]
			}
		}
	}
	kept := map[string]bool{}
	for _, t := range n.texts(party, party) {
		kept[t] = true
	}
	for k := 1; k <= s.said[party]; k++ {
		if t := text(party, k); !kept[t] {
			n.lost[t] = true
		}
	}
	return []*state{n}
}
