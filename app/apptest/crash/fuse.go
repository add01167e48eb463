package crash

import (
	"context"
	"errors"
	"maps"
	"sync"
)

// ErrDead is the answer of store and relay to a dead process.
var ErrDead = errors.New("crash: the process is dead")

// Fuse counts the points that a process passes, by their names, and ends it at one of them. The zero value never burns.
type Fuse struct {
	mu     sync.Mutex
	point  string
	nth    int
	passed map[string]int
	dead   bool
	died   chan struct{}
	burnt  func()
}

// Arm begins the life of a process that dies when it comes to the named point for the nth time from here on, the first
// being 1; with 0 it only counts. burnt, unless it is nil, is called at that moment.
func (f *Fuse) Arm(point string, nth int, burnt func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.point, f.nth, f.burnt = point, nth, burnt
	f.passed, f.dead, f.died = map[string]int{}, false, make(chan struct{})
}

// Pass counts a point and answers ErrDead if the process dies there, or did before.
func (f *Fuse) Pass(point string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.dead {
		return ErrDead
	}
	if f.passed == nil {
		return nil
	}
	f.passed[point]++
	if point != f.point || f.passed[point] != f.nth {
		return nil
	}
	if f.burnt != nil {
		f.burnt()
	}
	f.dead = true
	close(f.died)
	return ErrDead
}

// Alive answers ErrDead once the process is dead, without counting.
func (f *Fuse) Alive() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.dead {
		return ErrDead
	}
	return nil
}

// Passed returns how often each point was come to since Arm.
func (f *Fuse) Passed() map[string]int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return maps.Clone(f.passed)
}

// While returns a context that ends with the process. Arm comes first.
func (f *Fuse) While(parent context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(parent)
	f.mu.Lock()
	died := f.died
	f.mu.Unlock()
	go func() {
		select {
		case <-died:
			cancel()
		case <-ctx.Done():
		}
	}()
	return ctx, cancel
}
