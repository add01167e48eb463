package messenger

import (
	"sync"
	"time"

	"sotto/chat"
)

// The clock by which messages end (docs/PROTOCOL.md section 8.3). It never runs backward: what was seen once has passed,
// and from there it goes on at the pace of this process, and between two processes at that of the computer's clock. When
// that leaps ahead by more than maxLeap, and messages would go by it, they stay until the person has confirmed the time.

const (
	// maxLeap is how far the computer's clock may be ahead of the time last seen before deletions wait for the person.
	maxLeap = 7 * 24 * time.Hour
	// sealTimeEvery is how often the time seen is stored, at most: with what is committed anyway, and at each expiry.
	sealTimeEvery = 5 * time.Minute
	// settingClock holds the sealedTime.
	settingClock = "messenger/clock"
)

// sealedTime is what is stored of the clock.
type sealedTime struct {
	Seen time.Time // the highest time that was taken for true
	Held time.Time `json:",omitzero"` // the time that the computer's clock told when deletions began to wait
	Wall time.Time `json:",omitzero"` // the time that the computer's clock told when this was stored
}

// ClockState says whether deletions wait for the person's word about the time.
type ClockState struct {
	Held  bool
	Seen  time.Time // the time by which messages end
	Clock time.Time // what the computer's clock tells
	Due   int       // messages that would be deleted by it
}

// clock is the time by which messages end. It is safe for concurrent use.
type clock struct {
	wall func() time.Time

	mu     sync.Mutex
	last   time.Time // the last reading, with what the process counts beside it
	now    time.Time // the time by which messages end, at the last reading
	sealed time.Time // the last that was stored
	held   time.Time // when a leap was noticed, as the computer's clock told it; zero: none
}

// newClock goes on from what was stored.
func newClock(wall func() time.Time, from sealedTime) *clock {
	c := &clock{wall: wall, last: wall(), now: from.Seen, sealed: from.Seen, held: from.Held}
	if c.now.IsZero() {
		c.now = c.last.Round(0)
	}
	return c
}

// loadClock reads what was stored of the clock; seen is a later time that has passed for sure, or zero.
func loadClock(tx chat.Tx, wall func() time.Time, seen time.Time) (*clock, error) {
	var from sealedTime
	if _, err := getJSON(tx, settingClock, &from); err != nil {
		return nil, err
	}
	if seen.After(from.Seen) {
		from.Seen, from.Wall = seen, time.Time{}
	}
	// A clock that was set back tells nothing by itself, but by how much it went on while nothing ran.
	told := wall().Round(0)
	if away := told.Sub(from.Wall); !from.Wall.IsZero() && away > 0 && told.Before(from.Seen) {
		from.Seen = from.Seen.Add(min(away, maxLeap))
	}
	return newClock(wall, from), nil
}

// read returns the time by which messages end, and whether the computer's clock is too far ahead of it.
func (c *clock) read() (now time.Time, leapt bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	raw := c.wall()
	c.now = c.now.Add(passed(c.last, raw))
	c.last = raw
	told := raw.Round(0).UTC()
	switch {
	case told.Sub(c.now) > maxLeap:
		return c.now.UTC(), true
	case told.After(c.now):
		c.now = told
	}
	c.held = time.Time{}
	return c.now.UTC(), false
}

// passed is how much time went by between two readings as the process counted it; the computer's clock is not asked.
func passed(from, to time.Time) time.Duration {
	if from == from.Round(0) || to == to.Round(0) { //nolint:govet // compares whether there is a count beside the clock
		return 0
	}
	return max(0, to.Sub(from))
}

// time returns the time by which messages end.
func (c *clock) time() time.Time {
	now, _ := c.read()
	return now
}

// trust takes the computer's clock for true.
func (c *clock) trust() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.last = c.wall()
	if told := c.last.Round(0).UTC(); told.After(c.now) {
		c.now = told
	}
	c.held = time.Time{}
	return c.now
}

// hold remembers since when deletions wait, and reports whether they did not before.
func (c *clock) hold() (since time.Time, first bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if first = c.held.IsZero(); first {
		c.held = c.last.Round(0).UTC()
	}
	return c.held, first
}

// stale reports whether the time seen should be stored again.
func (c *clock) stale() bool {
	now := c.time()
	c.mu.Lock()
	defer c.mu.Unlock()
	return now.Sub(c.sealed) >= sealTimeEvery
}

// seal stores the time seen within the unit of work.
func (c *clock) seal(tx chat.Tx) error {
	now := c.time()
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := putJSON(tx, settingClock, sealedTime{Seen: now, Held: c.held, Wall: c.last.Round(0).UTC()}); err != nil {
		return err
	}
	c.sealed = now // should the unit fail, the next one is a few minutes later
	return nil
}
