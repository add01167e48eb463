//go:build unix

package disk

import (
	"errors"
	"syscall"
)

// errLinkless is what Linux and the BSDs answer where the file system knows no hard links, beside EPERM.
const errLinkless = syscall.EMLINK

func isWriteProtected(err error) bool { return errors.Is(err, syscall.EROFS) }

// IsFull reports whether the disk, the user's share of it, or the largest size of a file is used up.
func IsFull(err error) bool {
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) || errors.Is(err, syscall.EFBIG)
}
