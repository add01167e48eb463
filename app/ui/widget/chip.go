package widget

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"

	"sotto/app/ui/theme"
)

// Tone is the judgement that a chip, a banner or a notice carries.
type Tone int

// The tones. Each comes with an icon or a word: never with its colour alone.
const (
	Plain Tone = iota
	Fine
	Careful
	Alarming
)

func (t Tone) ink() fyne.ThemeColorName {
	return [...]fyne.ThemeColorName{theme.Muted, theme.Good, theme.Caution, theme.Danger}[t]
}

func (t Tone) ground() fyne.ThemeColorName {
	return [...]fyne.ThemeColorName{theme.QuietTint, theme.GoodTint, theme.CautionTint, theme.DangerTint}[t]
}

// Chip is a state in one or two words, such as "Verified". A tap explains it.
type Chip struct {
	control
	icon theme.IconName
	tone Tone
}

// NewChip answers a chip; with tapped nil it is a mere label.
func NewChip(icon theme.IconName, word string, tone Tone, tapped func()) *Chip {
	c := &Chip{icon: icon, tone: tone}
	c.label, c.onTap = word, tapped
	c.ExtendBaseWidget(c)
	return c
}

// Set changes icon, word and tone.
func (c *Chip) Set(icon theme.IconName, word string, tone Tone) {
	c.icon, c.label, c.tone = icon, word, tone
	c.Refresh()
}

// CreateRenderer implements fyne.Widget.
func (c *Chip) CreateRenderer() fyne.WidgetRenderer {
	ground := newRect(color.Transparent, 12)
	over := newRect(color.Transparent, 12)
	ring := newFocusRing(14)
	label := canvas.NewText("", nil)
	icon := canvas.NewImageFromResource(nil)
	icon.FillMode = canvas.ImageFillContain

	p := &parts{owner: c, objects: []fyne.CanvasObject{ring, ground, over, icon, label}}
	p.refresh = func() {
		ink := colorOf(c, c.tone.ink())
		ground.FillColor = colorOf(c, c.tone.ground())
		over.FillColor = color.Transparent
		if c.hovered && !c.Disabled() {
			over.FillColor = colorOf(c, theme.Hover)
		}
		ring.StrokeColor = colorOf(c, theme.Accent)
		SetVisible(ring, c.focused)
		label.Text, label.TextSize, label.Color = c.label, sizeOf(c, theme.SizeMeta), ink
		label.Refresh()
		SetVisible(icon, c.icon != "")
		if c.icon != "" {
			setIcon(icon, c.icon, ink)
		}
	}
	p.min = func() fyne.Size {
		size := sizeOf(c, theme.SizeMeta)
		w := measure(c.label, size, fyne.TextStyle{}) + 20
		if c.icon != "" {
			w += 15
		}
		return fyne.NewSize(w, max(24, lineHeight(size)+8))
	}
	p.layout = func(s fyne.Size) {
		r := s.Height / 2
		ground.CornerRadius, over.CornerRadius, ring.CornerRadius = r, r, r+3
		place(ground, 0, 0, s.Width, s.Height)
		place(over, 0, 0, s.Width, s.Height)
		place(ring, -3, -3, s.Width+6, s.Height+6)
		x := float32(10)
		if c.icon != "" {
			place(icon, 8, (s.Height-14)/2, 14, 14)
			x = 25
		}
		m := label.MinSize()
		place(label, x, (s.Height-m.Height)/2, m.Width, m.Height)
	}
	p.refresh()
	return p
}
