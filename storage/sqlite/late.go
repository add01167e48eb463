package sqlite

import (
	"strings"

	"sotto/chat"
	"sotto/crypto/vault"
)

// New messages at the end of a conversation are written in bulk. Their rows wait in the unit of work until so many have
// come together, are sealed on another core while the next ones come, and then go to SQLite in one statement. Before any
// statement that names the table of messages, and before the unit of work commits, those that still wait are written.
// Until then their entries in the manifest have no mark.

// lateRows are the numbers of rows that one statement writes, from the largest on.
var lateRows = []int{32, 8, 1}

// lateRow is a row that waits.
type lateRow struct {
	th           *thread
	id, position int64
	tag, body    []byte // body is sealed once the chunk is
}

// chunk is a number of rows that are being sealed; done is closed when they are.
type chunk struct {
	rows []lateRow
	done chan struct{}
}

func (r *lateRow) columns() []value { return []value{r.th.row, r.position, r.tag} }

func (c *chunk) seal(keys map[*thread]vault.RowKey) {
	defer close(c.done)
	for i := range c.rows {
		r := &c.rows[i]
		plaintext := r.body
		r.body = keys[r.th].Seal(messages.rowData(r.id, r.th.keyID, r.columns()), plaintext)
		clear(plaintext)
	}
}

// writeLater takes a new row of a message, whose entry stands in the manifest.
func (t *tx) writeLater(r lateRow) error {
	if t.lateError != nil {
		return t.lateError
	}
	t.dirty = true
	t.c.waiting = t.writeLate
	t.late = append(t.late, r)
	if len(t.late) < lateRows[0] {
		return nil
	}
	before := t.sealing
	t.sealLate()
	return t.writeChunk(before)
}

// sealLate begins to seal the rows that wait.
func (t *tx) sealLate() {
	c := &chunk{rows: t.late, done: make(chan struct{})}
	t.late, t.sealing = nil, c
	keys := map[*thread]vault.RowKey{}
	for _, r := range c.rows {
		keys[r.th] = r.th.key
	}
	if len(c.rows) < lateRows[0] {
		c.seal(keys) // too few to be worth another core
		return
	}
	go c.seal(keys)
}

// writeLate writes every row that waits. An error is that of SQLite; it ends the unit of work.
func (t *tx) writeLate() error {
	t.c.waiting = nil
	if err := t.writeChunk(t.sealing); err != nil {
		return err
	}
	t.sealing = nil
	if len(t.late) > 0 {
		t.sealLate()
		if err := t.writeChunk(t.sealing); err != nil {
			return err
		}
		t.sealing = nil
	}
	return t.lateError
}

// marked makes the entries of the manifest complete.
func (t *tx) marked() error {
	if len(t.late) == 0 && t.sealing == nil {
		return t.lateError
	}
	return mapped(t.writeLate())
}

// dropLate forgets the rows that wait: the unit of work is undone.
func (t *tx) dropLate() {
	t.c.waiting = nil
	for i := range t.late {
		clear(t.late[i].body)
	}
	t.late, t.sealing = nil, nil
}

func (t *tx) writeChunk(c *chunk) error {
	if c == nil || t.lateError != nil {
		return t.lateError
	}
	<-c.done
	rows := c.rows
	for len(rows) > 0 {
		n := lateRows[0]
		for i := 1; n > len(rows); i++ {
			n = lateRows[i]
		}
		if t.lateError = t.insertRows(rows[:n]); t.lateError != nil {
			return t.lateError
		}
		rows = rows[n:]
	}
	return nil
}

func (t *tx) insertRows(rows []lateRow) error {
	args := make([]value, 0, len(rows)*(2+len(messages.clear)))
	for i := range rows {
		r := &rows[i]
		args = append(append(append(args, r.id), r.columns()...), r.body)
		at, listed := search(r.th.state.recent, r.position)
		if !listed || r.th.state.recent[at].row != r.id {
			return damaged(messages.name)
		}
		r.th.state.recent[at].mark = markOf(r.body)
	}
	return t.c.insertMany(insertMessages[len(rows)], args)
}

// insertMessages are the statements for so many rows each.
var insertMessages = func() map[int]string {
	out := map[int]string{}
	head, row, _ := strings.Cut(messages.sqlInsert, " VALUES ")
	for _, n := range lateRows {
		out[n] = head + " VALUES " + strings.Repeat(row+", ", n-1) + row
	}
	return out
}()

// append puts a new message at the end of its conversation.
func (r messagesRepo) append(th *thread, m chat.Message, tag []byte) (chat.Message, error) {
	id, err := r.t.nextID(messages)
	if err != nil {
		return m, err
	}
	m.Position, m.Revision = th.state.last+step, 1
	if err := r.t.list(th, entry{position: m.Position, row: id}); err != nil {
		return m, err
	}
	r.t.addTag(tag, id)
	if err := r.t.setEnd(id, endingOf(th, m)); err != nil {
		return m, err
	}
	return m, mapped(r.t.writeLater(lateRow{th: th, id: id, position: m.Position, tag: tag, body: encodeMessage(m)}))
}
