package ratchet

import "slices"

// receiver is section 6.5 and 6.7 of docs/PROTOCOL.md without keys: which genuine message opens, which
// is a duplicate, which is beyond a limit.
type receiver struct {
	chains []receivedChain // newest first
}

type receivedChain struct {
	index       int
	next, floor uint32
	skipped     []uint32 // rising
}

// newest returns the newest chain of the peer seen, -1 for none.
func (r *receiver) newest() int {
	if len(r.chains) == 0 {
		return -1
	}
	return r.chains[0].index
}

func (r *receiver) stored() (n int) {
	for _, c := range r.chains {
		n += len(c.skipped)
	}
	return n
}

// verdict returns nil when p opens.
func (r *receiver) verdict(p *parcel) error {
	if p.chain > r.newest() {
		if p.number > MaxSkip || len(r.chains) > 0 && int64(p.previous)-int64(r.chains[0].next) > MaxSkip {
			return ErrUndecryptable
		}
		return nil
	}
	i := slices.IndexFunc(r.chains, func(c receivedChain) bool { return c.index == p.chain })
	if i < 0 {
		return ErrUndecryptable // forgotten
	}
	c := r.chains[i]
	switch {
	case slices.Contains(c.skipped, p.number):
		return nil
	case p.number < c.floor:
		return ErrUndecryptable
	case p.number < c.next:
		return ErrDuplicate
	case i > 0 || p.number-c.next > MaxSkip:
		return ErrUndecryptable
	}
	return nil
}

// open takes note of a message that was opened.
func (r *receiver) open(p *parcel) {
	if p.chain > r.newest() {
		if len(r.chains) > 0 {
			r.chains[0].reach(p.previous)
		}
		r.chains = slices.Insert(r.chains, 0, receivedChain{index: p.chain})
	}
	i := slices.IndexFunc(r.chains, func(c receivedChain) bool { return c.index == p.chain })
	c := &r.chains[i]
	if p.number >= c.next {
		c.reach(p.number)
		c.next++
	} else {
		c.skipped = slices.DeleteFunc(c.skipped, func(n uint32) bool { return n == p.number })
	}
	if len(r.chains) > MaxChains {
		r.chains = r.chains[:MaxChains]
	}
	for i := len(r.chains) - 1; i >= 0; i-- {
		for r.stored() > MaxStored && len(r.chains[i].skipped) > 0 {
			r.chains[i].floor = r.chains[i].skipped[0] + 1
			r.chains[i].skipped = r.chains[i].skipped[1:]
		}
	}
}

// reach notes the numbers before number as skipped.
func (c *receivedChain) reach(number uint32) {
	for ; c.next < number; c.next++ {
		c.skipped = append(c.skipped, c.next)
	}
}
