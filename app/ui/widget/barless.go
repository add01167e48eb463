package widget

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	fynetheme "fyne.io/fyne/v2/theme"
)

// barless is the present theme without bars for scrolling: the toolkit draws one across the lower edge of a line of input
// whose text is longer than the line, where the keyboard moves the text.
type barless struct{}

func present() fyne.Theme { return fyne.CurrentApp().Settings().Theme() }

// Color implements fyne.Theme.
func (barless) Color(name fyne.ThemeColorName, v fyne.ThemeVariant) color.Color {
	return present().Color(name, v)
}

// Font implements fyne.Theme.
func (barless) Font(s fyne.TextStyle) fyne.Resource { return present().Font(s) }

// Icon implements fyne.Theme.
func (barless) Icon(name fyne.ThemeIconName) fyne.Resource { return present().Icon(name) }

// Size implements fyne.Theme.
func (barless) Size(name fyne.ThemeSizeName) float32 {
	if name == fynetheme.SizeNameScrollBar || name == fynetheme.SizeNameScrollBarSmall {
		return 0
	}
	return present().Size(name)
}

// withoutBars answers what shows a line of input without bars; other input as it is.
func withoutBars(input fyne.CanvasObject) fyne.CanvasObject {
	switch input.(type) {
	case *Entry, *PassphraseField:
		return container.NewThemeOverride(input, barless{})
	}
	return input
}
