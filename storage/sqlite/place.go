package sqlite

import (
	"slices"

	"sotto/chat"
)

// Between finds a free position. Where two neighbours touch, rows around the place move apart: as few as leave each of
// them room for many more, so that a flood of late messages costs little for each.
func (r messagesRepo) Between(conv chat.ConversationID, before, after int64) (int64, error) {
	if err := r.t.writing(); err != nil {
		return 0, err
	}
	th, err := r.t.thread(conv)
	if err != nil {
		return 0, err
	}
	if before <= after || after < 0 {
		return 0, chat.ErrMalformed
	}
	if before-after > 1 {
		return after + (before-after)/2, nil
	}
	for window := 32; ; window *= 4 {
		lower, err := r.Page(conv, before, window)
		if err != nil {
			return 0, err
		}
		upper, err := r.PageAfter(conv, before-1, window)
		if err != nil {
			return 0, err
		}
		low, high := r.edges(lower, upper, window)
		gap := (high - low) / int64(len(lower)+len(upper)+2)
		if gap >= 1<<10 {
			return r.spread(th, conv, lower, upper, low, gap)
		}
	}
}

// edges returns the open interval in which the rows may be placed: the first of lower stays outside it unless the
// conversation begins there, and after the last row of the conversation there is no end.
func (r messagesRepo) edges(lower, upper []chat.Message, window int) (low, high int64) {
	if len(lower) == window {
		low = lower[0].Position - 1
	}
	high = low + int64(len(lower)+len(upper)+2)*step
	if len(upper) == window {
		high = upper[len(upper)-1].Position + 1
	}
	return low, high
}

// spread places the rows of lower, one free position, and the rows of upper at equal distances from low on.
func (r messagesRepo) spread(
	th *thread, conv chat.ConversationID, lower, upper []chat.Message, low, gap int64,
) (int64, error) {
	c, err := r.t.Conversations().Get(conv)
	if err != nil {
		return 0, err
	}
	free := low + gap*int64(len(lower)+1)
	var moves []move
	for i, m := range slices.Concat(lower, upper) {
		to := low + gap*int64(i+1)
		if i >= len(lower) {
			to += gap
		}
		moves = append(moves, move{m, to})
	}
	if err := r.relocate(th, moves); err != nil {
		return 0, err
	}
	if read := readUpTo(c.ReadUpTo, low, moves); read != c.ReadUpTo {
		c.ReadUpTo = read
		if err := r.t.Conversations().Put(c); err != nil {
			return 0, err
		}
	}
	return free, nil
}

// readUpTo returns the mark that leaves the same rows read after the moves.
func readUpTo(mark, low int64, moves []move) int64 {
	if mark <= low || len(moves) == 0 {
		return mark
	}
	last := moves[len(moves)-1]
	if mark >= last.m.Position {
		return max(mark, last.to)
	}
	read := low
	for _, v := range moves {
		if v.m.Position <= mark {
			read = v.to
		}
	}
	return read
}

type move struct {
	m  chat.Message
	to int64
}

// relocate moves rows in an order in which no two ever share a position: those that go down from the lowest on, those
// that go up from the highest on.
func (r messagesRepo) relocate(th *thread, moves []move) error {
	up := slices.Clone(moves)
	slices.Reverse(up)
	for _, pass := range []struct {
		moves []move
		mine  func(move) bool
	}{
		{moves, func(v move) bool { return v.to < v.m.Position }},
		{up, func(v move) bool { return v.to > v.m.Position }},
	} {
		for _, v := range pass.moves {
			if !pass.mine(v) {
				continue
			}
			if v.m.StandsIn() {
				if err := r.moveEntry(th, v.m.Position, v.to); err != nil {
					return err
				}
				continue
			}
			v.m.Position = v.to
			if _, err := r.replace(th, v.m); err != nil {
				return err
			}
		}
	}
	return nil
}

// moveEntry moves the entry of a row that is missing or does not open.
func (r messagesRepo) moveEntry(th *thread, from, to int64) error {
	e, ok, err := r.t.listed(th, from)
	if err != nil {
		return err
	}
	if !ok {
		return damaged(segments.name)
	}
	e.position = to
	return r.t.relist(th, from, e)
}
