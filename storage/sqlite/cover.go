package sqlite

import (
	"fmt"
	"slices"

	"sotto/crypto/vault"
)

// covers is the state behind the sealed cover: the digests and, so that changing a row costs one MAC, the element of
// every covered row. A write transaction works on a draft of it.
type covers struct {
	coverer  *vault.Coverer
	cover    vault.Cover
	elements map[*table]map[int64]vault.Element
}

// draft is what one transaction changes; nil elements are rows that are gone.
type draft struct {
	base    *covers
	cover   vault.Cover
	changed map[*table]map[int64]*vault.Element
}

func newCovers(key vault.RowKey) *covers {
	c := &covers{
		coverer:  vault.NewCoverer(key),
		cover:    vault.Cover{Tables: make([]vault.Digest, len(digested))},
		elements: map[*table]map[int64]vault.Element{},
	}
	for _, t := range covered {
		c.elements[t] = map[int64]vault.Element{}
	}
	return c
}

func (c *covers) draft() *draft {
	d := &draft{base: c, cover: c.cover, changed: map[*table]map[int64]*vault.Element{}}
	d.cover.Tables = append([]vault.Digest(nil), c.cover.Tables...)
	return d
}

// set records that the row now has this associated data and body.
func (d *draft) set(t *table, id int64, data, body []byte) {
	e := d.base.coverer.Element(data, vault.Fingerprint(body))
	d.replace(t, id, &e)
}

// unset records that the row is gone.
func (d *draft) unset(t *table, id int64) { d.replace(t, id, nil) }

func (d *draft) replace(t *table, id int64, e *vault.Element) {
	digest := &d.cover.Tables[t.index()]
	if old, ok := d.element(t, id); ok {
		digest.Remove(old)
	}
	if e != nil {
		digest.Add(*e)
	}
	if d.changed[t] == nil {
		d.changed[t] = map[int64]*vault.Element{}
	}
	d.changed[t][id] = e
}

func (d *draft) element(t *table, id int64) (vault.Element, bool) {
	if e, ok := d.changed[t][id]; ok {
		if e == nil {
			return vault.Element{}, false
		}
		return *e, true
	}
	e, ok := d.base.elements[t][id]
	return e, ok
}

// head records the newest audit row.
func (d *draft) head(data, body []byte) {
	d.cover.Head = d.base.coverer.Element(data, vault.Fingerprint(body))
}

// commit makes the draft the present state; call it after the database has committed.
func (d *draft) commit() {
	d.base.cover = d.cover
	for t, rows := range d.changed {
		for id, e := range rows {
			if e == nil {
				delete(d.base.elements[t], id)
			} else {
				d.base.elements[t][id] = *e
			}
		}
	}
}

func (t *table) index() int {
	if i := slices.Index(digested, t); i >= 0 {
		return i
	}
	panic("sqlite: table has no digest: " + t.name)
}

// load reads the rows of every covered table and the newest audit row and compares them with the sealed cover. A row
// that was altered, added, dropped, swapped or replaced by an older one is an ErrDamaged that names its table.
// schema is the number of the schema in which the file is. Where keys or attachments are missing, settle is asked whether
// they were to go while the store was closed.
func (c *covers) load(
	db *conn, keys *ring, sealed vault.Cover, schema int, settle func(*draft, vault.Cover) error,
) error {
	n := digestsIn[schema]
	if len(sealed.Tables) != n {
		return damaged("state")
	}
	d := c.draft()
	threadKeys := map[int64]int64{}
	missing := false
	for _, t := range covered {
		i := t.index()
		if i >= n {
			continue
		}
		var key int64
		if t.purpose != "" {
			key, _ = keys.purpose(t.purpose)
		}
		err := db.each(t.fingerprints(), nil, func(row []value) error {
			id, rowKey := integer(row[0]), key
			switch t {
			case conversations:
				rowKey = integer(row[1])
				threadKeys[id] = rowKey
			case attachments:
				rowKey = integer(row[atKey])
			case threads:
				rowKey = threadKeys[id]
			}
			e := c.element(t, rowKey, row)
			d.replace(t, id, &e)
			return nil
		})
		if err != nil {
			return err
		}
		if have, want := d.cover.Tables[i], sealed.Tables[i]; have != want {
			if t != keysTable && t != attachments || schema < 5 || have.Count >= want.Count {
				return damaged(t.name)
			}
			missing = true
		}
	}
	if missing {
		if err := settle(d, sealed); err != nil {
			return err
		}
	}
	if err := c.loadHead(db, keys, d); err != nil {
		return err
	}
	if d.cover.Head != sealed.Head {
		return damaged(audit.name)
	}
	d.cover.Commits = sealed.Commits
	for _, t := range counted {
		if i := t.index(); i < n {
			d.cover.Tables[i] = sealed.Tables[i]
		}
	}
	d.commit()
	return nil
}

// element returns the element of a row that fingerprints selected.
func (c *covers) element(t *table, key int64, row []value) vault.Element {
	last := len(row) - 2
	parts := slices.Concat(bytesOf(row[last]), bytesOf(row[last+1]))
	return c.coverer.Element(t.rowData(integer(row[0]), key, row[1:last]), parts)
}

func (c *covers) loadHead(db *conn, keys *ring, d *draft) error {
	row, err := db.row("SELECT id, tag, ref, body FROM audit ORDER BY id DESC LIMIT 1")
	if err != nil || row == nil {
		return err
	}
	key, _ := keys.purpose(audit.purpose)
	d.head(audit.rowData(integer(row[0]), key, row[1:3]), bytesOf(row[3]))
	return nil
}

// fingerprints selects the two parts of a body that vault.Fingerprint takes, without fetching the whole of it.
func (t *table) fingerprints() string {
	columns := ""
	for _, c := range t.clear {
		columns += ", " + c
	}
	return fmt.Sprintf("SELECT id%s, substr(body, 1, %d), substr(body, -%d) FROM %s", columns,
		vault.FingerprintHead, vault.FingerprintTail, t.name)
}
