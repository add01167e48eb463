package memstore

import (
	"sort"

	"sotto/chat"
)

const step = 1 << 20

// place is where a message stands in its conversation; a thread is ascending.
type place struct {
	position int64
	id       chat.MessageID
}

type author struct {
	conv   chat.ConversationID
	author chat.ContactID
	device chat.DeviceID
}

type messages struct{ t *tx }

func (r messages) Get(id chat.MessageID) (chat.Message, error) {
	if err := r.t.reading(); err != nil {
		return chat.Message{}, err
	}
	m, ok := r.t.s.messages[id]
	if !ok {
		return chat.Message{}, chat.ErrNotFound
	}
	if r.t.s.damaged[id] {
		return chat.Message{}, chat.ErrDamaged
	}
	return copyMessage(m), nil
}

func (r messages) Page(conv chat.ConversationID, before int64, limit int) ([]chat.Message, error) {
	thread := r.t.s.threads[conv]
	end := len(thread)
	if before != 0 {
		end = search(thread, before)
	}
	return r.copies(thread[max(0, end-max(limit, 0)):end])
}

func (r messages) PageAfter(conv chat.ConversationID, after int64, limit int) ([]chat.Message, error) {
	thread := r.t.s.threads[conv]
	start := search(thread, after+1)
	return r.copies(thread[start:min(len(thread), start+max(limit, 0))])
}

func (r messages) copies(places []place) ([]chat.Message, error) {
	if err := r.t.reading(); err != nil {
		return nil, err
	}
	var out []chat.Message
	first := 0
	for i, p := range places {
		m := copyMessage(r.t.s.messages[p.id])
		if r.t.s.damaged[p.id] {
			if i == 0 || !out[i-1].StandsIn() {
				first = i
			}
			out = append(out, standIn(m))
			out[first].Missing++
			continue
		}
		out = append(out, m)
	}
	return out, nil
}

func (r messages) Put(m chat.Message) (chat.Message, error) {
	if err := r.t.writing(); err != nil {
		return chat.Message{}, err
	}
	s := r.t.s
	if _, ok := s.conversations[m.Conversation]; !ok {
		return chat.Message{}, chat.ErrNotFound
	}
	m = copyMessage(m)
	thread := s.threads[m.Conversation]
	old, known := s.messages[m.ID]
	if known && old.Conversation != m.Conversation || m.Position < 0 {
		return chat.Message{}, chat.ErrMalformed
	}
	if m.Position == 0 {
		m.Position = old.Position
	}
	if m.Position == 0 {
		m.Position = step
		if n := len(thread); n > 0 {
			m.Position += thread[n-1].position
		}
	}
	m.Revision = old.Revision + 1
	if !known || old.Position != m.Position {
		if i := search(thread, m.Position); i < len(thread) && thread[i].position == m.Position {
			return chat.Message{}, chat.ErrExists
		}
		if known {
			thread = without(thread, old.Position)
		}
		r.setThread(m.Conversation, with(thread, place{m.Position, m.ID}))
	}
	if m.Deleted {
		if err := r.t.destroyFile(m.ID); err != nil {
			return chat.Message{}, err
		}
	}
	set(r.t, s.messages, m.ID, m)
	if a := (author{m.Conversation, m.Author, m.Device}); m.Seq > s.heads[a] {
		set(r.t, s.heads, a, m.Seq)
	}
	return copyMessage(m), nil
}

func (r messages) Between(conv chat.ConversationID, before, after int64) (int64, error) {
	if err := r.t.writing(); err != nil {
		return 0, err
	}
	if _, ok := r.t.s.conversations[conv]; !ok {
		return 0, chat.ErrNotFound
	}
	if before <= after || after < 0 {
		return 0, chat.ErrMalformed
	}
	if before-after > 1 {
		return after + (before-after)/2, nil
	}
	return r.renumber(conv, before), nil
}

// renumber spreads the whole thread over full steps, leaving one free before the row that stood at before, and returns
// the free position.
func (r messages) renumber(conv chat.ConversationID, before int64) int64 {
	s := r.t.s
	var fresh []place
	var free, next int64
	read := s.conversations[conv]
	newRead := int64(0)
	for _, p := range s.threads[conv] {
		next += step
		if p.position >= before && free == 0 {
			free = next
			next += step
		}
		if p.position <= read.v.ReadUpTo {
			newRead = next
		}
		m := s.messages[p.id]
		m.Position = next
		m.Revision++
		set(r.t, s.messages, p.id, m)
		fresh = append(fresh, place{next, p.id})
	}
	if free == 0 {
		free = next + step
	}
	read.v.ReadUpTo = newRead
	set(r.t, s.conversations, conv, read)
	r.setThread(conv, fresh)
	return free
}

func (r messages) Delete(id chat.MessageID) error {
	if err := r.t.writing(); err != nil {
		return err
	}
	m, ok := r.t.s.messages[id]
	if !ok {
		return chat.ErrNotFound
	}
	if err := r.t.destroyFile(id); err != nil {
		return err
	}
	r.setThread(m.Conversation, without(r.t.s.threads[m.Conversation], m.Position))
	return unset(r.t, r.t.s.messages, id)
}

func (r messages) Count(conv chat.ConversationID) (int, error) {
	return len(r.t.s.threads[conv]), r.t.reading()
}

func (r messages) LastSeq(conv chat.ConversationID, from chat.ContactID, device chat.DeviceID) (uint64, error) {
	return r.t.s.heads[author{conv, from, device}], r.t.reading()
}

func (r messages) FirstAbove(
	conv chat.ConversationID, from chat.ContactID, device chat.DeviceID, seq uint64,
) (chat.Message, error) {
	if err := r.t.reading(); err != nil {
		return chat.Message{}, err
	}
	thread := r.t.s.threads[conv]
	for _, p := range thread[max(0, len(thread)-chat.MaxLate):] {
		if m := r.t.s.messages[p.id]; m.Author == from && m.Device == device && m.Seq > seq {
			return copyMessage(m), nil
		}
	}
	return chat.Message{}, chat.ErrNotFound
}

func (r messages) setThread(conv chat.ConversationID, thread []place) {
	set(r.t, r.t.s.threads, conv, thread)
}

// search returns the index of the first place at or after the position.
func search(thread []place, position int64) int {
	return sort.Search(len(thread), func(i int) bool { return thread[i].position >= position })
}

// with returns the thread with p in its place. Appending may share the array: older slices keep their length.
func with(thread []place, p place) []place {
	i := search(thread, p.position)
	if i == len(thread) {
		return append(thread, p)
	}
	out := make([]place, 0, len(thread)+1)
	return append(append(append(out, thread[:i]...), p), thread[i:]...)
}

func without(thread []place, position int64) []place {
	i := search(thread, position)
	out := make([]place, 0, len(thread))
	return append(append(out, thread[:i]...), thread[i+1:]...)
}

// Damage makes messages such as storage cannot authenticate any more: a notice stands in their place, and Get answers
// chat.ErrDamaged.
func (s *Store) Damage(ids ...chat.MessageID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, id := range ids {
		s.damaged[id] = true
	}
}

func standIn(m chat.Message) chat.Message {
	id := m.ID
	for i := range id {
		id[i] ^= 0xff
	}
	return chat.Message{
		ID: id, Conversation: m.Conversation, Direction: chat.In, Kind: chat.KindNotice, Notice: chat.NoticeDamaged,
		Position: m.Position, Sent: m.Sent, Received: m.Received,
	}
}
