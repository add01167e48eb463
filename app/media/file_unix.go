//go:build unix

package media

import "syscall"

// openFlags keep a file that was replaced meanwhile from being followed or waited for.
const openFlags = syscall.O_NOFOLLOW | syscall.O_NONBLOCK
