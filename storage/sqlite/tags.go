package sqlite

import (
	"encoding/binary"
	"slices"
	"sync"
)

// Messages are found by the first 8 bytes of their lookup tag. Tags are random, so an index that took each of them as it
// comes would touch a page of its own for every message. The table tags therefore takes them in bulk and in order: it
// holds those of rows up to run.merged, and those of newer rows are kept in memory, read from the rows when a unit of
// work that writes first needs them (docs/STORAGE.md section 6).
type shortTag [8]byte

func shorten(tag []byte) (s shortTag) { copy(s[:], tag); return s }

// newTags are the tags of the rows above merged. Views use them too: an entry more than their snapshot has finds no row.
type newTags struct {
	mu     sync.RWMutex
	loaded bool
	merged int64
	rows   map[shortTag][]int64
	many   bool // when loaded there were more than an opening should read again
	filter *filter
}

// filter tells most tags that are not in the table without asking it. It is kept while a history is filled that was empty
// when it was opened, as by an import, and dropped with the store: to read it back would cost more than it saves.
type filter struct {
	merged int64 // it knows the tags of the rows up to this one
	bits   [1 << filterBits / 64]uint64
}

// filterBits is the logarithm of how many bits a filter has: 2 MB, in which a million tags leave 6 of 100 questions open.
const filterBits = 24

func (f *filter) bit(tag shortTag) (word, mask uint64) {
	at := binary.BigEndian.Uint64(tag[:]) >> (64 - filterBits)
	return at / 64, 1 << (at % 64)
}

func (f *filter) add(tag shortTag) {
	word, mask := f.bit(tag)
	f.bits[word] |= mask
}

// lacks reports whether the table, which holds the tags of the rows up to merged, certainly does not hold this one.
func (f *filter) lacks(tag shortTag, merged int64) bool {
	if f == nil || f.merged != merged {
		return false
	}
	word, mask := f.bit(tag)
	return f.bits[word]&mask == 0
}

// extend makes the filter know the tags that were merged, if it knew all before.
func (n *newTags) extend(merged int64) {
	if n.filter == nil && n.merged == 0 {
		n.filter = new(filter)
	}
	if n.filter == nil || n.filter.merged != n.merged {
		n.filter = nil
		return
	}
	for tag := range n.rows {
		n.filter.add(tag)
	}
	n.filter.merged = merged
}

const (
	// tagsInMemory is how many tags wait before they are merged: 16 bytes each and the map's own.
	tagsInMemory = 1 << 17
	// tagsAtOpening is how many tags an opening leaves unmerged.
	tagsAtOpening = 1 << 13
	// tagsScrubbed is how many tags of destroyed messages a unit of work removes.
	tagsScrubbed = 32
)

const selectNewTags = "SELECT id, substr(tag, 1, 8) FROM messages WHERE id > ?"

func (t *tx) merged() (int64, error) {
	row, err := t.c.row("SELECT merged FROM run WHERE id = 1")
	if err != nil {
		return 0, err
	}
	if row == nil {
		return 0, damaged("run")
	}
	return integer(row[0]), nil
}

func (t *tx) readTags(merged int64) (map[shortTag][]int64, error) {
	rows := map[shortTag][]int64{}
	err := t.c.each(selectNewTags, []value{merged}, func(row []value) error {
		tag := shorten(bytesOf(row[1]))
		rows[tag] = append(rows[tag], integer(row[0]))
		return nil
	})
	return rows, err
}

// loadTags makes the tags in memory ready for a unit of work that writes.
func (t *tx) loadTags() error {
	n := &t.s.fresh
	if n.loaded {
		return nil
	}
	merged, err := t.merged()
	if err != nil {
		return err
	}
	rows, err := t.readTags(merged)
	if err != nil {
		return err
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.loaded, n.merged, n.rows, n.many = true, merged, rows, len(rows) > tagsAtOpening
	return nil
}

// tagged returns the rows of messages whose tags begin like this one.
func (t *tx) tagged(tag []byte) ([]int64, error) {
	short := shorten(tag)
	out, merged, err := t.newlyTagged(short)
	if err != nil || merged == 0 || t.write && t.s.fresh.filter.lacks(short, merged) {
		return out, err
	}
	err = t.c.each("SELECT message FROM tags WHERE tag = ?", []value{short[:]}, func(row []value) error {
		out = append(out, integer(row[0]))
		return nil
	})
	return out, err
}

func (t *tx) newlyTagged(short shortTag) (rows []int64, merged int64, err error) {
	n := &t.s.fresh
	if t.write {
		if err := t.loadTags(); err != nil {
			return nil, 0, err
		}
		return slices.Clone(n.rows[short]), n.merged, nil
	}
	if merged, err = t.merged(); err != nil {
		return nil, 0, err
	}
	n.mu.RLock()
	if n.loaded && n.merged == merged {
		rows = slices.Clone(n.rows[short])
		n.mu.RUnlock()
		return rows, merged, nil
	}
	n.mu.RUnlock()
	if t.newTags == nil { // memory is of another moment than the snapshot
		if t.newTags, err = t.readTags(merged); err != nil {
			return nil, 0, err
		}
	}
	return t.newTags[short], merged, nil
}

// addTag records a new row. Views may see it before the unit of work has committed, and then find no row.
func (t *tx) addTag(tag []byte, row int64) {
	n, short := &t.s.fresh, shorten(tag)
	n.mu.Lock()
	defer n.mu.Unlock()
	n.rows[short] = append(n.rows[short], row)
	t.added++
}

// dropTag removes the tag of one row.
func (t *tx) dropTag(tag []byte, row int64) error {
	short := shorten(tag)
	_, err := t.c.exec("DELETE FROM tags WHERE tag = ? AND message = ?", short[:], row)
	return mapped(err)
}

// mergeTags moves the tags in memory into the table when there are many.
func (t *tx) mergeTags() error {
	n := &t.s.fresh
	if !n.loaded || len(n.rows) < tagsInMemory && !n.many {
		return nil
	}
	last, err := t.c.row("SELECT max(id) FROM messages")
	if err != nil {
		return err
	}
	t.mergedTo = max(n.merged, integer(last[0]))
	for _, sql := range []string{
		"INSERT OR IGNORE INTO tags SELECT substr(tag, 1, 8), id FROM messages WHERE id > ?1 AND id <= ?2 ORDER BY 1, 2",
		"UPDATE run SET merged = ?2 WHERE id = 1 AND merged = ?1",
	} {
		if _, err := t.c.exec(sql, n.merged, t.mergedTo); err != nil {
			return mapped(err)
		}
	}
	return nil
}

// settleTags makes what the unit of work did with tags the present state, or undoes it.
func (t *tx) settleTags(committed bool) {
	n := &t.s.fresh
	n.mu.Lock()
	defer n.mu.Unlock()
	switch {
	case !committed:
		n.loaded = n.loaded && t.added == 0
	case t.mergedTo > 0:
		n.extend(t.mergedTo)
		n.merged, n.rows, n.many = t.mergedTo, map[shortTag][]int64{}, false
	}
}

// scrub removes tags of destroyed messages, at most so many.
func (t *tx) scrub(limit int) error {
	if !t.s.stale {
		return nil
	}
	rows, err := t.c.rows("SELECT tag, message FROM stale ORDER BY tag, message LIMIT ?", int64(limit))
	if err != nil {
		return err
	}
	for _, row := range rows {
		for _, sql := range []string{
			"DELETE FROM tags WHERE tag = ? AND message = ?", "DELETE FROM stale WHERE tag = ? AND message = ?",
		} {
			if _, err := t.c.exec(sql, row...); err != nil {
				return mapped(err)
			}
		}
	}
	t.scrubbed = len(rows) < limit
	return nil
}
