package chat

import "time"

// DelayError says how long to wait before the next attempt; it is an ErrTryLater.
type DelayError struct {
	Wait time.Duration // above zero
}

// Error names the wait, rounded up to seconds.
func (e *DelayError) Error() string {
	return ErrTryLater.Error() + ": wait " + (e.Wait + time.Second - 1).Truncate(time.Second).String()
}

// Is reports whether target is ErrTryLater.
func (e *DelayError) Is(target error) bool { return target == ErrTryLater }
