//go:build !windows && !darwin

package platform

import "time"

// MarkForeign answers [ErrUnsupported]: this system keeps no mark of where a file came from.
func MarkForeign(string, time.Time) error { return ErrUnsupported }
