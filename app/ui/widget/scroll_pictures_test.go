package widget_test

import (
	"image"
	"slices"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

	"sotto/app/apptest/golden"
	"sotto/app/ui/theme"
	"sotto/app/ui/widget"
)

// album is a conversation of n pictures of all shapes, every third with a caption.
func album(n int) *archive {
	a := &archive{}
	for i := range n {
		m := archived(i)
		if m.Text = ""; i%3 == 0 {
			m.Text = "A caption under the picture, long enough to wrap."
		}
		shape := [...][2]int{{1600, 1200}, {900, 1400}, {4000, 200}, {20, 20}, {3000, 2000}}[i%5]
		m.File = &widget.Attachment{Name: "p.jpg", Width: shape[0], Height: shape[1], Press: "view", Label: "View"}
		a.rows = append(a.rows, m)
	}
	return a
}

// BenchmarkScroll300Pictures scrolls a conversation of 300 pictures up and down, a step for each frame. One in a hundred
// frames takes longer than what it reports; the window may stand still for 8 ms.
func BenchmarkScroll300Pictures(b *testing.B) {
	golden.App(b, theme.Light, 1)
	pixels := make([]image.Image, 8)
	for i := range pixels {
		pixels[i] = image.NewRGBA(image.Rect(0, 0, 640, 480))
	}
	actions := &widget.BubbleActions{Picture: func(m widget.Message) image.Image { return pixels[len(m.Text)%len(pixels)] }}
	tl := widget.NewTimeline(album(300), func(r widget.Row) widget.RowView { return widget.NewBubble(r.(widget.Message), actions) })
	w := test.NewTempWindow(b, tl)
	w.SetPadded(false)
	w.Resize(fyne.NewSize(800, 600))
	tl.Reset()
	var took []time.Duration
	step := float32(-120)
	b.ReportAllocs()
	for b.Loop() {
		if len(took)%400 == 399 {
			step = -step
		}
		from := time.Now()
		tl.ScrollBy(step)
		took = append(took, time.Since(from))
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "ms-p99")
}
