package widget

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"

	"sotto/app/ui/theme"
)

// Toggle is a switch with a label and a sentence. On and off differ in place,
// fill and a check mark, not in colour alone.
type Toggle struct {
	control
	on       bool
	title    *Text
	sentence *Text
	changed  func(bool)
}

const toggleWidth, toggleHeight float32 = 40, 24

// NewToggle answers a switch that is on or off; sentence may be "".
func NewToggle(title, sentence string, on bool, changed func(bool)) *Toggle {
	t := &Toggle{on: on, changed: changed}
	t.label = title
	t.title = NewText(title, TextOptions{Wrap: true})
	t.sentence = NewText(sentence, TextOptions{Size: theme.SizeMeta, Color: theme.Muted, Wrap: true})
	SetVisible(t.sentence, sentence != "")
	t.onTap = t.flip
	t.ExtendBaseWidget(t)
	return t
}

// On reports whether the switch is on.
func (t *Toggle) On() bool { return t.on }

// SetOn moves the switch without calling back.
func (t *Toggle) SetOn(on bool) {
	t.on = on
	t.Refresh()
}

func (t *Toggle) flip() {
	t.SetOn(!t.on)
	if t.changed != nil {
		t.changed(t.on)
	}
}

func (t *Toggle) textWidth(width float32) float32 { return width - toggleWidth - theme.Space4 }

// HeightFor implements flowing.
func (t *Toggle) HeightFor(width float32) float32 {
	h := t.title.HeightFor(t.textWidth(width))
	if t.sentence.Visible() {
		h += 2 + t.sentence.HeightFor(t.textWidth(width))
	}
	return max(h, toggleHeight) + theme.Space2
}

// CreateRenderer implements fyne.Widget.
func (t *Toggle) CreateRenderer() fyne.WidgetRenderer {
	track, ring := newRect(color.Transparent, toggleHeight/2), newFocusRing(toggleHeight/2+3)
	knob := canvas.NewCircle(color.Transparent)
	mark := canvas.NewImageFromResource(nil)
	mark.FillMode = canvas.ImageFillContain
	p := &parts{owner: t, objects: []fyne.CanvasObject{t.title, t.sentence, ring, track, knob, mark}}
	p.refresh = func() {
		track.StrokeWidth = 1.5
		track.FillColor, track.StrokeColor, knob.FillColor = colorOf(t, theme.Surface), colorOf(t, theme.Outline), colorOf(t, theme.Outline)
		if t.on {
			track.FillColor, track.StrokeColor, knob.FillColor = colorOf(t, theme.Accent), colorOf(t, theme.Accent), colorOf(t, theme.OnAccent)
			setIcon(mark, theme.IconCheck, colorOf(t, theme.Accent))
		}
		SetVisible(mark, t.on)
		ring.StrokeColor = colorOf(t, theme.Accent)
		SetVisible(ring, t.focused)
		t.title.Refresh()
		t.sentence.Refresh()
	}
	p.min = func() fyne.Size { return fyne.NewSize(220, t.HeightFor(max(t.Size().Width, 220))) }
	p.layout = func(s fyne.Size) {
		w := t.textWidth(s.Width)
		th := t.title.HeightFor(w)
		top := theme.Space1
		if !t.sentence.Visible() {
			top = (s.Height - th) / 2
		}
		place(t.title, 0, top, w, th)
		place(t.sentence, 0, top+th+2, w, t.sentence.HeightFor(w))
		x, y := s.Width-toggleWidth, theme.Space1
		if !t.sentence.Visible() {
			y = (s.Height - toggleHeight) / 2
		}
		place(track, x, y, toggleWidth, toggleHeight)
		place(ring, x-3, y-3, toggleWidth+6, toggleHeight+6)
		d := toggleHeight - 8
		kx := x + 4
		if t.on {
			kx = x + toggleWidth - d - 4
		}
		place(knob, kx, y+4, d, d)
		place(mark, kx+2, y+6, d-4, d-4)
	}
	p.refresh()
	return p
}
