package widget

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	fynetheme "fyne.io/fyne/v2/theme"

	"sotto/app/ui/theme"
)

// Rank says how much a button asks for attention.
type Rank int

// The ranks. A view has at most one Primary.
const (
	Secondary Rank = iota // outlined
	Primary               // filled with the accent
	Quiet                 // no ground until hovered
	Dangerous             // filled with the colour of danger
)

// Button has a label, an icon, or both.
type Button struct {
	control
	text    string
	icon    theme.IconName
	rank    Rank
	compact bool
}

// NewButton answers a button of 40 units height. icon may be "".
func NewButton(text string, icon theme.IconName, rank Rank, tapped func()) *Button {
	b := &Button{text: text, icon: icon, rank: rank}
	b.label, b.onTap = text, tapped
	b.ExtendBaseWidget(b)
	return b
}

// NewIconButton answers a quiet square button of 36 units; label says what it
// does to those who do not see the icon.
func NewIconButton(icon theme.IconName, label string, tapped func()) *Button {
	b := NewButton("", icon, Quiet, tapped)
	b.label, b.compact = label, true
	return b
}

// NewSmallButton answers a button of 32 units height for cards and banners.
func NewSmallButton(text string, icon theme.IconName, rank Rank, tapped func()) *Button {
	b := NewButton(text, icon, rank, tapped)
	b.compact = true
	return b
}

// Text answers the label.
func (b *Button) Text() string { return b.text }

// SetText changes the label.
func (b *Button) SetText(s string) {
	b.text, b.label = s, s
	b.Refresh()
}

// SetIcon changes the icon.
func (b *Button) SetIcon(i theme.IconName) {
	b.icon = i
	b.Refresh()
}

type buttonLook struct{ fill, ink, edge color.Color }

func (b *Button) look() buttonLook {
	none := color.Transparent
	switch {
	case b.off && (b.rank == Primary || b.rank == Dangerous):
		return buttonLook{colorOf(b, theme.QuietTint), colorOf(b, theme.Muted), none}
	case b.off && b.text == "": // muted is the ink of one that can be pressed
		return buttonLook{none, colorOf(b, fynetheme.ColorNameDisabled), none}
	case b.off:
		return buttonLook{none, colorOf(b, theme.Muted), colorOf(b, theme.Hairline)}
	}
	switch b.rank {
	case Primary:
		return buttonLook{colorOf(b, theme.Accent), colorOf(b, theme.OnAccent), none}
	case Dangerous:
		return buttonLook{colorOf(b, theme.Danger), colorOf(b, theme.OnDanger), none}
	case Quiet:
		ink := theme.Accent
		if b.text == "" {
			ink = theme.Muted
		}
		return buttonLook{none, colorOf(b, ink), none}
	}
	return buttonLook{colorOf(b, theme.Surface), colorOf(b, theme.Text), colorOf(b, theme.Outline)}
}

// CreateRenderer implements fyne.Widget.
func (b *Button) CreateRenderer() fyne.WidgetRenderer {
	look := b.look()
	ground := newRect(look.fill, theme.ControlRadius)
	over := newRect(color.Transparent, theme.ControlRadius)
	ring := newFocusRing(theme.ControlRadius + 3)
	label := canvas.NewText("", nil)
	icon := canvas.NewImageFromResource(nil)
	icon.FillMode = canvas.ImageFillContain

	p := &parts{owner: b, objects: []fyne.CanvasObject{ring, ground, over, icon, label}}
	p.refresh = func() {
		look := b.look()
		ground.FillColor, ground.StrokeColor, ground.StrokeWidth = look.fill, look.edge, 1
		if b.rank == Quiet {
			ground.StrokeWidth = 0
		}
		over.FillColor = color.Transparent
		if b.hovered && !b.Disabled() {
			over.FillColor = colorOf(b, theme.Hover)
		}
		ring.StrokeColor = colorOf(b, theme.Accent)
		SetVisible(ring, b.focused && !b.Disabled())
		label.Text, label.TextSize, label.Color = b.text, sizeOf(b, theme.SizeBody), look.ink
		label.TextStyle.Bold = b.rank != Quiet
		label.Refresh()
		SetVisible(icon, b.icon != "")
		if b.icon != "" {
			setIcon(icon, b.icon, look.ink)
		}
	}
	p.min = func() fyne.Size {
		h := float32(40)
		if b.compact {
			h = 32
		}
		h = max(h, lineHeight(sizeOf(b, theme.SizeBody))+12)
		if b.text == "" {
			return fyne.NewSize(max(h, 36), max(h, 36))
		}
		w := measure(b.text, sizeOf(b, theme.SizeBody), fyne.TextStyle{Bold: b.rank != Quiet}) + 2*theme.Space4
		if b.compact {
			w -= theme.Space2
		}
		if b.icon != "" {
			w += 18 + theme.Space2
		}
		return fyne.NewSize(w, h)
	}
	p.layout = func(s fyne.Size) {
		place(ground, 0, 0, s.Width, s.Height)
		place(over, 0, 0, s.Width, s.Height)
		place(ring, -3, -3, s.Width+6, s.Height+6)
		w := label.MinSize().Width
		total := w
		if b.text == "" {
			place(icon, (s.Width-20)/2, (s.Height-20)/2, 20, 20)
			return
		}
		if b.icon != "" {
			total += 18 + theme.Space2
		}
		x := (s.Width - total) / 2
		if b.icon != "" {
			place(icon, x, (s.Height-18)/2, 18, 18)
			x += 18 + theme.Space2
		}
		h := label.MinSize().Height
		place(label, x, (s.Height-h)/2, w, h)
	}
	p.refresh()
	return p
}
