package privacypage

import (
	"fyne.io/fyne/v2"

	"sotto/app/ui/widget"
)

// writing is the part of a view that writes a file or folder: where to, how it goes, and how it ended.
type writing struct {
	p       *Screen
	field   *widget.Field   // the path
	running *fyne.Container // progress, then the result; hidden while there is neither
}

// say shows how it goes on top of the page, in sight.
func (v *writing) say(o fyne.CanvasObject) {
	v.running.Show()
	v.p.fill(v.running, o)
	v.p.page.ScrollToTop()
}

// fault says what is wrong with the path, beside it.
func (v *writing) fault(s string) {
	v.running.Hide()
	v.field.SetError(s)
	v.p.fill(v.running)
}
