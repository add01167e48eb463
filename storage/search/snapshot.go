package search

import (
	"encoding/binary"
	"errors"

	"sotto/chat"
	"sotto/crypto/vault"
	"sotto/storage/sqlite"
)

// The snapshot in the form that docs/STORAGE.md section 7.1 fixes. A chunk of plaintext is so long that its sealed row
// needs no padding of its own.
const (
	fileMagic = "sotto-search\n\x02" // the last byte is the version: with the first, names of files were in no entry
	fileName  = "search.sealed"
	chunkSize = 1<<20 - 4
	mostFile  = 1 << 31 // bytes; what is larger is not ours
)

var errSnapshot = errors.New("search: not a snapshot of this history")

// encode returns the settled image, padded so that its length says little: Padmé of the whole.
func (x *image) encode() []byte {
	d, b := &x.docs, x.base
	n := 4 + 16 + 4 + 40*len(d.threads) + 4 + 32*len(d.authors) + 17*d.len() + 12 + len(b.words) + len(b.lists) + 4*b.len()
	out := make([]byte, 0, padded(n))
	u32 := func(v uint32) { out = binary.BigEndian.AppendUint32(out, v) }
	u64 := func(v int64) { out = binary.BigEndian.AppendUint64(out, uint64(v)) }
	u64(x.mark.Row)
	u64(x.mark.Change)
	u32(uint32(len(d.threads)))
	for _, t := range d.threads {
		u64(t.row)
		out = append(out, t.id[:]...)
	}
	u32(uint32(len(d.authors)))
	for _, a := range d.authors {
		out = append(out, a[:]...)
	}
	u32(uint32(d.len()))
	for _, column := range [][]uint32{d.rows, d.when, d.thread, d.author} {
		for _, v := range column {
			u32(v)
		}
	}
	out = append(out, d.kind...)
	u32(uint32(len(b.words)))
	out = append(out, b.words...)
	u32(uint32(b.len()))
	for _, end := range b.ends {
		u32(end)
	}
	u32(uint32(len(b.lists)))
	out = append(out, b.lists...)
	return out[:cap(out)]
}

// padded is the length of Padmé for n: the same for about 16 sizes of each doubling.
func padded(n int) int {
	if n < 2 {
		return n
	}
	e := bitLen(n) - 1
	low := 1<<(e-bitLen(e)) - 1
	return (n + low) &^ low
}

func bitLen(n int) (l int) {
	for ; n > 0; n >>= 1 {
		l++
	}
	return l
}

// decode reads what encode wrote. It returns errSnapshot for anything else, and never takes more memory than a small
// multiple of what it is given.
func decode(plain []byte) (*image, error) {
	r := &reader{b: plain}
	x := newImage()
	x.mark = sqlite.Mark{Row: int64(r.u64()), Change: int64(r.u64())}
	for range r.count(40) {
		t := thread{row: int64(r.u64())}
		copy(t.id[:], r.take(32))
		x.docs.threadOf[t.row] = uint32(len(x.docs.threads))
		x.docs.threads = append(x.docs.threads, t)
	}
	for range r.count(32) {
		var a chat.ContactID
		copy(a[:], r.take(32))
		x.docs.authorOf[a] = uint32(len(x.docs.authors))
		x.docs.authors = append(x.docs.authors, a)
	}
	n := r.count(17)
	for _, column := range []*[]uint32{&x.docs.rows, &x.docs.when, &x.docs.thread, &x.docs.author} {
		*column = r.column(n)
	}
	x.docs.kind = append(make([]uint8, 0, n+n/8), r.take(n)...)
	words := r.take(r.count(1))
	ends := r.column(r.count(4))
	lists := r.take(r.count(1))
	if r.failed || x.mark.Row < 0 || x.mark.Change < 0 || len(x.docs.threadOf) != len(x.docs.threads) ||
		len(x.docs.authorOf) != len(x.docs.authors) || !x.docs.sound() {
		return nil, errSnapshot
	}
	x.base = &base{docs: uint32(n), words: append([]byte(nil), words...), lists: append([]byte(nil), lists...), ends: ends}
	if !x.base.index() {
		return nil, errSnapshot
	}
	x.fresh = newFresh(uint32(n))
	for doc := range uint32(n) {
		if doc%blockSize == 0 {
			x.most = append(x.most, 0)
		}
		x.most[doc/blockSize] = max(x.most[doc/blockSize], x.docs.key(doc))
	}
	return x, nil
}

// sound reports whether every document points into the tables.
func (d *docs) sound() bool {
	for i := range d.rows {
		if int(d.thread[i]) >= len(d.threads) || int(d.author[i]) >= len(d.authors) || d.kind[i] == 0 || int(d.kind[i]) >= len(kinds) {
			return false
		}
	}
	return true
}

// index finds the entries in the text of a base; false when text and lists do not belong together.
func (b *base) index() bool {
	b.starts = make([]uint32, 0, len(b.ends)+1)
	for i, c := range b.words {
		if c == 0 {
			b.starts = append(b.starts, uint32(i))
		}
	}
	if len(b.starts) != len(b.ends)+1 || b.starts[0] != 0 || int(b.starts[len(b.ends)]) != len(b.words)-1 {
		return false
	}
	last := uint32(0)
	for _, end := range b.ends {
		if end < last || int(end) > len(b.lists) {
			return false
		}
		last = end
	}
	return int(last) == len(b.lists)
}

// reader reads a snapshot; the first failure sticks.
type reader struct {
	b      []byte
	failed bool
}

func (r *reader) take(n int) []byte {
	if r.failed || n < 0 || n > len(r.b) {
		r.failed = true
		return nil
	}
	out := r.b[:n]
	r.b = r.b[n:]
	return out
}

func (r *reader) u64() uint64 {
	if b := r.take(8); b != nil {
		return binary.BigEndian.Uint64(b)
	}
	return 0
}

// count reads how many elements follow, each of at least size bytes.
func (r *reader) count(size int) int {
	b := r.take(4)
	if b == nil {
		return 0
	}
	n := binary.BigEndian.Uint32(b)
	if uint64(n)*uint64(size) > uint64(len(r.b)) {
		r.failed = true
		return 0
	}
	return int(n)
}

func (r *reader) column(n int) []uint32 {
	b := r.take(4 * n)
	if b == nil {
		return nil
	}
	out := make([]uint32, n, n+n/8)
	for i := range out {
		out[i] = binary.BigEndian.Uint32(b[4*i:])
	}
	return out
}

// seal returns the file: magic, version, then the chunks, each bound to its place and to how many there are.
func seal(plain []byte, key vault.RowKey, write func([]byte) error) error {
	chunks := (len(plain) + chunkSize - 1) / chunkSize
	if err := write(binary.BigEndian.AppendUint32([]byte(fileMagic), uint32(chunks))); err != nil {
		return err
	}
	for i := range chunks {
		part := plain[i*chunkSize : min(len(plain), (i+1)*chunkSize)]
		sealed := key.Seal(chunkData(i, chunks), part)
		if err := write(binary.BigEndian.AppendUint32(nil, uint32(len(sealed)))); err != nil {
			return err
		}
		if err := write(sealed); err != nil {
			return err
		}
	}
	return nil
}

func chunkData(i, chunks int) []byte {
	return vault.RowData(fileName, int64(i), 0, binary.BigEndian.AppendUint64(nil, uint64(chunks)))
}

// unseal returns the plaintext of a file, errSnapshot when it is not whole or not sealed under this key.
func unseal(file []byte, key vault.RowKey) ([]byte, error) {
	r := &reader{b: file}
	if string(r.take(len(fileMagic))) != fileMagic {
		return nil, errSnapshot
	}
	chunks := r.count(4)
	var plain []byte
	for i := range chunks {
		part, err := key.Open(chunkData(i, chunks), r.take(r.count(1)))
		if r.failed || err != nil {
			clear(plain)
			return nil, errSnapshot
		}
		if plain == nil {
			plain = make([]byte, 0, min(chunks*chunkSize, len(file)))
		}
		plain = append(plain, part...)
		clear(part)
	}
	if r.failed || len(r.b) > 0 {
		clear(plain)
		return nil, errSnapshot
	}
	return plain, nil
}
