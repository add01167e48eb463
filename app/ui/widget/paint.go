package widget

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"

	"sotto/app/ui/theme"
)

// parts is the renderer of every widget here: objects plus the functions that
// place, measure and colour them.
type parts struct {
	objects []fyne.CanvasObject
	layout  func(fyne.Size)
	min     func() fyne.Size
	refresh func() // sets texts and colours; the caller repaints
	owner   fyne.Widget
}

func (p *parts) Layout(s fyne.Size)           { p.layout(s) }
func (p *parts) MinSize() fyne.Size           { return p.min() }
func (p *parts) Objects() []fyne.CanvasObject { return p.objects }
func (p *parts) Destroy()                     {}

func (p *parts) Refresh() {
	if p.refresh != nil {
		p.refresh()
	}
	p.layout(p.owner.Size())
	canvas.Refresh(p.owner)
}

// clipping is a renderer whose children are cut at the widget's edge. Fyne
// looks for IsClip on renderers (fyne.io/fyne/v2/container.Clip).
type clipping struct{ parts }

func (*clipping) IsClip() {}

type themed interface{ Theme() fyne.Theme }

func colorOf(w themed, name fyne.ThemeColorName) color.Color { return theme.Color(w.Theme(), name) }
func sizeOf(w themed, name fyne.ThemeSizeName) float32       { return theme.Size(w.Theme(), name) }

// scaleOf answers the text scale that w is drawn with.
func scaleOf(w themed) float32 { return sizeOf(w, theme.SizeBody) / 14 }

func newIcon(name theme.IconName, c color.Color) *canvas.Image {
	i := canvas.NewImageFromResource(theme.Icon(name, c))
	i.FillMode = canvas.ImageFillContain
	return i
}

func setIcon(i *canvas.Image, name theme.IconName, c color.Color) {
	r := theme.Icon(name, c)
	if i.Resource == r {
		return
	}
	i.Resource = r
	i.Refresh()
}

func newRect(c color.Color, radius float32) *canvas.Rectangle {
	r := canvas.NewRectangle(c)
	r.CornerRadius = radius
	return r
}

// focusRing is shown around a control that has the keyboard.
func newFocusRing(radius float32) *canvas.Rectangle {
	r := newRect(color.Transparent, radius)
	r.StrokeWidth = 2
	r.Hide()
	return r
}

func place(o fyne.CanvasObject, x, y, w, h float32) {
	o.Move(fyne.NewPos(x, y))
	o.Resize(fyne.NewSize(w, h))
}

// raise gives r the soft shadow of things that lie above the page.
func raise(r *canvas.Rectangle, shade color.Color) {
	r.Shadow = canvas.Shadow{Color: shade, BlurRadius: 8, Offset: fyne.NewPos(0, 2)}
}

// SetVisible shows o, or hides it.
func SetVisible(o fyne.CanvasObject, visible bool) {
	if visible {
		o.Show()
	} else {
		o.Hide()
	}
}
