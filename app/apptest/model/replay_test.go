package model

import (
	"slices"
	"time"
)

// replays goes the way to a state once more with processes that live all along. The search ends the process after every
// step; a messenger that goes on must come to the same, or something it keeps in memory differs from what it stored.
func (c *search) replays(s *state) bool {
	var way []*state
	for at := s; at.parent != nil; at = at.parent {
		if at.act == nil {
			return true // a crash or a deed of the relay is part of it
		}
		way = append(way, at)
	}
	slices.Reverse(way)
	c.replayed++
	live := c.begin.next("the same, without starting anew")
	live.parent = s
	both := [2]*process{live.start(0, nil), live.start(1, nil)}
	for _, at := range way {
		live.clock = live.clock.Add(time.Minute)
		at.act(both[at.actor])
	}
	both[0].stop()
	both[1].stop()
	live.count()
	if live.check() == "" && live.key() != s.key() {
		live.broken("a process that lives on comes to another state")
	}
	if live.violation != "" {
		c.failed = live
		return false
	}
	return true
}
