package form

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	fynewidget "fyne.io/fyne/v2/widget"

	"sotto/app/ui/theme"
	"sotto/app/ui/widget"
)

// Panel is a raised ground with an edge around its content.
type Panel struct {
	fynewidget.BaseWidget
	content fyne.CanvasObject
	space   float32 // around the content
}

// NewPanel answers a panel around content.
func NewPanel(content fyne.CanvasObject) *Panel {
	p := &Panel{content: content, space: theme.Space4}
	p.ExtendBaseWidget(p)
	return p
}

// newFrame answers a panel that is hardly more than an edge, for lists.
func newFrame(content fyne.CanvasObject) *Panel {
	p := &Panel{content: content, space: theme.Space1}
	p.ExtendBaseWidget(p)
	return p
}

// HeightFor answers the height at width.
func (p *Panel) HeightFor(width float32) float32 {
	return widget.HeightFor(p.content, width-2*p.space) + 2*p.space
}

// CreateRenderer implements fyne.Widget.
func (p *Panel) CreateRenderer() fyne.WidgetRenderer {
	ground := canvas.NewRectangle(color.Transparent)
	ground.CornerRadius, ground.StrokeWidth = theme.CardRadius, 1
	r := &renderer{objects: []fyne.CanvasObject{ground, p.content}, owner: p}
	r.refresh = func() {
		ground.FillColor = theme.Color(p.Theme(), theme.Raised)
		ground.StrokeColor = theme.Color(p.Theme(), theme.Hairline)
		p.content.Refresh()
	}
	r.min = func() fyne.Size {
		m := p.content.MinSize()
		return fyne.NewSize(m.Width+2*p.space, p.HeightFor(max(p.Size().Width, m.Width+2*p.space)))
	}
	r.layout = func(s fyne.Size) {
		ground.Resize(s)
		p.content.Move(fyne.NewPos(p.space, p.space))
		p.content.Resize(fyne.NewSize(s.Width-2*p.space, s.Height-2*p.space))
	}
	r.refresh()
	return r
}

// renderer is what every widget here renders with.
type renderer struct {
	objects []fyne.CanvasObject
	layout  func(fyne.Size)
	min     func() fyne.Size
	refresh func()
	owner   fyne.Widget
}

func (r *renderer) Layout(s fyne.Size)           { r.layout(s) }
func (r *renderer) MinSize() fyne.Size           { return r.min() }
func (r *renderer) Objects() []fyne.CanvasObject { return r.objects }
func (r *renderer) Destroy()                     {}

func (r *renderer) Refresh() {
	r.refresh()
	r.layout(r.owner.Size())
	canvas.Refresh(r.owner)
}
