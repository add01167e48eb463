package sqlite

import (
	"cmp"
	"maps"
	"slices"
	"sync"
	"time"

	"sotto/chat"
)

// ending is when a message is to be removed, and what must be known of it should its row be gone by then.
type ending struct {
	thread int64 // row of its conversation
	at     time.Time
	id     chat.MessageID
	unread bool
}

// endingOf returns the ending of a message; that of one without an end has a zero time and nothing else.
func endingOf(th *thread, m chat.Message) ending {
	if m.Expires.IsZero() {
		return ending{}
	}
	return ending{
		thread: th.row, at: instant(m.Expires), id: m.ID, unread: m.Direction == chat.In && m.State != chat.Read && !m.Deleted,
	}
}

// ends are the messages that have an end, by their row ids, as they were committed last. They are read at opening: asking
// for the next one must not open every row.
type ends struct {
	mu   sync.RWMutex
	rows map[int64]ending
}

func (e *ends) all() map[int64]ending {
	e.mu.RLock()
	defer e.mu.RUnlock()
	return maps.Clone(e.rows)
}

func (e *ends) clear() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.rows = map[int64]ending{}
}

// settle makes the changes of a unit of work that has committed the present state.
func (e *ends) settle(changed map[int64]ending) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for id, v := range changed {
		if v.at.IsZero() {
			delete(e.rows, id)
		} else {
			e.rows[id] = v
		}
	}
}

// loadEnds checks and reads the table.
func (s *Store) loadEnds() error {
	s.ends.clear()
	t := &tx{s: s, c: s.writer, write: true, draft: s.covers.draft()}
	if err := t.check(deadlines); err != nil {
		return err
	}
	keyID, key := s.keys.purpose(deadlines.purpose)
	return s.writer.each("SELECT id, body FROM deadlines", nil, func(row []value) error {
		body, err := t.open(deadlines, integer(row[0]), keyID, key, nil, bytesOf(row[1]))
		if err != nil {
			return err
		}
		v, ok := decodeEnding(body)
		if !ok {
			return damaged(deadlines.name)
		}
		s.ends.rows[integer(row[0])] = v
		return nil
	})
}

const endingV1 = 1

func encodeEnding(v ending) []byte {
	return layout(endingV1).int(v.thread).time(v.at).fixed(v.id[:]).bool(v.unread).b
}

func decodeEnding(b []byte) (v ending, ok bool) {
	r := read(b, endingV1)
	v.thread, v.at = r.int(), r.time()
	r.fixed(v.id[:])
	v.unread = r.bool()
	return v, r.done() && !v.at.IsZero()
}

// end returns the end of a message as this unit of work knows it.
func (t *tx) end(id int64) (ending, bool) {
	if v, ok := t.ends[id]; ok {
		return v, !v.at.IsZero()
	}
	t.s.ends.mu.RLock()
	defer t.s.ends.mu.RUnlock()
	v, ok := t.s.ends.rows[id]
	return v, ok
}

// setEnd gives a message an end, another one, or with a zero time none.
func (t *tx) setEnd(id int64, v ending) error {
	_, had := t.end(id)
	if !had && v.at.IsZero() {
		return nil
	}
	if t.ends == nil {
		t.ends = map[int64]ending{}
	}
	t.ends[id] = v
	if v.at.IsZero() {
		return t.remove(deadlines, id)
	}
	keyID, key := t.s.keys.purpose(deadlines.purpose)
	write := t.insert
	if had {
		write = t.update
	}
	return mapped(write(deadlines, id, keyID, key, nil, encodeEnding(v)))
}

// dropEnds removes the ends of a conversation's messages.
func (t *tx) dropEnds(th *thread) error {
	for id, v := range t.present() {
		if v.thread == th.row {
			if err := t.setEnd(id, ending{}); err != nil {
				return err
			}
		}
	}
	return nil
}

// present returns the ends as this unit of work knows them.
func (t *tx) present() map[int64]ending {
	rows := t.s.ends.all()
	for id, v := range t.ends {
		if v.at.IsZero() {
			delete(rows, id)
		} else {
			rows[id] = v
		}
	}
	return rows
}

type deadlinesRepo struct{ t *tx }

// Due returns the messages that end at a time or before. In a unit of work that writes it takes those out of the books
// whose rows were removed while the profile was locked, and those that do not authenticate: both have ended. Of these it
// returns what is known: id, conversation, and whether they were read.
func (r deadlinesRepo) Due(at time.Time, limit int) ([]chat.Message, error) {
	if err := r.t.reading(); err != nil {
		return nil, err
	}
	var out []chat.Message
	if r.t.write {
		var err error
		if out, err = r.t.settleLeft(at); err != nil {
			return nil, err
		}
	}
	type due struct {
		id int64
		ending
	}
	var all []due
	for id, v := range r.t.present() {
		if !v.at.After(at) {
			all = append(all, due{id, v})
		}
	}
	slices.SortFunc(all, func(a, b due) int { return cmp.Or(a.at.Compare(b.at), cmp.Compare(a.id, b.id)) })
	for _, d := range all[:min(len(all), max(limit, 0))] {
		row, err := r.t.c.row(selectMessage, d.id)
		if err != nil {
			return nil, err
		}
		if row != nil {
			m, err := messagesRepo(r).present(row)
			if err == nil {
				out = append(out, m)
				continue
			}
			if !unreadable(err) {
				return nil, err
			}
		}
		if r.t.write {
			m, err := r.t.writeOff(d.id, d.ending, row)
			if err != nil {
				return nil, err
			}
			out = append(out, m)
		}
	}
	return out, nil
}

func (r deadlinesRepo) Count(at time.Time) (int, error) {
	n := 0
	for _, v := range r.t.present() {
		if !v.at.After(at) {
			n++
		}
	}
	return n, r.t.reading()
}

func (r deadlinesRepo) Next() (time.Time, error) {
	if err := r.t.reading(); err != nil {
		return time.Time{}, err
	}
	var next time.Time
	for _, v := range r.t.present() {
		if next.IsZero() || v.at.Before(next) {
			next = v.at
		}
	}
	if next.IsZero() {
		return next, chat.ErrNotFound
	}
	return next, nil
}

// writeOff takes a message that has ended out of the manifest, without opening its row; row is nil when that is gone. It
// returns what is known of the message.
func (t *tx) writeOff(id int64, v ending, row []value) (chat.Message, error) {
	th, err := t.threadOf(v.thread)
	if err != nil {
		return chat.Message{}, err
	}
	found, err := t.c.row(selectConversations+" WHERE id = ?", v.thread)
	if err != nil || found == nil {
		return chat.Message{}, cmp.Or(err, damaged(conversations.name))
	}
	conv, err := conversationsRepo{t}.decode(found)
	if err != nil {
		return chat.Message{}, err
	}
	m := chat.Message{ID: v.id, Conversation: conv.ID, Direction: chat.Out, State: chat.Sent, Expires: v.at}
	if v.unread {
		m.Direction, m.State = chat.In, chat.Delivered
	}
	return m, t.unlistEnded(th, id, row)
}

func (t *tx) unlistEnded(th *thread, id int64, row []value) error {
	var listed *entry
	err := t.everyEntry(th, func(entries []entry) error {
		for i := range entries {
			if entries[i].row == id {
				listed = &entry{entries[i].position, id, entries[i].mark}
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	if listed != nil {
		if err := t.unlist(th, listed.position); err != nil {
			return err
		}
	}
	if err := t.journal(id); err != nil {
		return err
	}
	if err := t.destroyFile(id); err != nil {
		return err
	}
	if err := t.setEnd(id, ending{}); err != nil || row == nil {
		return err
	}
	if err := t.dropTag(bytesOf(row[3]), id); err != nil {
		return err
	}
	return t.remove(messages, id)
}
