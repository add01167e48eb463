package sqlite

import (
	"bytes"
	"cmp"
	"slices"

	"sotto/chat"
)

type messagesRepo struct{ t *tx }

// step is the distance between the positions of two appended messages; a late one fits between.
const step = 1 << 20

const selectMessage = "SELECT id, conversation, position, tag, body FROM messages WHERE id = ?"

func (t *tx) messageTag(id chat.MessageID) []byte {
	tag := t.s.tags.Tag("messages.id", id[:])
	return tag[:]
}

func (r messagesRepo) Get(id chat.MessageID) (chat.Message, error) {
	m, _, err := r.find(id)
	return m, err
}

// find returns a message and its row id; its conversation is found through the foreign key.
func (r messagesRepo) find(id chat.MessageID) (chat.Message, int64, error) {
	if err := r.t.reading(); err != nil {
		return chat.Message{}, 0, err
	}
	row, err := r.lookup(r.t.messageTag(id))
	if err != nil {
		return chat.Message{}, 0, err
	}
	if row == nil {
		return chat.Message{}, 0, chat.ErrNotFound
	}
	m, err := r.present(row)
	return m, integer(row[0]), err
}

// present opens a row that must be the one which its conversation lists.
func (r messagesRepo) present(row []value) (chat.Message, error) {
	th, err := r.t.threadOf(integer(row[1]))
	if err != nil {
		return chat.Message{}, err
	}
	e, _, err := r.t.listed(th, integer(row[2]))
	if err != nil {
		return chat.Message{}, err
	}
	return r.decodeListed(th, e, row)
}

// lookup returns the row with a tag, nil when there is none.
func (r messagesRepo) lookup(tag []byte) ([]value, error) {
	candidates, err := r.t.tagged(tag)
	if err != nil {
		return nil, err
	}
	for _, id := range candidates {
		row, err := r.t.c.row(selectMessage, id)
		if err != nil {
			return nil, err
		}
		if row != nil && bytes.Equal(bytesOf(row[3]), tag) {
			return row, nil
		}
	}
	return nil, nil
}

// decodeListed opens a row, which must be the present state of the one that the manifest lists.
func (r messagesRepo) decodeListed(th *thread, e entry, row []value) (chat.Message, error) {
	if e != (entry{integer(row[2]), integer(row[0]), markOf(bytesOf(row[4]))}) {
		m, err := r.decode(th, row) // a row of a newer format is no damage
		if err == nil {
			err = damaged(messages.name)
		}
		return m, err
	}
	return r.decode(th, row)
}

func (r messagesRepo) decode(th *thread, row []value) (chat.Message, error) {
	body, err := r.t.open(messages, integer(row[0]), th.keyID, th.key, row[1:4], bytesOf(row[4]))
	if err != nil {
		return chat.Message{}, err
	}
	m, ok := decodeMessage(body)
	if !ok {
		return chat.Message{}, damaged(messages.name)
	}
	m.Position = integer(row[2])
	return m, nil
}

func (r messagesRepo) Page(conv chat.ConversationID, before int64, limit int) ([]chat.Message, error) {
	if before == 0 {
		before = 1<<63 - 1
	}
	return r.list(conv, before, limit, r.t.before)
}

func (r messagesRepo) PageAfter(conv chat.ConversationID, after int64, limit int) ([]chat.Message, error) {
	return r.list(conv, max(after, 0), limit, r.t.after)
}

func (r messagesRepo) list(
	conv chat.ConversationID, from int64, limit int, side func(*thread, int64, int) ([]entry, error),
) ([]chat.Message, error) {
	if err := r.t.reading(); err != nil {
		return nil, err
	}
	th, err := r.t.thread(conv)
	if err == chat.ErrNotFound || limit <= 0 {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	entries, err := side(th, from, limit)
	if err != nil {
		return nil, err
	}
	var out []chat.Message
	standIns := false
	for _, e := range entries {
		m, err := r.shown(th, conv, e)
		if err != nil {
			return nil, err
		}
		standIns = standIns || m.StandsIn()
		out = append(out, m)
	}
	if standIns {
		dress(out)
	}
	return out, nil
}

func (r messagesRepo) Put(m chat.Message) (chat.Message, error) {
	if err := r.t.writing(); err != nil {
		return chat.Message{}, err
	}
	if m.Position < 0 {
		return chat.Message{}, chat.ErrMalformed
	}
	th, err := r.t.thread(m.Conversation)
	if err != nil {
		return chat.Message{}, err
	}
	tag := r.t.messageTag(m.ID)
	known, err := r.lookup(tag)
	if err != nil {
		return chat.Message{}, err
	}
	if known == nil {
		m, err = r.insert(th, m, tag)
	} else {
		m, err = r.replace(th, m)
	}
	if err != nil {
		return chat.Message{}, err
	}
	r.t.followed = true
	if m.Seq > 0 {
		r.t.raise(th, r.t.tagOfAuthor(th, m.Conversation, m.Author, m.Device), m.Seq)
	}
	return normal(m), nil
}

func (r messagesRepo) insert(th *thread, m chat.Message, tag []byte) (chat.Message, error) {
	if m.Position == 0 {
		return r.append(th, m, tag)
	}
	if _, taken, err := r.t.listed(th, m.Position); err != nil || taken {
		return m, cmp.Or(err, error(chat.ErrExists))
	}
	id, err := r.t.nextID(messages)
	if err != nil {
		return m, err
	}
	m.Revision = 1
	sealed, err := r.t.insertSealed(messages, id, th.keyID, th.key, []value{th.row, m.Position, tag}, encodeMessage(m))
	if err != nil {
		return m, mapped(err)
	}
	r.t.addTag(tag, id)
	if err := r.t.setEnd(id, endingOf(th, m)); err != nil {
		return m, err
	}
	return m, r.t.list(th, entry{m.Position, id, markOf(sealed)})
}

// replace writes a known message anew; ErrExists when another row has its position.
func (r messagesRepo) replace(th *thread, m chat.Message) (chat.Message, error) {
	old, id, err := r.find(m.ID)
	if err != nil {
		return m, err
	}
	if old.Conversation != m.Conversation {
		return m, chat.ErrMalformed
	}
	if m.Position == 0 {
		m.Position = old.Position
	}
	if m.Position != old.Position {
		if _, taken, err := r.t.listed(th, m.Position); err != nil || taken {
			return m, cmp.Or(err, error(chat.ErrExists))
		}
	}
	m.Revision = old.Revision + 1
	columns := []value{th.row, m.Position, r.t.messageTag(m.ID)}
	sealed, err := r.t.updateSealed(messages, id, th.keyID, th.key, columns, encodeMessage(m))
	if err != nil {
		return m, mapped(err)
	}
	if m.Text != old.Text || m.File != old.File || m.Deleted != old.Deleted || m.Kind != old.Kind || !m.DisplayTime().Equal(old.DisplayTime()) {
		if err := r.t.journal(id); err != nil {
			return m, err
		}
	}
	if m.Deleted && !old.Deleted {
		r.t.purge = true
	}
	switch {
	case m.Deleted: // nothing is left of what a tombstone stands for, whoever buried it
		err = r.t.destroyFile(id)
	case m.Position != old.Position:
		err = r.t.moveFile(id, m)
	}
	if err != nil {
		return m, err
	}
	if endingOf(th, m) != endingOf(th, old) {
		if err := r.t.setEnd(id, endingOf(th, m)); err != nil {
			return m, err
		}
	}
	return m, r.t.relist(th, old.Position, entry{m.Position, id, markOf(sealed)})
}

func (r messagesRepo) Delete(id chat.MessageID) error {
	if err := r.t.writing(); err != nil {
		return err
	}
	tag := r.t.messageTag(id)
	row, err := r.lookup(tag)
	if err != nil {
		return err
	}
	if row == nil {
		return chat.ErrNotFound
	}
	th, err := r.t.threadOf(integer(row[1]))
	if err != nil {
		return err
	}
	e, ok, err := r.t.listed(th, integer(row[2]))
	if err != nil {
		return err
	}
	if ok && e.row == integer(row[0]) { // else someone put a row there that does not belong
		if err := r.t.unlist(th, e.position); err != nil {
			return err
		}
	}
	if err := r.t.journal(integer(row[0])); err != nil {
		return err
	}
	if err := r.t.dropTag(tag, integer(row[0])); err != nil {
		return err
	}
	if err := r.t.setEnd(integer(row[0]), ending{}); err != nil {
		return err
	}
	if err := r.t.destroyFile(integer(row[0])); err != nil {
		return err
	}
	return r.t.remove(messages, integer(row[0]))
}

// destroyMessages removes the rows of a conversation. Their tags are removed later, since each lies on a page of its own.
func (t *tx) destroyMessages(th *thread) error {
	merged, err := t.merged()
	if err != nil {
		return err
	}
	if err := t.dropEnds(th); err != nil {
		return err
	}
	return t.everyEntry(th, func(entries []entry) error {
		ids := make([]int64, len(entries))
		for i, e := range entries {
			ids[i] = e.row
		}
		slices.Sort(ids)
		for len(ids) > 0 {
			n := 1
			for n < len(ids) && ids[n]-ids[n-1] <= 4 {
				n++
			}
			first, last := ids[0], ids[n-1]
			ids = ids[n:]
			if first <= merged {
				t.s.stale = true
				_, err := t.c.exec(`INSERT INTO stale SELECT substr(tag, 1, 8), id FROM messages
					WHERE id BETWEEN ? AND ? AND conversation = ?`, first, min(last, merged), th.row)
				if err != nil {
					return mapped(err)
				}
			}
			if _, err := t.c.exec("DELETE FROM messages WHERE id BETWEEN ? AND ? AND conversation = ?", first, last, th.row); err != nil {
				return mapped(err)
			}
		}
		return nil
	})
}

func (r messagesRepo) Count(conv chat.ConversationID) (int, error) {
	if err := r.t.reading(); err != nil {
		return 0, err
	}
	th, err := r.t.thread(conv)
	if err == chat.ErrNotFound {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	return int(th.state.settled) + len(th.state.recent), nil
}

func (r messagesRepo) LastSeq(conv chat.ConversationID, author chat.ContactID, device chat.DeviceID) (uint64, error) {
	if err := r.t.reading(); err != nil {
		return 0, err
	}
	th, err := r.t.thread(conv)
	if err == chat.ErrNotFound {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	return th.seq(r.t.authorTag(conv, author, device)), nil
}

// FirstAbove walks back from the newest row until it meets one of that author and device with the seq or a lower one.
// Late messages are late by little, at most by chat.MaxLate rows, and the head answers for all that are not late.
func (r messagesRepo) FirstAbove(
	conv chat.ConversationID, author chat.ContactID, device chat.DeviceID, seq uint64,
) (chat.Message, error) {
	last, err := r.LastSeq(conv, author, device)
	if err != nil {
		return chat.Message{}, err
	}
	if last <= seq {
		return chat.Message{}, chat.ErrNotFound
	}
	var found *chat.Message
	for before, limit, left := int64(0), 32, chat.MaxLate; ; limit = min(limit*2, left) {
		page, err := r.Page(conv, before, limit)
		if err != nil {
			return chat.Message{}, err
		}
		for i := len(page) - 1; i >= 0; i-- {
			m := page[i]
			if m.Author != author || m.Device != device || m.Seq == 0 {
				continue
			}
			if m.Seq <= seq {
				return orNotFound(found)
			}
			found = &m
		}
		if left -= len(page); len(page) < limit || left == 0 {
			return orNotFound(found)
		}
		before = page[0].Position
	}
}

func orNotFound(m *chat.Message) (chat.Message, error) {
	if m == nil {
		return chat.Message{}, chat.ErrNotFound
	}
	return *m, nil
}
