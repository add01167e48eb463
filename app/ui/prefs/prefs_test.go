package prefs_test

import (
	"context"
	"testing"
	"time"

	"fyne.io/fyne/v2/test"

	"sotto/app/ui/prefs"
	"sotto/app/ui/theme"
	"sotto/chat"
)

type settings map[string][]byte

func (s settings) Setting(_ context.Context, name string) ([]byte, error) {
	if v, ok := s[name]; ok {
		return v, nil
	}
	return nil, chat.ErrNotFound
}

func (s settings) PutSetting(_ context.Context, name string, value []byte) error {
	s[name] = value
	return nil
}

func TestIdleTimeIsKeptAndADamagedOneStillLocks(t *testing.T) {
	ctx, s := t.Context(), settings{}
	want := func(idle time.Duration) {
		t.Helper()
		if got, err := prefs.Idle(ctx, s); err != nil || got != idle {
			t.Fatalf("idle time %v (%v), wanted %v", got, err, idle)
		}
	}
	want(prefs.DefaultIdle)
	for _, idle := range []time.Duration{0, time.Minute, time.Hour} {
		if err := prefs.PutIdle(ctx, s, idle); err != nil {
			t.Fatal(err)
		}
		want(idle)
	}
	for _, damaged := range []string{"", "soon", "-5", "999999"} {
		s["ui/idle-minutes"] = []byte(damaged)
		want(prefs.DefaultIdle)
	}
}

func TestNotificationsAreOnUntilSwitchedOff(t *testing.T) {
	ctx, s := t.Context(), settings{}
	for _, on := range []bool{true, false, true} {
		if got, err := prefs.Notifications(ctx, s); err != nil || got != on && len(s) > 0 || len(s) == 0 && !got {
			t.Fatalf("%v, %v", got, err)
		}
		if err := prefs.PutNotifications(ctx, s, !on); err != nil {
			t.Fatal(err)
		}
		if got, _ := prefs.Notifications(ctx, s); got != !on {
			t.Fatalf("%v after %v was put", got, !on)
		}
	}
}

func TestTheLookIsKept(t *testing.T) {
	p := test.NewTempApp(t).Preferences()
	if o := prefs.Look(p); o.Mode != theme.System || o.Scale != 1 {
		t.Fatalf("at first %+v", o)
	}
	for _, mode := range []theme.Mode{theme.Light, theme.Dark, theme.System} {
		want := theme.Options{Mode: mode, Scale: 1.25}
		prefs.PutLook(p, want)
		if got := prefs.Look(p); got != want {
			t.Fatalf("put %+v, got %+v", want, got)
		}
	}
}
