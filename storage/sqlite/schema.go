package sqlite

import (
	"fmt"

	"sotto/chat"
)

// migration is one step of the schema and its way back. Numbers are positions in migrations, from 1; PRAGMA user_version
// holds the number reached. A step runs in one transaction.
type migration struct{ up, down string }

// applicationID marks the file as Sotto's ("Soto").
const applicationID = 0x536f746f

var migrations = []migration{
	{up: schema1, down: schema1Down},
	{up: journalSchema, down: journalSchemaDown},
}

const schema1 = `
CREATE TABLE keys (id INTEGER PRIMARY KEY AUTOINCREMENT, body BLOB NOT NULL);
CREATE TABLE state (
	id INTEGER PRIMARY KEY CHECK (id = 1),
	key INTEGER NOT NULL REFERENCES keys (id),
	epoch INTEGER NOT NULL,
	pending INTEGER NOT NULL,
	body BLOB NOT NULL
);
CREATE TABLE conversations (
	id INTEGER PRIMARY KEY AUTOINCREMENT,
	key INTEGER NOT NULL REFERENCES keys (id),
	tag BLOB NOT NULL UNIQUE,
	body BLOB NOT NULL
);
CREATE INDEX conversations_key ON conversations (key);
CREATE TABLE messages (
	id INTEGER PRIMARY KEY AUTOINCREMENT,
	conversation INTEGER NOT NULL REFERENCES conversations (id),
	position INTEGER NOT NULL,
	tag BLOB NOT NULL,
	body BLOB NOT NULL
);
CREATE UNIQUE INDEX messages_place ON messages (conversation, position);
CREATE UNIQUE INDEX messages_tag ON messages (tag);
CREATE TABLE authors (
	id INTEGER PRIMARY KEY AUTOINCREMENT,
	conversation INTEGER NOT NULL REFERENCES conversations (id),
	tag BLOB NOT NULL UNIQUE,
	body BLOB NOT NULL
);
CREATE INDEX authors_conversation ON authors (conversation);
CREATE TABLE annotations (
	id INTEGER PRIMARY KEY AUTOINCREMENT,
	conversation INTEGER NOT NULL REFERENCES conversations (id),
	tag BLOB NOT NULL UNIQUE,
	target BLOB NOT NULL,
	body BLOB NOT NULL
);
CREATE INDEX annotations_target ON annotations (conversation, target);
CREATE TABLE contacts (id INTEGER PRIMARY KEY AUTOINCREMENT, tag BLOB UNIQUE, ref BLOB, body BLOB NOT NULL);
CREATE TABLE sessions (id INTEGER PRIMARY KEY AUTOINCREMENT, tag BLOB UNIQUE, ref BLOB, body BLOB NOT NULL);
CREATE INDEX sessions_ref ON sessions (ref);
CREATE TABLE prekeys (id INTEGER PRIMARY KEY AUTOINCREMENT, tag BLOB UNIQUE, ref BLOB, body BLOB NOT NULL);
CREATE INDEX prekeys_ref ON prekeys (ref);
CREATE TABLE initials (id INTEGER PRIMARY KEY AUTOINCREMENT, tag BLOB UNIQUE, ref BLOB, body BLOB NOT NULL);
CREATE TABLE rejections (id INTEGER PRIMARY KEY AUTOINCREMENT, tag BLOB UNIQUE, ref BLOB, body BLOB NOT NULL);
CREATE TABLE mailboxes (id INTEGER PRIMARY KEY AUTOINCREMENT, tag BLOB UNIQUE, ref BLOB, body BLOB NOT NULL);
CREATE TABLE routes (id INTEGER PRIMARY KEY AUTOINCREMENT, tag BLOB UNIQUE, ref BLOB, body BLOB NOT NULL);
CREATE INDEX routes_ref ON routes (ref);
CREATE TABLE invitations (id INTEGER PRIMARY KEY AUTOINCREMENT, tag BLOB UNIQUE, ref BLOB, body BLOB NOT NULL);
CREATE INDEX invitations_ref ON invitations (ref);
CREATE TABLE queue (id INTEGER PRIMARY KEY AUTOINCREMENT, tag BLOB UNIQUE, ref BLOB, body BLOB NOT NULL);
CREATE INDEX queue_ref ON queue (ref);
CREATE TABLE consents (id INTEGER PRIMARY KEY AUTOINCREMENT, tag BLOB UNIQUE, ref BLOB, body BLOB NOT NULL);
CREATE INDEX consents_ref ON consents (ref);
CREATE TABLE audit (id INTEGER PRIMARY KEY AUTOINCREMENT, tag BLOB UNIQUE, ref BLOB, body BLOB NOT NULL);
CREATE TABLE events (id INTEGER PRIMARY KEY AUTOINCREMENT, tag BLOB UNIQUE, ref BLOB, body BLOB NOT NULL);
CREATE TABLE settings (id INTEGER PRIMARY KEY AUTOINCREMENT, tag BLOB UNIQUE, ref BLOB, body BLOB NOT NULL);
`

const schema1Down = `
DROP TABLE settings; DROP TABLE events; DROP TABLE audit; DROP TABLE consents; DROP TABLE queue;
DROP TABLE invitations; DROP TABLE routes; DROP TABLE mailboxes; DROP TABLE rejections; DROP TABLE initials;
DROP TABLE prekeys; DROP TABLE sessions; DROP TABLE contacts; DROP TABLE annotations; DROP TABLE authors;
DROP TABLE messages; DROP TABLE conversations; DROP TABLE state; DROP TABLE keys;
`

// version returns the number of the newest migration that the file has.
func version(c *conn) (int, error) {
	row, err := c.row("PRAGMA user_version")
	if err != nil {
		return 0, err
	}
	if row == nil {
		return 0, damaged("schema")
	}
	return int(integer(row[0])), nil
}

// migrate brings the schema to the wanted number, up or down, one transaction for each step. A file from a newer version
// is refused before anything is written.
func migrate(c *conn, want int) error {
	have, err := version(c)
	if err != nil {
		return err
	}
	if have > len(migrations) {
		return fmt.Errorf("%w: schema %d", chat.ErrNewerFormat, have)
	}
	for have != want {
		next, sql := have+1, ""
		if have < want {
			sql = migrations[have].up
		} else {
			next, sql = have-1, migrations[have-1].down
		}
		err := c.script(fmt.Sprintf("BEGIN IMMEDIATE;%s\nPRAGMA user_version = %d; PRAGMA application_id = %d; COMMIT;",
			sql, next, applicationID))
		if err != nil {
			c.script("ROLLBACK") //nolint:errcheck // the error of the step is the one to report
			return err
		}
		have = next
	}
	return nil
}
