package sqlite

import (
	"cmp"
	"slices"

	"sotto/chat"
	"sotto/crypto/vault"
)

// A conversation's manifest lists its messages in order: position, row id and the mark of the body that is the present
// one. The newest stand in the row of the thread, older ones in sealed segments of the table of that name. It is the
// index by position, and it tells a row that is missing, was put back to an older state, or does not belong there
// (docs/STORAGE.md section 5).
type entry struct {
	position, row int64
	mark          mark
}

// mark is the first 8 bytes of a body's nonce. Nonces are random, so an older body of the row has another mark.
type mark [8]byte

func markOf(sealed []byte) (m mark) {
	if len(sealed) > len(m) {
		copy(m[:], sealed[1:])
	}
	return m
}

// segment is one row of the table of segments: the entries with positions from first on, below the next segment's first.
type segment struct {
	id, first int64
	entries   []entry
	element   vault.Element
}

// Sizes of the manifest's pieces, in entries.
const (
	segmentSize = 32                  // of a segment that leaves the thread's row
	segmentMax  = 2 * segmentSize     // above it a segment is halved
	recentMax   = 3 * segmentSize / 2 // above it the thread's row gives a segment away
)

func search(entries []entry, position int64) (int, bool) {
	return slices.BinarySearchFunc(entries, position, func(e entry, p int64) int { return cmp.Compare(e.position, p) })
}

const selectSegments = "SELECT id, conversation, first, body FROM segments WHERE conversation = ?"

// segment returns the segment that a query selects, nil when there is none.
func (t *tx) segment(th *thread, rest string, first int64) (*segment, error) {
	row, err := t.c.row(selectSegments+rest, th.row, first)
	if err != nil || row == nil {
		return nil, err
	}
	sg := &segment{id: integer(row[0]), first: integer(row[2])}
	data := segments.rowData(sg.id, th.keyID, row[1:3])
	body, err := th.key.Open(data, bytesOf(row[3]))
	if err != nil {
		return nil, opened(segments.name, err)
	}
	var ok bool
	if sg.entries, ok = decodeSegment(body); !ok {
		return nil, damaged(segments.name)
	}
	if t.write {
		sg.element = t.s.covers.coverer.Element(data, vault.Fingerprint(bytesOf(row[3])))
	}
	return sg, nil
}

func (t *tx) segmentAt(th *thread, position int64) (*segment, error) {
	sg, err := t.segment(th, " AND first <= ? ORDER BY first DESC LIMIT 1", position)
	if err == nil && sg == nil {
		err = damaged(segments.name)
	}
	return sg, err
}

func (t *tx) segmentBelow(th *thread, first int64) (*segment, error) {
	return t.segment(th, " AND first < ? ORDER BY first DESC LIMIT 1", first)
}

func (t *tx) segmentAbove(th *thread, first int64) (*segment, error) {
	return t.segment(th, " AND first > ? ORDER BY first LIMIT 1", first)
}

// putSegment writes a segment, in halves when it has grown too long. An empty one goes, save the first, so that every
// position has a segment.
func (t *tx) putSegment(th *thread, sg *segment) error {
	if len(sg.entries) > segmentMax {
		half := len(sg.entries) / 2
		upper := &segment{first: sg.entries[half].position, entries: slices.Clone(sg.entries[half:])}
		sg.entries = sg.entries[:half]
		if err := t.putSegment(th, upper); err != nil {
			return err
		}
	}
	t.change(th)
	known := sg.id != 0
	if known {
		th.state.older.Remove(sg.element)
		if len(sg.entries) == 0 && sg.first != 0 {
			return t.remove(segments, sg.id)
		}
	}
	write := t.updateSealed
	if !known {
		id, err := t.nextID(segments)
		if err != nil {
			return err
		}
		sg.id, write = id, t.insertSealed
	}
	columns := []value{th.row, sg.first}
	sealed, err := write(segments, sg.id, th.keyID, th.key, columns, encodeSegment(sg.entries))
	if err != nil {
		return mapped(err)
	}
	sg.element = t.s.covers.coverer.Element(segments.rowData(sg.id, th.keyID, columns), vault.Fingerprint(sealed))
	th.state.older.Add(sg.element)
	return nil
}

// list puts an entry into the manifest; ErrExists when its position is taken.
func (t *tx) list(th *thread, e entry) error {
	th.state.last = max(th.state.last, e.position)
	if e.position >= th.state.bound {
		i, taken := search(th.state.recent, e.position)
		if taken {
			return chat.ErrExists
		}
		th.state.recent = slices.Insert(th.state.recent, i, e)
		t.change(th)
		return nil
	}
	sg, err := t.segmentAt(th, e.position)
	if err != nil {
		return err
	}
	i, taken := search(sg.entries, e.position)
	if taken {
		return chat.ErrExists
	}
	sg.entries = slices.Insert(sg.entries, i, e)
	th.state.settled++
	return t.putSegment(th, sg)
}

// unlist takes the entry at a position out of the manifest.
func (t *tx) unlist(th *thread, position int64) error {
	if position >= th.state.bound {
		i, ok := search(th.state.recent, position)
		if !ok {
			return damaged(messages.name)
		}
		th.state.recent = slices.Delete(th.state.recent, i, i+1)
		t.change(th)
		return nil
	}
	sg, err := t.segmentAt(th, position)
	if err != nil {
		return err
	}
	i, ok := search(sg.entries, position)
	if !ok {
		return damaged(messages.name)
	}
	sg.entries = slices.Delete(sg.entries, i, i+1)
	th.state.settled--
	return t.putSegment(th, sg)
}

// relist replaces the entry at a position.
func (t *tx) relist(th *thread, position int64, e entry) error {
	if position == e.position && position >= th.state.bound {
		i, ok := search(th.state.recent, position)
		if !ok {
			return damaged(messages.name)
		}
		th.state.recent[i] = e
		t.change(th)
		return nil
	}
	if err := t.unlist(th, position); err != nil {
		return err
	}
	return t.list(th, e)
}

// listed returns the entry at a position.
func (t *tx) listed(th *thread, position int64) (entry, bool, error) {
	if err := t.marked(); err != nil {
		return entry{}, false, err
	}
	entries := th.state.recent
	if position < th.state.bound {
		sg, err := t.segmentAt(th, position)
		if err != nil {
			return entry{}, false, err
		}
		entries = sg.entries
	}
	i, ok := search(entries, position)
	if !ok {
		return entry{}, false, nil
	}
	return entries[i], true, nil
}

// before returns at most limit entries below a position, ascending: the highest of them.
func (t *tx) before(th *thread, position int64, limit int) ([]entry, error) {
	if err := t.marked(); err != nil {
		return nil, err
	}
	i, _ := search(th.state.recent, position)
	out := slices.Clone(th.state.recent[max(0, i-limit):i])
	for first := min(th.state.bound, position); len(out) < limit; {
		sg, err := t.segmentBelow(th, first)
		if err != nil {
			return nil, err
		}
		if sg == nil {
			return out, nil
		}
		i, _ := search(sg.entries, position)
		out = slices.Concat(sg.entries[max(0, i-(limit-len(out))):i], out)
		first = sg.first
	}
	return out, nil
}

// after returns at most limit entries above a position, ascending: the lowest of them.
func (t *tx) after(th *thread, position int64, limit int) ([]entry, error) {
	if err := t.marked(); err != nil {
		return nil, err
	}
	var out []entry
	if position+1 < th.state.bound {
		sg, err := t.segmentAt(th, position)
		for {
			if err != nil {
				return nil, err
			}
			if sg == nil {
				break
			}
			i, _ := search(sg.entries, position+1)
			out = append(out, sg.entries[i:min(len(sg.entries), i+limit-len(out))]...)
			if len(out) == limit {
				return out, nil
			}
			sg, err = t.segmentAbove(th, sg.first)
		}
	}
	i, _ := search(th.state.recent, position+1)
	return append(out, th.state.recent[i:min(len(th.state.recent), i+limit-len(out))]...), nil
}

// everyEntry calls f with the whole manifest, in pieces.
func (t *tx) everyEntry(th *thread, f func([]entry) error) error {
	for first := int64(-1); ; {
		sg, err := t.segmentAbove(th, first)
		if err != nil {
			return err
		}
		if sg == nil {
			return f(th.state.recent)
		}
		if err := f(sg.entries); err != nil {
			return err
		}
		first = sg.first
	}
}

const segmentV1 = 1

func encodeSegment(entries []entry) []byte {
	return layoutOf(16+entrySize*len(entries), segmentV1).entries(entries).b
}

func decodeSegment(b []byte) ([]entry, bool) {
	r := read(b, segmentV1)
	entries := r.entries()
	return entries, r.done()
}

// entrySize is how many bytes an entry takes as a rule.
const entrySize = 16

// entries writes a list: positions and row ids as differences to the entry before.
func (w *writer) entries(list []entry) *writer {
	w.uint(uint64(len(list)))
	var last entry
	for _, e := range list {
		w.uint(uint64(e.position - last.position)).int(e.row - last.row).fixed(e.mark[:])
		last = e
	}
	return w
}

func (r *reader) entries() []entry {
	n := r.count(2 + len(mark{}))
	list := make([]entry, 0, n)
	var last entry
	for range n {
		e := entry{position: last.position + int64(r.uint()), row: last.row + r.int()}
		r.fixed(e.mark[:])
		if e.position <= last.position || e.row <= 0 {
			r.failed = true
		}
		list = append(list, e)
		last = e
	}
	return list
}
