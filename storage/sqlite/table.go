package sqlite

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strings"

	"sotto/crypto/vault"
)

// table describes the clear part of one table: the columns between id and body, in the order in which they are bound to
// the sealed body.
type table struct {
	name    string
	purpose string   // which purpose key seals its rows; empty: the conversation's
	clear   []string // clear columns
	covered bool     // stands in the digest that is checked at opening

	sqlInsert, sqlUpdate, sqlDelete string
	// sqlReseal replaces the body of a row whose clear columns stay as they are: what is not set costs no index page.
	sqlReseal string
}

func newTable(name, purpose string, covered bool, columns ...string) *table {
	t := &table{name: name, purpose: purpose, clear: columns, covered: covered}
	all := append(append([]string{"id"}, columns...), "body")
	t.sqlInsert = fmt.Sprintf("INSERT INTO %s (%s) VALUES (?%s)", name, strings.Join(all, ", "),
		strings.Repeat(", ?", len(all)-1))
	t.sqlUpdate = fmt.Sprintf("UPDATE %s SET %s = ? WHERE id = ?", name, strings.Join(all[1:], " = ?, "))
	t.sqlReseal = fmt.Sprintf("UPDATE %s SET body = ?%d WHERE id = ?%d", name, len(columns)+1, len(columns)+2)
	for i, c := range columns {
		t.sqlReseal += fmt.Sprintf(" AND +%s IS ?%d", c, i+1)
	}
	t.sqlDelete = fmt.Sprintf("DELETE FROM %s WHERE id = ?", name)
	return t
}

// The tables. A record is a table of the common shape: tag finds one row, ref finds several.
var (
	keysTable     = newTable("keys", "", true)
	conversations = newTable("conversations", "", true, "key", "tag")
	messages      = newTable("messages", "", false, "conversation", "position", "tag")
	segments      = newTable("segments", "", false, "conversation", "first")
	threads       = newTable("threads", "", true)
	annotations   = newTable("annotations", "", false, "conversation", "tag", "target")

	contacts    = record("contacts", "contacts", true)
	sessions    = record("sessions", "sessions", true)
	prekeys     = record("prekeys", "sessions", true)
	initials    = record("initials", "sessions", true)
	rejections  = record("rejections", "sessions", false)
	mailboxes   = record("mailboxes", "relays", true)
	routes      = record("routes", "relays", true)
	invitations = record("invitations", "relays", true)
	queue       = record("queue", "queue", true)
	consents    = record("consents", "ledger", true)
	audit       = record("audit", "audit", false)
	events      = record("events", "events", false)
	settings    = record("settings", "settings", true)
	deadlines   = newTable("deadlines", "settings", false)

	attachments = newTable("attachments", "", true, "conversation", "position", "message", "key", "blob", "moving")
	previews    = newTable("previews", "", false, "key")
)

func record(name, purpose string, covered bool) *table {
	return newTable(name, purpose, covered, "tag", "ref")
}

// covered lists the tables whose every row is checked at opening.
var covered = []*table{
	keysTable, conversations, contacts, sessions, prekeys, initials, mailboxes, routes, invitations, queue, consents,
	settings, threads, attachments,
}

// counted lists the tables that are checked when they are first read.
var counted = []*table{rejections, audit, events, deadlines}

// digested lists the tables in the order of their digests in the cover, which is part of its format: new ones come last
// (docs/STORAGE.md section 5).
var digested = slices.Concat(covered[:13], counted, covered[13:])

func (t *table) isCounted() bool { return slices.Contains(counted, t) }

// purposes lists the purpose keys of a new store. "lookup" makes tags, "cover" seals the cover, "subkeys" is the root of
// keys handed out.
var purposes = []string{
	"lookup", "cover", "subkeys", "contacts", "sessions", "relays", "queue", "ledger", "audit", "events", "settings",
}

// rowData returns the associated data of a row: integers are bound as 8 bytes, NULL as an empty field.
func (t *table) rowData(id, key int64, columns []value) []byte {
	fields := make([][]byte, len(columns))
	for i, c := range columns {
		switch v := c.(type) {
		case int64:
			fields[i] = binary.BigEndian.AppendUint64(nil, uint64(v))
		case []byte:
			fields[i] = v
		}
	}
	return vault.RowData(t.name, id, key, fields...)
}
