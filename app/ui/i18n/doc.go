// Package i18n gives the window its words: translated strings, plurals, times,
// days, sizes and durations.
//
// It wraps fyne.io/fyne/v2/lang; translations are assets/translations/LANG.json
// and English is complete (a test looks up every key that the window uses).
// Keys name the place and the thing, as in "composer.send".
//
//	i18n.T("chat.placeholder", i18n.Args{"Name": name})
//	i18n.N("chat.missing", n)
//	f := i18n.NewFormat(i18n.SystemLocale(), time.Local)
//	f.ListTime(now, sent)
package i18n
