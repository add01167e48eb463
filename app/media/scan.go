package media

import (
	"errors"
	"fmt"
	"io"
	"slices"
)

// ErrStructure: a picture whose structure cannot be followed to its end, so that nothing can be taken out of it safely.
var ErrStructure = errors.New("structure of the picture not understood")

// maxPieces bounds the parts that a stripped picture is made of, and so the memory of a plan (56 bytes each).
const maxPieces = 1 << 14

// scanWindow is how much of a file is in memory while its structure is followed.
const scanWindow = 32 << 10

// scanner follows the structure of a file with one window in memory. The first error stays, and what is read then is zero.
type scanner struct {
	src    io.ReaderAt
	end    int64
	at     int64
	window []byte // bytes of src from start on
	start  int64
	err    error
}

func newScanner(src io.ReaderAt, size int64) *scanner { return &scanner{src: src, end: size} }

// left is how many bytes follow.
func (s *scanner) left() int64 { return s.end - s.at }

// peek returns the next n bytes, at most scanWindow, without taking them; they hold until the next call.
func (s *scanner) peek(n int) []byte {
	if s.err == nil && (n > scanWindow || int64(n) > s.left()) {
		s.fail()
	}
	if s.err != nil {
		return make([]byte, n)
	}
	if s.at < s.start || s.at+int64(n) > s.start+int64(len(s.window)) {
		s.fill()
		if s.err != nil {
			return make([]byte, n)
		}
	}
	from := int(s.at - s.start)
	return s.window[from : from+n]
}

// ahead returns what the window holds from here on, at least one byte unless the file ends or reading failed.
func (s *scanner) ahead() []byte {
	if s.err != nil || s.left() == 0 {
		return nil
	}
	s.peek(1)
	if s.err != nil {
		return nil
	}
	return s.window[s.at-s.start:]
}

func (s *scanner) fill() {
	if cap(s.window) == 0 {
		s.window = make([]byte, min(scanWindow, s.end))
	}
	s.window = s.window[:min(int64(cap(s.window)), s.left())]
	s.start = s.at
	if n, err := s.src.ReadAt(s.window, s.at); n < len(s.window) {
		if err == nil || errors.Is(err, io.EOF) {
			err = ErrChanged // it was longer when it was opened
		}
		s.err = fmt.Errorf("read a picture: %w", err)
	}
}

// skip takes n bytes.
func (s *scanner) skip(n int64) {
	if s.err == nil && (n < 0 || n > s.left()) {
		s.fail()
	}
	if s.err == nil {
		s.at += n
	}
}

// byte takes one.
func (s *scanner) byte() byte {
	b := s.peek(1)[0]
	s.skip(1)
	return b
}

func (s *scanner) fail() {
	if s.err == nil {
		s.err = ErrStructure
	}
}

// piece is a part of what is sent: literal bytes, or n bytes of the file from an offset on.
type piece struct {
	insert []byte
	at, n  int64
}

// plan says what of a file is sent: its pieces in order, and what is left out.
type plan struct {
	pieces  []piece
	size    int64
	removed []string
	width   int // as stored
	height  int
	turn    int // orientation of Exif, 1 to 8; 0: not said
}

// keep adds n bytes of the file.
func (p *plan) keep(at, n int64) {
	if n == 0 {
		return
	}
	p.size += n
	if last := len(p.pieces) - 1; last >= 0 && p.pieces[last].insert == nil && p.pieces[last].at+p.pieces[last].n == at {
		p.pieces[last].n += n
		return
	}
	p.pieces = append(p.pieces, piece{at: at, n: n})
}

// put adds bytes that are not in the file.
func (p *plan) put(b []byte) {
	p.size += int64(len(b))
	p.pieces = append(p.pieces, piece{insert: b, n: int64(len(b))})
}

// drop notes that something of a kind is left out.
func (p *plan) drop(kind string) {
	if !slices.Contains(p.removed, kind) {
		p.removed = append(p.removed, kind)
	}
}

// whole keeps all of a file.
func whole(size int64) plan {
	var p plan
	p.keep(0, size)
	return p
}

// planReader reads what a plan keeps.
type planReader struct {
	src    io.ReaderAt
	pieces []piece
	done   int64 // of the first piece
}

func (r *planReader) Read(b []byte) (int, error) {
	for len(r.pieces) > 0 && r.done == r.pieces[0].n {
		r.pieces, r.done = r.pieces[1:], 0
	}
	if len(r.pieces) == 0 {
		return 0, io.EOF
	}
	p := r.pieces[0]
	if p.insert != nil {
		n := copy(b, p.insert[r.done:])
		r.done += int64(n)
		return n, nil
	}
	n, err := r.src.ReadAt(b[:min(int64(len(b)), p.n-r.done)], p.at+r.done)
	r.done += int64(n)
	if n > 0 {
		return n, nil
	}
	if errors.Is(err, io.EOF) {
		err = ErrChanged
	}
	return 0, err
}
