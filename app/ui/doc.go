// Package ui is the window: which screen is shown, how one gets from one to another, what happens when the profile opens,
// locks and ends, and how events of the messenger reach the screens.
//
// Screens are packages of their own (app/ui/<screen>) and know the window only as screen.Navigator; screens.go lists them. main makes the application and the window of the toolkit and hands them to
// [New]:
//
//	w := ui.New(ui.Options{App: a, Window: win, Dir: dir})
//	w.Start()
//	win.ShowAndRun()
//	err := w.Close()
//
// Everything here runs on the UI thread but [Window.Raise], [Window.Close] and the callbacks that say so; what takes long
// runs in screen.Work. When the profile locks, every screen is closed and dropped, its overlays too, before the keys go.
package ui
