package screen

import (
	"context"
	"sync"
	"time"
)

// Dispatcher runs f on the UI thread, in the order of the calls, without waiting for it: fyne.Do in production, a queue
// in tests (app/apptest/uiqueue).
type Dispatcher func(f func())

// Work runs what takes long off the UI thread and brings results back. A window has one; each screen works with a
// [Work.Child], ended by the window after the screen was closed: its contexts are then cancelled and no result is brought
// back any more. Its methods may be called from any goroutine.
type Work struct {
	dispatch Dispatcher
	ctx      context.Context
	cancel   context.CancelFunc
	all      *tally // of this Work and its relatives

	mu   sync.Mutex
	line chan struct{} // handed on by the last of what runs in order
}

// tally counts the goroutines that run.
type tally struct {
	mu   sync.Mutex
	n    int
	idle *sync.Cond
}

func (t *tally) add(n int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.n += n
	if t.n == 0 {
		t.idle.Broadcast()
	}
}

// NewWork answers work whose results are brought back by d.
func NewWork(d Dispatcher) *Work {
	all := &tally{}
	all.idle = sync.NewCond(&all.mu)
	return newWork(context.Background(), d, all)
}

func newWork(parent context.Context, d Dispatcher, all *tally) *Work {
	ctx, cancel := context.WithCancel(parent)
	w := &Work{dispatch: d, ctx: ctx, cancel: cancel, all: all, line: make(chan struct{}, 1)}
	w.line <- struct{}{}
	return w
}

// Child answers work that ends with w, or before.
func (w *Work) Child() *Work { return newWork(w.ctx, w.dispatch, w.all) }

// End cancels what runs, but acts ([Work.InOrder]). It does not wait.
func (w *Work) End() { w.cancel() }

// Ended reports whether results are no longer brought back.
func (w *Work) Ended() bool { return w.ctx.Err() != nil }

// Wait returns when nothing runs any more in w and all its relatives. Call it after End, and never on the UI thread.
func (w *Work) Wait() {
	w.all.mu.Lock()
	defer w.all.mu.Unlock()
	for w.all.n > 0 {
		w.all.idle.Wait()
	}
}

// Do brings f to the UI thread; it is not run once w has ended.
func (w *Work) Do(f func()) {
	w.dispatch(func() {
		if !w.Ended() {
			f()
		}
	})
}

// Run runs work on a goroutine of its own and then, on the UI thread, takes its result. then may be nil.
func Run[T any](w *Work, work func(ctx context.Context) (T, error), then func(T, error)) {
	w.start(func(ctx context.Context) {
		v, err := work(ctx)
		if then != nil {
			w.Do(func() { then(v, err) })
		}
	})
}

// RunStoppable is [Run] for work that the person may stop: the context of work also ends with stop, which may be called
// more than once and after the end.
func RunStoppable[T any](w *Work, work func(ctx context.Context) (T, error), then func(T, error)) (stop func()) {
	stopped, stop := context.WithCancel(context.Background())
	Run(w, func(ctx context.Context) (T, error) {
		ctx, end := context.WithCancel(ctx)
		defer end()
		defer context.AfterFunc(stopped, end)()
		defer stop()
		return work(ctx)
	}, then)
	return stop
}

// Go is [Run] for work without a value.
func (w *Work) Go(work func(ctx context.Context) error, then func(error)) {
	w.start(func(ctx context.Context) {
		err := work(ctx)
		if then != nil {
			w.Do(func() { then(err) })
		}
	})
}

// InOrder runs an act of the person: work is not cancelled when w ends, and one act does not overtake another that was
// asked for earlier. So a message that was sent just before the screen was closed is sent. Only then is not called any
// more.
func (w *Work) InOrder(work func(ctx context.Context) error, then func(error)) {
	next := make(chan struct{}, 1)
	w.mu.Lock()
	mine := w.line
	w.line = next
	w.mu.Unlock()
	w.start(func(ctx context.Context) {
		<-mine
		err := work(context.WithoutCancel(ctx))
		next <- struct{}{}
		if then != nil {
			w.Do(func() { then(err) })
		}
	})
}

// After runs f on the UI thread in d, unless stop is called there or w ends before.
func (w *Work) After(d time.Duration, f func()) (stop func()) {
	ctx, cancel := context.WithCancel(w.ctx)
	w.start(func(context.Context) {
		t := time.NewTimer(d)
		defer t.Stop()
		select {
		case <-t.C:
			w.Do(func() {
				if ctx.Err() == nil {
					cancel()
					f()
				}
			})
		case <-ctx.Done():
		}
	})
	return cancel
}

// Leave runs f on a goroutine of its own that Wait waits for, though w may have ended: to finish what must be finished,
// such as closing a profile.
func (w *Work) Leave(f func(ctx context.Context)) {
	w.all.add(1)
	go func() {
		defer w.all.add(-1)
		f(context.WithoutCancel(w.ctx))
	}()
}

func (w *Work) start(f func(ctx context.Context)) {
	if w.Ended() {
		return
	}
	w.all.add(1)
	go func() {
		defer w.all.add(-1)
		f(w.ctx)
	}()
}
