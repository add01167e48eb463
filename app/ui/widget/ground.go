package widget

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	fynewidget "fyne.io/fyne/v2/widget"

	"sotto/app/ui/theme"
)

// Ground puts a colour of the theme behind a view.
type Ground struct {
	fynewidget.BaseWidget
	color   fyne.ThemeColorName
	content fyne.CanvasObject
}

// NewGround answers content on the colour called name, over its whole size.
func NewGround(name fyne.ThemeColorName, content fyne.CanvasObject) *Ground {
	g := &Ground{color: name, content: content}
	g.ExtendBaseWidget(g)
	return g
}

// HeightFor implements flowing.
func (g *Ground) HeightFor(width float32) float32 { return HeightFor(g.content, width) }

// CreateRenderer implements fyne.Widget.
func (g *Ground) CreateRenderer() fyne.WidgetRenderer {
	rect := newRect(color.Transparent, 0)
	p := &parts{owner: g, objects: []fyne.CanvasObject{rect, g.content}}
	p.refresh = func() { rect.FillColor = colorOf(g, g.color) }
	p.min = g.content.MinSize
	p.layout = func(s fyne.Size) {
		place(rect, 0, 0, s.Width, s.Height)
		place(g.content, 0, 0, s.Width, s.Height)
	}
	p.refresh()
	return p
}

// Refresh lays the content out anew.
func (g *Ground) Refresh() {
	g.content.Refresh()
	g.BaseWidget.Refresh()
}

// Icon is a drawing of the theme in one of its colours, 20 units wide unless
// sized otherwise.
type Icon struct {
	fynewidget.BaseWidget
	name  theme.IconName
	color fyne.ThemeColorName
	size  float32
}

// NewIcon answers the icon in a colour of the theme, size by size units.
func NewIcon(name theme.IconName, ink fyne.ThemeColorName, size float32) *Icon {
	i := &Icon{name: name, color: ink, size: size}
	i.ExtendBaseWidget(i)
	return i
}

// Set changes icon and colour.
func (i *Icon) Set(name theme.IconName, ink fyne.ThemeColorName) {
	i.name, i.color = name, ink
	i.Refresh()
}

// CreateRenderer implements fyne.Widget.
func (i *Icon) CreateRenderer() fyne.WidgetRenderer {
	img := canvas.NewImageFromResource(nil)
	img.FillMode = canvas.ImageFillContain
	p := &parts{owner: i, objects: []fyne.CanvasObject{img}}
	p.refresh = func() { setIcon(img, i.name, colorOf(i, i.color)) }
	p.min = func() fyne.Size { return fyne.NewSquareSize(i.size) }
	p.layout = func(s fyne.Size) {
		d := min(i.size, s.Width, s.Height)
		place(img, (s.Width-d)/2, (s.Height-d)/2, d, d)
	}
	p.refresh()
	return p
}
