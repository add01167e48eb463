package widget

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/desktop"
	fynewidget "fyne.io/fyne/v2/widget"

	"sotto/app/ui/theme"
)

// Choice is one of a few words side by side. The chosen one is filled, framed
// and carries a check mark. Left and Right move, a tap chooses.
type Choice struct {
	fynewidget.BaseWidget
	words   []string
	chosen  int
	changed func(int)
	focused bool
	off     bool
}

// NewChoice answers a choice of words; changed may be nil.
func NewChoice(words []string, chosen int, changed func(int)) *Choice {
	c := &Choice{words: words, chosen: chosen, changed: changed}
	c.ExtendBaseWidget(c)
	return c
}

// Chosen answers the index of the chosen word.
func (c *Choice) Chosen() int { return c.chosen }

// Choose takes another word and calls back.
func (c *Choice) Choose(i int) {
	if i < 0 || i >= len(c.words) || i == c.chosen || c.off {
		return
	}
	c.chosen = i
	c.Refresh()
	if c.changed != nil {
		c.changed(i)
	}
}

// Disable keeps the choice as it is.
func (c *Choice) Disable() { c.off = true; c.Refresh() }

// Enable lets choose again.
func (c *Choice) Enable() { c.off = false; c.Refresh() }

// Disabled implements fyne.Disableable.
func (c *Choice) Disabled() bool { return c.off }

func (c *Choice) segment() float32 { return c.Size().Width / float32(max(len(c.words), 1)) }

// Tapped implements fyne.Tappable.
func (c *Choice) Tapped(e *fyne.PointEvent) {
	if w := c.segment(); w > 0 {
		c.Choose(int(e.Position.X / w))
	}
}

// Cursor implements desktop.Cursorable.
func (c *Choice) Cursor() desktop.Cursor { return desktop.PointerCursor }

// FocusGained implements fyne.Focusable.
func (c *Choice) FocusGained() { c.focused = true; c.Refresh() }

// FocusLost implements fyne.Focusable.
func (c *Choice) FocusLost() { c.focused = false; c.Refresh() }

// TypedRune implements fyne.Focusable.
func (c *Choice) TypedRune(rune) {}

// TypedKey implements fyne.Focusable.
func (c *Choice) TypedKey(e *fyne.KeyEvent) {
	switch e.Name {
	case fyne.KeyLeft, fyne.KeyUp:
		c.Choose(c.chosen - 1)
	case fyne.KeyRight, fyne.KeyDown:
		c.Choose(c.chosen + 1)
	case fyne.KeyEscape:
		handUp(e)
	}
}

// AccessibilityLabel implements fyne.Accessible.
func (c *Choice) AccessibilityLabel() string { return c.words[c.chosen] }

// AccessibilityRole implements fyne.Accessible.
func (c *Choice) AccessibilityRole() fyne.AccessibleRole { return fyne.AccessibleRoleButton }

const choiceMark float32 = 14

// CreateRenderer implements fyne.Widget.
func (c *Choice) CreateRenderer() fyne.WidgetRenderer {
	ground := newRect(color.Transparent, theme.ControlRadius)
	picked := newRect(color.Transparent, theme.ControlRadius)
	ring := newFocusRing(theme.ControlRadius + 3)
	mark := canvas.NewImageFromResource(nil)
	mark.FillMode = canvas.ImageFillContain
	p := &parts{owner: c, objects: []fyne.CanvasObject{ring, ground, picked, mark}}
	labels := make([]*canvas.Text, len(c.words))
	for i, w := range c.words {
		labels[i] = canvas.NewText(w, nil)
		p.objects = append(p.objects, labels[i])
	}
	p.refresh = func() {
		ground.FillColor, ground.StrokeColor, ground.StrokeWidth = colorOf(c, theme.Surface), colorOf(c, theme.Outline), 1
		picked.FillColor, picked.StrokeColor, picked.StrokeWidth = colorOf(c, theme.OwnBubble), colorOf(c, theme.Accent), 1.5
		ring.StrokeColor = colorOf(c, theme.Accent)
		SetVisible(ring, c.focused)
		setIcon(mark, theme.IconCheck, colorOf(c, theme.Accent))
		for i, l := range labels {
			l.TextSize, l.Color = sizeOf(c, theme.SizeBody), colorOf(c, theme.Text)
			if c.off && i != c.chosen {
				l.Color = colorOf(c, theme.Muted)
			}
			l.TextStyle.Bold = i == c.chosen
			l.Refresh()
		}
	}
	height := func() float32 { return max(36, lineHeight(sizeOf(c, theme.SizeBody))+14) }
	p.min = func() fyne.Size {
		widest := float32(0)
		for _, w := range c.words {
			widest = max(widest, measure(w, sizeOf(c, theme.SizeBody), fyne.TextStyle{Bold: true}))
		}
		return fyne.NewSize((widest+choiceMark+theme.Space1+2*theme.Space3)*float32(len(c.words)), height())
	}
	p.layout = func(s fyne.Size) {
		h := height()
		w := s.Width / float32(max(len(labels), 1))
		place(ground, 0, 0, s.Width, h)
		place(ring, -3, -3, s.Width+6, h+6)
		place(picked, w*float32(c.chosen), 0, w, h)
		for i, l := range labels {
			m := l.MinSize()
			total, x := m.Width, w*float32(i)
			if i == c.chosen {
				total += choiceMark + theme.Space1
				place(mark, x+(w-total)/2, (h-choiceMark)/2, choiceMark, choiceMark)
				place(l, x+(w-total)/2+choiceMark+theme.Space1, (h-m.Height)/2, m.Width, m.Height)
				continue
			}
			place(l, x+(w-total)/2, (h-m.Height)/2, m.Width, m.Height)
		}
	}
	p.refresh()
	return p
}
