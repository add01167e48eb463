package search

import "encoding/binary"

// A list holds in which documents an entry of the index occurs. Documents are numbered in the order in which they were
// indexed; 65,536 of them make a block. A list is a sequence of
//
//	uvarint(block - the one before, or the first itself) || uvarint(length of what follows) || uvarint(number in the
//	block - the one before, or the first itself) ...
//
// so that a search walks the blocks from the newest on and decodes only those it needs.
const (
	blockBits = 16
	blockSize = 1 << blockBits
)

// eachBlock calls f with every block of a list. The bytes come from our own encoder, through an authenticated file.
func eachBlock(list []byte, f func(block uint32, body []byte)) {
	block := uint32(0)
	for len(list) > 0 {
		step, n := binary.Uvarint(list)
		if n <= 0 {
			return
		}
		size, m := binary.Uvarint(list[n:])
		if m <= 0 || size > uint64(len(list)-n-m) {
			return
		}
		block += uint32(step)
		list = list[n+m:]
		f(block, list[:size])
		list = list[size:]
	}
}

// eachDoc calls f with every number in the body of a block.
func eachDoc(body []byte, f func(low uint32)) {
	low := uint32(0)
	for i := 0; i < len(body); {
		b := body[i]
		i++
		step := uint32(b & 0x7f)
		for shift := 7; b >= 0x80 && i < len(body); shift += 7 {
			b = body[i]
			i++
			step |= uint32(b&0x7f) << shift
		}
		low += step
		if low >= blockSize {
			return
		}
		f(low)
	}
}

// appendDocs appends ascending documents to a list whose last block is before theirs, which began with block last; 0 for
// an empty list.
func appendDocs(list []byte, last uint32, docs []uint32) []byte {
	var body [5]byte
	scratch := make([]byte, 0, 64)
	for len(docs) > 0 {
		block := docs[0] >> blockBits
		scratch = scratch[:0]
		low := uint32(0)
		i := 0
		for ; i < len(docs) && docs[i]>>blockBits == block; i++ {
			l := docs[i] & (blockSize - 1)
			scratch = append(scratch, body[:binary.PutUvarint(body[:], uint64(l-low))]...)
			low = l
		}
		list = binary.AppendUvarint(list, uint64(block-last))
		list = binary.AppendUvarint(list, uint64(len(scratch)))
		list = append(list, scratch...)
		last, docs = block, docs[i:]
	}
	return list
}

// joined appends to dst the list and the ascending documents behind it.
func joined(dst, list []byte, docs []uint32) []byte {
	var last, lastStep uint32
	var tail []byte
	eachBlock(list, func(block uint32, body []byte) { lastStep, last, tail = block-last, block, body })
	if docs[0]>>blockBits != last || tail == nil {
		return appendDocs(append(dst, list...), last, docs)
	}
	var whole []uint32
	eachDoc(tail, func(low uint32) { whole = append(whole, last<<blockBits|low) })
	head := len(list) - len(tail) - size(uint64(len(tail))) - size(uint64(lastStep))
	return appendDocs(append(dst, list[:head]...), last-lastStep, append(whole, docs...))
}

// size is how long the uvarint of v is.
func size(v uint64) int {
	n := 1
	for ; v >= 0x80; v >>= 7 {
		n++
	}
	return n
}
