package widget

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
)

// stack gives one of its objects the height that the others leave.
type stack struct{ grow int }

// NewStack puts objs under each other over the whole size: each as high as it
// wants at this width, and the one with index grow as high as there is room.
// Hidden objects take none.
func NewStack(grow int, objs ...fyne.CanvasObject) *fyne.Container {
	return container.New(&stack{grow}, objs...)
}

func (k *stack) heights(objs []fyne.CanvasObject, s fyne.Size) []float32 {
	hs := make([]float32, len(objs))
	left := s.Height
	for i, o := range objs {
		if o.Visible() && i != k.grow {
			hs[i] = HeightFor(o, s.Width)
			left -= hs[i]
		}
	}
	hs[k.grow] = max(left, 0)
	return hs
}

func (k *stack) MinSize(objs []fyne.CanvasObject) fyne.Size {
	var m fyne.Size
	for _, o := range objs {
		if o.Visible() {
			c := o.MinSize()
			m = fyne.NewSize(max(m.Width, c.Width), m.Height+c.Height)
		}
	}
	return m
}

func (k *stack) Layout(objs []fyne.CanvasObject, s fyne.Size) {
	y := float32(0)
	for i, h := range k.heights(objs, s) {
		if objs[i].Visible() {
			place(objs[i], 0, y, s.Width, h)
			y += h
		}
	}
}
