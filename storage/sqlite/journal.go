package sqlite

import (
	"context"
	"errors"
	"strings"

	"sotto/chat"
	"sotto/crypto/vault"
)

// The journal tells what follows the messages, the search index, which rows changed since it last looked: a row is
// written to it in the transaction that changes or removes the text of a message. New rows need none, since row ids grow.

const (
	journalSchema     = "CREATE TABLE journal (id INTEGER PRIMARY KEY AUTOINCREMENT, row INTEGER NOT NULL);"
	journalSchemaDown = "DROP TABLE journal; DELETE FROM sqlite_sequence WHERE name = 'journal';"
)

// Mark is a place in the life of the messages: all rows up to Row and all changes up to Change have been seen.
type Mark struct{ Row, Change int64 }

// Row is a message as it stands in the history. A Row that is Gone has no Message; with ID 0 it is a conversation that
// was destroyed.
type Row struct {
	ID      int64 // row id; it never leaves storage
	Thread  int64 // row id of the conversation
	Gone    bool
	Message chat.Message
}

// Feed returns, from one snapshot, at most limit changes and new messages after the mark, changes first, and the mark
// behind them. Rows that do not authenticate are left out. At the end it returns no rows.
func (s *Store) Feed(ctx context.Context, from Mark, limit int) (rows []Row, next Mark, err error) {
	next = from
	err = s.view(ctx, func(t *tx) error {
		changed, err := t.c.rows("SELECT id, row FROM journal WHERE id > ? ORDER BY id LIMIT ?", from.Change, int64(limit))
		if err != nil {
			return err
		}
		var again []int64
		for _, c := range changed {
			next.Change = integer(c[0])
			switch row := integer(c[1]); {
			case row < 0:
				rows = append(rows, Row{Thread: -row, Gone: true})
			case row <= from.Row:
				again = append(again, row)
			}
		}
		if len(changed) == limit {
			return t.again(again, &rows)
		}
		if err := t.again(again, &rows); err != nil {
			return err
		}
		return t.messageRows(&rows, func(id int64) { next.Row = id }, false,
			" WHERE m.id > ? ORDER BY m.id LIMIT ?", from.Row, int64(limit-len(changed)))
	})
	return rows, next, err
}

// again appends the rows as they stand now, or that they are gone.
func (t *tx) again(ids []int64, rows *[]Row) error {
	seen := map[int64]bool{}
	for _, id := range ids {
		if seen[id] {
			continue
		}
		seen[id] = true
		before := len(*rows)
		if err := t.messageRows(rows, func(int64) {}, false, " WHERE m.id = ?", id); err != nil {
			return err
		}
		if len(*rows) == before {
			*rows = append(*rows, Row{ID: id, Gone: true})
		}
	}
	return nil
}

// messageRows appends what the rest of the query selects; seen is told every row id, also of rows that are left out. Only
// what its conversation lists is appended when listed is set; an index that is built of more finds nothing by it.
func (t *tx) messageRows(rows *[]Row, seen func(id int64), listed bool, rest string, args ...value) error {
	r := messagesRepo{t}
	return t.c.each(selectRows+rest, args, func(row []value) error {
		seen(integer(row[0]))
		m, err := r.read(row, listed)
		if err != nil {
			return skipDamaged(err)
		}
		*rows = append(*rows, Row{ID: integer(row[0]), Thread: integer(row[1]), Message: m})
		return nil
	})
}

const selectRows = `SELECT m.id, m.conversation, m.position, m.tag, m.body, c.key FROM messages m
	JOIN conversations c ON c.id = m.conversation`

// read opens a row of selectRows; with listed it must be the one that its conversation lists.
func (r messagesRepo) read(row []value, listed bool) (chat.Message, error) {
	if listed {
		return r.present(row[:5])
	}
	th := &thread{row: integer(row[1]), keyID: integer(row[5])}
	var err error
	if th.key, err = r.t.key(th.keyID); err != nil {
		return chat.Message{}, err
	}
	return r.decode(th, row[:5])
}

func skipDamaged(err error) error {
	if unreadable(err) {
		return nil
	}
	return err
}

// rowsAtOnce is how many rows one query of Rows reads.
const rowsAtOnce = 64

var selectRowsIn = " WHERE m.id IN (?" + strings.Repeat(", ?", rowsAtOnce-1) + ")"

// Rows returns the messages of row ids, in any order; rows that are gone or do not authenticate are left out.
func (s *Store) Rows(ctx context.Context, ids []int64) (rows []Row, err error) {
	err = s.view(ctx, func(t *tx) error {
		for len(ids) > 0 {
			args := make([]value, rowsAtOnce)
			n := min(len(ids), rowsAtOnce)
			for i := range args {
				args[i] = int64(0)
				if i < n {
					args[i] = ids[i]
				}
			}
			if err := t.messageRows(&rows, func(int64) {}, true, selectRowsIn, args...); err != nil {
				return err
			}
			ids = ids[n:]
		}
		return nil
	})
	return rows, err
}

// RowOf returns the row id of a message, ErrNotFound when there is none.
func (s *Store) RowOf(ctx context.Context, id chat.MessageID) (row int64, err error) {
	err = s.view(ctx, func(t *tx) error {
		_, row, err = messagesRepo{t}.find(id)
		return err
	})
	return row, err
}

// Behind returns how many messages there are, and how many of them are new after the mark.
func (s *Store) Behind(ctx context.Context, from Mark) (messages, behind int, err error) {
	err = s.view(ctx, func(t *tx) error {
		row, err := t.c.row("SELECT (SELECT count(*) FROM messages), (SELECT count(*) FROM messages WHERE id > ?)", from.Row)
		if err != nil {
			return err
		}
		messages, behind = int(integer(row[0])), int(integer(row[1]))
		return nil
	})
	return messages, behind, err
}

// LastChange returns the newest change of the journal, from which an index that is built from the rows alone goes on.
func (s *Store) LastChange(ctx context.Context) (change int64, err error) {
	err = s.view(ctx, func(t *tx) error {
		row, err := t.c.row("SELECT ifnull(max(id), 0) FROM journal")
		if err == nil {
			change = integer(row[0])
		}
		return err
	})
	return change, err
}

func (s *Store) view(ctx context.Context, f func(*tx) error) error {
	return s.View(ctx, func(t chat.Tx) error { return f(t.(*tx)) })
}

// Follow lets f be called after every commit that changed messages, with erased after one that was to make what it
// removed unreadable. f must not block and must not use the store. There is one follower; nil ends it.
func (s *Store) Follow(f func(erased bool)) {
	if f == nil {
		s.follower.Store(nil)
		return
	}
	s.follower.Store(&f)
}

func (s *Store) tell(erased bool) {
	if f := s.follower.Load(); f != nil {
		(*f)(erased)
	}
}

// journal notes that the text of a message changed or went; a negative row is a conversation.
func (t *tx) journal(row int64) error {
	t.followed = true
	_, err := t.c.exec("INSERT INTO journal (row) VALUES (?)", row)
	return mapped(err)
}

// searchPurpose is the purpose of the key that seals the snapshot of the search index. Its row is made with the first
// snapshot.
const searchPurpose = "search"

// SearchKeys returns the keys that may open the snapshot: the present one and, while this store stays open, the one
// that an erasure destroyed, so that a snapshot need not be built from nothing then. There are none before the first.
func (s *Store) SearchKeys() (keys []vault.RowKey) {
	if id, key := s.keys.purpose(searchPurpose); id != 0 {
		keys = append(keys, key)
	}
	if k := s.formerSearch.Load(); k != nil {
		keys = append(keys, *k)
	}
	return keys
}

// ErrBehind: messages changed since the snapshot was made, so that it may hold what was erased.
var ErrBehind = errors.New("sqlite: snapshot of the search index is behind")

// PutSearchKey replaces the key of the snapshot, so that an earlier snapshot cannot be read with the present files, and
// forgets the changes up to the one given, which the snapshot of the new key holds. It returns ErrBehind when there are
// later ones.
func (s *Store) PutSearchKey(ctx context.Context, key vault.RowKey, upTo int64) error {
	if err := s.acquire(ctx); err != nil {
		return err
	}
	defer s.release()
	return s.writeTx(func(t *tx) error {
		row, err := t.c.row("SELECT count(*) FROM journal WHERE id > ?", upTo)
		if err != nil {
			return err
		}
		if integer(row[0]) > 0 {
			return ErrBehind
		}
		if _, err := t.c.exec("DELETE FROM journal WHERE id <= ?", upTo); err != nil {
			return mapped(err)
		}
		return t.putSearchKey(key)
	})
}

func (t *tx) putSearchKey(key vault.RowKey) error {
	t.search = &key
	id, _ := t.s.keys.purpose(searchPurpose)
	if id == 0 {
		var err error
		if id, err = t.nextID(keysTable); err != nil {
			return err
		}
		t.searchRow = id
		return t.insertKey(id, searchPurpose, key)
	}
	t.searchRow = id
	record := encodeKey(searchPurpose, key)
	defer clear(record)
	wrapped := t.s.currentVault().Wrap(id, t.s.epoch, record)
	if _, err := t.c.exec(keysTable.sqlUpdate, wrapped, id); err != nil {
		return mapped(err)
	}
	t.dirty = true
	t.draft.set(keysTable, id, keysTable.rowData(id, 0, nil), wrapped)
	return nil
}

// dropSearchKey makes the snapshot unreadable, which holds words of what a unit of work erased: its key gives way to one
// that seals nothing.
func (t *tx) dropSearchKey() error {
	if id, _ := t.s.keys.purpose(searchPurpose); id == 0 {
		return nil
	}
	return t.putSearchKey(vault.NewRowKey())
}

// keepSearchKey makes the key of the transaction the present one, after its commit.
func (t *tx) keepSearchKey() {
	if t.search != nil {
		t.s.formerSearch.Store(nil)
		if id, key := t.s.keys.purpose(searchPurpose); (t.erase || t.purge) && id != 0 {
			t.s.formerSearch.Store(&key)
		}
		t.s.keys.put(t.searchRow, *t.search)
		t.s.keys.name(searchPurpose, t.searchRow)
	}
}
