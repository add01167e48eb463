package conversation

import (
	"context"
	"errors"

	"sotto/app/messenger"
	"sotto/app/ui/screen"
	"sotto/app/ui/widget"
	"sotto/chat"
)

// Bounds of one reading.
const (
	readPage = 200
	readMost = 2000 // rows read anew at once; more, and the timeline begins again at the newest
)

// source reads a conversation for the timeline.
type source struct {
	m  *messenger.Messenger
	id chat.ConversationID
}

// beside reads at most n messages next to a message (zero: the newest), and whether more follow in that direction.
func (s source) beside(ctx context.Context, at chat.MessageID, dir widget.Direction, n int) (stretch, bool, error) {
	var out stretch
	position := int64(0)
	if !at.IsZero() {
		edge, err := s.m.Message(ctx, at) // positions move when late messages are put in place
		if err != nil {
			return out, false, err
		}
		position = edge.Position
		if dir == widget.Older {
			out.after = &edge
		} else {
			out.before = &edge
		}
	}
	var err error
	if dir == widget.Older {
		out.messages, err = s.m.Messages(ctx, s.id, position, n+1)
	} else {
		out.messages, err = s.m.MessagesAfter(ctx, s.id, position, n+1)
	}
	if err != nil {
		return out, false, err
	}
	more := len(out.messages) > n
	if more && dir == widget.Older {
		out.before, out.messages = &out.messages[0], out.messages[1:]
	}
	if more && dir == widget.Newer {
		out.after, out.messages = &out.messages[n], out.messages[:n]
	}
	return out, more, s.complete(ctx, &out)
}

// around reads the messages next to one, for a jump to it.
func (s source) around(ctx context.Context, id chat.MessageID, n int) (out stretch, older, newer bool, err error) {
	target, err := s.m.Message(ctx, id)
	if err != nil {
		return out, false, false, err
	}
	if target.Conversation != s.id {
		return out, false, false, chat.ErrNotFound
	}
	up, older, err := s.beside(ctx, id, widget.Older, n)
	if err != nil {
		return out, false, false, err
	}
	down, newer, err := s.beside(ctx, id, widget.Newer, n)
	if err != nil {
		return out, false, false, err
	}
	out = stretch{before: up.before, after: down.after}
	out.messages = append(append(append(out.messages, up.messages...), target), down.messages...)
	return out, older, newer, s.complete(ctx, &out)
}

var errTooMuch = errors.New("conversation: more to read anew than is held")

// again reads what lies between two messages anew, both included; with toEnd everything behind the first.
func (s source) again(ctx context.Context, first, last chat.MessageID, toEnd bool) (stretch, error) {
	var out stretch
	from, err := s.m.Message(ctx, first)
	if err != nil {
		return out, err
	}
	to, err := s.m.Message(ctx, last)
	if err != nil {
		return out, err
	}
	before, err := s.m.Messages(ctx, s.id, from.Position, 1)
	if err != nil {
		return out, err
	}
	if len(before) > 0 {
		out.before = &before[0]
	}
	for at := from.Position - 1; ; {
		page, err := s.m.MessagesAfter(ctx, s.id, at, readPage)
		if err != nil {
			return out, err
		}
		for i, msg := range page {
			if !toEnd && msg.Position > to.Position {
				out.after = &page[i]
				return out, s.complete(ctx, &out)
			}
			out.messages = append(out.messages, msg)
			at = msg.Position
		}
		switch {
		case len(page) < readPage:
			return out, s.complete(ctx, &out)
		case len(out.messages) > readMost:
			return out, errTooMuch
		}
	}
}

// complete reads what belongs to the messages of the stretch: what they answer, and where their files stand.
func (s source) complete(ctx context.Context, out *stretch) error {
	if err := s.quotes(ctx, out); err != nil {
		return err
	}
	var with []chat.MessageID
	for _, m := range out.messages {
		if m.Kind == chat.KindAttachment && !m.Deleted {
			with = append(with, m.ID)
		}
	}
	if len(with) == 0 {
		return nil
	}
	all, err := s.m.FileStatus(ctx, with...)
	if err != nil {
		return err
	}
	out.files = make(map[chat.MessageID]messenger.FileStatus, len(all))
	for _, f := range all {
		out.files[f.Message] = f
	}
	return nil
}

// quotes reads the messages that those of the stretch answer.
func (s source) quotes(ctx context.Context, out *stretch) error {
	out.quoted = map[chat.MessageID]chat.Message{}
	for _, m := range out.messages {
		out.quoted[m.ID] = m
	}
	for _, m := range out.messages {
		if m.ReplyTo.IsZero() {
			continue
		}
		if _, ok := out.quoted[m.ReplyTo]; ok {
			continue
		}
		q, err := s.m.Message(ctx, m.ReplyTo)
		if errors.Is(err, chat.ErrNotFound) || err == nil && q.Conversation != s.id {
			continue // not here, or of another conversation, which a peer must not learn to quote
		}
		if err != nil {
			return err
		}
		out.quoted[q.ID] = q
	}
	return nil
}

// LoadRows implements widget.Source.
func (v *View) LoadRows(at widget.Row, dir widget.Direction, n int, done func([]widget.Row, bool)) {
	var edge chat.MessageID
	if at != nil {
		edge, _ = messageOf(at)
	}
	type result struct {
		stretch
		more bool
	}
	screen.Run(v.s.Work, func(ctx context.Context) (result, error) {
		s, more, err := v.source.beside(ctx, edge, dir, n)
		return result{s, more}, err
	}, func(r result, err error) {
		if err != nil {
			v.s.Nav.Fail(err)
			done(nil, false)
			return
		}
		v.remember(r.stretch)
		if at == nil || dir == widget.Newer && !r.more {
			v.noteNewest(r.stretch)
		}
		done(v.teller().rows(r.stretch), r.more)
		v.loadedOnce()
	})
}

// refresh reads what the timeline holds anew and hands it what differs. Asked for while it reads, it reads once more.
func (v *View) refresh() {
	if v.refreshing {
		v.refreshAgain = true
		return
	}
	first, last, ok := v.edges()
	if !ok {
		v.timeline.Reset()
		return
	}
	v.refreshing = true
	toEnd := last == v.newest
	screen.Run(v.s.Work, func(ctx context.Context) (stretch, error) {
		return v.source.again(ctx, first, last, toEnd)
	}, func(s stretch, err error) {
		v.refreshing = false
		switch {
		case errors.Is(err, errTooMuch), errors.Is(err, chat.ErrNotFound):
			v.timeline.Reset() // a message at an edge is gone
		case err != nil:
			v.s.Nav.Fail(err)
		default:
			v.remember(s)
			v.reconcile(first, last, toEnd, s)
		}
		if v.refreshAgain {
			v.refreshAgain = false
			v.refresh()
		}
	})
}

// edges answers the first and last message that the timeline holds.
func (v *View) edges() (first, last chat.MessageID, ok bool) {
	rows := v.timeline.Rows()
	if len(rows) == 0 {
		return first, last, false
	}
	first, okFirst := messageOf(rows[0])
	last, okLast := messageOf(rows[len(rows)-1])
	return first, last, okFirst && okLast
}

// reconcile hands the timeline what differs between its rows from first to last and those of s.
func (v *View) reconcile(first, last chat.MessageID, toEnd bool, s stretch) {
	old, behind, ok := v.held(first, last)
	if !ok {
		v.refreshAgain = true // the timeline moved on meanwhile
		return
	}
	rows := v.teller().rows(s)
	next := make(map[string]widget.Row, len(rows))
	for _, r := range rows {
		next[r.RowKey()] = r
	}
	var gone []string
	var changed []widget.Row
	kept := make(map[string]bool, len(old))
	for _, r := range old {
		n, stays := next[r.RowKey()]
		switch {
		case !stays:
			gone = append(gone, r.RowKey())
			continue
		case n.RowRevision() != r.RowRevision():
			changed = append(changed, n)
		}
		kept[r.RowKey()] = true
	}
	if moved(old, rows, kept) {
		v.timeline.Reset()
		return
	}
	if len(changed) > 0 {
		v.timeline.Update(changed...)
	}
	var run []widget.Row
	for _, r := range rows {
		if !kept[r.RowKey()] {
			run = append(run, r)
			continue
		}
		if len(run) > 0 {
			v.timeline.InsertBefore(r.RowKey(), run...)
			run = nil
		}
	}
	if len(gone) > 0 {
		v.timeline.Remove(gone...)
	}
	switch {
	case len(run) == 0:
	case behind != "":
		v.timeline.InsertBefore(behind, run...)
	default:
		v.timeline.Append(run...)
	}
	if toEnd {
		v.noteNewest(s)
	}
}

// noteNewest keeps the newest message that has a row.
func (v *View) noteNewest(s stretch) {
	for _, m := range s.messages {
		if _, shown := v.teller().notice(m); shown || m.Kind != chat.KindNotice {
			v.newest = m.ID
		}
	}
}

// held answers the timeline's rows from one message to another, and the key of the row behind them.
func (v *View) held(first, last chat.MessageID) (rows []widget.Row, behind string, ok bool) {
	all := v.timeline.Rows()
	from, to := -1, -1
	for i, r := range all {
		id, _ := messageOf(r)
		if id == first && from < 0 {
			from = i
		}
		if id == last {
			to = i
		}
	}
	if from < 0 || to < from {
		return nil, "", false
	}
	if to+1 < len(all) {
		behind = all[to+1].RowKey()
	}
	return all[from : to+1], behind, true
}

// moved reports whether the rows that stay have changed their order.
func moved(old, rows []widget.Row, kept map[string]bool) bool {
	i := 0
	for _, r := range rows {
		if !kept[r.RowKey()] {
			continue
		}
		for i < len(old) && !kept[old[i].RowKey()] {
			i++
		}
		if i == len(old) || old[i].RowKey() != r.RowKey() {
			return true
		}
		i++
	}
	return false
}
