package widget_test

import (
	"math"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/test"

	"sotto/app/apptest/golden"
	"sotto/app/ui/theme"
	"sotto/app/ui/widget"
)

func shownZoom(t *testing.T, w, h int) (*widget.Zoom, *canvas.Image) {
	t.Helper()
	golden.App(t, theme.Light, 1)
	z := widget.NewZoom()
	win := test.NewTempWindow(t, z)
	win.SetPadded(false)
	win.Resize(fyne.NewSize(800, 600))
	z.SetPicture(scene(100, 75), w, h, "p")
	for _, o := range test.WidgetRenderer(z).Objects() {
		if img, ok := o.(*canvas.Image); ok {
			return z, img
		}
	}
	t.Fatal("no picture is shown")
	return nil, nil
}

func near(a, b float32) bool { return math.Abs(float64(a-b)) < 0.6 }

func TestAPictureBeginsWholeAndIsNeverEnlargedForIt(t *testing.T) {
	for _, c := range []struct {
		w, h    int
		want    fyne.Size
		percent int
	}{{4000, 3000, fyne.NewSize(800, 600), 20}, {400, 300, fyne.NewSize(400, 300), 100}, {600, 6000, fyne.NewSize(60, 600), 10}} {
		z, img := shownZoom(t, c.w, c.h)
		if s := img.Size(); !near(s.Width, c.want.Width) || !near(s.Height, c.want.Height) || z.Percent() != c.percent || z.Enlarged() {
			t.Errorf("%dx%d is shown as %v, %d %%", c.w, c.h, s, z.Percent())
		}
		if p := img.Position(); !near(p.X, (800-c.want.Width)/2) || !near(p.Y, (600-c.want.Height)/2) {
			t.Errorf("%dx%d lies at %v", c.w, c.h, p)
		}
	}
}

func TestWhatIsUnderThePointerStaysWhileZooming(t *testing.T) {
	z, img := shownZoom(t, 4000, 3000)
	at := fyne.NewPos(200, 150)
	for range 12 {
		before := fyne.NewPos((at.X-img.Position().X)/img.Size().Width, (at.Y-img.Position().Y)/img.Size().Height)
		e := &fyne.ScrollEvent{Scrolled: fyne.NewDelta(0, 10)}
		e.Position = at
		z.Scrolled(e)
		after := fyne.NewPos((at.X-img.Position().X)/img.Size().Width, (at.Y-img.Position().Y)/img.Size().Height)
		if math.Abs(float64(before.X-after.X)) > 0.001 || math.Abs(float64(before.Y-after.Y)) > 0.001 {
			t.Fatalf("at %d %% the point moved from %v to %v", z.Percent(), before, after)
		}
	}
}

func TestZoomingIsBoundedAndAPictureCannotBeLost(t *testing.T) {
	z, img := shownZoom(t, 4000, 3000)
	for range 60 {
		z.In()
	}
	if z.Percent() != 800 {
		t.Errorf("it grows to %d %%", z.Percent())
	}
	z.Dragged(&fyne.DragEvent{Dragged: fyne.NewDelta(1e6, -1e6)})
	p, s := img.Position(), img.Size()
	if p.X > 0.5 || p.Y > 0.5 || p.X+s.Width < 799.5 || p.Y+s.Height < 599.5 {
		t.Errorf("it was dragged to %v, %v large", p, s)
	}
	for range 60 {
		z.Out()
	}
	if z.Enlarged() || z.Percent() != 20 {
		t.Errorf("it shrinks to %d %%", z.Percent())
	}
}

func TestTheKeysOfAPicture(t *testing.T) {
	z, _ := shownZoom(t, 4000, 3000)
	var steps []int
	left := false
	z.Step = func(n int) { steps = append(steps, n) }
	z.Escape = func() { left = true }
	key := func(k fyne.KeyName) { z.TypedKey(&fyne.KeyEvent{Name: k}) }
	key(fyne.KeyRight)
	key(fyne.KeyLeft)
	z.TypedRune('1')
	if z.Percent() != 100 {
		t.Errorf("1 shows %d %%", z.Percent())
	}
	key(fyne.KeyRight) // moves
	key(fyne.KeyPageDown)
	z.TypedRune('0')
	if z.Enlarged() {
		t.Error("0 does not show the whole")
	}
	z.TypedRune('+')
	if z.Percent() != 25 {
		t.Errorf("plus shows %d %%", z.Percent())
	}
	z.TypedRune('-')
	key(fyne.KeyEscape)
	if len(steps) != 3 || steps[0] != 1 || steps[1] != -1 || steps[2] != 1 || !left || z.Enlarged() {
		t.Errorf("steps %v, left %v", steps, left)
	}
}
