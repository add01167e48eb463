//go:build linux || darwin || freebsd

package profile

import "syscall"

// diskFree returns how many bytes this user can still write beside the profile, -1 when the system does not say.
func diskFree(dir string) int64 {
	var s syscall.Statfs_t
	if err := syscall.Statfs(dir, &s); err != nil {
		return -1
	}
	return int64(uint64(s.Bavail) * uint64(s.Bsize))
}
