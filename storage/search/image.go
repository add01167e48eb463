package search

import (
	"slices"
	"sync"

	"sotto/chat"
	"sotto/storage/sqlite"
)

// mergeAfter is how many documents the fresh part holds before it is merged into the base.
const mergeAfter = 1 << 15

// image is the index in memory. One goroutine changes it; any number search it.
type image struct {
	mu    sync.RWMutex
	docs  docs
	base  *base
	fresh *fresh
	most  []uint64 // for each block, the greatest key in it
	mark  sqlite.Mark
}

func newImage() *image { return &image{docs: newDocs(), base: newBase(), fresh: newFresh(0)} }

// entry is a row of the history with its entries, ready to be taken in.
type entry struct {
	row   sqlite.Row
	words []byte // of text and file name, each with a zero byte behind it
}

// prepare folds a row. It needs no lock.
func (f *folder) prepare(row sqlite.Row) entry {
	e := entry{row: row}
	if row.Gone || !findable(row.Message) || row.ID > maxRow {
		e.row.Gone = true
		return e
	}
	f.trace = false
	for _, text := range []string{row.Message.Text, row.Message.File.Name} {
		f.fold(text)
		words(f.text, func(w []byte) { e.words = append(append(e.words, w...), 0) })
	}
	return e
}

// maxRow bounds the rows that are indexed; a history would have to have held four thousand million messages.
const maxRow = 1<<32 - 1

// findable reports whether a message is among those that are found.
func findable(m chat.Message) bool { return !m.Deleted && kindOf(m.Kind) != 0 }

// take applies rows in their order, up to the mark. Rows that are known are replaced.
func (x *image) take(entries []entry, mark sqlite.Mark) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.forget(entries)
	for _, e := range entries {
		if e.row.Gone {
			continue
		}
		doc := x.docs.add(uint32(e.row.ID), e.row.Thread, e.row.Message)
		for list := e.words; len(list) > 0; {
			i := slices.Index(list, 0)
			x.fresh.add(list[:i], doc)
			list = list[i+1:]
		}
		if b := int(doc >> blockBits); b == len(x.most) {
			x.most = append(x.most, x.docs.key(doc))
		} else {
			x.most[b] = max(x.most[b], x.docs.key(doc))
		}
	}
	x.mark = mark
}

// forget kills the documents of rows and conversations that are gone or come anew.
func (x *image) forget(entries []entry) {
	rows, threads := map[uint32]bool{}, map[uint32]bool{}
	for _, e := range entries {
		switch {
		case e.row.ID == 0:
			if t, ok := x.docs.threadOf[e.row.Thread]; ok {
				threads[t] = true
			}
		case e.row.ID <= x.mark.Row && e.row.ID <= maxRow:
			rows[uint32(e.row.ID)] = true
		}
	}
	if len(rows)+len(threads) == 0 {
		return
	}
	for i := range x.docs.rows {
		if rows[x.docs.rows[i]] || threads[x.docs.thread[i]] {
			x.docs.kill(uint32(i))
		}
	}
}

// full reports whether the fresh part should be merged.
func (x *image) full() bool { return x.docs.len()-int(x.fresh.from) >= mergeAfter }

// settle merges the fresh part into the base, and with purge takes dead documents and their words out. Searches go on
// meanwhile. Only the goroutine that changes the image calls it.
func (x *image) settle(purge bool) {
	count := uint32(x.docs.len())
	merged := x.base
	if count > x.fresh.from {
		merged = x.base.merged(x.fresh, count)
	}
	old, oldFresh := x.base, x.fresh
	if !purge || x.docs.dead == 0 {
		x.mu.Lock()
		x.base, x.fresh = merged, newFresh(count)
		x.mu.Unlock()
		if old != merged {
			old.zero()
		}
		oldFresh.zero()
		return
	}
	live, numbers := x.docs.renumbered()
	purged := merged.without(uint32(live.len()), numbers)
	most := make([]uint64, 0, len(x.most))
	for doc := range uint32(live.len()) {
		if doc%blockSize == 0 {
			most = append(most, 0)
		}
		most[doc/blockSize] = max(most[doc/blockSize], live.key(doc))
	}
	x.mu.Lock()
	was := x.docs
	x.docs, x.base, x.fresh, x.most = live, purged, newFresh(uint32(live.len())), most
	x.mu.Unlock()
	was.zero()
	old.zero()
	merged.zero()
	oldFresh.zero()
}

// zero clears what the image holds; nothing is found any more.
func (x *image) zero() {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.docs.zero()
	x.base.zero()
	x.fresh.zero()
	clear(x.most)
	x.docs, x.base, x.fresh, x.most, x.mark = newDocs(), newBase(), newFresh(0), nil, sqlite.Mark{}
}

// size is about how many bytes the image takes.
func (x *image) size() int {
	x.mu.RLock()
	defer x.mu.RUnlock()
	fresh := 0
	for w, list := range x.fresh.lists {
		fresh += 64 + len(w) + 4*cap(list)
	}
	return x.docs.size() + x.base.size() + fresh
}
