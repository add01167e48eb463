// Package stage puts one screen into a window of Fyne's test driver, with a profile of small passphrase costs, a queue for
// the UI thread, and a navigator that remembers what it was asked.
//
//	s := stage.New(t)
//	p := s.Profile("Mira")
//	s.Show(privacypage.New(s.Services(p), screen.Place{}))
//	s.Tap("See your answers")
package stage
