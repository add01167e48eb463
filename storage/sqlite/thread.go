package sqlite

import (
	"fmt"

	"sotto/chat"
	"sotto/crypto/vault"
)

// thread is what is known of a conversation's row and of the row of the same id in threads. Units of work that write
// share them (the store keeps them between two of them); one that reads has its own.
type thread struct {
	row   int64
	keyID int64
	key   vault.RowKey
	state threadState

	authors []rememberedAuthor

	stored  bool // has a row in threads
	changed bool // differs from it
}

// threadState is the sealed body of a row of threads.
type threadState struct {
	last        int64        // highest position ever given
	bound       int64        // messages from this position on stand in recent, others in segments
	recent      []entry      // ascending
	settled     uint64       // messages listed in segments
	older       vault.Digest // of the rows in segments
	annotations vault.Digest // of the rows in annotations
	heads       []head
}

// head is the highest seq of one author's device in the conversation.
type head struct {
	author vault.Tag
	seq    uint64
}

const selectThread = "SELECT c.id, c.key, t.body FROM conversations c LEFT JOIN threads t ON t.id = c.id WHERE "

// thread finds a conversation; ErrNotFound when there is none.
func (t *tx) thread(id chat.ConversationID) (*thread, error) {
	if th, ok := t.threads[id]; ok {
		return th, nil
	}
	row, err := t.c.row(selectThread+"c.tag = ?", t.conversationTag(id))
	if err != nil {
		return nil, err
	}
	if row == nil {
		return nil, chat.ErrNotFound
	}
	th, err := t.threadFrom(row)
	if err != nil {
		return nil, err
	}
	t.remember(id, th)
	return th, nil
}

// threadOf finds a conversation by its row.
func (t *tx) threadOf(id int64) (*thread, error) {
	if th, ok := t.rows[id]; ok {
		return th, nil
	}
	row, err := t.c.row(selectThread+"c.id = ?", id)
	if err != nil {
		return nil, err
	}
	if row == nil {
		return nil, damaged(messages.name)
	}
	return t.threadFrom(row)
}

func (t *tx) threadFrom(row []value) (*thread, error) {
	if th, ok := t.rows[integer(row[0])]; ok {
		return th, nil
	}
	th := &thread{row: integer(row[0]), keyID: integer(row[1]), stored: true}
	var err error
	if th.key, err = t.key(th.keyID); err != nil {
		return nil, err
	}
	body, err := t.open(threads, th.row, th.keyID, th.key, nil, bytesOf(row[2]))
	if err != nil {
		return nil, err
	}
	var ok bool
	if th.state, ok = decodeThread(body); !ok {
		return nil, damaged(threads.name)
	}
	if err := t.checkPart(th, segments, th.state.older); err != nil {
		return nil, err
	}
	if t.rows == nil {
		t.rows = map[int64]*thread{}
	}
	t.rows[th.row] = th
	return th, nil
}

// checkPart compares the rows of a conversation in a table with their digest, once for each opening of the store.
func (t *tx) checkPart(th *thread, tb *table, want vault.Digest) error {
	name := fmt.Sprint(tb.name, th.row)
	if _, done := t.s.checked.Load(name); done {
		return nil
	}
	have, err := t.scan(tb, th.keyID, tb.fingerprints()+" WHERE conversation = ?", th.row)
	if err != nil {
		return err
	}
	if have != want {
		return damaged(tb.name)
	}
	t.s.checked.Store(name, true)
	return nil
}

func (t *tx) remember(id chat.ConversationID, th *thread) {
	if t.threads == nil {
		t.threads = map[chat.ConversationID]*thread{}
	}
	if t.rows == nil {
		t.rows = map[int64]*thread{}
	}
	t.threads[id], t.rows[th.row] = th, th
}

// change marks a thread to be written when the unit of work commits.
func (t *tx) change(th *thread) {
	if !th.changed {
		th.changed = true
		t.changed = append(t.changed, th)
	}
}

// flushThreads writes the changed threads.
func (t *tx) flushThreads() error {
	for _, th := range t.changed {
		if !th.changed {
			continue // destroyed
		}
		if err := t.flush(th); err != nil {
			return err
		}
	}
	return nil
}

func (t *tx) flush(th *thread) error {
	for len(th.state.recent) > recentMax {
		sg := &segment{first: th.state.bound, entries: th.state.recent[:segmentSize]}
		if err := t.putSegment(th, sg); err != nil {
			return err
		}
		th.state.settled += segmentSize
		th.state.recent = th.state.recent[segmentSize:]
		th.state.bound = th.state.recent[0].position
	}
	write := t.update
	if !th.stored {
		write = t.insert
	}
	if err := write(threads, th.row, th.keyID, th.key, nil, encodeThread(th.state)); err != nil {
		return mapped(err)
	}
	th.stored, th.changed = true, false
	return nil
}

const threadV1 = 1

func encodeThread(s threadState) []byte {
	w := layoutOf(256+entrySize*len(s.recent), threadV1).int(s.last).int(s.bound).entries(s.recent).uint(s.settled).digest(s.older).digest(s.annotations).
		uint(uint64(len(s.heads)))
	for _, h := range s.heads {
		w.fixed(h.author[:]).uint(h.seq)
	}
	return w.b
}

func decodeThread(b []byte) (s threadState, ok bool) {
	r := read(b, threadV1)
	s.last, s.bound, s.recent, s.settled = r.int(), r.int(), r.entries(), r.uint()
	s.older, s.annotations = r.digest(), r.digest()
	for range r.count(len(vault.Tag{}) + 1) {
		var h head
		r.fixed(h.author[:])
		h.seq = r.uint()
		s.heads = append(s.heads, h)
	}
	return s, r.done()
}

func (w *writer) digest(d vault.Digest) *writer { return w.uint(d.Count).fixed(d.Sum[:]) }

func (r *reader) digest() (d vault.Digest) {
	d.Count = r.uint()
	r.fixed(d.Sum[:])
	return d
}
