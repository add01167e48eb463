package encode

import (
	"encoding/binary"
	"errors"
	"time"
)

// maxTime is the last second of the year 9999, UTC.
const maxTime = 253402300799

// ErrMalformed says that bytes are not in the expected encoding: truncated, a length out of bounds,
// or something left over. It never says which, since the bytes may be hostile.
var ErrMalformed = errors.New("malformed encoding")

// Reader reads hostile bytes made of length-prefixed and fixed-size fields (docs/PROTOCOL.md
// section 2). The first failure sticks: later reads return zero values and [Reader.Done] reports it.
// It never allocates on the word of a length prefix. Slices it returns alias the input.
type Reader struct {
	rest   []byte
	failed bool
}

// NewReader returns a Reader of b, which it does not copy.
func NewReader(b []byte) *Reader {
	return &Reader{rest: b}
}

// Bytes reads one length-prefixed field of at most limit bytes.
func (r *Reader) Bytes(limit int) []byte {
	size := r.Fixed(4)
	if r.failed {
		return nil
	}
	n := binary.BigEndian.Uint32(size)
	if uint64(n) > uint64(max(limit, 0)) {
		r.fail()
		return nil
	}
	return r.Fixed(int(n))
}

// Exact reads one length-prefixed field of exactly n bytes.
func (r *Reader) Exact(n int) []byte {
	b := r.Bytes(n)
	if len(b) != n {
		r.fail()
		return nil
	}
	return b
}

// Fixed reads n bytes that carry no prefix.
func (r *Reader) Fixed(n int) []byte {
	if r.failed || n < 0 || len(r.rest) < n {
		r.fail()
		return nil
	}
	b := r.rest[:n:n]
	r.rest = r.rest[n:]
	return b
}

// Uint64 reads one length-prefixed field of 8 bytes as a big-endian integer.
func (r *Reader) Uint64() uint64 {
	b := r.Exact(8)
	if r.failed {
		return 0
	}
	return binary.BigEndian.Uint64(b)
}

// Time reads one length-prefixed field of 8 bytes as Unix seconds, at most those of the year 9999, and
// returns the time in UTC.
func (r *Reader) Time() time.Time {
	v := r.Uint64()
	if r.failed || v > maxTime {
		r.fail()
		return time.Time{}
	}
	return time.Unix(int64(v), 0).UTC()
}

// Label reads one length-prefixed field and fails unless it is label.
func (r *Reader) Label(label Label) {
	if string(r.Bytes(len(label))) != string(label) {
		r.fail()
	}
}

// Len returns how many bytes are left; zero after a failure.
func (r *Reader) Len() int {
	return len(r.rest)
}

// Err returns ErrMalformed when a read has failed.
func (r *Reader) Err() error {
	if r.failed {
		return ErrMalformed
	}
	return nil
}

// Done returns ErrMalformed when a read has failed or bytes are left over.
func (r *Reader) Done() error {
	if r.failed || len(r.rest) != 0 {
		return ErrMalformed
	}
	return nil
}

func (r *Reader) fail() {
	r.failed = true
	r.rest = nil
}
