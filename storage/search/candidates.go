package search

import (
	"cmp"
	"math"
	"math/bits"
	"slices"

	"sotto/chat"
)

// wanted is a parsed query.
type wanted struct {
	terms        []term
	pieces       []piece
	conversation chat.ConversationID
	author       chat.ContactID
	kind         uint8  // 0: any
	since, until uint64 // keys; until is outside
}

// sources are the lists that one piece of a query selects, those of the base by block.
type sources struct {
	blocks [][][]byte
	fresh  [][]uint32
}

// candidates returns the keys of at most n documents that have all pieces and pass the filters, the greatest first and
// all smaller than before. done says that there are no more. A text must still be matched: lists tell which entries a
// document has, not in which order.
func (x *image) candidates(w wanted, before uint64, n int) (keys []uint64, done bool) {
	x.mu.RLock()
	defer x.mu.RUnlock()
	pass, ok := x.filter(w, min(before, w.until))
	if !ok {
		return nil, true
	}
	blocks := (x.docs.len() + blockSize - 1) >> blockBits
	from := x.collect(w.pieces, blocks)
	older := make([]uint64, blocks) // the greatest key in all blocks before
	for b := 1; b < blocks; b++ {
		older[b] = max(older[b-1], x.most[b-1])
	}
	best := top{most: n}
	for b := blocks - 1; b >= 0; b-- {
		if b < blocks-1 && best.full(older[b+1]) {
			return best.take(), false
		}
		set, some := x.both(from, b)
		if !some {
			continue
		}
		for i := len(set) - 1; i >= 0; i-- {
			for word := set[i]; word != 0; {
				bit := 63 - bits.LeadingZeros64(word)
				word &^= 1 << bit
				doc := uint32(b<<blockBits | i<<6 | bit)
				if int(doc) >= x.docs.len() {
					continue
				}
				if key := x.docs.key(doc); pass(doc, key) {
					best.offer(key)
				}
			}
		}
	}
	return best.take(), !best.spilled
}

// top keeps the greatest keys that it is offered.
type top struct {
	most    int
	keys    []uint64
	floor   uint64 // no key below it is among them
	spilled bool   // there were more
}

func (t *top) offer(key uint64) {
	if key < t.floor {
		t.spilled = true
		return
	}
	t.keys = append(t.keys, key)
	if len(t.keys) >= 2*t.most+64 {
		t.cut()
	}
}

func (t *top) cut() {
	slices.SortFunc(t.keys, func(a, b uint64) int { return cmp.Compare(b, a) })
	if len(t.keys) > t.most {
		t.keys, t.spilled = t.keys[:t.most], true
	}
	if len(t.keys) == t.most {
		t.floor = t.keys[t.most-1]
	}
}

// full reports whether no key up to bound can be among the greatest any more.
func (t *top) full(bound uint64) bool {
	if len(t.keys) < t.most {
		return false
	}
	t.cut()
	return t.floor > bound
}

func (t *top) take() []uint64 {
	t.cut()
	return t.keys
}

// filter returns the test of a document; ok is false when none can pass.
func (x *image) filter(w wanted, before uint64) (pass func(doc uint32, key uint64) bool, ok bool) {
	const any = math.MaxUint32
	inThread, by := uint32(any), uint32(any)
	if !w.conversation.IsZero() {
		i := len(x.docs.threads) - 1 // the last: one that was deleted may have had the same id
		for i >= 0 && x.docs.threads[i].id != w.conversation {
			i--
		}
		if i < 0 {
			return nil, false
		}
		inThread = uint32(i)
	}
	if !w.author.IsZero() {
		a, known := x.docs.authorOf[w.author]
		if !known {
			return nil, false
		}
		by = a
	}
	d := &x.docs
	return func(doc uint32, key uint64) bool {
		k := d.kind[doc]
		return k != 0 && key < before && key >= w.since && (w.kind == 0 || k == w.kind) &&
			(inThread == any || d.thread[doc] == inThread) && (by == any || d.author[doc] == by)
	}, true
}

// collect finds the lists of every piece, those first that select the fewest bytes.
func (x *image) collect(pieces []piece, blocks int) []sources {
	out := make([]sources, len(pieces))
	weights := make(map[int]int, len(pieces))
	for n, p := range pieces {
		s := &out[n]
		s.blocks = make([][][]byte, blocks)
		x.base.holding(p, func(i int) {
			list := x.base.list(i)
			weights[n] += len(list)
			eachBlock(list, func(block uint32, body []byte) {
				if int(block) < blocks {
					s.blocks[block] = append(s.blocks[block], body)
				}
			})
		})
		x.fresh.holding(p, func(list []uint32) { s.fresh = append(s.fresh, list) })
	}
	order := make([]int, len(pieces))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return weights[a] - weights[b] })
	byWeight := make([]sources, 0, len(out))
	for _, i := range order {
		byWeight = append(byWeight, out[i])
	}
	return byWeight
}

type bitmap [blockSize / 64]uint64

// both returns which documents of a block all sources have; some is false when none.
func (x *image) both(from []sources, block int) (set *bitmap, some bool) {
	if len(from) == 0 {
		set = new(bitmap)
		for i := range set {
			set[i] = math.MaxUint64
		}
		return set, true
	}
	freshHere := x.docs.len() > int(x.fresh.from) && block >= int(x.fresh.from>>blockBits)
	for _, s := range from {
		if len(s.blocks[block]) == 0 && (!freshHere || len(s.fresh) == 0) {
			return nil, false
		}
	}
	for i, s := range from {
		one := new(bitmap)
		for _, body := range s.blocks[block] {
			eachDoc(body, func(low uint32) { one[low>>6] |= 1 << (low & 63) })
		}
		if freshHere {
			for _, list := range s.fresh {
				for _, doc := range list {
					if int(doc>>blockBits) == block {
						low := doc & (blockSize - 1)
						one[low>>6] |= 1 << (low & 63)
					}
				}
			}
		}
		if i == 0 {
			set = one
			continue
		}
		for j := range set {
			set[j] &= one[j]
		}
	}
	return set, true
}
