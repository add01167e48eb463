package sqlite

import (
	"time"

	"sotto/crypto/vault"
)

// The fourth schema lists the messages that have an end: the row id is the message's. The message holds its end too, in the
// second layout of its body.
const (
	schema4     = "CREATE TABLE deadlines (id INTEGER PRIMARY KEY, body BLOB NOT NULL);"
	schema4Down = "DROP TABLE deadlines;"
)

// forgetEnds writes the messages that have an end in the layout that knows none.
func forgetEnds(t *tx) error {
	for id := range t.s.ends.all() {
		row, err := t.c.row(selectMessage, id)
		if err != nil {
			return err
		}
		if row == nil {
			continue
		}
		r := messagesRepo{t}
		m, err := r.present(row)
		if err != nil {
			return err
		}
		th, err := t.threadOf(integer(row[1]))
		if err != nil {
			return err
		}
		m.Expires = time.Time{}
		sealed, err := t.updateSealed(messages, id, th.keyID, th.key, row[1:4], encodeMessage(m))
		if err != nil {
			return mapped(err)
		}
		if err := t.relist(th, m.Position, entry{m.Position, id, markOf(sealed)}); err != nil {
			return err
		}
	}
	t.draft.cover.Tables[deadlines.index()] = vault.Digest{}
	t.s.ends.clear()
	return t.flushThreads()
}
