package widget

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	fynewidget "fyne.io/fyne/v2/widget"

	"sotto/app/ui/theme"
)

// Keycaps shows a key combination, each key as a cap: "Ctrl", "K".
type Keycaps struct {
	fynewidget.BaseWidget
	keys []string
}

// NewKeycaps answers the caps of keys.
func NewKeycaps(keys ...string) *Keycaps {
	k := &Keycaps{keys: keys}
	k.ExtendBaseWidget(k)
	return k
}

// CreateRenderer implements fyne.Widget.
func (k *Keycaps) CreateRenderer() fyne.WidgetRenderer {
	caps, names := make([]*canvas.Rectangle, len(k.keys)), make([]*canvas.Text, len(k.keys))
	p := &parts{owner: k}
	for i, key := range k.keys {
		caps[i], names[i] = newRect(color.Transparent, 5), canvas.NewText(key, nil)
		caps[i].StrokeWidth = 1
		p.objects = append(p.objects, caps[i], names[i])
	}
	p.refresh = func() {
		for i := range k.keys {
			caps[i].FillColor, caps[i].StrokeColor = colorOf(k, theme.Surface), colorOf(k, theme.Outline)
			names[i].Color, names[i].TextSize = colorOf(k, theme.Muted), sizeOf(k, theme.SizeMeta)
			names[i].Refresh()
		}
	}
	width := func(i int) float32 { return max(names[i].MinSize().Width+12, 24) }
	height := func() float32 { return lineHeight(sizeOf(k, theme.SizeMeta)) + 6 }
	p.min = func() fyne.Size {
		w := float32(0)
		for i := range k.keys {
			w += width(i) + theme.Space1
		}
		return fyne.NewSize(max(w-theme.Space1, 0), height())
	}
	p.layout = func(s fyne.Size) {
		x, h := float32(0), height()
		y := (s.Height - h) / 2
		for i := range k.keys {
			w := width(i)
			place(caps[i], x, y, w, h)
			m := names[i].MinSize()
			place(names[i], x+(w-m.Width)/2, y+(h-m.Height)/2, m.Width, m.Height)
			x += w + theme.Space1
		}
	}
	p.refresh()
	return p
}
