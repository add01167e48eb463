package handshake_test

import (
	"bytes"
	"errors"
	"testing"

	"sotto/app/apptest/alloc"
	"sotto/crypto/handshake"
)

// FuzzOpenCell reads the state cell that a relay answers with.
func FuzzOpenCell(f *testing.F) {
	seed, box := bytes.Repeat([]byte{7}, 32), [32]byte{3}
	plain := []byte("generation 12")
	f.Add(handshake.SealCell(seed, box, plain))
	f.Add(handshake.SealCell(seed, box, nil))
	f.Add(handshake.SealCell(seed, box, plain)[:40])
	f.Add([]byte{1})
	f.Fuzz(func(t *testing.T, cell []byte) {
		alloc.Check(t, len(cell), func() { _, _ = handshake.OpenCell(seed, box, cell) })
		got, err := handshake.OpenCell(seed, box, cell)
		switch {
		case err != nil && !errors.Is(err, handshake.ErrBundle):
			t.Errorf("error without its sentinel: %v", err)
		case err == nil && len(got) != 0 && !bytes.Equal(got, plain):
			t.Errorf("a cell that nobody sealed holds %x", got)
		}
		again := handshake.SealCell(seed, box, cell)
		if back, err := handshake.OpenCell(seed, box, again); len(cell) < 200 && (err != nil || !bytes.Equal(back, cell)) {
			t.Errorf("%x is read back as %x, %v", cell, back, err)
		}
	})
}
