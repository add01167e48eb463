package security_test

import (
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"sotto/app/security"
	"sotto/chat"
)

func TestTheLockAnswersEverySignal(t *testing.T) {
	wall := start.Round(0)
	open := security.Lock{Unlocked: true, After: 5 * time.Minute, Active: wall}
	cases := []struct {
		name     string
		state    security.Lock
		signal   security.Signal
		at       time.Duration // after the last activity
		unlocked bool
		out      security.Output
	}{
		{"unlocking", security.Lock{After: time.Minute}, security.Unlock, 0, true, security.Nothing},
		{"a tick before the time", open, security.Tick, 5*time.Minute - 1, true, security.Nothing},
		{"a tick at the time", open, security.Tick, 5 * time.Minute, false, security.DropKeys},
		{"activity before the time", open, security.Activity, time.Minute, true, security.Nothing},
		{"activity after the time does not extend", open, security.Activity, 6 * time.Minute, false, security.DropKeys},
		{"waking after the time", open, security.Resume, time.Hour, false, security.DropKeys},
		{"waking before the time", open, security.Resume, time.Minute, true, security.Nothing},
		{"suspending", open, security.Suspend, 0, false, security.DropKeys},
		{"locking now", open, security.LockNow, 0, false, security.DropKeys},
		{"activity while locked", security.Lock{After: time.Minute}, security.Activity, time.Hour, false, security.Nothing},
		{"locking while locked", security.Lock{}, security.LockNow, 0, false, security.Nothing},
		{"no idle time", security.Lock{Unlocked: true, Active: wall}, security.Tick, 1000 * time.Hour, true, security.Nothing},
		{"suspending without an idle time", security.Lock{Unlocked: true, Active: wall}, security.Suspend, 0, false, security.DropKeys},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got, out, err := security.Advance(c.state, security.Input{Signal: c.signal, Now: wall.Add(c.at)})
			if err != nil || got.Unlocked != c.unlocked || out != c.out {
				t.Errorf("unlocked %v, output %v, %v", got.Unlocked, out, err)
			}
		})
	}
}

func TestActivityStartsTheIdleTimeAnew(t *testing.T) {
	state := security.Lock{Unlocked: true, After: 5 * time.Minute, Active: start}
	state, _, _ = security.Advance(state, security.Input{Signal: security.Activity, Now: start.Add(4 * time.Minute)})
	state, out, _ := security.Advance(state, security.Input{Signal: security.Tick, Now: start.Add(8 * time.Minute)})
	if !state.Unlocked || out != security.Nothing {
		t.Error("locked four minutes after the last activity")
	}
}

func TestAClockSetBackDoesNotExtendTheIdleTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		opened := time.Now()
		state, _, _ := security.Advance(security.Lock{After: time.Minute}, security.Input{Signal: security.Unlock, Now: opened})
		time.Sleep(time.Minute)
		// The monotonic clock says a minute; the wall clock, which stands alone after Round, may say anything.
		if _, out, _ := security.Advance(state, security.Input{Signal: security.Tick, Now: time.Now()}); out != security.DropKeys {
			t.Error("not locked by the monotonic clock")
		}
		if _, out, _ := security.Advance(state, security.Input{Signal: security.Tick, Now: opened.Round(0).Add(time.Hour)}); out != security.DropKeys {
			t.Error("not locked by the wall clock after a sleep in which the other stood still")
		}
	})
}

func TestAnIdleTimeOutOfRangeIsRefused(t *testing.T) {
	for _, after := range []time.Duration{-1, time.Second, 25 * time.Hour} {
		state, _, err := security.Advance(security.Lock{After: time.Minute}, security.Input{Signal: security.SetAfter, After: after})
		if !errors.Is(err, chat.ErrMalformed) || state.After != time.Minute {
			t.Errorf("%v: idle time %v, %v", after, state.After, err)
		}
	}
	if _, _, err := security.Advance(security.Lock{}, security.Input{Signal: 99}); !errors.Is(err, chat.ErrMalformed) {
		t.Errorf("unknown signal: %v", err)
	}
	if _, err := security.NewIdle(time.Now, time.Second, func() {}); !errors.Is(err, chat.ErrMalformed) {
		t.Errorf("NewIdle: %v", err)
	}
}

func TestIdleDropsTheKeysOnceWhenThePersonLeaves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var dropped atomic.Int32
		idle, err := security.NewIdle(time.Now, 5*time.Minute, func() { dropped.Add(1) })
		if err != nil {
			t.Fatal(err)
		}
		defer idle.Stop()
		signal := func(s security.Signal) {
			t.Helper()
			if err := idle.Signal(s); err != nil {
				t.Fatal(err)
			}
		}
		signal(security.Unlock)
		time.Sleep(4 * time.Minute)
		signal(security.Activity)
		time.Sleep(5*time.Minute - time.Second)
		if !idle.Unlocked() || dropped.Load() != 0 {
			t.Fatal("locked too early")
		}
		time.Sleep(time.Second)
		synctest.Wait()
		if idle.Unlocked() || dropped.Load() != 1 {
			t.Fatalf("unlocked %v, dropped %d times", idle.Unlocked(), dropped.Load())
		}
		time.Sleep(time.Hour)
		synctest.Wait()
		if dropped.Load() != 1 {
			t.Errorf("dropped %d times", dropped.Load())
		}
		signal(security.Unlock)
		if err := idle.SetAfter(0); err != nil {
			t.Fatal(err)
		}
		time.Sleep(100 * time.Hour)
		synctest.Wait()
		if !idle.Unlocked() {
			t.Error("locked though the idle time is off")
		}
		signal(security.Suspend)
		if idle.Unlocked() || dropped.Load() != 2 {
			t.Error("suspend does not lock")
		}
	})
}

func TestAStoppedIdleStaysQuiet(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var dropped atomic.Int32
		idle, err := security.NewIdle(time.Now, time.Minute, func() { dropped.Add(1) })
		if err != nil {
			t.Fatal(err)
		}
		_ = idle.Signal(security.Unlock)
		idle.Stop()
		time.Sleep(time.Hour)
		synctest.Wait()
		if dropped.Load() != 0 {
			t.Error("dropped after Stop")
		}
	})
}
