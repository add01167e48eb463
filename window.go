package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync/atomic"

	"sotto/app/platform"
	"sotto/app/profile"
	"sotto/app/ui"
	"sotto/app/ui/prefs"
	"sotto/assets"
	"sotto/chat"
)

// run opens the window and returns when it was closed.
func run(o options) error {
	dir, err := filepath.Abs(o.profile)
	if err != nil {
		return fmt.Errorf("the folder of the profile: %w", err)
	}
	if o.demo && profile.Exists(dir) {
		return fmt.Errorf("--demo makes a throw-away profile, and there is one in that folder: %w", chat.ErrProfileExists)
	}
	if err := platform.DisableCoreDumps(); err != nil && !errors.Is(err, platform.ErrUnsupported) {
		return fmt.Errorf("switch core dumps off: %w", err)
	}

	var window atomic.Pointer[ui.Window]
	instance, err := claim(dir, func() {
		if w := window.Load(); w != nil {
			w.Raise()
		}
	})
	if errors.Is(err, platform.ErrRunning) {
		fmt.Fprintln(os.Stderr, "sotto: this profile is open already; its window was raised")
		return nil
	}
	if err != nil {
		return err
	}
	defer instance.Close()

	_ = profile.WipeCopies(dir) // what cannot be removed now is met again at the unlock

	a, err := application()
	if err != nil {
		return err
	}
	ctx, end := context.WithCancel(context.Background())
	defer end()
	win := a.NewWindow(windowTitle)
	session, err := platform.WatchSession(ctx)
	if err != nil {
		session = nil // this system does not tell: the idle time alone locks
	}
	desktop := notifier(&window)
	if desktop != nil {
		defer desktop.Close()
	}
	w := ui.New(ui.Options{App: a, Window: win, Dir: dir, Notifier: desktop, Session: session})
	window.Store(w)
	w.Start()
	if onWindow != nil {
		onWindow(win)
	}
	var demonstration chan error
	if o.demo {
		demonstration = make(chan error, 1)
		go func() { demonstration <- demonstrate(ctx, dir, w, a.Quit) }()
	}
	win.CenterOnScreen()
	win.ShowAndRun()

	end()
	var failed error
	if demonstration != nil {
		failed = <-demonstration
	}
	return errors.Join(failed, w.Close())
}

// claim makes this process the one that has the profile's window.
func claim(dir string, raise func()) (*platform.Instance, error) {
	socket, err := platform.SocketPath(dir)
	if err != nil {
		return nil, err
	}
	return platform.Claim(socket, raise)
}

// notifier answers the desktop's notifications in constant words; nil where the
// desktop has none.
func notifier(window *atomic.Pointer[ui.Window]) platform.Notifier {
	n, err := platform.NewNotifier(platform.NotifierOptions{
		AppName: windowTitle, AppID: assets.AppID, Words: prefs.NotificationWords(windowTitle),
		Activated: func() {
			if w := window.Load(); w != nil {
				w.Raise()
			}
		},
	})
	if err != nil {
		return nil
	}
	return prefs.Guard(n)
}
