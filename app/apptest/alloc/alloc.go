package alloc

import (
	"runtime"
	"testing"
)

// The bound in bytes.
const (
	Factor = 8
	Slack  = 64 << 10
)

// repeats is how often an input over the bound is tried again; what is made once and kept, and what other goroutines
// allocate, is gone by then.
const repeats = 5

// Bytes returns how many bytes the heap hands out while f runs.
func Bytes(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before) // stops the world and counts exactly, unlike runtime/metrics
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// Check fails t when decoding an input of size bytes allocates more than the bound. It runs decode at least once, and
// several times when it is over.
func Check(t testing.TB, size int, decode func()) {
	t.Helper()
	CheckBesides(t, size, 0, decode)
}

// CheckBesides is Check for a decoder that takes bounded steps one after the other and keeps nothing of them: garbage
// is what those steps allocate in all, and does not count, because it is never there at once. The caller knows the
// number of steps from the input, and the size of one from [Bytes]. Under the race detector, which moves to the heap what
// would not be there, decode is run and nothing is compared.
func CheckBesides(t testing.TB, size int, garbage uint64, decode func()) {
	t.Helper()
	limit := Factor*uint64(size) + Slack + garbage
	least := Bytes(decode)
	for range repeats {
		if least <= limit || raceDetector {
			return
		}
		least = min(least, Bytes(decode))
	}
	if least > limit && !raceDetector {
		t.Errorf("an input of %d bytes makes its decoder allocate %d, more than %d", size, least, limit)
	}
}
