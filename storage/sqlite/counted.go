package sqlite

import (
	"sotto/crypto/vault"
)

// check compares a counted table with its digest, once for each opening of the store: a row that was dropped, added or
// put back to an older state is an ErrDamaged that names the table.
func (t *tx) check(tb *table) error {
	if _, done := t.s.checked.Load(tb.name); done {
		return nil
	}
	want, err := t.digest(tb)
	if err != nil {
		return err
	}
	have, err := t.scan(tb, t.s.keyID(tb), tb.fingerprints())
	if err != nil {
		return err
	}
	if have != want {
		return damaged(tb.name)
	}
	t.s.checked.Store(tb.name, true)
	return nil
}

// digest returns what the cover of this unit of work says about a table.
func (t *tx) digest(tb *table) (vault.Digest, error) {
	if t.write {
		return t.draft.cover.Tables[tb.index()], nil
	}
	state, err := t.c.row("SELECT key, epoch, pending, body FROM state WHERE id = 1")
	if err != nil {
		return vault.Digest{}, err
	}
	if state == nil {
		return vault.Digest{}, damaged(stateTable.name)
	}
	cover, err := t.s.openState(state)
	if err != nil {
		return vault.Digest{}, err
	}
	if len(cover.Tables) != len(digested) {
		return vault.Digest{}, damaged(stateTable.name)
	}
	return cover.Tables[tb.index()], nil
}

// scan computes the digest of the rows that a query of fingerprints selects.
func (t *tx) scan(tb *table, key int64, query string, args ...value) (vault.Digest, error) {
	var d vault.Digest
	err := t.c.each(query, args, func(row []value) error {
		d.Add(t.s.covers.element(tb, key, row))
		return nil
	})
	return d, err
}

// uncount takes the present state of a row out of the digest of its table, before it is changed or removed.
func (t *tx) uncount(tb *table, id int64) error {
	d, err := t.scan(tb, t.s.keyID(tb), tb.fingerprints()+" WHERE id = ?", id)
	if err != nil {
		return err
	}
	if d.Count != 1 {
		return damaged(tb.name)
	}
	t.draft.cover.Tables[tb.index()].Remove(d.Sum)
	return nil
}

func (t *tx) count(tb *table, data, sealed []byte) {
	t.draft.cover.Tables[tb.index()].Add(t.s.covers.coverer.Element(data, vault.Fingerprint(sealed)))
}

func (s *Store) keyID(tb *table) int64 {
	id, _ := s.keys.purpose(tb.purpose)
	return id
}
