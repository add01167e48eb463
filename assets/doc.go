// Package assets holds the files that travel inside the binary: icons,
// the application icon, and translations.
//
// Icons are drawn for Sotto on a 24 by 24 grid with a stroke of 1.75 and the
// colour "currentColor"; [Icon] returns the SVG source, app/ui/theme colours it.
// Translations are JSON files named after their language, in the format of
// fyne.io/fyne/v2/lang.
package assets
