package ratchet

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// referenceDirector writes the events of the conversation to record.
type referenceDirector struct {
	referenceConversation
	now time.Time
}

func (d *referenceDirector) add(role Role, a referenceAction, message int) {
	d.now = d.now.Add(1500 * time.Millisecond)
	d.Events = append(d.Events, referenceEvent{Role: role, Action: a, Message: message, At: d.now.UnixMilli()})
}

func (d *referenceDirector) send(role Role, plaintext string) int {
	n := len(d.Messages)
	d.Messages = append(d.Messages, recordedMessage{Plaintext: hexBytes(plaintext)})
	d.add(role, referenceSeal, n)
	return n
}

func (d *referenceDirector) open(role Role, messages ...int) {
	for _, m := range messages {
		d.add(role, referenceOpen, m)
	}
}

// referenceScript is the conversation that -record plays: first messages that overtake each other, bursts of
// one to four with losses, reordering within bursts and across turns, repeats, a day's pause, and
// enough messages that both sides offer keys.
func referenceScript() referenceConversation {
	d := &referenceDirector{now: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}
	d.Random = 1000
	d.Initiator.Start = d.now.UnixMilli()
	d.Acceptor.Start = d.now.Add(3 * time.Second).UnixMilli()
	d.now = d.now.Add(5 * time.Second)

	first, second, third := d.send(Initiator, "first"), d.send(Initiator, ""), d.send(Initiator, strings.Repeat("third ", 60))
	d.open(Acceptor, second, first)
	d.add(Acceptor, referenceRepeat, second)
	fourth, fifth := d.send(Acceptor, "the first answer"), d.send(Acceptor, "and again with both ciphertexts")
	d.open(Initiator, fifth, fourth)
	sixth := d.send(Initiator, "proof")
	d.open(Acceptor, sixth, third)

	from, to := Acceptor, Initiator
	late := map[Role][]int{}
	// The tail brings both sides to decide on an offer at a count of 19, when none is due.
	const varied = 26
	tail := []int{10, 8, 1, 1, 1, 1, 1}
	for turn := range varied + len(tail) {
		size := 1 + turn*3%5%4
		if turn >= varied {
			size = tail[turn-varied]
		}
		if turn == 13 {
			d.now = d.now.Add(25 * time.Hour)
		}
		var burst []int
		for i := range size {
			burst = append(burst, d.send(from, fmt.Sprintf("turn %d, message %d", turn, i)))
		}
		arrive := slices.Clone(burst)
		var held []int
		if len(arrive) > 2 && turn < varied {
			held = []int{burst[1]}
			arrive = slices.Delete(arrive, 1, 2)
		}
		if turn%5 == 4 && len(arrive) > 1 && turn < varied { // the last of a chain is lost
			arrive = arrive[:len(arrive)-1]
		}
		if turn%3 == 1 {
			slices.Reverse(arrive)
		}
		d.open(to, arrive...)
		if turn%5 == 2 {
			d.add(to, referenceRepeat, arrive[0])
		}
		// A message held back is lost in every third turn, else it comes two turns late.
		d.open(to, late[to]...)
		late[to] = nil
		if turn%3 != 0 {
			late[to] = held
		}
		from, to = to, from
	}
	return d.referenceConversation
}
