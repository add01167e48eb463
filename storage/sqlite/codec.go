package sqlite

import (
	"encoding/binary"
	"time"
)

// writer builds the plaintext of a row: a version byte, then its fields in the order of the layout. Integers are
// varints, bytes are length-prefixed, times are seconds and nanoseconds (docs/STORAGE.md section 4.3).
type writer struct{ b []byte }

func layout(version byte) *writer { return layoutOf(256, version) }

// layoutOf is layout for a plaintext of about so many bytes.
func layoutOf(size int, version byte) *writer { return &writer{append(make([]byte, 0, size), version)} }

func (w *writer) uint(v uint64) *writer { w.b = binary.AppendUvarint(w.b, v); return w }
func (w *writer) int(v int64) *writer   { w.b = binary.AppendVarint(w.b, v); return w }
func (w *writer) fixed(v []byte) *writer {
	w.b = append(w.b, v...)
	return w
}

func (w *writer) bytes(v []byte) *writer {
	w.uint(uint64(len(v)))
	w.b = append(w.b, v...)
	return w
}

func (w *writer) text(v string) *writer {
	w.uint(uint64(len(v)))
	w.b = append(w.b, v...)
	return w
}

func (w *writer) bool(v bool) *writer {
	if v {
		return w.uint(1)
	}
	return w.uint(0)
}

func (w *writer) time(t time.Time) *writer {
	if t.IsZero() {
		return w.bool(false)
	}
	return w.bool(true).int(t.Unix()).uint(uint64(t.Nanosecond()))
}

// reader reads what writer wrote. The bytes were authenticated, so a failure means damage or a bug; it still never
// allocates more than it was given and never panics. The first failure sticks.
type reader struct {
	b      []byte
	failed bool
}

// read starts at the fields of a body; another version than the wanted one fails.
func read(b []byte, version byte) *reader {
	if len(b) == 0 || b[0] != version {
		return &reader{failed: true}
	}
	return &reader{b: b[1:]}
}

func (r *reader) uint() uint64 {
	v, n := binary.Uvarint(r.b)
	if r.failed || n <= 0 {
		r.failed, r.b = true, nil
		return 0
	}
	r.b = r.b[n:]
	return v
}

func (r *reader) int() int64 {
	v, n := binary.Varint(r.b)
	if r.failed || n <= 0 {
		r.failed, r.b = true, nil
		return 0
	}
	r.b = r.b[n:]
	return v
}

func (r *reader) take(n uint64) []byte {
	if r.failed || n > uint64(len(r.b)) {
		r.failed, r.b = true, nil
		return nil
	}
	out := r.b[:n:n]
	r.b = r.b[n:]
	return out
}

// fixed fills dst.
func (r *reader) fixed(dst []byte) { copy(dst, r.take(uint64(len(dst)))) }

// bytes returns a copy, nil when empty.
func (r *reader) bytes() []byte { return append([]byte(nil), r.take(r.uint())...) }

func (r *reader) text() string { return string(r.take(r.uint())) }

func (r *reader) bool() bool {
	v := r.uint()
	if v > 1 {
		r.failed = true
	}
	return v == 1
}

func (r *reader) time() time.Time {
	if !r.bool() {
		return time.Time{}
	}
	sec, nsec := r.int(), r.uint()
	if r.failed || nsec >= 1e9 {
		r.failed = true
		return time.Time{}
	}
	return time.Unix(sec, int64(nsec)).UTC()
}

// count reads the length of a list whose elements take at least size bytes each.
func (r *reader) count(size int) int {
	n := r.uint()
	if n > uint64(len(r.b)/size) {
		r.failed, r.b = true, nil
		return 0
	}
	return int(n)
}

// done reports whether everything was read and nothing is left.
func (r *reader) done() bool { return !r.failed && len(r.b) == 0 }
