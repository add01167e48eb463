package screen_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"sotto/app/apptest/uiqueue"
	"sotto/app/ui/screen"
)

func TestResultsComeBackOnTheUIThread(t *testing.T) {
	q := uiqueue.New()
	w := screen.NewWork(q.Do)
	got, fault := 0, errors.New("unset")
	screen.Run(w, func(context.Context) (int, error) { return 7, nil }, func(n int, err error) { got, fault = n, err })
	w.Wait()
	if got != 0 {
		t.Fatal("the result did not wait for the UI thread")
	}
	q.Drain()
	if got != 7 || fault != nil {
		t.Fatalf("got %d, %v", got, fault)
	}
}

func TestAClosedScreenHearsNoResultAndItsWorkIsCancelled(t *testing.T) {
	q := uiqueue.New()
	window := screen.NewWork(q.Do)
	mine := window.Child()
	started := make(chan struct{})
	called := false
	mine.Go(func(ctx context.Context) error {
		close(started)
		<-ctx.Done()
		return ctx.Err()
	}, func(error) { called = true })
	<-started
	mine.Do(func() { called = true })
	mine.End()
	window.Wait()
	mine.Go(func(context.Context) error { called = true; return nil }, nil)
	window.Wait()
	q.Drain()
	if called {
		t.Fatal("work of a closed screen came back")
	}
	if window.Ended() {
		t.Fatal("the end of a screen ended the window")
	}
}

func TestWorkInOrderIsNotOvertaken(t *testing.T) {
	q := uiqueue.New()
	w := screen.NewWork(q.Do)
	hold := make(chan struct{})
	var order []int
	for i := range 5 {
		w.InOrder(func(context.Context) error {
			if i == 0 {
				<-hold
			}
			order = append(order, i)
			return nil
		}, nil)
	}
	close(hold)
	w.Wait()
	for i, n := range order {
		if n != i {
			t.Fatalf("order %v", order)
		}
	}
	if len(order) != 5 {
		t.Fatalf("order %v", order)
	}
}

func TestAfterRunsOnceItsTimeHasComeUnlessStopped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := uiqueue.New()
		w := screen.NewWork(q.Do)
		var ran atomic.Int32
		w.After(time.Minute, func() { ran.Add(1) })
		stop := w.After(time.Minute, func() { ran.Add(10) })
		stop()
		time.Sleep(time.Minute - time.Second)
		synctest.Wait()
		q.Drain()
		if ran.Load() != 0 {
			t.Fatal("ran early")
		}
		time.Sleep(2 * time.Second)
		synctest.Wait()
		q.Drain()
		if ran.Load() != 1 {
			t.Fatalf("ran %d", ran.Load())
		}
		late := w.After(time.Second, func() { ran.Add(100) })
		time.Sleep(2 * time.Second)
		synctest.Wait()
		late()
		q.Drain()
		if ran.Load() != 1 {
			t.Fatal("stopped after its time, before its turn, and ran nevertheless")
		}
		w.After(time.Hour, func() { ran.Add(1000) })
		w.End()
		w.Wait()
	})
}

func TestLeavingWorkIsFinishedThoughTheScreenIsClosed(t *testing.T) {
	w := screen.NewWork(uiqueue.New().Do)
	w.End()
	saved := false
	w.Leave(func(ctx context.Context) { saved = ctx.Err() == nil })
	w.Wait()
	if !saved {
		t.Fatal("not saved")
	}
}

func TestAnActIsFinishedThoughTheScreenIsClosed(t *testing.T) {
	w := screen.NewWork(uiqueue.New().Do)
	hold := make(chan struct{})
	var done atomic.Int32
	act := func(ctx context.Context) error {
		<-hold
		if ctx.Err() == nil {
			done.Add(1)
		}
		return nil
	}
	w.InOrder(act, nil)
	w.InOrder(act, nil)
	w.End()
	close(hold)
	w.Wait()
	if done.Load() != 2 {
		t.Fatalf("%d of 2 acts were finished", done.Load())
	}
}

func TestWorkThatIsStoppedEndsAndSaysSo(t *testing.T) {
	queue := uiqueue.New()
	w := screen.NewWork(queue.Do)
	ended := make(chan error, 1)
	stop := screen.RunStoppable(w, func(ctx context.Context) (int, error) {
		<-ctx.Done()
		return 0, ctx.Err()
	}, func(_ int, err error) { ended <- err })
	stop()
	stop()
	w.Wait()
	queue.Drain()
	select {
	case err := <-ended:
		if !errors.Is(err, context.Canceled) {
			t.Fatalf("%v instead of having been stopped", err)
		}
	default:
		t.Fatal("nobody was told")
	}
}
