package widget

import (
	"image"
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/desktop"
	fynewidget "fyne.io/fyne/v2/widget"
)

// Bounds of zooming: a pixel of the picture is at most so many units wide, and a
// step is a factor.
const (
	zoomMost float32 = 8
	zoomStep float32 = 1.25
)

// Zoom shows one picture that is enlarged by wheel and keys and moved by
// dragging. It begins with the whole of it, never enlarged.
//
// Keys: plus and minus, 0 for the whole, 1 for a pixel on a pixel, arrows to move
// when it is enlarged and to the next picture when it is not.
type Zoom struct {
	fynewidget.BaseWidget

	Step    func(n int)       // the picture before (-1) or after (1) is asked for
	Escape  func()            // Escape was pressed
	Changed func(percent int) // the zoom changed

	pixels  image.Image
	natural fyne.Size // of the picture in pixels
	scale   float32   // 0: the whole is shown
	centre  fyne.Position
	label   string
	told    int
}

// NewZoom answers an empty view.
func NewZoom() *Zoom {
	z := &Zoom{}
	z.ExtendBaseWidget(z)
	return z
}

// SetPicture shows a picture of w times h pixels, as a whole. img may hold fewer
// pixels; nil shows none. label says what it is.
func (z *Zoom) SetPicture(img image.Image, w, h int, label string) {
	z.pixels, z.natural, z.label = img, fyne.NewSize(float32(w), float32(h)), label
	z.scale, z.centre = 0, fyne.NewPos(0.5, 0.5)
	z.Refresh()
}

// SetPixels shows other pixels of the same picture; zoom and place stay.
func (z *Zoom) SetPixels(img image.Image) {
	z.pixels = img
	z.Refresh()
}

// Pixels answers what is shown, or nil.
func (z *Zoom) Pixels() image.Image { return z.pixels }

// Percent answers how large a pixel of the picture is on the screen.
func (z *Zoom) Percent() int { return int(z.factor()*z.density()*100 + 0.5) }

// In enlarges by a step.
func (z *Zoom) In() { z.by(zoomStep, z.middle()) }

// Out makes smaller by a step.
func (z *Zoom) Out() { z.by(1/zoomStep, z.middle()) }

// Fit shows the whole picture.
func (z *Zoom) Fit() {
	z.scale, z.centre = 0, fyne.NewPos(0.5, 0.5)
	z.Refresh()
}

// Original shows a pixel of the picture as a pixel of the screen.
func (z *Zoom) Original() { z.by(1/z.density()/z.factor(), z.middle()) }

// Enlarged reports whether not the whole is shown.
func (z *Zoom) Enlarged() bool { return z.scale > 0 }

func (z *Zoom) middle() fyne.Position {
	s := z.Size()
	return fyne.NewPos(s.Width/2, s.Height/2)
}

// density is how many pixels of the screen a unit has.
func (z *Zoom) density() float32 {
	if c := fyne.CurrentApp().Driver().CanvasForObject(z); c != nil && c.Scale() > 0 {
		return c.Scale()
	}
	return 1
}

// whole is the factor from pixels to units at which everything is seen.
func (z *Zoom) whole() float32 {
	s, n := z.Size(), z.natural
	if n.IsZero() || s.IsZero() {
		return 1
	}
	return min(s.Width/n.Width, s.Height/n.Height, 1/z.density())
}

func (z *Zoom) factor() float32 {
	if z.scale == 0 {
		return z.whole()
	}
	return z.scale
}

// by enlarges by f; what is at the point stays there.
func (z *Zoom) by(f float32, at fyne.Position) {
	if z.natural.IsZero() {
		return
	}
	old := z.factor()
	next := min(max(old*f, z.whole()), max(zoomMost, z.whole()))
	if next <= z.whole()*1.001 {
		z.Fit()
		return
	}
	p, s := z.placed()
	u, v := (at.X-p.X)/s.Width, (at.Y-p.Y)/s.Height
	m := z.middle()
	z.scale = next
	z.centre = fyne.NewPos(u+(m.X-at.X)/(z.natural.Width*next), v+(m.Y-at.Y)/(z.natural.Height*next))
	z.Refresh()
}

// placed is where the picture lies now.
func (z *Zoom) placed() (fyne.Position, fyne.Size) {
	f, room := z.factor(), z.Size()
	s := fyne.NewSize(max(z.natural.Width*f, 1), max(z.natural.Height*f, 1))
	z.centre.X, z.centre.Y = held(z.centre.X, s.Width, room.Width), held(z.centre.Y, s.Height, room.Height)
	return fyne.NewPos(room.Width/2-z.centre.X*s.Width, room.Height/2-z.centre.Y*s.Height), s
}

// held keeps the edges of the picture outside of the room, and the middle of a
// smaller one in its middle.
func held(centre, size, room float32) float32 {
	if size <= room {
		return 0.5
	}
	edge := room / size / 2
	return min(max(centre, edge), 1-edge)
}

func (z *Zoom) moveBy(dx, dy float32) {
	_, s := z.placed()
	z.centre = z.centre.AddXY(-dx/s.Width, -dy/s.Height)
	z.Refresh()
}

// Scrolled implements fyne.Scrollable.
func (z *Zoom) Scrolled(e *fyne.ScrollEvent) {
	switch {
	case e.Scrolled.DY > 0:
		z.by(zoomStep, e.Position)
	case e.Scrolled.DY < 0:
		z.by(1/zoomStep, e.Position)
	}
}

// Dragged implements fyne.Draggable.
func (z *Zoom) Dragged(e *fyne.DragEvent) { z.moveBy(e.Dragged.DX, e.Dragged.DY) }

// DragEnd implements fyne.Draggable.
func (z *Zoom) DragEnd() {}

// Tapped implements fyne.Tappable: it takes the keyboard.
func (z *Zoom) Tapped(*fyne.PointEvent) {
	if c := fyne.CurrentApp().Driver().CanvasForObject(z); c != nil {
		c.Focus(z)
	}
}

// DoubleTapped implements fyne.DoubleTappable: from the whole to a pixel on a
// pixel, and back.
func (z *Zoom) DoubleTapped(e *fyne.PointEvent) {
	if z.Enlarged() {
		z.Fit()
		return
	}
	z.by(max(1/z.density()/z.factor(), 2), e.Position)
}

// Cursor implements desktop.Cursorable.
func (z *Zoom) Cursor() desktop.Cursor {
	if z.Enlarged() {
		return desktop.PointerCursor
	}
	return desktop.DefaultCursor
}

// FocusGained implements fyne.Focusable. It is the one thing on its page that
// has the keyboard, unless another shows so.
func (z *Zoom) FocusGained() {}

// FocusLost implements fyne.Focusable.
func (z *Zoom) FocusLost() {}

// TypedRune implements fyne.Focusable.
func (z *Zoom) TypedRune(r rune) {
	switch r {
	case '+', '=':
		z.In()
	case '-':
		z.Out()
	case '0':
		z.Fit()
	case '1':
		z.Original()
	}
}

// TypedKey implements fyne.Focusable.
func (z *Zoom) TypedKey(e *fyne.KeyEvent) {
	step := z.Size().Width / 6
	moves := map[fyne.KeyName][2]float32{fyne.KeyLeft: {step, 0}, fyne.KeyRight: {-step, 0}, fyne.KeyUp: {0, step}, fyne.KeyDown: {0, -step}}
	switch {
	case e.Name == fyne.KeyEscape && z.Escape != nil:
		z.Escape()
	case (e.Name == fyne.KeyPageUp || e.Name == fyne.KeyLeft && !z.Enlarged()) && z.Step != nil:
		z.Step(-1)
	case (e.Name == fyne.KeyPageDown || e.Name == fyne.KeyRight && !z.Enlarged()) && z.Step != nil:
		z.Step(1)
	case z.Enlarged():
		if m, ok := moves[e.Name]; ok {
			z.moveBy(m[0], m[1])
		}
	}
}

// AccessibilityLabel implements fyne.Accessible.
func (z *Zoom) AccessibilityLabel() string { return CleanName(z.label) }

// AccessibilityRole implements fyne.Accessible.
func (z *Zoom) AccessibilityRole() fyne.AccessibleRole { return fyne.AccessibleRoleText }

// CreateRenderer implements fyne.Widget.
func (z *Zoom) CreateRenderer() fyne.WidgetRenderer {
	shown := &canvas.Image{FillMode: canvas.ImageFillStretch, ScaleMode: canvas.ImageScaleFastest}
	shown.Hide()
	sheet := newRect(color.Transparent, 0)
	v := &clipping{parts{owner: z, objects: []fyne.CanvasObject{sheet, shown}}}
	v.refresh = func() {
		if shown.Image != z.pixels {
			shown.Image = z.pixels
			if z.pixels != nil {
				shown.Refresh()
			}
		}
		SetVisible(shown, z.pixels != nil)
	}
	v.min = func() fyne.Size { return fyne.NewSize(160, 120) }
	v.layout = func(s fyne.Size) {
		place(sheet, 0, 0, s.Width, s.Height)
		if z.natural.IsZero() {
			return
		}
		p, size := z.placed()
		place(shown, p.X, p.Y, size.Width, size.Height)
		if n := z.Percent(); n != z.told && z.Changed != nil {
			z.told = n
			z.Changed(n)
		}
	}
	v.refresh()
	return v
}
