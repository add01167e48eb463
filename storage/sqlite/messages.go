package sqlite

import (
	"slices"

	"sotto/chat"
)

type messagesRepo struct{ t *tx }

// step is the distance between the positions of two appended messages; a late one fits between.
const step = 1 << 20

const selectMessages = "SELECT id, conversation, position, tag, body FROM messages"

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
	row, err := r.t.c.row(`SELECT m.id, m.conversation, m.position, m.tag, m.body, c.key FROM messages m
		JOIN conversations c ON c.id = m.conversation WHERE m.tag = ?`, r.t.messageTag(id))
	if err != nil {
		return chat.Message{}, 0, err
	}
	if row == nil {
		return chat.Message{}, 0, chat.ErrNotFound
	}
	th := &thread{row: integer(row[1]), keyID: integer(row[5])}
	if th.key, err = r.t.key(th.keyID); err != nil {
		return chat.Message{}, 0, err
	}
	m, err := r.decode(th, row[:5])
	return m, integer(row[0]), err
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
	out, err := r.list(conv, " WHERE conversation = ? AND position < ? ORDER BY position DESC LIMIT ?", before, limit)
	slices.Reverse(out)
	return out, err
}

func (r messagesRepo) PageAfter(conv chat.ConversationID, after int64, limit int) ([]chat.Message, error) {
	return r.list(conv, " WHERE conversation = ? AND position > ? ORDER BY position LIMIT ?", after, limit)
}

func (r messagesRepo) list(conv chat.ConversationID, where string, from int64, limit int) ([]chat.Message, error) {
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
	var out []chat.Message
	err = r.t.c.each(selectMessages+where, []value{th.row, from, int64(limit)}, func(row []value) error {
		m, err := r.decode(th, row)
		out = append(out, m)
		return err
	})
	if err != nil {
		return nil, err
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
	m, err = r.insert(th, m)
	if constraint(err) {
		m, err = r.replace(th, m)
	}
	if err != nil {
		return chat.Message{}, mapped(err)
	}
	return normal(m), r.advance(th, m)
}

// insert tries a new row first: most messages are new, and the unique index answers for the others.
func (r messagesRepo) insert(th *thread, m chat.Message) (chat.Message, error) {
	asked := m
	if m.Position == 0 {
		last, err := r.lastPosition(th)
		if err != nil {
			return asked, err
		}
		m.Position = last + step
	}
	id, err := r.t.nextID(messages)
	if err != nil {
		return asked, err
	}
	m.Revision = 1
	r.t.followed = true
	err = r.t.insert(messages, id, th.keyID, th.key, []value{th.row, m.Position, r.t.messageTag(m.ID)}, encodeMessage(m))
	if err != nil {
		r.t.s.last[messages]--
		return asked, err
	}
	if th.last >= 0 {
		th.last = max(th.last, m.Position)
	}
	return m, nil
}

// replace writes a known message anew; ErrExists when it is not known, that is when another row has its position.
func (r messagesRepo) replace(th *thread, m chat.Message) (chat.Message, error) {
	old, id, err := r.find(m.ID)
	if err == chat.ErrNotFound {
		return m, chat.ErrExists
	}
	if err != nil {
		return m, err
	}
	if old.Conversation != m.Conversation {
		return m, chat.ErrMalformed
	}
	if m.Position == 0 {
		m.Position = old.Position
	}
	m.Revision = old.Revision + 1
	if m.Text != old.Text || m.Deleted != old.Deleted || m.Kind != old.Kind || !m.DisplayTime().Equal(old.DisplayTime()) {
		if err := r.t.journal(id); err != nil {
			return m, err
		}
	}
	err = r.t.update(messages, id, th.keyID, th.key, []value{th.row, m.Position, r.t.messageTag(m.ID)}, encodeMessage(m))
	if constraint(err) {
		return m, chat.ErrExists
	}
	th.last = -1
	return m, err
}

// advance raises the author's head.
func (r messagesRepo) advance(th *thread, m chat.Message) error {
	if m.Seq == 0 {
		return nil
	}
	h, err := r.t.head(th, m.Conversation, m.Author, m.Device)
	if err != nil {
		return err
	}
	if m.Seq > h.seq {
		h.seq, h.changed = m.Seq, true
	}
	return nil
}

func (r messagesRepo) lastPosition(th *thread) (int64, error) {
	if th.last < 0 {
		row, err := r.t.c.row("SELECT max(position) FROM messages WHERE conversation = ?", th.row)
		if err != nil {
			return 0, err
		}
		th.last = integer(row[0])
	}
	return th.last, nil
}

func (r messagesRepo) Delete(id chat.MessageID) error {
	if err := r.t.writing(); err != nil {
		return err
	}
	row, err := r.t.c.row("SELECT id FROM messages WHERE tag = ?", r.t.messageTag(id))
	if err != nil {
		return err
	}
	if row == nil {
		return chat.ErrNotFound
	}
	for _, th := range r.t.threads {
		th.last = -1
	}
	if err := r.t.journal(integer(row[0])); err != nil {
		return err
	}
	return r.t.remove(messages, integer(row[0]))
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
	row, err := r.t.c.row("SELECT count(*) FROM messages WHERE conversation = ?", th.row)
	if err != nil {
		return 0, err
	}
	return int(integer(row[0])), nil
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
	h, err := r.t.head(th, conv, author, device)
	if err != nil {
		return 0, err
	}
	return h.seq, nil
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
