package platform

import (
	"fmt"
	"os"
	"time"
)

// MarkForeign marks a file as one that came from another computer (Zone.Identifier, [MS-FSCC] section 5.6.1), so that
// Windows and Office ask before they run what is in it. On a disk without alternate streams it answers an error, and the
// file stays as it is.
func MarkForeign(path string, _ time.Time) error {
	f, err := os.OpenFile(path+":Zone.Identifier", os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return fmt.Errorf("mark a file: %w", ErrUnsupported)
	}
	_, err = f.WriteString("[ZoneTransfer]\r\nZoneId=3\r\n")
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return fmt.Errorf("mark a file: %w", ErrUnsupported)
	}
	return nil
}
