//go:build !unix

package disk

import (
	"errors"
	"syscall"
)

// Windows' own numbers, from its list of system error codes.
const (
	errLinkless       = syscall.Errno(1) // ERROR_INVALID_FUNCTION: the file system knows no hard links
	errWriteProtect   = syscall.Errno(19)
	errHandleDiskFull = syscall.Errno(39)
	errDiskFull       = syscall.Errno(112)
)

func isWriteProtected(err error) bool { return errors.Is(err, errWriteProtect) }

// IsFull reports whether the disk is used up.
func IsFull(err error) bool {
	return errors.Is(err, errDiskFull) || errors.Is(err, errHandleDiskFull) || errors.Is(err, syscall.ENOSPC) // as the relay's store says it
}
