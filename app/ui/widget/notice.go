package widget

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	fynewidget "fyne.io/fyne/v2/widget"

	"sotto/app/ui/theme"
)

// Day is the row above the first message of a day.
type Day struct {
	Key   string // "day:2026-11-22"
	Label string // "Today", "Monday", "22 November 2026"
}

// RowKey implements [Row].
func (d Day) RowKey() string { return d.Key }

// RowRevision implements [Row]: the label changes at midnight.
func (d Day) RowRevision() uint64 { return fnv(d.Label) }

// Notice is a row for what is not a message: an event, or missing messages.
type Notice struct {
	Key    string
	Icon   theme.IconName
	Text   string
	Tone   Tone
	Action string // words of what a tap does, "" for none
}

// RowKey implements [Row].
func (n Notice) RowKey() string { return n.Key }

// RowRevision implements [Row].
func (n Notice) RowRevision() uint64 {
	return fnv(n.Text + "\x00" + n.Action + "\x00" + string(n.Icon))
}

// fnv is FNV-1a, enough to tell two labels apart.
func fnv(s string) uint64 {
	h := uint64(14695981039346656037)
	for i := range len(s) {
		h = (h ^ uint64(s[i])) * 1099511628211
	}
	return h
}

// DaySeparator shows a [Day] in the middle of a hairline.
type DaySeparator struct {
	fynewidget.BaseWidget
	day Day
}

// NewDaySeparator answers a separator.
func NewDaySeparator(d Day) *DaySeparator {
	s := &DaySeparator{day: d}
	s.ExtendBaseWidget(s)
	return s
}

// ShowRow implements [RowView].
func (s *DaySeparator) ShowRow(r Row) { s.day = r.(Day) }

// HeightFor implements [RowView].
func (s *DaySeparator) HeightFor(float32) float32 {
	return lineHeight(sizeOf(s, theme.SizeTiny)) + theme.Space4 + theme.Space1
}

// CreateRenderer implements fyne.Widget.
func (s *DaySeparator) CreateRenderer() fyne.WidgetRenderer {
	left, right := canvas.NewRectangle(color.Transparent), canvas.NewRectangle(color.Transparent)
	label := canvas.NewText("", nil)
	label.TextStyle.Bold = true
	p := &parts{owner: s, objects: []fyne.CanvasObject{left, right, label}}
	p.refresh = func() {
		left.FillColor, right.FillColor = colorOf(s, theme.Hairline), colorOf(s, theme.Hairline)
		label.Text, label.TextSize, label.Color = smallCaps(s.day.Label), sizeOf(s, theme.SizeTiny), colorOf(s, theme.Muted)
		label.Refresh()
	}
	p.min = func() fyne.Size { return fyne.NewSize(label.MinSize().Width, s.HeightFor(0)) }
	p.layout = func(size fyne.Size) {
		m := label.MinSize()
		y := theme.Space4 + (size.Height-theme.Space4-m.Height)/2
		x := (size.Width - m.Width) / 2
		place(label, x, y, m.Width, m.Height)
		mid := y + m.Height/2
		place(left, 0, mid, max(x-theme.Space3, 0), 1)
		place(right, x+m.Width+theme.Space3, mid, max(x-theme.Space3, 0), 1)
	}
	p.refresh()
	return p
}

// NoticeLine shows a [Notice] centred, with an icon.
type NoticeLine struct {
	fynewidget.BaseWidget
	notice Notice
	tapped func(Notice)
	text   *Text
	action *Button
}

// NewNoticeLine answers a notice; tapped is called by its action and may be nil.
func NewNoticeLine(n Notice, tapped func(Notice)) *NoticeLine {
	l := &NoticeLine{notice: n, tapped: tapped}
	l.text = NewText(n.Text, TextOptions{Size: theme.SizeMeta, Color: theme.Muted, Wrap: true, MaxLines: 4})
	l.action = NewSmallButton(n.Action, "", Quiet, func() {
		if l.tapped != nil {
			l.tapped(l.notice)
		}
	})
	l.ExtendBaseWidget(l)
	return l
}

// ShowRow implements [RowView].
func (l *NoticeLine) ShowRow(r Row) {
	l.notice = r.(Notice)
	l.text.content, l.text.laidWidth = l.notice.Text, -1
	l.action.text, l.action.label = l.notice.Action, l.notice.Action
}

func (l *NoticeLine) textWidth(width float32) float32 {
	most := min(width-theme.Space8, 480)
	if l.notice.Icon != "" {
		most -= 22
	}
	return l.text.lay(most).width
}

// HeightFor implements [RowView].
func (l *NoticeLine) HeightFor(width float32) float32 {
	h := l.text.HeightFor(l.textWidth(width)+1) + theme.Space4 + theme.Space1
	if l.notice.Action != "" {
		h += l.action.MinSize().Height
	}
	return h
}

// CreateRenderer implements fyne.Widget.
func (l *NoticeLine) CreateRenderer() fyne.WidgetRenderer {
	icon := canvas.NewImageFromResource(nil)
	icon.FillMode = canvas.ImageFillContain
	p := &parts{owner: l, objects: []fyne.CanvasObject{icon, l.text, l.action}}
	p.refresh = func() {
		l.text.opts.Color = l.notice.Tone.ink()
		l.text.Refresh()
		l.action.Refresh()
		SetVisible(l.action, l.notice.Action != "")
		SetVisible(icon, l.notice.Icon != "")
		if l.notice.Icon != "" {
			setIcon(icon, l.notice.Icon, colorOf(l, l.notice.Tone.ink()))
		}
	}
	p.min = func() fyne.Size { return fyne.NewSize(160, l.HeightFor(max(l.Size().Width, 160))) }
	p.layout = func(s fyne.Size) {
		w := l.textWidth(s.Width) + 1
		h := l.text.HeightFor(w)
		lead := float32(0)
		if l.notice.Icon != "" {
			lead = 22
		}
		x := (s.Width - w - lead) / 2
		y := theme.Space3
		place(icon, x, y+(lineHeight(sizeOf(l, theme.SizeMeta))-16)/2, 16, 16)
		place(l.text, x+lead, y, w, h)
		m := l.action.MinSize()
		place(l.action, (s.Width-m.Width)/2, y+h+theme.Space1, m.Width, m.Height)
	}
	p.refresh()
	return p
}
