package sqlite

import (
	"sotto/crypto/vault"
)

// The third schema lists the messages of a conversation in a manifest (threads, segments), which takes the place of the
// index by position and of the table of authors, and finds messages by tags that are merged in bulk (tags, run, stale).
// The cover has digests of threads, rejections, audit and events.
const schema3 = `
CREATE TABLE threads (id INTEGER PRIMARY KEY, body BLOB NOT NULL);
CREATE TABLE segments (
	id INTEGER PRIMARY KEY AUTOINCREMENT,
	conversation INTEGER NOT NULL REFERENCES conversations (id),
	first INTEGER NOT NULL,
	body BLOB NOT NULL
);
CREATE UNIQUE INDEX segments_place ON segments (conversation, first);
CREATE TABLE tags (tag BLOB NOT NULL, message INTEGER NOT NULL, PRIMARY KEY (tag, message)) WITHOUT ROWID;
CREATE TABLE stale (tag BLOB NOT NULL, message INTEGER NOT NULL, PRIMARY KEY (tag, message)) WITHOUT ROWID;
CREATE TABLE run (id INTEGER PRIMARY KEY CHECK (id = 1), merged INTEGER NOT NULL);
`

// Without the reference to conversations, which would need an index by conversation.
const schema3After = `
DROP TABLE authors;
CREATE TABLE messages_3 (
	id INTEGER PRIMARY KEY AUTOINCREMENT,
	conversation INTEGER NOT NULL,
	position INTEGER NOT NULL,
	tag BLOB NOT NULL,
	body BLOB NOT NULL
);
INSERT INTO messages_3 SELECT id, conversation, position, tag, body FROM messages ORDER BY id;
DELETE FROM sqlite_sequence WHERE name = 'messages_3';
INSERT INTO sqlite_sequence (name, seq) SELECT 'messages_3', seq FROM sqlite_sequence WHERE name = 'messages';
DROP TABLE messages;
ALTER TABLE messages_3 RENAME TO messages;
INSERT INTO tags SELECT substr(tag, 1, 8), id FROM messages ORDER BY 1, 2;
INSERT INTO run (id, merged) SELECT 1, ifnull(max(id), 0) FROM messages;
`

const schema3Down = `
CREATE TABLE authors (
	id INTEGER PRIMARY KEY AUTOINCREMENT,
	conversation INTEGER NOT NULL REFERENCES conversations (id),
	tag BLOB NOT NULL UNIQUE,
	body BLOB NOT NULL
);
CREATE INDEX authors_conversation ON authors (conversation);
`

const schema3DownAfter = `
CREATE TABLE messages_2 (
	id INTEGER PRIMARY KEY AUTOINCREMENT,
	conversation INTEGER NOT NULL REFERENCES conversations (id),
	position INTEGER NOT NULL,
	tag BLOB NOT NULL,
	body BLOB NOT NULL
);
INSERT INTO messages_2 SELECT id, conversation, position, tag, body FROM messages
	WHERE conversation IN (SELECT id FROM conversations) ORDER BY id;
DELETE FROM sqlite_sequence WHERE name = 'messages_2';
INSERT INTO sqlite_sequence (name, seq) SELECT 'messages_2', seq FROM sqlite_sequence WHERE name = 'messages';
DROP TABLE messages;
ALTER TABLE messages_2 RENAME TO messages;
CREATE UNIQUE INDEX messages_place ON messages (conversation, position);
CREATE UNIQUE INDEX messages_tag ON messages (tag);
DROP TABLE run; DROP TABLE stale; DROP TABLE tags; DROP TABLE segments; DROP TABLE threads;
`

// authorsBefore3 is the table of authors of the schemas before: the highest seq of one author's device in one conversation.
var authorsBefore3 = newTable("authors", "", false, "conversation", "tag")

const authorV1 = 1

// listEverything writes the manifest of every conversation and counts the tables that were not counted.
func listEverything(t *tx) error {
	rows, err := t.c.rows("SELECT id, key FROM conversations")
	if err != nil {
		return err
	}
	for _, row := range rows {
		th := &thread{row: integer(row[0]), keyID: integer(row[1])}
		if th.key, err = t.key(th.keyID); err != nil {
			return err
		}
		if err := t.listThread(th); err != nil {
			return err
		}
	}
	for _, tb := range counted[:3] { // those of this schema
		d, err := t.scan(tb, t.s.keyID(tb), tb.fingerprints())
		if err != nil {
			return err
		}
		t.draft.cover.Tables[tb.index()] = d
	}
	return nil
}

func (t *tx) listThread(th *thread) error {
	const query = "SELECT position, id, substr(body, 2, 8) FROM messages WHERE conversation = ? ORDER BY position"
	err := t.c.each(query, []value{th.row}, func(row []value) error {
		e := entry{position: integer(row[0]), row: integer(row[1])}
		copy(e.mark[:], bytesOf(row[2]))
		th.state.recent = append(th.state.recent, e)
		th.state.last = e.position
		return nil
	})
	if err != nil {
		return err
	}
	if th.state.annotations, err = t.scan(annotations, th.keyID, annotations.fingerprints()+" WHERE conversation = ?", th.row); err != nil {
		return err
	}
	err = t.c.each("SELECT id, conversation, tag, body FROM authors WHERE conversation = ?", []value{th.row},
		func(row []value) error {
			body, err := t.open(authorsBefore3, integer(row[0]), th.keyID, th.key, row[1:3], bytesOf(row[3]))
			if err != nil {
				return err
			}
			r := read(body, authorV1)
			h := head{seq: r.uint()}
			if copy(h.author[:], bytesOf(row[2])) != len(vault.Tag{}) || !r.done() {
				return damaged(authorsBefore3.name)
			}
			th.state.heads = append(th.state.heads, h)
			return nil
		})
	if err != nil {
		return err
	}
	return t.flush(th)
}

// unlistEverything writes the table of authors; segments and threads go.
func unlistEverything(t *tx) error {
	rows, err := t.c.rows("SELECT id FROM conversations")
	if err != nil {
		return err
	}
	id := int64(0)
	for _, row := range rows {
		th, err := t.threadOf(integer(row[0]))
		if err != nil {
			return err
		}
		for _, h := range th.state.heads {
			id++
			columns := []value{th.row, append([]byte(nil), h.author[:]...)}
			err := t.insert(authorsBefore3, id, th.keyID, th.key, columns, layout(authorV1).uint(h.seq).b)
			if err != nil {
				return mapped(err)
			}
		}
		t.draft.unset(threads, th.row)
	}
	for _, tb := range counted[:3] { // those of this schema
		t.draft.cover.Tables[tb.index()] = vault.Digest{}
	}
	return nil
}
