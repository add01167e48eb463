package media

import "io"

// lateReader reads a JPEG for which there is no room to be converted. A decoder believes Adobe's transform wherever it
// stands, also behind the pixels, which the header does not see: whatever could be its marker there is [ErrBudget].
type lateReader struct {
	src    io.Reader
	from   int64 // where the first scan begins
	at     int64
	marker bool // the last byte was 0xff
}

func (r *lateReader) Read(b []byte) (int, error) {
	n, err := r.src.Read(b)
	for _, c := range b[min(int64(n), max(0, r.from-r.at)):n] {
		if r.marker && c == jpegAPP0+14 {
			return 0, ErrBudget
		}
		r.marker = c == 0xff
	}
	r.at += int64(n)
	return n, err
}
