package sqlite

import (
	"sotto/chat"
)

// The fifth schema holds attachments, each under a key of its own, and a small picture beside each. Neither refers to the
// table of messages: SQLite would then look for attachments of every message that is inserted.
const (
	schema5 = `
CREATE TABLE attachments (
	id INTEGER PRIMARY KEY AUTOINCREMENT,
	conversation INTEGER NOT NULL,
	position INTEGER NOT NULL,
	message INTEGER NOT NULL,
	key INTEGER NOT NULL REFERENCES keys (id),
	blob BLOB,
	moving INTEGER NOT NULL,
	body BLOB NOT NULL
);
CREATE UNIQUE INDEX attachments_message ON attachments (message);
CREATE UNIQUE INDEX attachments_key ON attachments (key);
CREATE UNIQUE INDEX attachments_blob ON attachments (blob) WHERE blob IS NOT NULL;
CREATE INDEX attachments_place ON attachments (conversation, position);
CREATE INDEX attachments_moving ON attachments (id) WHERE moving = 1;
CREATE TABLE previews (
	id INTEGER PRIMARY KEY REFERENCES attachments (id),
	key INTEGER NOT NULL,
	body BLOB NOT NULL
);
`
	schema5Down = "DROP TABLE previews; DROP TABLE attachments; DELETE FROM sqlite_sequence WHERE name = 'attachments';"
)

// forgetFiles destroys every attachment and writes the messages that name a file in a layout that knows none.
func forgetFiles(t *tx) error {
	rows, err := t.c.rows("SELECT id FROM conversations")
	if err != nil {
		return err
	}
	for _, row := range rows {
		if err := t.destroyFiles("conversation", row[0]); err != nil {
			return err
		}
		th, err := t.threadOf(integer(row[0]))
		if err != nil {
			return err
		}
		var listed []entry
		if err := t.everyEntry(th, func(entries []entry) error {
			listed = append(listed, entries...)
			return nil
		}); err != nil {
			return err
		}
		for _, e := range listed {
			if err := t.forgetFile(th, e); err != nil {
				return err
			}
		}
	}
	return t.flushThreads()
}

func (t *tx) forgetFile(th *thread, e entry) error {
	row, err := t.c.row(selectMessage, e.row)
	if err != nil || row == nil {
		return err
	}
	m, err := messagesRepo{t}.decodeListed(th, e, row)
	if err != nil || m.File.IsZero() {
		return err
	}
	m.File = chat.File{}
	sealed, err := t.updateSealed(messages, e.row, th.keyID, th.key, row[1:4], encodeMessage(m))
	if err != nil {
		return mapped(err)
	}
	return t.relist(th, e.position, entry{e.position, e.row, markOf(sealed)})
}
