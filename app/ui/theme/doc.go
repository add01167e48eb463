// Package theme is how Sotto looks: colours, measures, fonts and icons.
//
// It follows the colour table and the measures of the design. [New] answers a
// fyne.Theme for the standard widgets; our own widgets ask it for the semantic
// names ([Surface], [Muted], [OwnBubble], ...) and sizes ([SizeBody], ...).
// Every pairing of text and ground that the window uses is listed in
// [Pairings] and tested against WCAG 2.2 AA.
//
//	app.Settings().SetTheme(theme.New(theme.Options{Mode: theme.System, Scale: 1}))
package theme
