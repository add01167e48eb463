package form

import (
	"slices"

	"fyne.io/fyne/v2"
)

// shown are the sheets over windows, those opened last at the end. It is the UI thread's.
var shown []*Sheet

// Escape closes the sheet that lies over everything else in c, as its cancel button does, and reports whether there was one
// that may be closed so.
func Escape(c fyne.Canvas) bool {
	for _, s := range slices.Backward(shown) {
		if s.popup != nil && s.popup.Canvas == c && s.over == c.Overlays().Top() && s.Cancel.Visible() {
			s.dismiss()
			return true
		}
	}
	return false
}

// Forget lets go of the sheets of c, after its window took everything away that lay over it.
func Forget(c fyne.Canvas) {
	shown = slices.DeleteFunc(shown, func(s *Sheet) bool { return s.popup == nil || s.popup.Canvas == c })
}
