package sqlite

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"testing"

	"sotto/app/apptest/alloc"
	"sotto/chat"
)

// TestSalvageOfRandomDamage is the same with seeded damage of every size.
func TestSalvageOfRandomDamage(t *testing.T) {
	p, texts, gone := letters(t, 2, 150)
	original := fileBytes(t, p.db)
	for seed := range uint64(24) {
		s, w, err := salvaged(t, profileFrom(t, p, spoil(original, seed)))
		if err != nil {
			if !errors.Is(err, chat.ErrDamaged) {
				t.Errorf("seed %d: %v", seed, err)
			}
			continue
		}
		judge(t, fmt.Sprint("seed ", seed), s, w, texts, gone)
		closeStore(t, s)
	}
}

// spoil changes bytes, runs of bytes and whole pages, and sometimes cuts the file.
func spoil(original []byte, seed uint64) []byte {
	r := rand.New(rand.NewPCG(seed, 5))
	b := bytes.Clone(original)
	for range 1 << r.IntN(8) {
		at := r.IntN(len(b))
		n := 1 << r.IntN(13)
		for i := at; i < min(len(b), at+n); i++ {
			b[i] = byte(r.Uint32())
		}
	}
	if r.IntN(4) == 0 {
		b = b[:r.IntN(len(b))]
	}
	return b
}

// FuzzSalvage damages a small history at places the fuzzer chooses, in the database and in the log.
func FuzzSalvage(f *testing.F) {
	p, texts, gone := letters(f, 1, 60)
	original, sealed := fileBytes(f, p.db), fileBytes(f, p.vault)
	sound := alloc.Bytes(func() {
		if _, _, err := salvaged(f, p); err != nil {
			f.Fatal(err)
		}
	})
	f.Add([]byte{}, []byte{})
	f.Add([]byte{0, 16, 0, 13, 0, 0}, []byte{1, 2, 3})
	f.Add(binary.BigEndian.AppendUint32(nil, 28), bytes.Repeat([]byte{0}, 4200))
	f.Fuzz(func(t *testing.T, changes, log []byte) {
		b := bytes.Clone(original)
		for ; len(changes) >= 4; changes = changes[4:] {
			b[(int(changes[0])<<16|int(changes[1])<<8|int(changes[2]))%len(b)] = changes[3]
		}
		q := newProfile(t)
		err := errors.Join(os.WriteFile(q.db, b, 0o600), os.WriteFile(q.db+"-wal", log, 0o600), os.WriteFile(q.vault, sealed, 0o600))
		if err != nil {
			t.Fatal(err)
		}
		var s *Store
		var w *Wreck
		alloc.CheckBesides(t, len(b)+len(log), 4*sound, func() { s, w, err = salvaged(t, q) })
		if err != nil {
			if !errors.Is(err, chat.ErrDamaged) {
				t.Fatal(err)
			}
			return
		}
		judge(t, "fuzzed", s, w, texts, gone)
	})
}
