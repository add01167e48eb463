package handshake_test

import (
	"bytes"
	"errors"
	"testing"

	"sotto/crypto/handshake"
)

func TestI11CellsOpenOnlyForTheirOwnerAndMailbox(t *testing.T) {
	seed, other := bytes.Repeat([]byte{1}, 32), bytes.Repeat([]byte{2}, 32)
	box, plain := [32]byte{3}, []byte("generation")
	cell := handshake.SealCell(seed, box, plain)
	if got, err := handshake.OpenCell(seed, box, cell); err != nil || !bytes.Equal(got, plain) {
		t.Fatalf("opened %q, %v", got, err)
	}
	if again := handshake.SealCell(seed, box, plain); bytes.Equal(again, cell) {
		t.Error("two cells are equal")
	}
	altered := bytes.Clone(cell)
	altered[len(altered)-1] ^= 1
	for name, open := range map[string]func() ([]byte, error){
		"another owner":   func() ([]byte, error) { return handshake.OpenCell(other, box, cell) },
		"another mailbox": func() ([]byte, error) { return handshake.OpenCell(seed, [32]byte{4}, cell) },
		"altered":         func() ([]byte, error) { return handshake.OpenCell(seed, box, altered) },
		"empty":           func() ([]byte, error) { return handshake.OpenCell(seed, box, nil) },
		"too long":        func() ([]byte, error) { return handshake.OpenCell(seed, box, make([]byte, 300)) },
	} {
		if got, err := open(); !errors.Is(err, handshake.ErrBundle) || got != nil {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
}
