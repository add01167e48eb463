package vault

import (
	"errors"
	"testing"
	"time"

	"sotto/app/apptest/alloc"
)

func TestVaultDamagedOutsideOfASlotStillOpensForReading(t *testing.T) {
	limits := Limits{MinMemory: 64, MaxMemory: 1 << 20, MinTime: 1, MaxTime: 16}
	cost := Params{Memory: 64, Time: 1, Threads: 1}
	code := NewRecoveryCode()
	v, err := New(time.Unix(1, 0), limits, Credential{Secret: Passphrase("one"), Params: cost}, Credential{Secret: Recovery(code)})
	if err != nil {
		t.Fatal(err)
	}
	file := v.Bytes()
	wrapped := v.Wrap(7, v.Epoch(), []byte("record"))
	opened := 0
	for at := range file {
		bad := append([]byte(nil), file...)
		bad[at] ^= 0x10
		if _, err := Open(bad, limits, Recovery(code)); err == nil {
			t.Fatalf("byte %d: an altered vault opens", at)
		}
		got, err := OpenDamaged(bad, limits, Recovery(code))
		if err != nil {
			if !errors.Is(err, ErrDamaged) && !errors.Is(err, ErrWrongSecret) && !errors.Is(err, ErrParams) {
				t.Errorf("byte %d: %v", at, err)
			}
			continue
		}
		record, err := got.Unwrap(7, got.Epoch(), wrapped)
		if err != nil && got.Epoch() == v.Epoch() || err == nil && string(record) != "record" {
			t.Errorf("byte %d: it opens and unwraps %q, %v", at, record, err)
		}
		opened++
	}
	if opened < len(file)/2 {
		t.Errorf("%d of %d single changes can be read past", opened, len(file))
	}
	for _, cut := range []int{0, 10, 64, len(file) / 2, len(file) - 1} {
		if _, err := OpenDamaged(file[:cut], limits, Recovery(code)); err == nil {
			t.Errorf("a vault of %d bytes opens", cut)
		}
	}
	if _, err := OpenDamaged(file, limits, Passphrase("two")); !errors.Is(err, ErrWrongSecret) {
		t.Errorf("a wrong secret: %v", err)
	}
}

func FuzzOpenDamaged(f *testing.F) {
	limits := Limits{MinMemory: 64, MaxMemory: 1 << 20, MinTime: 1, MaxTime: 16}
	v, err := New(time.Unix(1, 0), limits, Credential{Secret: Held([32]byte{1})})
	if err != nil {
		f.Fatal(err)
	}
	turning, err := v.BeginTurn()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(v.Bytes())
	f.Add(turning.Bytes())
	f.Add([]byte("sotto-vault\n\x01"))
	f.Fuzz(func(t *testing.T, content []byte) {
		alloc.Check(t, len(content), func() { _, _ = OpenDamaged(content, limits, Held([32]byte{1})) })
		if got, err := OpenDamaged(content, limits, Held([32]byte{2})); err == nil {
			t.Errorf("another key opens %v", got.Slots())
		}
	})
}
