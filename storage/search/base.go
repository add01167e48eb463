package search

import (
	"bytes"
	"slices"
	"sort"
	"strings"
)

// base is the settled part of the index; it does not change. Its entries stand sorted in one piece of text, each behind
// a zero byte, so that finding all that hold some letters is one pass over it.
type base struct {
	docs   uint32   // documents below this number are in it
	words  []byte   // 0 entry 0 entry ... 0
	starts []uint32 // where in words the zero before each entry stands, and the last one
	lists  []byte
	ends   []uint32 // where in lists the list of each entry ends
}

func newBase() *base { return &base{words: []byte{0}, starts: []uint32{0}} }

func (b *base) len() int { return len(b.ends) }

func (b *base) word(i int) []byte { return b.words[b.starts[i]+1 : b.starts[i+1]] }

func (b *base) list(i int) []byte {
	from := uint32(0)
	if i > 0 {
		from = b.ends[i-1]
	}
	return b.lists[from:b.ends[i]]
}

// holding calls f with every entry that holds the piece.
func (b *base) holding(p piece, f func(i int)) {
	needle := []byte(p.text)
	if p.begin {
		needle = append([]byte{0}, needle...)
	}
	for at := 0; ; {
		i := bytes.Index(b.words[at:], needle)
		if i < 0 {
			return
		}
		at += i
		n := sort.Search(b.len(), func(n int) bool { return int(b.starts[n+1]) > at })
		if n == b.len() {
			return
		}
		f(n)
		at = int(b.starts[n+1])
	}
}

// add appends an entry; entries come in ascending order.
func (b *base) add(word []byte, list func(dst []byte) []byte) {
	b.words = append(append(b.words, word...), 0)
	b.starts = append(b.starts, uint32(len(b.words)-1))
	b.lists = list(b.lists)
	b.ends = append(b.ends, uint32(len(b.lists)))
}

// merged returns a base with the documents of f too. b and f stay as they are.
func (b *base) merged(f *fresh, docs uint32) *base {
	added := make([]string, 0, len(f.lists))
	for w := range f.lists {
		added = append(added, w)
	}
	slices.Sort(added)
	out := &base{
		docs:   docs,
		words:  append(make([]byte, 0, len(b.words)+8*len(added)), 0),
		starts: append(make([]uint32, 0, len(b.starts)+len(added)), 0),
		lists:  make([]byte, 0, len(b.lists)+f.size),
		ends:   make([]uint32, 0, len(b.ends)+len(added)),
	}
	i := 0
	keep := func() {
		out.add(b.word(i), func(dst []byte) []byte { return append(dst, b.list(i)...) })
		i++
	}
	for _, w := range added {
		for i < b.len() && string(b.word(i)) < w {
			keep()
		}
		docs := f.lists[w]
		if i < b.len() && string(b.word(i)) == w {
			out.add([]byte(w), func(dst []byte) []byte { return joined(dst, b.list(i), docs) })
			i++
			continue
		}
		out.add([]byte(w), func(dst []byte) []byte { return appendDocs(dst, 0, docs) })
	}
	for i < b.len() {
		keep()
	}
	return out
}

// without returns a base in which documents have the numbers that renumber gives them, ascending like the old ones;
// those for which it answers gone are not in it, nor are entries that only they had.
func (b *base) without(docs uint32, renumber []uint32) *base {
	out := &base{
		docs: docs, words: append(make([]byte, 0, len(b.words)), 0), starts: append(make([]uint32, 0, len(b.starts)), 0),
		lists: make([]byte, 0, len(b.lists)), ends: make([]uint32, 0, len(b.ends)),
	}
	var kept []uint32
	for i := range b.len() {
		kept = kept[:0]
		eachBlock(b.list(i), func(block uint32, body []byte) {
			eachDoc(body, func(low uint32) {
				if doc := block<<blockBits | low; int(doc) < len(renumber) && renumber[doc] != gone {
					kept = append(kept, renumber[doc])
				}
			})
		})
		if len(kept) > 0 {
			out.add(b.word(i), func(dst []byte) []byte { return appendDocs(dst, 0, kept) })
		}
	}
	return out
}

const gone = ^uint32(0)

// size is how many bytes the base takes.
func (b *base) size() int {
	return cap(b.words) + cap(b.lists) + 4*cap(b.starts) + 4*cap(b.ends)
}

func (b *base) zero() {
	clear(b.words[:cap(b.words)])
	clear(b.lists[:cap(b.lists)])
	clear(b.starts)
	clear(b.ends)
}

// fresh is what was indexed since the base: small, and easy to add to. The keys of its map cannot be zeroed; they are
// let go.
type fresh struct {
	from  uint32 // first document
	lists map[string][]uint32
	size  int // about how many bytes its lists will take
}

func newFresh(from uint32) *fresh { return &fresh{from: from, lists: map[string][]uint32{}} }

func (f *fresh) add(word []byte, doc uint32) {
	list, ok := f.lists[string(word)]
	if ok && list[len(list)-1] == doc {
		return
	}
	f.lists[string(word)] = append(list, doc)
	f.size += 3
}

func (f *fresh) holding(p piece, call func([]uint32)) {
	for w, list := range f.lists {
		at := strings.Index(w, p.text)
		if at == 0 || at > 0 && !p.begin {
			call(list)
		}
	}
}

func (f *fresh) zero() {
	for _, list := range f.lists {
		clear(list)
	}
	clear(f.lists)
}
