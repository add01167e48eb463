package form

import (
	"fyne.io/fyne/v2"

	"sotto/app/ui/theme"
	"sotto/app/ui/widget"
)

// Tiles answers objects in two columns of equal rows, in one where there is less room.
func Tiles(objs ...fyne.CanvasObject) *Flow {
	return newFlow(&tiles{}, objs...)
}

// tileWidth is the least width of a tile of two.
const tileWidth float32 = 300

type tiles struct{ width float32 }

func (t *tiles) columns(width float32) int {
	if width >= 2*tileWidth+theme.Space3 {
		return 2
	}
	return 1
}

// rows calls row for every row with its height.
func (t *tiles) rows(objs []fyne.CanvasObject, width float32, row func(y float32, h float32, w float32, objs []fyne.CanvasObject)) float32 {
	n := t.columns(width)
	w := (width - float32(n-1)*theme.Space3) / float32(n)
	y := float32(0)
	for len(objs) > 0 {
		some := objs[:min(n, len(objs))]
		objs = objs[len(some):]
		h := float32(0)
		for _, o := range some {
			h = max(h, widget.HeightFor(o, w))
		}
		row(y, h, w, some)
		y += h + theme.Space3
	}
	return max(y-theme.Space3, 0)
}

func (t *tiles) heightFor(objs []fyne.CanvasObject, width float32) float32 {
	return t.rows(objs, width, func(float32, float32, float32, []fyne.CanvasObject) {})
}

// MinSize implements fyne.Layout.
func (t *tiles) MinSize(objs []fyne.CanvasObject) fyne.Size {
	width := t.width
	if width == 0 {
		width = ColumnWidth
	}
	return fyne.NewSize(220, t.heightFor(objs, width))
}

// Layout implements fyne.Layout.
func (t *tiles) Layout(objs []fyne.CanvasObject, s fyne.Size) {
	t.width = s.Width
	t.rows(objs, s.Width, func(y, h, w float32, objs []fyne.CanvasObject) {
		for i, o := range objs {
			o.Move(fyne.NewPos(float32(i)*(w+theme.Space3), y))
			o.Resize(fyne.NewSize(w, h))
		}
	})
}
