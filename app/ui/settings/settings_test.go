package settings

import (
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"

	"sotto/app/apptest/stage"
	"sotto/app/profile"
	"sotto/app/ui/prefs"
	"sotto/app/ui/screen"
	"sotto/app/ui/theme"
	"sotto/app/ui/widget"
)

func open(t *testing.T) (*stage.Stage, *profile.Profile) {
	t.Helper()
	s := stage.New(t)
	p := s.Profile("Mira")
	s.Show(New(s.Services(p), screen.Place{}))
	s.Sees("It reaches this computer only")
	return s, p
}

func TestTheIdleTimeIsKeptAndActsAtOnce(t *testing.T) {
	s, p := open(t)
	s.Tap("5 minutes")
	s.Until("the window is told", func() bool { return s.IdleSet == 1 })
	kept, err := screen.Idle(t.Context(), p)
	if err != nil || kept != 5*time.Minute || s.Idle != 5*time.Minute {
		t.Errorf("kept %v, told %v, %v", kept, s.Idle, err)
	}
	s.Tap("Never")
	s.Until("the window is told", func() bool { return s.IdleSet == 2 })
	if kept, err := screen.Idle(t.Context(), p); err != nil || kept != 0 || s.Idle != 0 {
		t.Errorf("kept %v, told %v, %v", kept, s.Idle, err)
	}
}

func TestTheLookActsAtOnceAndIsKept(t *testing.T) {
	s, _ := open(t)
	app := fyne.CurrentApp()
	for _, c := range choices(s) {
		c.Choose(2) // dark, large
	}
	if got := prefs.Look(app.Preferences()); got.Mode != theme.Dark || got.Scale != 1.25 {
		t.Errorf("kept %+v", got)
	}
	if now, ok := app.Settings().Theme().(*theme.Theme); !ok || now.Mode() != theme.Dark || now.Scale() != 1.25 {
		t.Error("the window looks as before")
	}
}

func choices(s *stage.Stage) []*widget.Choice {
	var out []*widget.Choice
	s.Objects(func(o fyne.CanvasObject) {
		if c, ok := o.(*widget.Choice); ok {
			out = append(out, c)
		}
	})
	return out
}

func TestTheNameIsChangedAndAnEmptyOneIsNot(t *testing.T) {
	s, p := open(t)
	s.Fill("Your name", "  \u202e ")
	s.Tap("Save name")
	s.Sees("A profile needs a name.")
	s.Fill("Your name", "Mira \u202eSandoval")
	s.Tap("Save name")
	s.Until("it is said", func() bool { return len(s.Toasts) == 1 })
	if name := p.Messenger.Self().Name; name != "Mira Sandoval" {
		t.Errorf("the name is %q", name)
	}
}

func TestARelayPassIsTestedBeforeItIsUsed(t *testing.T) {
	s, p := open(t)
	home, err := p.Messenger.HomeRelay(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for pass, said := range map[string]string{
		"":                                "Paste a relay pass first.",
		"https://example.org":             "This is no relay pass.",
		"sotto-relay://127.0.0.1:1#plain": "relay",
	} {
		s.Fill("Another relay", pass)
		s.Tap("Use this relay")
		s.Sees(said)
		s.Until("it is done", func() bool { return !s.Button("Test").(fyne.Disableable).Disabled() })
		if now, err := p.Messenger.HomeRelay(t.Context()); err != nil || now != home {
			t.Fatalf("%q became the home relay: %v", pass, err)
		}
	}
	s.Fill("Another relay", p.Relay.LoopbackPass())
	s.Tap("Test")
	s.Sees("The relay took the pass")
	s.Tap("Use this relay")
	s.Sees("New mailboxes are opened on this relay.")
	if left := s.Entry("Another relay").(*widget.Entry).Text; left != "" {
		t.Error("the pass is still shown")
	}
}

func TestNotificationsAreSwitchedOff(t *testing.T) {
	s, p := open(t)
	s.Tap("Tell the desktop when something arrives")
	s.Until("it is kept", func() bool {
		on, err := prefs.Notifications(t.Context(), p)
		return err == nil && !on
	})
}

func TestAddressesAreShownWithoutPasswords(t *testing.T) {
	for pass, want := range map[string]string{
		"sotto-relay://secret@relay.example:443#web": "sotto-relay://relay.example:443#web",
		"sotto-relay://127.0.0.1:80#plain":           "sotto-relay://127.0.0.1:80#plain",
	} {
		if got := withoutPassword(pass); got != want || strings.Contains(got, "secret") {
			t.Errorf("%q: %q", pass, got)
		}
	}
}
