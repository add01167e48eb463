package security

import (
	"sync"
	"time"
)

// Idle drives a [Lock] with a timer. Its methods may be called from any goroutine.
type Idle struct {
	now  func() time.Time
	drop func()

	mu    sync.Mutex
	state Lock
	timer *time.Timer
}

// NewIdle returns a locked Idle. It calls drop, from its own goroutine or the caller's and without holding a lock, each
// time that the profile has to be locked.
func NewIdle(now func() time.Time, after time.Duration, drop func()) (*Idle, error) {
	state, _, err := Advance(Lock{}, Input{Signal: SetAfter, Now: now(), After: after})
	if err != nil {
		return nil, err
	}
	return &Idle{now: now, drop: drop, state: state}, nil
}

// Signal hands one signal other than SetAfter to the lock.
func (i *Idle) Signal(s Signal) error { return i.advance(Input{Signal: s}) }

// SetAfter changes the idle time; 0 switches it off. Errors: chat.ErrMalformed.
func (i *Idle) SetAfter(after time.Duration) error {
	return i.advance(Input{Signal: SetAfter, After: after})
}

// Unlocked reports the present state.
func (i *Idle) Unlocked() bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.state.Unlocked
}

// Stop ends the timer; the lock no longer falls by itself.
func (i *Idle) Stop() {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.timer != nil {
		i.timer.Stop()
		i.timer = nil
	}
	i.state = Lock{}
}

func (i *Idle) advance(in Input) error {
	i.mu.Lock()
	in.Now = i.now()
	state, out, err := Advance(i.state, in)
	i.state = state
	i.arm(in.Now)
	i.mu.Unlock()
	if out == DropKeys {
		i.drop()
	}
	return err
}

// arm sets the timer for the moment the lock would fall. It looks again at least every minute, since a timer does not
// run while the computer sleeps.
func (i *Idle) arm(now time.Time) {
	left, ok := i.state.Due(now)
	switch {
	case !ok && i.timer != nil:
		i.timer.Stop()
	case ok && i.timer == nil:
		i.timer = time.AfterFunc(min(left, time.Minute), func() { _ = i.Signal(Tick) }) // a tick is a known signal
	case ok:
		i.timer.Reset(min(left, time.Minute))
	}
}
