package sqlite

import (
	"sotto/chat"
	"sotto/crypto/vault"
)

// records reads and writes one table of the common shape: a row has a tag that finds it alone, a ref that finds it with
// its kin, and a body.
type records[V any] struct {
	t      *tx
	table  *table
	decode func([]byte) (V, bool)
}

// found is a decoded row with its id.
type found[V any] struct {
	id int64
	v  V
}

func (r records[V]) tag(column string, values ...[]byte) value {
	tag := r.t.s.tags.Tag(r.table.name+"."+column, values...)
	return tag[:]
}

func (r records[V]) key() (int64, vault.RowKey) { return r.t.s.keys.purpose(r.table.purpose) }

func (r records[V]) columns() string { return "SELECT id, tag, ref, body FROM " + r.table.name }

func (r records[V]) read(row []value) (found[V], error) {
	id, key := r.key()
	body, err := r.t.open(r.table, integer(row[0]), id, key, row[1:3], bytesOf(row[3]))
	if err != nil {
		return found[V]{}, err
	}
	defer clear(body)
	v, ok := r.decode(body)
	if !ok {
		return found[V]{}, damaged(r.table.name)
	}
	return found[V]{integer(row[0]), v}, nil
}

// one returns the first row that the rest of the query selects, ErrNotFound when there is none.
func (r records[V]) one(rest string, args ...value) (found[V], error) {
	if err := r.t.reading(); err != nil {
		return found[V]{}, err
	}
	row, err := r.t.c.row(r.columns()+rest, args...)
	if err != nil {
		return found[V]{}, err
	}
	if row == nil {
		return found[V]{}, chat.ErrNotFound
	}
	return r.read(row)
}

func (r records[V]) get(tag value) (V, error) {
	f, err := r.one(" WHERE tag = ?", tag)
	return f.v, err
}

// list returns the rows that the rest of the query selects, in its order.
func (r records[V]) list(rest string, args ...value) ([]found[V], error) {
	if err := r.t.reading(); err != nil {
		return nil, err
	}
	if r.table.isCounted() {
		if err := r.t.check(r.table); err != nil {
			return nil, err
		}
	}
	var out []found[V]
	err := r.t.c.each(r.columns()+rest, args, func(row []value) error {
		f, err := r.read(row)
		out = append(out, f)
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

func (r records[V]) values(rest string, args ...value) ([]V, error) {
	rows, err := r.list(rest, args...)
	var out []V
	for _, f := range rows {
		out = append(out, f.v)
	}
	return out, err
}

// add writes a new row and returns its id. ErrExists: another row has the tag.
func (r records[V]) add(tag, ref value, body func(id int64) []byte) (int64, error) {
	if err := r.t.writing(); err != nil {
		return 0, err
	}
	id, err := r.t.nextID(r.table)
	if err != nil {
		return 0, err
	}
	plaintext := body(id)
	defer clear(plaintext)
	keyID, key := r.key()
	err = r.t.insert(r.table, id, keyID, key, []value{tag, ref}, plaintext)
	if constraint(err) {
		r.t.s.last[r.table]--
		return 0, chat.ErrExists
	}
	return id, mapped(err)
}

// put inserts the row or replaces the one with its tag.
func (r records[V]) put(tag, ref value, body []byte) error {
	defer clear(body)
	id, err := r.idOf(tag)
	if err == chat.ErrNotFound {
		_, err = r.add(tag, ref, func(int64) []byte { return append([]byte(nil), body...) })
		return err
	}
	if err != nil {
		return err
	}
	return r.replace(id, tag, ref, body)
}

func (r records[V]) replace(id int64, tag, ref value, body []byte) error {
	if err := r.t.writing(); err != nil {
		return err
	}
	keyID, key := r.key()
	return mapped(r.t.update(r.table, id, keyID, key, []value{tag, ref}, body))
}

func (r records[V]) idOf(tag value) (int64, error) {
	if err := r.t.writing(); err != nil {
		return 0, err
	}
	row, err := r.t.c.row("SELECT id FROM "+r.table.name+" WHERE tag = ?", tag)
	if err != nil {
		return 0, err
	}
	if row == nil {
		return 0, chat.ErrNotFound
	}
	return integer(row[0]), nil
}

// delete removes the row with the tag; ErrNotFound when there is none.
func (r records[V]) delete(tag value) error {
	id, err := r.idOf(tag)
	if err != nil {
		return err
	}
	return r.t.remove(r.table, id)
}

func (r records[V]) deleteID(id int64) error {
	if err := r.t.writing(); err != nil {
		return err
	}
	row, err := r.t.c.row("SELECT id FROM "+r.table.name+" WHERE id = ?", id)
	if err != nil {
		return err
	}
	if row == nil {
		return chat.ErrNotFound
	}
	return r.t.remove(r.table, id)
}
