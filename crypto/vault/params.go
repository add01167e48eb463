package vault

import (
	"runtime"
	"time"

	"golang.org/x/crypto/argon2"
)

// Params are the cost parameters of Argon2id (RFC 9106 section 3.1).
type Params struct {
	Memory  uint32 // KiB
	Time    uint32 // passes
	Threads uint8
}

// Limits bound the parameters that a vault file may ask for. They are checked before any memory is taken, so that an
// altered file can neither weaken a slot nor exhaust the machine.
type Limits struct {
	MinMemory, MaxMemory uint32 // KiB
	MinTime, MaxTime     uint32
}

const maxThreads = 16

// Standard returns the limits of every built program: memory from 128 MiB to 4 GiB, 3 to 16 passes. Tests pass smaller
// limits as values; no flag, variable or file lowers these.
func Standard() Limits {
	return Limits{MinMemory: 128 << 10, MaxMemory: 4 << 20, MinTime: 3, MaxTime: 16}
}

// Default returns the cheapest parameters that Standard accepts.
func Default() Params {
	return Params{Memory: 128 << 10, Time: 3, Threads: 4}
}

func (l Limits) check(p Params) error {
	if p.Memory < l.MinMemory || p.Memory > l.MaxMemory || p.Time < l.MinTime || p.Time > l.MaxTime ||
		p.Threads < 1 || p.Threads > maxThreads {
		return ErrParams
	}
	return nil
}

// calibrationCeiling keeps a vault that was made on a large machine usable on a small one.
const calibrationCeiling = 512 << 10 // KiB

// Calibrate returns parameters within Standard that take about target on this machine, measured with the caller's
// clock: memory grows first (to 512 MiB), then passes. It takes a fraction of target itself.
func Calibrate(target time.Duration, now func() time.Time) Params {
	p := Default()
	if n := runtime.NumCPU(); n < int(p.Threads) {
		p.Threads = uint8(max(n, 1))
	}
	start := now()
	key := argon2.IDKey([]byte("calibration"), make([]byte, saltSize), p.Time, p.Memory, p.Threads, 32)
	took := now().Sub(start)
	clear(key)
	return scale(p, took, target)
}

// scale returns p grown by target/took, rounded down.
func scale(p Params, took, target time.Duration) Params {
	if took <= 0 || target <= took {
		return p
	}
	factor := float64(target) / float64(took)
	memory := min(float64(p.Memory)*factor, calibrationCeiling)
	factor /= memory / float64(p.Memory)
	p.Memory = uint32(memory) &^ 1023
	p.Time = uint32(min(float64(p.Time)*factor, float64(Standard().MaxTime)))
	return p
}
