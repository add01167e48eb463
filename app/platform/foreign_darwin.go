package platform

import (
	"fmt"
	"time"

	"golang.org/x/sys/unix"
)

// MarkForeign marks a file as one that came from another computer (com.apple.quarantine), so that Gatekeeper asks before
// it runs. On a disk without extended attributes it answers an error, and the file stays as it is.
func MarkForeign(path string, now time.Time) error {
	mark := fmt.Sprintf("0081;%08x;Sotto;", now.Unix())
	if err := unix.Setxattr(path, "com.apple.quarantine", []byte(mark), 0); err != nil {
		return fmt.Errorf("mark a file: %w", ErrUnsupported)
	}
	return nil
}
