package sqlite

import (
	"sotto/chat"
	"sotto/crypto/vault"
)

// head is the highest seq of one author's device in one conversation. A unit of work writes each changed head once, when
// it commits, so that a batch of messages does not pay for it one by one.
type head struct {
	conversation *thread
	row          int64 // 0: not stored yet
	seq          uint64
	changed      bool
}

func (t *tx) authorTag(conv chat.ConversationID, author chat.ContactID, device chat.DeviceID) vault.Tag {
	return t.s.tags.Tag("authors.id", conv[:], author[:], device[:])
}

func (t *tx) head(
	th *thread, conv chat.ConversationID, author chat.ContactID, device chat.DeviceID,
) (*head, error) {
	tag := t.authorTag(conv, author, device)
	if h, ok := t.heads[tag]; ok {
		return h, nil
	}
	h := &head{conversation: th}
	row, err := t.c.row("SELECT id, conversation, tag, body FROM authors WHERE tag = ?", tag[:])
	if err != nil {
		return nil, err
	}
	if row != nil {
		h.row = integer(row[0])
		body, err := t.open(authors, h.row, th.keyID, th.key, row[1:3], bytesOf(row[3]))
		if err != nil {
			return nil, err
		}
		var ok bool
		if h.seq, ok = decodeHead(body); !ok {
			return nil, damaged(authors.name)
		}
	}
	if t.heads == nil {
		t.heads = map[vault.Tag]*head{}
	}
	t.heads[tag] = h
	return h, nil
}

func (t *tx) flushHeads() error {
	for tag, h := range t.heads {
		if !h.changed {
			continue
		}
		th, write := h.conversation, t.update
		if h.row == 0 {
			id, err := t.nextID(authors)
			if err != nil {
				return err
			}
			h.row, write = id, t.insert
		}
		err := write(authors, h.row, th.keyID, th.key, []value{th.row, append([]byte(nil), tag[:]...)}, encodeHead(h.seq))
		if err != nil {
			return mapped(err)
		}
		h.changed = false
	}
	return nil
}

const headV1 = 1

func encodeHead(seq uint64) []byte { return layout(headV1).uint(seq).b }

func decodeHead(b []byte) (uint64, bool) {
	r := read(b, headV1)
	seq := r.uint()
	return seq, r.done()
}
