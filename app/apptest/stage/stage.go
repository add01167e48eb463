package stage

import (
	"image/png"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

	"sotto/app/apptest/golden"
	"sotto/app/apptest/keychain"
	"sotto/app/apptest/uiqueue"
	"sotto/app/profile"
	"sotto/app/ui/i18n"
	"sotto/app/ui/screen"
	"sotto/app/ui/theme"
	"sotto/app/ui/widget"
	"sotto/app/ui/words"
	"sotto/crypto/vault"
)

// Passphrase is that of every profile made here.
const Passphrase = "seven quiet otters crossing"

// Costs are passphrase costs for tests; no flag of a program reaches them.
var Costs = profile.Options{
	Params: vault.Params{Memory: 64, Time: 1, Threads: 1},
	Limits: vault.Limits{MinMemory: 64, MaxMemory: 4 << 20, MinTime: 1, MaxTime: 16},
}

// Stage is a window with one screen. It is a screen.Navigator that remembers.
type Stage struct {
	T   *testing.T
	Q   *uiqueue.Queue
	Win fyne.Window
	Dir string
	// Keychain is what profiles made here use.
	Keychain *keychain.Keychain

	Opened   []screen.Place
	Backs    int
	Taken    *profile.Profile // by Unlocked
	Locks    int
	Ended    int // Erased
	Changes  int
	Arrivals int
	Toasts   []string
	Failed   []error
	Files    []string // handed to other programs
	Copied   []string
	Secrets  []string
	Idle     time.Duration
	IdleSet  int

	skew    atomic.Int64 // added to the clock
	work    *screen.Work
	screens []*screen.Work // each ends with its screen
	shown   screen.Screen
}

var _ screen.Navigator = (*Stage)(nil)

// New makes a stage.
func New(t *testing.T) *Stage { return NewIn(t, theme.Light) }

// NewIn makes a stage in a look.
func NewIn(t *testing.T, mode theme.Mode) *Stage {
	t.Helper()
	t.Setenv("LC_ALL", "en_GB.UTF-8")
	golden.App(t, mode, 1)
	if err := i18n.Load(); err != nil {
		t.Fatal(err)
	}
	s := &Stage{T: t, Q: uiqueue.New(), Dir: filepath.Join(t.TempDir(), "profile"), Keychain: keychain.New()}
	s.work = screen.NewWork(s.Q.Do)
	s.Win = test.NewTempWindow(t, nil)
	s.Win.SetPadded(false)
	s.Win.Resize(fyne.NewSize(theme.WindowWidth, theme.WindowHeight))
	t.Cleanup(func() {
		s.Leave()
		if s.Taken != nil {
			_ = s.Taken.Close()
		}
	})
	return s
}

// Profile makes the stage's profile, started, and closes it after the test.
func (s *Stage) Profile(name string) *profile.Profile {
	s.T.Helper()
	p, _ := s.ProfileWithCode(name)
	if err := p.Start(s.T.Context()); err != nil {
		s.T.Fatal(err)
	}
	s.T.Cleanup(func() {
		s.Leave()
		_ = p.Close() // some tests end it themselves
	})
	return p
}

// ProfileWithCode makes the stage's profile, not started, for the caller to close, and returns its recovery code.
func (s *Stage) ProfileWithCode(name string) (*profile.Profile, string) {
	s.T.Helper()
	p, code, err := profile.Create(s.T.Context(), profile.CreateOptions{Options: s.options(), Dir: s.Dir, Name: name, Passphrase: Passphrase})
	if err != nil {
		s.T.Fatal(err)
	}
	return p, code
}

func (s *Stage) options() profile.Options {
	o := Costs
	o.Now, o.Keychain = s.Now, s.Keychain
	return o
}

// Now is the clock of the stage.
func (s *Stage) Now() time.Time { return time.Now().Add(time.Duration(s.skew.Load())) }

// Pass lets time pass.
func (s *Stage) Pass(d time.Duration) { s.skew.Add(int64(d)) }

// Services answers what a screen works with; p may be nil.
func (s *Stage) Services(p *profile.Profile) screen.Services {
	work := s.work.Child()
	s.screens = append(s.screens, work)
	return screen.Services{
		Dir: s.Dir, Options: s.options(), Profile: p, Window: s.Win, Nav: s, Work: work, Now: s.Now,
		Format: i18n.NewFormat("en-GB", time.UTC),
	}
}

// Show puts a screen on the stage.
func (s *Stage) Show(view screen.Screen) {
	s.shown = view
	s.Win.SetContent(view.Content())
	view.Shown()
	s.Q.Drain()
}

// Shown is the screen on the stage; nil when there is none.
func (s *Stage) Shown() screen.Screen { return s.shown }

// Leave closes the screen, as the window does, and waits for what it still has to finish.
func (s *Stage) Leave() {
	if s.shown != nil {
		s.shown.Closed()
		s.shown = nil
	}
	for _, w := range s.screens {
		w.End()
	}
	s.work.Wait()
}

// Until runs the UI thread until done answers true.
func (s *Stage) Until(what string, done func() bool) {
	s.T.Helper()
	s.Q.Until(s.T, what, done)
}

// Objects calls f with everything visible, or with the topmost overlay's where there is one.
func (s *Stage) Objects(f func(fyne.CanvasObject)) {
	c := s.Win.Canvas()
	if top := c.Overlays().Top(); top != nil {
		walk(top, f)
		return
	}
	walk(c.Content(), f)
}

func walk(o fyne.CanvasObject, f func(fyne.CanvasObject)) {
	if o == nil || !o.Visible() {
		return
	}
	f(o)
	switch x := o.(type) {
	case *fyne.Container:
		for _, c := range x.Objects {
			walk(c, f)
		}
	case fyne.Widget:
		for _, c := range test.WidgetRenderer(x).Objects() {
			walk(c, f)
		}
	}
}

// Control is something that can be tapped and has a name.
type Control interface {
	fyne.CanvasObject
	fyne.Tappable
	AccessibilityLabel() string
}

// Button answers the visible control with a label, nil when there is none.
func (s *Stage) Button(label string) Control {
	var found Control
	s.Objects(func(o fyne.CanvasObject) {
		if b, ok := o.(Control); ok && b.AccessibilityLabel() == label {
			found = b
		}
	})
	return found
}

// Tap waits for a control that can be used, and taps it.
func (s *Stage) Tap(label string) {
	s.T.Helper()
	s.Until("the button "+label, func() bool {
		b := s.Button(label)
		d, ok := b.(fyne.Disableable)
		return b != nil && (!ok || !d.Disabled())
	})
	test.Tap(s.Button(label))
	s.Q.Drain()
}

// Sees waits until a visible text holds part.
func (s *Stage) Sees(part string) {
	s.T.Helper()
	s.Until("the text "+part, func() bool { return s.Text(part) })
}

// Text reports whether a visible text holds part.
func (s *Stage) Text(part string) bool {
	found := false
	s.Objects(func(o fyne.CanvasObject) {
		switch x := o.(type) {
		case interface{ Content() string }:
			found = found || strings.Contains(x.Content(), part)
		case *widget.Chip:
			found = found || strings.Contains(x.AccessibilityLabel(), part)
		}
	})
	return found
}

// Entry answers the entry under a label.
func (s *Stage) Entry(label string) fyne.Focusable {
	s.T.Helper()
	var found fyne.Focusable
	s.Until("the entry "+label, func() bool {
		below := false
		s.Objects(func(o fyne.CanvasObject) {
			if t, ok := o.(interface{ Content() string }); ok {
				below = below || t.Content() == label
				return
			}
			if _, typed := o.(interface{ SetPlaceHolder(string) }); typed && below && found == nil {
				found, _ = o.(fyne.Focusable)
			}
		})
		return found != nil
	})
	return found
}

// Fill types into the entry under a label, in place of what stood there.
func (s *Stage) Fill(label, text string) {
	s.T.Helper()
	e := s.Entry(label)
	s.Win.Canvas().Focus(e)
	if set, ok := e.(interface{ SetText(string) }); ok {
		set.SetText("")
	}
	test.Type(e, text)
	s.Q.Drain()
}

// Press presses a key where the keyboard is.
func (s *Stage) Press(key fyne.KeyName) {
	s.T.Helper()
	f := s.Win.Canvas().Focused()
	if f == nil {
		s.T.Fatalf("nothing has the keyboard for %s", key)
	}
	f.TypedKey(&fyne.KeyEvent{Name: key})
	s.Q.Drain()
}

// Said answers whether a failure was said in words that hold part.
func (s *Stage) Said(part string) bool {
	for _, err := range s.Failed {
		if strings.Contains(words.Error(err), part) {
			return true
		}
	}
	return false
}

// Shoot saves what the window shows, when SOTTO_SHOTS names a folder.
func (s *Stage) Shoot(name string) {
	s.T.Helper()
	dir := os.Getenv("SOTTO_SHOTS")
	if dir == "" {
		return
	}
	f, err := os.Create(filepath.Join(dir, name+".png"))
	if err != nil {
		s.T.Fatal(err)
	}
	defer f.Close()
	if err := png.Encode(f, s.Win.Canvas().Capture()); err != nil {
		s.T.Fatal(err)
	}
}

// Open implements screen.Navigator.
func (s *Stage) Open(at screen.Place) { s.Opened = append(s.Opened, at) }

// Back implements screen.Navigator.
func (s *Stage) Back() { s.Backs++ }

// Changed implements screen.Navigator.
func (s *Stage) Changed() { s.Changes++ }

// Narrow implements screen.Navigator.
func (s *Stage) Narrow() bool { return false }

// Focused implements screen.Navigator.
func (s *Stage) Focused() bool { return true }

// Unlocked implements screen.Navigator.
func (s *Stage) Unlocked(p *profile.Profile) { s.Taken = p }

// Lock implements screen.Navigator.
func (s *Stage) Lock() { s.Locks++ }

// Arrived implements screen.Navigator.
func (s *Stage) Arrived() { s.Arrivals++ }

// Erased implements screen.Navigator.
func (s *Stage) Erased() { s.Ended++ }

// Toast implements screen.Navigator.
func (s *Stage) Toast(_ theme.IconName, sentence string) { s.Toasts = append(s.Toasts, sentence) }

// Fail implements screen.Navigator.
func (s *Stage) Fail(err error) {
	if err != nil {
		s.Failed = append(s.Failed, err)
	}
}

// Copy implements screen.Navigator.
func (s *Stage) Copy(text string) { s.Copied = append(s.Copied, text) }

// CopySecret implements screen.Navigator.
func (s *Stage) CopySecret(text string) { s.Secrets = append(s.Secrets, text) }

// Follow implements screen.Navigator.
func (s *Stage) Follow(*url.URL) {}

// Active implements screen.Navigator.
func (s *Stage) Active() {}

// IdleAfter implements screen.Navigator.
func (s *Stage) IdleAfter(d time.Duration) { s.Idle, s.IdleSet = d, s.IdleSet+1 }

// OpenFile implements screen.Navigator.
func (s *Stage) OpenFile(path string) { s.Files = append(s.Files, path) }
