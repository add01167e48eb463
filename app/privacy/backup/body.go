package backup

import (
	"errors"
	"fmt"
	"hash"
	"io"
)

// body reads the bytes of one file out of the stream.
type body struct {
	d    *decoder
	left int64
	sum  hash.Hash
	want [32]byte
}

// Read is that of io.Reader.
func (b *body) Read(p []byte) (int, error) {
	if b.left == 0 {
		return 0, io.EOF
	}
	if err := b.d.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := b.d.in.Read(p[:min(int64(len(p)), b.left)])
	b.left -= int64(n)
	b.sum.Write(p[:n])
	b.d.hash.Write(p[:n])
	b.d.passed += int64(n)
	b.d.progress(progressPieces)
	switch {
	case n > 0 || err == nil:
		return n, nil // what went wrong comes again
	case errors.Is(err, io.EOF):
		return 0, fmt.Errorf("%w: cut off", ErrDamaged)
	}
	return 0, fmt.Errorf("%w: not authentic", ErrDamaged)
}

// whole reports whether the bytes, read to their end, are those that the attachment names. The stream is authentic or it is
// not; bytes that were damaged before they came into it show here.
func (b *body) whole() bool { return b.left == 0 && [32]byte(b.sum.Sum(nil)) == b.want }

// ended reads what of a file nobody took, and the newline after it.
func (d *decoder) ended(b *body) error {
	if _, err := io.Copy(io.Discard, b); err != nil {
		return err
	}
	if !b.whole() {
		d.damaged++
	}
	end, err := d.in.ReadByte()
	if err != nil {
		return fmt.Errorf("%w: cut off", ErrDamaged)
	}
	if end != '\n' {
		return malformed("end of a file")
	}
	d.hash.Write([]byte{end})
	return nil
}
