package widget

import (
	"fyne.io/fyne/v2"
	fynewidget "fyne.io/fyne/v2/widget"

	"sotto/app/ui/theme"
)

// FileName shows the name of a file on one line. Where it does not fit, the
// middle is left out; the ending stays in sight and always stands at the right,
// whichever way the letters before it are written.
type FileName struct {
	fynewidget.BaseWidget
	name         string
	stem, ending *Text
}

// NewFileName answers the name in that size and colour ("" for body and text).
func NewFileName(name string, size fyne.ThemeSizeName, color fyne.ThemeColorName, bold bool) *FileName {
	f := &FileName{
		stem:   NewText("", TextOptions{Size: size, Color: color, Bold: bold, Cut: true}),
		ending: NewText("", TextOptions{Size: size, Color: color, Bold: bold}),
	}
	f.ExtendBaseWidget(f)
	f.SetName(name)
	return f
}

// SetName shows another name.
func (f *FileName) SetName(name string) {
	if name == f.name {
		return
	}
	f.name = name
	stem, ending := SplitFileName(name)
	f.stem.SetContent(stem)
	f.ending.SetContent(ending)
	f.Refresh()
}

// Content answers the whole name, cleaned.
func (f *FileName) Content() string { return f.stem.Content() + f.ending.Content() }

// width is how much the whole name takes.
func (f *FileName) width() float32 {
	size := sizeOf(f, f.stem.opts.Size)
	return measure(f.stem.content, size, f.stem.style()) + f.ending.MinSize().Width
}

// Refresh draws anew, because the theme may have changed.
func (f *FileName) Refresh() {
	f.stem.Refresh()
	f.ending.Refresh()
	f.BaseWidget.Refresh()
}

// CreateRenderer implements fyne.Widget.
func (f *FileName) CreateRenderer() fyne.WidgetRenderer {
	p := &parts{owner: f, objects: []fyne.CanvasObject{f.stem, f.ending}}
	p.min = func() fyne.Size {
		size := sizeOf(f, f.stem.opts.Size)
		return fyne.NewSize(min(f.width(), f.ending.MinSize().Width+3*size), lineHeight(size))
	}
	p.layout = func(s fyne.Size) {
		end := f.ending.MinSize().Width
		size := sizeOf(f, f.stem.opts.Size)
		w := max(s.Width-end, 0)
		w = min(measure(cutToWidth(f.stem.content, size, f.stem.style(), w), size, f.stem.style()), w)
		place(f.stem, 0, 0, w+2, s.Height) // the text may be measured a little wider when it is drawn
		place(f.ending, w, 0, min(end, s.Width-w), s.Height)
	}
	return p
}

// fileNameOf answers a name as it is said where there is no room to draw one.
func fileNameOf(a *Attachment) string {
	stem, ending := SplitFileName(a.Name)
	return stem + ending
}

// iconOr answers icon, or that of any file.
func iconOr(icon theme.IconName) theme.IconName {
	if icon == "" {
		return theme.IconFile
	}
	return icon
}
