package sqlite

import (
	"cmp"
	"slices"

	"sotto/chat"
)

type conversationsRepo struct{ t *tx }

func (t *tx) conversationTag(id chat.ConversationID) []byte {
	tag := t.s.tags.Tag("conversations.id", id[:])
	return tag[:]
}

const selectConversations = "SELECT id, key, tag, body FROM conversations"

func (r conversationsRepo) Get(id chat.ConversationID) (chat.Conversation, error) {
	if err := r.t.reading(); err != nil {
		return chat.Conversation{}, err
	}
	row, err := r.t.c.row(selectConversations+" WHERE tag = ?", r.t.conversationTag(id))
	if err != nil {
		return chat.Conversation{}, err
	}
	if row == nil {
		return chat.Conversation{}, chat.ErrNotFound
	}
	return r.decode(row)
}

func (r conversationsRepo) List() ([]chat.Conversation, error) {
	if err := r.t.reading(); err != nil {
		return nil, err
	}
	rows, err := r.t.c.rows(selectConversations + " ORDER BY id")
	if err != nil {
		return nil, err
	}
	var out []chat.Conversation
	for _, row := range rows {
		c, err := r.decode(row)
		if err != nil {
			return nil, err
		}
		out = append(out, c)
	}
	slices.SortStableFunc(out, func(a, b chat.Conversation) int {
		return cmp.Or(b.Last.Compare(a.Last), b.Created.Compare(a.Created))
	})
	return out, nil
}

func (r conversationsRepo) decode(row []value) (chat.Conversation, error) {
	id, keyID := integer(row[0]), integer(row[1])
	key, err := r.t.key(keyID)
	if err != nil {
		return chat.Conversation{}, err
	}
	body, err := r.t.open(conversations, id, keyID, key, row[1:3], bytesOf(row[3]))
	if err != nil {
		return chat.Conversation{}, err
	}
	c, ok := decodeConversation(body)
	if !ok {
		return chat.Conversation{}, damaged(conversations.name)
	}
	return c, nil
}

func (r conversationsRepo) Put(c chat.Conversation) error {
	if err := r.t.writing(); err != nil {
		return err
	}
	tag := r.t.conversationTag(c.ID)
	th, err := r.t.thread(c.ID)
	switch err {
	case nil:
		return mapped(r.t.update(conversations, th.row, th.keyID, th.key, []value{th.keyID, tag}, encodeConversation(c)))
	case chat.ErrNotFound:
		return r.create(c, tag)
	}
	return err
}

func (r conversationsRepo) create(c chat.Conversation, tag []byte) error {
	keyID, key, err := r.t.newKey()
	if err != nil {
		return err
	}
	id, err := r.t.nextID(conversations)
	if err != nil {
		return err
	}
	th := &thread{row: id, keyID: keyID, key: key}
	r.t.remember(c.ID, th)
	r.t.change(th)
	return mapped(r.t.insert(conversations, id, keyID, key, []value{keyID, tag}, encodeConversation(c)))
}

// Destroy removes the conversation's rows, tags and key. The unit of work turns the erasure epoch when it has committed.
func (r conversationsRepo) Destroy(id chat.ConversationID) error {
	if err := r.t.writing(); err != nil {
		return err
	}
	th, err := r.t.thread(id)
	if err != nil {
		return err
	}
	if err := r.t.destroyFiles("conversation", th.row); err != nil {
		return err
	}
	if err := r.t.destroyMessages(th); err != nil {
		return err
	}
	if err := r.t.journal(-th.row); err != nil {
		return err
	}
	for _, sql := range []string{
		"DELETE FROM segments WHERE conversation = ?",
		"DELETE FROM annotations WHERE conversation = ?",
	} {
		if _, err := r.t.c.exec(sql, th.row); err != nil {
			return mapped(err)
		}
	}
	if th.stored {
		if err := r.t.remove(threads, th.row); err != nil {
			return err
		}
	}
	if err := r.t.remove(conversations, th.row); err != nil {
		return err
	}
	if err := r.t.remove(keysTable, th.keyID); err != nil {
		return err
	}
	delete(r.t.threads, id)
	delete(r.t.rows, th.row)
	th.changed = false
	delete(r.t.made, th.keyID)
	r.t.dead = append(r.t.dead, th.keyID)
	r.t.erase = true
	return nil
}

const conversationV1 = 1

func encodeConversation(c chat.Conversation) []byte {
	w := layout(conversationV1).fixed(c.ID[:]).text(string(c.Kind)).uint(uint64(len(c.Members)))
	for _, m := range c.Members {
		w.fixed(m[:])
	}
	return w.time(c.Created).uint(c.NextSeq).int(int64(c.Unread)).int(c.ReadUpTo).text(c.Draft).time(c.Last).
		text(c.Preview).bool(c.PreviewOut).bool(c.Pinned).bool(c.Muted).b
}

func decodeConversation(b []byte) (c chat.Conversation, ok bool) {
	r := read(b, conversationV1)
	r.fixed(c.ID[:])
	c.Kind = chat.ConversationKind(r.text())
	for range r.count(len(chat.ContactID{})) {
		var m chat.ContactID
		r.fixed(m[:])
		c.Members = append(c.Members, m)
	}
	c.Created, c.NextSeq, c.Unread, c.ReadUpTo = r.time(), r.uint(), int(r.int()), r.int()
	c.Draft, c.Last, c.Preview = r.text(), r.time(), r.text()
	c.PreviewOut, c.Pinned, c.Muted = r.bool(), r.bool(), r.bool()
	return c, r.done()
}
