package widget

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/desktop"
	fynewidget "fyne.io/fyne/v2/widget"

	"sotto/app/ui/theme"
)

// Banner says something that holds for a whole view, with at most one act and a
// way to put it away.
type Banner struct {
	fynewidget.BaseWidget
	icon   theme.IconName
	tone   Tone
	text   *Text
	action *Button
	close  *Button
}

// BannerWords are what a banner says. Action and Close may be "".
type BannerWords struct {
	Icon   theme.IconName
	Tone   Tone
	Text   string
	Action string
	Close  string
}

// NewBanner answers a banner; acted and closed may be nil.
func NewBanner(w BannerWords, acted, closed func()) *Banner {
	b := &Banner{icon: w.Icon, tone: w.Tone}
	b.text = NewText(w.Text, TextOptions{Wrap: true})
	b.action = NewSmallButton(w.Action, "", Secondary, acted)
	b.close = NewIconButton(theme.IconClose, w.Close, closed)
	SetVisible(b.action, w.Action != "")
	SetVisible(b.close, closed != nil)
	b.ExtendBaseWidget(b)
	return b
}

// SetText changes the sentence.
func (b *Banner) SetText(s string) {
	b.text.SetContent(s)
	b.BaseWidget.Refresh()
}

func (b *Banner) trailing() float32 {
	w := theme.Space3
	if b.action.Visible() {
		w += b.action.MinSize().Width + theme.Space2
	}
	if b.close.Visible() {
		w += 36
	}
	return w
}

const bannerLead = theme.Space3 + 20 + theme.Space3

// HeightFor implements flowing.
func (b *Banner) HeightFor(width float32) float32 {
	return max(b.text.HeightFor(width-bannerLead-b.trailing()), 20) + 2*theme.Space3
}

// CreateRenderer implements fyne.Widget.
func (b *Banner) CreateRenderer() fyne.WidgetRenderer {
	ground := newRect(color.Transparent, theme.ControlRadius)
	icon := canvas.NewImageFromResource(nil)
	icon.FillMode = canvas.ImageFillContain
	p := &parts{owner: b, objects: []fyne.CanvasObject{ground, icon, b.text, b.action, b.close}}
	p.refresh = func() {
		ground.FillColor = colorOf(b, b.tone.ground())
		name := b.icon
		if name == "" {
			name = theme.IconInfo
		}
		setIcon(icon, name, colorOf(b, b.tone.ink()))
		b.text.Refresh()
	}
	p.min = func() fyne.Size {
		return fyne.NewSize(bannerLead+120+b.trailing(), b.HeightFor(max(b.Size().Width, 280)))
	}
	p.layout = func(s fyne.Size) {
		place(ground, 0, 0, s.Width, s.Height)
		place(icon, theme.Space3, (s.Height-20)/2, 20, 20)
		w := s.Width - bannerLead - b.trailing()
		h := b.text.HeightFor(w)
		place(b.text, bannerLead, (s.Height-h)/2, w, h)
		x := s.Width - theme.Space2
		if b.close.Visible() {
			x -= 32
			place(b.close, x, (s.Height-32)/2, 32, 32)
			x -= theme.Space1
		}
		if b.action.Visible() {
			m := b.action.MinSize()
			place(b.action, x-m.Width, (s.Height-m.Height)/2, m.Width, m.Height)
		}
	}
	p.refresh()
	return p
}

// Toast says briefly that something was done, at the foot of a view; its owner
// shows it and takes it away. A tap takes it away at once.
type Toast struct {
	fynewidget.BaseWidget
	icon   theme.IconName
	text   *Text
	tapped func()
}

// NewToast answers a toast; tapped may be nil.
func NewToast(icon theme.IconName, text string, tapped func()) *Toast {
	t := &Toast{icon: icon, tapped: tapped}
	t.text = NewText(text, TextOptions{Color: theme.Background})
	t.ExtendBaseWidget(t)
	return t
}

// Tapped implements fyne.Tappable.
func (t *Toast) Tapped(*fyne.PointEvent) {
	if t.tapped != nil {
		t.tapped()
	}
}

// Cursor implements desktop.Cursorable.
func (t *Toast) Cursor() desktop.Cursor { return desktop.PointerCursor }

// CreateRenderer implements fyne.Widget.
func (t *Toast) CreateRenderer() fyne.WidgetRenderer {
	ground := newRect(color.Transparent, theme.ControlRadius)
	icon := canvas.NewImageFromResource(nil)
	icon.FillMode = canvas.ImageFillContain
	p := &parts{owner: t, objects: []fyne.CanvasObject{ground, icon, t.text}}
	p.refresh = func() {
		ground.FillColor = colorOf(t, theme.Text)
		raise(ground, colorOf(t, theme.Shade))
		setIcon(icon, t.icon, colorOf(t, theme.Background))
		t.text.Refresh()
	}
	p.min = func() fyne.Size {
		return t.text.MinSize().AddWidthHeight(20+theme.Space2+2*theme.Space4, 2*theme.Space3)
	}
	p.layout = func(s fyne.Size) {
		place(ground, 0, 0, s.Width, s.Height)
		place(icon, theme.Space4, (s.Height-20)/2, 20, 20)
		m := t.text.MinSize()
		place(t.text, theme.Space4+20+theme.Space2, (s.Height-m.Height)/2, m.Width, m.Height)
	}
	p.refresh()
	return p
}
