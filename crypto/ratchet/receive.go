package ratchet

import (
	"cmp"
	"slices"
)

// receiveChain is a chain of the peer. Closed chains keep only the keys of messages that were
// skipped, and enough to know a duplicate.
type receiveChain struct {
	public  [publicSize]byte
	hash    [32]byte // chainHash: its messages must all carry the same material
	open    bool
	key     chainKey // while open
	next    uint32   // N expected next
	floor   uint32   // skipped keys below were aged out
	skipped []skippedKey
}

// skippedKey opens a message that was leapt over; a chain holds them by rising number.
type skippedKey struct {
	number uint32
	key    messageKey
}

func (c *receiveChain) erase() {
	clear(c.key[:])
	clear(c.skipped)
}

// find returns the index of the skipped key with number.
func (c *receiveChain) find(number uint32) (int, bool) {
	return slices.BinarySearchFunc(c.skipped, number, func(k skippedKey, n uint32) int {
		return cmp.Compare(k.number, n)
	})
}

// advance stores the keys of the messages before number: SkipMessageKeys of the Double Ratchet
// specification, revision 4, section 3.5.
func (c *receiveChain) advance(number uint32) {
	if number <= c.next {
		return
	}
	c.skipped = slices.Grow(c.skipped, int(number-c.next))
	for c.next < number {
		c.skipped = append(c.skipped, skippedKey{c.next, chainStep(&c.key)})
		c.next++
	}
}

// close stores the keys up to the chain's length and forgets the chain key.
func (c *receiveChain) close(length uint32) {
	c.advance(length)
	clear(c.key[:])
	c.open = false
}

// keyAt returns the key of message number without changing the chain; number is at most MaxSkip
// ahead.
func (c *receiveChain) keyAt(number uint32) messageKey {
	key := c.key
	var mk messageKey
	for n := c.next; n <= number; n++ {
		mk = chainStep(&key)
	}
	clear(key[:])
	return mk
}

// use removes the key of a message that was opened (I2).
func (c *receiveChain) use(number uint32) {
	if number >= c.next {
		c.advance(number)
		mk := chainStep(&c.key)
		clear(mk[:])
		c.next++
		return
	}
	if i, found := c.find(number); found {
		c.skipped = slices.Delete(c.skipped, i, i+1)
	}
}

// leap returns how far to lies ahead of from; zero when it does not.
func leap(from, to uint32) uint32 {
	if to <= from {
		return 0
	}
	return to - from
}

// ageOut enforces MaxChains and MaxStored, oldest chain and lowest number first.
func (s *state) ageOut() {
	for len(s.receive) > MaxChains {
		last := len(s.receive) - 1
		s.receive[last].erase()
		s.receive = slices.Delete(s.receive, last, last+1)
	}
	stored := 0
	for i := range s.receive {
		stored += len(s.receive[i].skipped)
	}
	for i := len(s.receive) - 1; i >= 0 && stored > MaxStored; i-- {
		c := &s.receive[i]
		n := min(stored-MaxStored, len(c.skipped))
		if n == 0 {
			continue
		}
		c.floor = c.skipped[n-1].number + 1
		c.skipped = slices.Delete(c.skipped, 0, n)
		stored -= n
	}
}
