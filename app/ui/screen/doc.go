// Package screen is the contract between Sotto's window and its screens: what a screen is, where one can go, what it
// gets to work with, and how long work leaves the UI thread. Screens import it; app/ui imports the screens.
//
// A screen is made by its package's New with [Services] and lives until Closed: for as long as the person may come back
// to it by Back, or until the profile locks. Everything that touches Fyne's objects runs on the UI thread; everything
// that may take longer than a frame runs off it:
//
//	screen.Run(s.Work, func(ctx context.Context) ([]chat.Contact, error) {
//		return s.Profile.Messenger.Contacts(ctx) // off the UI thread
//	}, func(contacts []chat.Contact, err error) {
//		list.Show(contacts) // on it; not called any more once the screen was closed
//	})
//
// Errors become words in app/ui/words only. A form shows them beside the field concerned; where there is none,
// [Navigator].Fail says them.
package screen
