package prefs_test

import (
	"context"
	"testing"

	"fyne.io/fyne/v2/test"

	"sotto/app/platform"
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

type desktop struct{ told int }

func (d *desktop) Notify(platform.Kind) error { d.told++; return nil }
func (d *desktop) Clear(platform.Kind) error  { return nil }
func (d *desktop) Close() error               { return nil }

func TestADesktopIsNotToldWhileSwitchedOff(t *testing.T) {
	ctx, s, d := t.Context(), settings{}, &desktop{}
	n := prefs.Guard(d)
	for _, c := range []struct {
		on   bool
		told int
	}{{true, 1}, {false, 1}, {true, 2}} {
		if err := prefs.PutNotifications(ctx, s, c.on); err != nil {
			t.Fatal(err)
		}
		if err := n.Notify(platform.NewMessages); err != nil || d.told != c.told {
			t.Fatalf("on %v: told %d times (%v), wanted %d", c.on, d.told, err, c.told)
		}
	}
	if err := prefs.PutNotifications(ctx, s, false); err != nil {
		t.Fatal(err)
	}
	if _, err := prefs.Notifications(ctx, settings{}); err != nil { // another profile, never asked
		t.Fatal(err)
	}
	if _ = n.Notify(platform.NewMessages); d.told != 3 {
		t.Fatal("the choice of one profile held for another")
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
