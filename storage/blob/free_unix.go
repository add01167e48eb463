//go:build linux || darwin || freebsd

package blob

import (
	"math"
	"math/bits"
	"syscall"
)

// freeBytes returns what this user may still write.
func freeBytes(dir string) (int64, error) {
	var s syscall.Statfs_t
	if err := syscall.Statfs(dir, &s); err != nil {
		return 0, err
	}
	if s.Bavail <= 0 { // signed on FreeBSD: what is kept for the administrator may be used up
		return 0, nil
	}
	high, low := bits.Mul64(uint64(s.Bavail), uint64(s.Bsize))
	if high > 0 || low > math.MaxInt64 {
		return math.MaxInt64, nil
	}
	return int64(low), nil
}
