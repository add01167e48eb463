package form

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	fynewidget "fyne.io/fyne/v2/widget"
)

// layoutFor is a layout whose height follows from its width.
type layoutFor interface {
	fyne.Layout
	heightFor(objs []fyne.CanvasObject, width float32) float32
}

// Flow shows objects in a layout whose height follows from its width; the columns of app/ui/widget ask it for that.
type Flow struct {
	fynewidget.BaseWidget
	content *fyne.Container
	layout  layoutFor
}

func newFlow(l layoutFor, objs ...fyne.CanvasObject) *Flow {
	f := &Flow{content: container.New(l, objs...), layout: l}
	f.ExtendBaseWidget(f)
	return f
}

// HeightFor answers the height at width.
func (f *Flow) HeightFor(width float32) float32 { return f.layout.heightFor(f.content.Objects, width) }

// CreateRenderer implements fyne.Widget.
func (f *Flow) CreateRenderer() fyne.WidgetRenderer {
	return &renderer{
		objects: []fyne.CanvasObject{f.content},
		owner:   f,
		min:     f.content.MinSize,
		layout:  func(s fyne.Size) { f.content.Resize(s) },
		refresh: f.content.Refresh,
	}
}
