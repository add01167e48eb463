package messenger

import (
	"testing"
	"time"

	"sotto/chat"
)

// TestI12SimultaneousInitiationConvergesInEveryOrder walks through every order in which two sides write two messages each
// and get those of the other, any of them first; both begin a session before they know of the other's. Every step is a
// restart. In the end both send under one session, and every message stands once.
func TestI12SimultaneousInitiationConvergesInEveryOrder(t *testing.T) {
	orders, atOnce := 0, 0
	each := 2
	if testing.Short() {
		each = 1
	}
	var walk func(p *post, left [2]int)
	walk = func(p *post, left [2]int) {
		end := true
		for i := range 2 {
			if left[i] > 0 {
				end = false
				q := p.copied()
				q.say(t, i)
				next := left
				next[i]--
				walk(q, next)
			}
			for n := range p.table[i] {
				end = false
				q := p.copied()
				q.hand(t, i, n)
				walk(q, left)
			}
		}
		if !end {
			return
		}
		orders++
		if len(p.sessions(t, 0)) > 1 {
			atOnce++
		}
		converged(t, p)
	}
	walk(newPost(t), [2]int{each, each})
	t.Logf("%d orders, %d with two sessions", orders, atOnce)
	if atOnce == 0 || atOnce == orders {
		t.Error("the orders are not those that matter")
	}
}

// TestI12RenewalOnBothSidesConverges lets both sides replace a session that is overdue, at once.
func TestI12RenewalOnBothSidesConverges(t *testing.T) {
	for _, order := range [][2]int{{0, 1}, {1, 0}} {
		p := newPost(t)
		p.say(t, 0)
		p.handAll(t, 1)
		p.say(t, 1)
		p.handAll(t, 0)
		old := p.sending(t, 0).ID
		p.now = p.now.Add(8 * 24 * time.Hour)
		p.say(t, order[0])
		p.say(t, order[1])
		p.handAll(t, order[0])
		p.handAll(t, order[1])
		converged(t, p)
		if p.sending(t, 0).ID == old {
			t.Error("the overdue session still sends")
		}
	}
}

// TestI12APeerThatLeftASessionWithoutAWordIsFollowed: the peer took our session, kept silent, and begins another. The
// name of the one it left says that this is no coincidence, whichever binding is smaller.
func TestI12APeerThatLeftASessionWithoutAWordIsFollowed(t *testing.T) {
	for range 6 { // the bindings are random
		p := newPost(t)
		p.say(t, 0)
		p.handAll(t, 1)
		p.now = p.now.Add(8 * 24 * time.Hour)
		p.say(t, 1)
		fresh := p.sending(t, 1).ID
		p.handAll(t, 0)
		if p.sending(t, 0).ID != fresh {
			t.Fatal("the session that the peer left goes on")
		}
		converged(t, p)
	}
}

func TestI12TheOtherSessionIsKeptThirtyDaysAndThenDeleted(t *testing.T) {
	p := newPost(t)
	p.say(t, 0)
	p.say(t, 1)
	for i := range 2 {
		p.hand(t, i, 0)
		p.flush(t, i)
	}
	var loser chat.SessionID
	for _, s := range p.sessions(t, 0) {
		if !s.Archived.IsZero() {
			loser = s.ID
		}
	}
	if loser == (chat.SessionID{}) {
		t.Fatal("nothing was archived")
	}
	has := func() bool {
		for _, s := range p.sessions(t, 0) {
			if s.ID == loser {
				return true
			}
		}
		return false
	}
	sweep := func() { p.as(t, 0, func(m *Messenger) { m.sweep(t.Context()) }) }
	p.now = p.now.Add(archivedFor)
	sweep()
	if !has() {
		t.Error("deleted within 30 days")
	}
	p.now = p.now.Add(time.Minute)
	sweep()
	if has() {
		t.Error("kept for more than 30 days")
	}
}

// converged lets both sides write once more, hands everything over, and compares.
func converged(t *testing.T, p *post) {
	t.Helper()
	for i := range 2 {
		p.handAll(t, i)
	}
	for _, i := range []int{0, 1, 0, 1} {
		p.say(t, i)
		p.handAll(t, 1-i)
	}
	a, b := p.sending(t, 0), p.sending(t, 1)
	if a.ID != b.ID {
		t.Fatal("they send under two sessions")
	}
	heard := 0
	for i := range 2 {
		for text, n := range p.heard(t, i) {
			heard++
			if n != 1 {
				t.Fatalf("%q stands %d times", text, n)
			}
		}
		p.as(t, i, func(m *Messenger) {
			if s, err := m.Status(t.Context()); err != nil || s.Rejected != 0 || s.Waiting != 0 || s.Parked != 0 {
				t.Fatalf("%d: %+v, %v", i, s, err)
			}
		})
	}
	if heard != p.said {
		t.Fatalf("%d of %d messages arrived", heard, p.said)
	}
}
