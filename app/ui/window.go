package ui

import (
	"context"
	"errors"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"sotto/app/platform"
	"sotto/app/profile"
	"sotto/app/security"
	"sotto/app/ui/form"
	"sotto/app/ui/i18n"
	"sotto/app/ui/screen"
	"sotto/app/ui/shell"
	"sotto/app/ui/theme"
	"sotto/app/ui/widget"
)

// Options of a window. App, Window and Dir are required.
type Options struct {
	App    fyne.App
	Window fyne.Window     // made by main with its constant title
	Dir    string          // folder of the profile
	Core   profile.Options // how profiles are created and opened; the zero value in production

	Dispatcher screen.Dispatcher                     // nil: fyne.Do
	Now        func() time.Time                      // nil: time.Now
	Format     i18n.Format                           // zero: of the system's locale
	Notifier   platform.Notifier                     // nil: nothing is notified
	Picture    func(context.Context) ([]byte, error) // reads the picture of the clipboard; nil: the one of this computer
	OpenFile   func(path string) error               // hands a file to another program; nil: the toolkit does
	Session    <-chan platform.SessionEvent          // suspend and screen lock; nil: not known here
}

// Window is Sotto's window.
type Window struct {
	o         Options
	win       fyne.Window
	root      *fyne.Container
	work      *screen.Work
	makers    map[screen.Name]screen.Maker
	clipboard *shell.Clipboard

	gate    *entry  // Welcome or Unlock, while no profile is open
	open    *inside // what there is while a profile is open
	locked  *profile.Locked
	focused bool
	fault   *widget.Dialog // the failure that is being said
	toast   *toaster
}

// entry is a screen that is kept, with the place it stands for and its work.
type entry struct {
	at   screen.Place
	view screen.Screen
	work *screen.Work
}

// New answers a window that shows nothing yet.
func New(o Options) *Window {
	if o.Dispatcher == nil {
		o.Dispatcher = fyne.Do
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Core.Now == nil {
		o.Core.Now = o.Now
	}
	if o.Format == (i18n.Format{}) {
		o.Format = i18n.NewFormat(i18n.SystemLocale(), time.Local)
	}
	w := &Window{o: o, win: o.Window, work: screen.NewWork(o.Dispatcher), makers: makers(), focused: true}
	w.clipboard = shell.NewClipboard(o.App.Clipboard(), func(d time.Duration, f func()) { w.work.After(d, f) })
	w.root = container.NewStack()
	w.toast = newToaster(w.work)
	sense := newSense(w.Active)
	w.win.SetPadded(false)
	w.win.SetContent(container.NewStack(sense, w.root, w.toast.layer))
	w.win.Resize(fyne.NewSize(theme.WindowWidth, theme.WindowHeight))
	w.win.SetOnDropped(w.dropped)
	w.listenToKeys()
	if l := o.App.Lifecycle(); l != nil {
		l.SetOnEnteredForeground(func() { w.SetFocused(true) })
		l.SetOnExitedForeground(func() { w.SetFocused(false) })
	}
	return w
}

// Start shows Welcome where there is no profile, else Unlock.
func (w *Window) Start() {
	w.watchSession()
	if profile.Exists(w.o.Dir) {
		w.showGate(screen.Unlock)
		return
	}
	w.showGate(screen.Welcome)
}

// services are what a screen with this work gets.
func (w *Window) services(work *screen.Work) screen.Services {
	s := screen.Services{
		Dir: w.o.Dir, Options: w.o.Core, Locked: w.locked, Picture: w.o.Picture, Window: w.win, Nav: w, Work: work, Now: w.o.Now, Format: w.o.Format,
	}
	if w.open != nil {
		s.Profile = w.open.profile
	}
	return s
}

// showGate gives the whole window to Welcome or Unlock.
func (w *Window) showGate(name screen.Name) {
	w.closeGate()
	work := w.work.Child()
	at := screen.Place{Screen: name}
	w.gate = &entry{at: at, view: w.makers[name](w.services(work), at), work: work}
	w.setMenu()
	w.root.Objects = []fyne.CanvasObject{w.gate.view.Content()}
	w.root.Refresh()
	w.gate.view.Shown()
}

func (w *Window) closeGate() {
	if w.gate == nil {
		return
	}
	w.gate.view.Closed()
	w.gate.work.End()
	w.gate = nil
}

// Unlocked implements screen.Navigator.
func (w *Window) Unlocked(p *profile.Profile) {
	w.clearOverlays()
	w.closeGate()
	w.locked = nil
	w.open = newInside(w, p)
	w.setMenu()
	w.root.Objects = []fyne.CanvasObject{w.open.frame.content}
	w.root.Refresh()
	w.open.begin()
}

// Lock implements screen.Navigator.
func (w *Window) Lock() {
	if w.open == nil {
		return
	}
	p, work := w.leave()
	w.showWaiting(i18n.T("window.locking"))
	w.work.Leave(func(ctx context.Context) {
		work.Wait() // drafts are kept before the keys go
		locked, err := p.Lock(ctx)
		w.work.Do(func() {
			w.locked = locked
			if locked != nil {
				w.showGate(screen.Unlock)
				return
			}
			w.Start()
			w.Fail(err)
		})
		if w.work.Ended() && locked != nil {
			_ = locked.Close() // the window was closed meanwhile
		}
	})
}

// Erased implements screen.Navigator.
func (w *Window) Erased() {
	if w.open == nil {
		return
	}
	p, work := w.leave()
	w.showWaiting(i18n.T("window.erasing"))
	w.work.Leave(func(context.Context) {
		work.Wait()
		err := p.Close() // it was closed by erasing; where that failed, now
		w.work.Do(func() {
			w.Start()
			w.Fail(err)
		})
	})
}

// leave closes everything that shows the open profile and answers it with the work that still ends.
func (w *Window) leave() (*profile.Profile, *screen.Work) {
	o := w.open
	w.open = nil
	w.clearOverlays()
	w.toast.clear()
	o.end()
	w.root.Objects = nil
	w.root.Refresh()
	return o.profile, o.work
}

// showWaiting shows a sentence in the middle while something ends.
func (w *Window) showWaiting(sentence string) {
	w.setMenu()
	w.root.Objects = []fyne.CanvasObject{widget.NewNarrow(theme.FormWidth, true,
		widget.NewText(sentence, widget.TextOptions{Color: theme.Muted, Wrap: true, Align: fyne.TextAlignCenter}))}
	w.root.Refresh()
}

// clearOverlays takes every dialog and menu away.
func (w *Window) clearOverlays() {
	overlays := w.win.Canvas().Overlays()
	for _, o := range overlays.List() {
		overlays.Remove(o)
	}
	form.Forget(w.win.Canvas())
	w.fault = nil
}

// Close ends the profile, open or locked, and returns when nothing of the window runs any more. Call it once, after the
// toolkit has ended; not on the UI thread of a running one.
func (w *Window) Close() error {
	w.work.End()
	var errs []error
	if w.open != nil {
		p, work := w.leave()
		work.Wait()
		errs = append(errs, p.Close())
	}
	w.closeGate()
	w.work.Wait()
	if w.locked != nil {
		errs = append(errs, w.locked.Close())
	}
	return errors.Join(errs...)
}

// Raise brings the window to the front, as for a second start. It may be called from any goroutine.
func (w *Window) Raise() {
	w.work.Do(func() {
		w.win.Show()
		w.win.RequestFocus()
	})
}

// SetFocused tells whether the window is at the front.
func (w *Window) SetFocused(on bool) {
	if w.focused == on {
		return
	}
	w.focused = on
	w.Active()
	if w.open != nil {
		w.open.windowFocused(on)
	}
}

// watchSession locks when the computer sleeps or its screen locks.
func (w *Window) watchSession() {
	if w.o.Session == nil {
		return
	}
	events := w.o.Session
	w.o.Session = nil
	w.work.Go(func(ctx context.Context) error {
		for {
			select {
			case <-ctx.Done():
				return nil
			case e, ok := <-events:
				if !ok {
					return nil
				}
				if e == platform.Suspending || e == platform.ScreenLocked {
					w.work.Do(func() { w.signal(security.Suspend) })
				}
			}
		}
	}, nil)
}
