package widget_test

import (
	"strings"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

	"sotto/app/ui/widget"
)

func TestWhatIsTypedIsWhatIsWrittenWhereverLinesWrap(t *testing.T) {
	text := "furnace insect torch glove buffalo panda bacon honey carbon mirror bracket envelope cotton lizard fruit"
	for skip := range 40 {
		c := widget.NewComposer(widget.ComposerWords{})
		w := test.NewTempWindow(t, c)
		w.Resize(fyne.NewSize(320, 300))
		focused := w.Canvas().Focused
		w.Canvas().Focus(c.Focus())
		typed := text[skip:]
		if focused() == nil {
			t.Fatal("the composer took no focus")
		}
		test.Type(focused(), typed)
		if got := c.Text(); strings.TrimSpace(got) != strings.TrimSpace(typed) {
			t.Fatalf("typed %q, written %q", typed, got)
		}
	}
}
