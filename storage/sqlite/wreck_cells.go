package sqlite

import (
	"encoding/binary"
	"slices"
)

// cell is a row as it lies in a leaf of a table: its row id and a record (https://sqlite.org/fileformat2.html, sections
// 1.6 and 2).
type cell struct {
	row   int64
	shape string // one letter for each column: n nothing, i integer, b bytes, x another
	types []uint64
	local []byte // what of the record lies in the page
	size  int    // of the whole record
	head  int    // of the record's header
	next  uint32 // page where it goes on; 0: it does not
}

// The kinds of pages.
const (
	indexInterior = 2
	tableInterior = 5
	indexLeaf     = 10
	tableLeaf     = 13
)

// fileMagic begins every database file.
const fileMagic = "SQLite format 3\x00"

// cells calls f with every row of a page. What does not lie where the page says is searched for byte by byte: each row
// proves itself later, so nothing wrong is taken for one. It reports whether the page was a sound leaf or another page in
// use.
func (im *image) cells(n uint32, page []byte, f func(cell)) (sound bool) {
	at := 0
	if n == 1 {
		at = 100
	}
	switch page[at] {
	case tableLeaf:
		count := int(binary.BigEndian.Uint16(page[at+3:]))
		if sound = at+8+2*count <= len(page); sound {
			taken := map[int]bool{}
			for i := range count {
				place := int(binary.BigEndian.Uint16(page[at+8+2*i:]))
				c, ok := im.cell(page, place)
				if !ok || taken[place] {
					sound = false
					continue
				}
				taken[place] = true
				f(c)
			}
			if sound {
				return n != 1 || string(page[:len(fileMagic)]) == fileMagic
			}
		}
	case indexInterior, tableInterior, indexLeaf:
		sound = true
	case 0: // free, or a record that goes on there
		sound = n != 1
	}
	for place := range len(page) - 8 {
		if c, ok := im.cell(page, place); ok && shapes[c.shape] {
			f(c)
		}
	}
	return sound
}

// shapes are those of rows with a sealed body.
var shapes = map[string]bool{
	"nb": true, "nibb": true, "niib": true, "niibb": true, "nibbb": true, "niiib": true,
	"niiiinib": true, "niiiibib": true, "nib": true,
	"nnnb": true, "nbnb": true, "nnbb": true, "nbbb": true,
}

// maxRecord bounds what one row may claim, in bytes; a sealed row is at most 64 MiB.
const maxRecord = 65 << 20

func (im *image) cell(page []byte, place int) (c cell, ok bool) {
	if place < 8 || place >= len(page) {
		return c, false
	}
	b := page[place:]
	size, n := recordInt(b)
	if n == 0 || size < 2 || size > min(maxRecord, uint64(im.pages)*wreckPage) {
		return c, false
	}
	row, m := recordInt(b[n:])
	if m == 0 || int64(row) <= 0 {
		return c, false
	}
	b = b[n+m:]
	local, spills := localSize(int(size))
	if len(b) < local || spills && len(b) < local+4 {
		return c, false
	}
	c = cell{row: int64(row), local: b[:local], size: int(size)}
	if spills {
		c.next = binary.BigEndian.Uint32(b[local:])
		if c.next == 0 || c.next > im.pages {
			c.next = 0 // the row is there and cannot be read
		}
	}
	return c, c.readHeader()
}

func localSize(size int) (local int, spills bool) {
	const most, least = wreckPage - 35, (wreckPage-12)*32/255 - 23
	if size <= most {
		return size, false
	}
	if k := least + (size-least)%(wreckPage-4); k <= most {
		return k, true
	}
	return least, true
}

// readHeader reads the types of the columns, which must account for the whole record.
func (c *cell) readHeader() bool {
	head, n := recordInt(c.local)
	if n == 0 || int(head) < max(2, n) || head > 32 || int(head) > len(c.local) {
		return false
	}
	c.head = int(head)
	sum := head
	var shape [32]byte
	for b := c.local[n:head]; len(b) > 0; {
		t, n := recordInt(b)
		if n == 0 {
			return false
		}
		b = b[n:]
		length, kind := columnSize(t)
		sum += length
		shape[len(c.types)] = kind
		c.types = append(c.types, t)
	}
	c.shape = string(shape[:len(c.types)])
	return sum == uint64(c.size)
}

func columnSize(t uint64) (size uint64, kind byte) {
	switch {
	case t == 0:
		return 0, 'n'
	case t <= 4:
		return t, 'i'
	case t == 5:
		return 6, 'i'
	case t == 6:
		return 8, 'i'
	case t == 8 || t == 9:
		return 0, 'i'
	case t >= 12 && t%2 == 0 && t < 2*maxRecord:
		return (t - 12) / 2, 'b'
	case t >= 13 && t < 2*maxRecord:
		return (t - 13) / 2, 'x'
	}
	return maxRecord, 'x'
}

// values reads the columns, with what of them lies in further pages; false when those cannot be read.
func (im *image) values(c cell) ([]value, bool) {
	b := slices.Clone(c.local) // grows with what is really there, not with what is claimed
	page := make([]byte, wreckPage)
	for next := c.next; len(b) < c.size; next = binary.BigEndian.Uint32(page) {
		if next == 0 || !im.page(next, page) {
			return nil, false
		}
		b = append(b, page[4:min(wreckPage, 4+c.size-len(b))]...)
	}
	b = b[c.head:]
	out := make([]value, len(c.types))
	for i, t := range c.types {
		n, kind := columnSize(t)
		switch {
		case kind == 'b':
			out[i] = b[:n:n]
		case t == 8 || t == 9:
			out[i] = int64(t - 8)
		case kind == 'i':
			v := int64(int8(b[0]))
			for _, x := range b[1:n] {
				v = v<<8 | int64(x)
			}
			out[i] = v
		}
		b = b[n:]
	}
	return out, true
}

// recordInt reads an integer of variable length: at most nine bytes, seven bits in each of the first eight. It returns
// its length, 0 where there is none.
func recordInt(b []byte) (v uint64, n int) {
	for i := range min(9, len(b)) {
		if i == 8 {
			return v<<8 | uint64(b[8]), 9
		}
		v = v<<7 | uint64(b[i]&0x7f)
		if b[i] < 0x80 {
			return v, i + 1
		}
	}
	return 0, 0
}
