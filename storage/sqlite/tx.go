package sqlite

import (
	"sync/atomic"

	"sotto/chat"
	"sotto/crypto/vault"
)

// tx is one unit of work on one connection. Repositories are views of it.
type tx struct {
	s     *Store
	c     *conn
	write bool
	over  bool
	stop  atomic.Bool // an erasure waits for its end

	// Of a write transaction.
	erase   bool // what it removes must become unreadable
	purge   bool // what it removes must leave the files
	turned  bool // it is the one that turns the epoch
	dirty   bool
	draft   *draft
	made    map[int64]vault.RowKey // keys that this transaction created
	dead    []int64                // keys that it destroyed
	changed []*thread              // threads to be written

	late      []lateRow // new messages that wait to be written
	sealing   *chunk    // those before them
	lateError error     // what writing them met

	added    int   // tags of new messages
	mergedTo int64 // row up to which it merged tags, 0: it did not
	scrubbed bool  // no stale tag is left

	settles bool // it took out of the books what was removed while the store was closed

	left []chat.BlobID // files that no attachment names any more

	ends map[int64]ending // of messages that this transaction gave another end; zero: none

	followed  bool          // messages changed
	search    *vault.RowKey // new key of the search snapshot, and its row
	searchRow int64

	// Conversations that were looked at; those of the store in a write transaction.
	threads map[chat.ConversationID]*thread
	rows    map[int64]*thread

	newTags map[shortTag][]int64 // of a snapshot that the tags in memory do not fit
}

func (t *tx) Contacts() chat.Contacts           { return contactsRepo{t} }
func (t *tx) Conversations() chat.Conversations { return conversationsRepo{t} }
func (t *tx) Messages() chat.Messages           { return messagesRepo{t} }
func (t *tx) Annotations() chat.Annotations     { return annotationsRepo{t} }
func (t *tx) Attachments() chat.Attachments     { return attachmentsRepo{t} }
func (t *tx) Deadlines() chat.Deadlines         { return deadlinesRepo{t} }
func (t *tx) Sessions() chat.Sessions           { return sessionsRepo{t} }
func (t *tx) Prekeys() chat.Prekeys             { return prekeysRepo{t} }
func (t *tx) Replays() chat.Replays             { return replaysRepo{t} }
func (t *tx) Mailboxes() chat.Mailboxes         { return mailboxesRepo{t} }
func (t *tx) Routes() chat.Routes               { return routesRepo{t} }
func (t *tx) Invitations() chat.Invitations     { return invitationsRepo{t} }
func (t *tx) Queue() chat.Queue                 { return queueRepo{t} }
func (t *tx) Consents() chat.Consents           { return consentsRepo{t} }
func (t *tx) Audit() chat.Audit                 { return auditRepo{t} }
func (t *tx) Events() chat.Events               { return eventsRepo{t} }
func (t *tx) Settings() chat.Settings           { return settingsRepo{t} }

func (t *tx) reading() error {
	if t.over {
		return errFinished
	}
	if t.stop.Load() {
		return chat.ErrDeletedMeanwhile
	}
	return nil
}

func (t *tx) writing() error {
	if t.over {
		return errFinished
	}
	if !t.write {
		return errReadOnlyTx
	}
	return nil
}

// nextID returns the row id for an insertion. The id must be known before the row is sealed, since it is bound to it.
func (t *tx) nextID(tb *table) (int64, error) {
	last, ok := t.s.last[tb]
	if !ok {
		row, err := t.c.row("SELECT seq FROM sqlite_sequence WHERE name = '" + tb.name + "'")
		if err != nil {
			return 0, err
		}
		if row != nil {
			last = integer(row[0])
		}
	}
	t.s.last[tb] = last + 1
	return last + 1, nil
}

// insert seals the body and writes a new row. A refusal by a unique index is returned as SQLite's error.
func (t *tx) insert(tb *table, id, keyID int64, key vault.RowKey, columns []value, body []byte) error {
	_, err := t.insertSealed(tb, id, keyID, key, columns, body)
	return err
}

// insertSealed returns the sealed body of the new row.
func (t *tx) insertSealed(tb *table, id, keyID int64, key vault.RowKey, columns []value, body []byte) ([]byte, error) {
	data := tb.rowData(id, keyID, columns)
	sealed := key.Seal(data, body)
	args := make([]value, 0, len(columns)+2)
	args = append(append(append(args, id), columns...), sealed)
	if _, err := t.c.exec(tb.sqlInsert, args...); err != nil {
		return nil, err
	}
	t.written(tb, id, data, sealed)
	if tb == audit {
		t.draft.head(data, sealed)
	}
	return sealed, nil
}

// update seals the body anew and replaces the row.
func (t *tx) update(tb *table, id, keyID int64, key vault.RowKey, columns []value, body []byte) error {
	_, err := t.updateSealed(tb, id, keyID, key, columns, body)
	return err
}

// updateSealed returns the sealed body of the row.
func (t *tx) updateSealed(tb *table, id, keyID int64, key vault.RowKey, columns []value, body []byte) ([]byte, error) {
	if tb.isCounted() {
		if err := t.uncount(tb, id); err != nil {
			return nil, err
		}
	}
	data := tb.rowData(id, keyID, columns)
	sealed := key.Seal(data, body)
	args := make([]value, 0, len(columns)+2)
	args = append(append(append(args, columns...), sealed), id)
	n, err := t.c.exec(tb.sqlReseal, args...)
	if err == nil && n == 0 {
		n, err = t.c.exec(tb.sqlUpdate, args...)
	}
	if err != nil {
		return nil, err
	}
	if n != 1 {
		return nil, damaged(tb.name)
	}
	t.written(tb, id, data, sealed)
	return sealed, nil
}

// written records the present body of a row in the digest of its table.
func (t *tx) written(tb *table, id int64, data, sealed []byte) {
	t.dirty = true
	switch {
	case tb.covered:
		t.draft.set(tb, id, data, sealed)
	case tb.isCounted():
		t.count(tb, data, sealed)
	}
}

func (t *tx) remove(tb *table, id int64) error {
	if tb.isCounted() {
		if err := t.uncount(tb, id); err != nil {
			return err
		}
	}
	n, err := t.c.exec(tb.sqlDelete, id)
	if err != nil {
		return mapped(err)
	}
	if n != 1 {
		return damaged(tb.name)
	}
	t.dirty = true
	if tb.covered {
		t.draft.unset(tb, id)
	}
	return nil
}

// open authenticates a row and returns its body.
func (t *tx) open(tb *table, id, keyID int64, key vault.RowKey, columns []value, sealed []byte) ([]byte, error) {
	body, err := key.Open(tb.rowData(id, keyID, columns), sealed)
	if err != nil {
		return nil, opened(tb.name, err)
	}
	return body, nil
}

// key returns a conversation's key.
func (t *tx) key(id int64) (vault.RowKey, error) {
	if k, ok := t.made[id]; ok {
		return k, nil
	}
	if k, ok := t.s.keys.get(id); ok {
		return k, nil
	}
	row, err := t.c.row("SELECT k.body, s.epoch FROM keys k, state s WHERE k.id = ?", id)
	if err != nil {
		return vault.RowKey{}, err
	}
	if row == nil {
		return vault.RowKey{}, damaged(keysTable.name)
	}
	k, err := t.s.unwrap(id, uint64(integer(row[1])), bytesOf(row[0]))
	if err != nil {
		return vault.RowKey{}, err
	}
	t.s.keys.put(id, k)
	return k, nil
}

// newKey makes a key and its row.
func (t *tx) newKey() (int64, vault.RowKey, error) {
	id, err := t.nextID(keysTable)
	if err != nil {
		return 0, vault.RowKey{}, err
	}
	k := vault.NewRowKey()
	if t.made == nil {
		t.made = map[int64]vault.RowKey{}
	}
	t.made[id] = k
	return id, k, t.insertKey(id, "", k)
}

func (t *tx) insertKey(id int64, purpose string, k vault.RowKey) error {
	record := encodeKey(purpose, k)
	defer clear(record)
	wrapped := t.s.currentVault().Wrap(id, t.s.epoch, record)
	if _, err := t.c.exec(keysTable.sqlInsert, id, wrapped); err != nil {
		return mapped(err)
	}
	t.dirty = true
	t.draft.set(keysTable, id, keysTable.rowData(id, 0, nil), wrapped)
	return nil
}

// seal writes what the transaction kept back: threads, tags and the cover.
func (t *tx) seal() error {
	if err := t.writeLate(); err != nil {
		return mapped(err)
	}
	if err := t.flushThreads(); err != nil {
		return err
	}
	if t.erase || t.purge && t.followed {
		if err := t.dropSearchKey(); err != nil {
			return err
		}
	}
	if !t.dirty && !t.erase {
		return nil
	}
	if err := t.mergeTags(); err != nil {
		return err
	}
	if err := t.scrub(tagsScrubbed); err != nil {
		return err
	}
	return t.updateState()
}

// committed makes the transaction's changes the present state of the store.
func (t *tx) committed() {
	t.draft.commit()
	t.s.ends.settle(t.ends)
	t.s.settled = t.s.settled || t.settles
	t.s.pending = (t.s.pending || t.erase) && !t.turned
	t.s.stale = t.s.stale && !t.scrubbed
	if len(t.rows) > keptThreads {
		t.s.forget()
	}
	for id, k := range t.made {
		t.s.keys.put(id, k)
	}
	for _, id := range t.dead {
		t.s.keys.forget(id)
	}
	t.keepSearchKey()
}

// The state row holds the sealed cover; epoch and the mark of a pending erasure are bound to it.
func (t *tx) insertState() error {
	columns, body := t.state()
	_, err := t.c.exec("INSERT INTO state (id, key, epoch, pending, body) VALUES (1, ?, ?, ?, ?)", append(columns, body)...)
	return mapped(err)
}

func (t *tx) updateState() error {
	columns, body := t.state()
	n, err := t.c.exec("UPDATE state SET key = ?, epoch = ?, pending = ?, body = ? WHERE id = 1", append(columns, body)...)
	if err == nil && n != 1 {
		return damaged(stateTable.name)
	}
	return mapped(err)
}

var stateTable = newTable("state", "cover", false, "key", "epoch", "pending")

func (t *tx) state() (columns []value, body []byte) {
	t.draft.cover.Commits++
	id, key := t.s.keys.purpose("cover")
	pending := int64(0)
	if t.erase || t.s.pending && !t.turned {
		pending = 1
	}
	columns = []value{id, int64(t.s.epoch), pending}
	return columns, key.Seal(stateTable.rowData(1, id, columns), t.sealedCover().Bytes())
}

// sealedCover returns the cover as the schema of the file has it.
func (t *tx) sealedCover() vault.Cover {
	c := t.draft.cover
	c.Tables = c.Tables[:digestsIn[t.s.schema]]
	return c
}

// openState opens the cover of a state row (key, epoch, pending, body).
func (s *Store) openState(row []value) (vault.Cover, error) {
	id, key := s.keys.purpose("cover")
	if integer(row[0]) != id {
		return vault.Cover{}, damaged(stateTable.name)
	}
	body, err := key.Open(stateTable.rowData(1, id, row[:3]), bytesOf(row[3]))
	if err != nil {
		return vault.Cover{}, opened(stateTable.name, err)
	}
	cover, err := vault.ParseCover(body)
	if err != nil {
		return vault.Cover{}, damaged(stateTable.name)
	}
	return cover, nil
}
