package security

import (
	"fmt"
	"time"

	"sotto/chat"
)

// Lock is the state of the idle lock, a value that only [Advance] changes. The zero Lock is locked.
type Lock struct {
	Unlocked bool
	After    time.Duration // idle time until it locks; 0: only suspend and LockNow lock
	Active   time.Time     // last sign of a person at the window, with its monotonic reading
}

// Signal is one thing that happens to the lock.
type Signal int

// Signals.
const (
	Unlock   Signal = iota + 1 // the right secret was given
	Activity                   // a key, a click, a pointer moved
	Tick                       // time went by
	Suspend                    // the computer goes to sleep, or the session was locked by the desktop
	Resume                     // it woke up
	LockNow                    // the person asks for it
	SetAfter                   // Input.After is the new idle time
)

// Input is a signal and when it came. Now keeps its monotonic reading, so that neither a clock set back nor a sleep in
// which the monotonic clock stood still extends the time.
type Input struct {
	Signal Signal
	Now    time.Time
	After  time.Duration // SetAfter
}

// Output is what the driver has to do.
type Output int

// Outputs.
const (
	Nothing Output = iota
	DropKeys
)

// Longest and shortest idle time that may be set, besides 0 (off).
const (
	MinIdle = 10 * time.Second
	MaxIdle = 24 * time.Hour
)

// Advance returns the next state and what to do. Activity that comes after the idle time has passed locks: it does not
// extend. It fails with chat.ErrMalformed for an unknown signal or an idle time out of range, and leaves the state.
func Advance(l Lock, in Input) (Lock, Output, error) {
	switch in.Signal {
	case Unlock:
		l.Unlocked, l.Active = true, in.Now
		return l, Nothing, nil
	case Activity:
		if l.due(in.Now) {
			return l.lock()
		}
		if l.Unlocked {
			l.Active = in.Now
		}
		return l, Nothing, nil
	case Tick, Resume:
		if l.due(in.Now) {
			return l.lock()
		}
		return l, Nothing, nil
	case Suspend, LockNow:
		return l.lock()
	case SetAfter:
		if in.After != 0 && (in.After < MinIdle || in.After > MaxIdle) {
			return l, Nothing, fmt.Errorf("%w: idle time from %v to %v, or 0", chat.ErrMalformed, MinIdle, MaxIdle)
		}
		l.After = in.After
		if l.due(in.Now) {
			return l.lock()
		}
		return l, Nothing, nil
	}
	return l, Nothing, fmt.Errorf("%w: unknown signal", chat.ErrMalformed)
}

// Due returns how long from now the lock falls if nothing happens, and false when it will not.
func (l Lock) Due(now time.Time) (time.Duration, bool) {
	if !l.Unlocked || l.After == 0 {
		return 0, false
	}
	return max(l.After-l.idle(now), 0), true
}

func (l Lock) due(now time.Time) bool {
	left, ok := l.Due(now)
	return ok && left == 0
}

// idle is the greater of what the monotonic and the wall clock say: the first stands still during sleep on some systems,
// the second may be set back.
func (l Lock) idle(now time.Time) time.Duration {
	return max(now.Sub(l.Active), now.Round(0).Sub(l.Active.Round(0)))
}

func (l Lock) lock() (Lock, Output, error) {
	if !l.Unlocked {
		return l, Nothing, nil
	}
	l.Unlocked = false
	return l, DropKeys, nil
}
