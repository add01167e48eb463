package widget

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	fynewidget "fyne.io/fyne/v2/widget"

	"sotto/app/ui/theme"
)

// PageHeader is the bar of 56 units over a page or a chat: a way back, an
// optional lead (an avatar), a title, chips, and actions at the end.
type PageHeader struct {
	fynewidget.BaseWidget
	back    *Button
	title   *Text
	lead    fyne.CanvasObject
	chips   *fyne.Container
	actions *fyne.Container
	tapped  func() // on the title
}

// HeaderParts are what stands in a header. All but Title may be empty.
type HeaderParts struct {
	Title     string
	Lead      fyne.CanvasObject
	Chips     []fyne.CanvasObject
	Actions   []fyne.CanvasObject
	BackLabel string
	Back      func() // nil: no arrow
	Tapped    func() // on lead or title: opens the details
}

// NewPageHeader answers a header.
func NewPageHeader(h HeaderParts) *PageHeader {
	p := &PageHeader{lead: h.Lead, tapped: h.Tapped}
	p.back = NewIconButton(theme.IconBack, h.BackLabel, h.Back)
	SetVisible(p.back, h.Back != nil)
	size := theme.SizeScreen
	if h.Lead != nil {
		size = theme.SizeTitle
	}
	p.title = NewText(CleanName(h.Title), TextOptions{Size: size, Bold: true, Cut: true})
	p.chips = NewRow(theme.Space2, -1, h.Chips...)
	p.actions = NewRow(theme.Space1, -1, h.Actions...)
	p.ExtendBaseWidget(p)
	return p
}

// SetTitle changes the title.
func (h *PageHeader) SetTitle(s string) {
	h.title.SetContent(CleanName(s))
	h.BaseWidget.Refresh()
}

// SetChips changes the chips.
func (h *PageHeader) SetChips(chips ...fyne.CanvasObject) {
	h.chips.Objects = chips
	h.chips.Refresh()
	h.BaseWidget.Refresh()
}

// SetBack shows or hides the arrow, as the window grows or narrows.
func (h *PageHeader) SetBack(shown bool) {
	SetVisible(h.back, shown)
	h.BaseWidget.Refresh()
}

// Tapped implements fyne.Tappable.
func (h *PageHeader) Tapped(e *fyne.PointEvent) {
	end := h.title.Position().X + measure(h.title.content, sizeOf(h, h.title.opts.Size), h.title.style())
	if h.tapped != nil && e.Position.X <= end {
		h.tapped()
	}
}

// CreateRenderer implements fyne.Widget.
func (h *PageHeader) CreateRenderer() fyne.WidgetRenderer {
	ground, line := newRect(color.Transparent, 0), canvas.NewRectangle(color.Transparent)
	p := &parts{owner: h, objects: []fyne.CanvasObject{ground, line, h.back, h.title, h.chips, h.actions}}
	if h.lead != nil {
		p.objects = append(p.objects, h.lead)
	}
	p.refresh = func() {
		ground.FillColor, line.FillColor = colorOf(h, theme.Surface), colorOf(h, theme.Hairline)
	}
	height := func() float32 {
		return max(theme.HeaderHeight, lineHeight(sizeOf(h, h.title.opts.Size))+theme.Space6)
	}
	p.min = func() fyne.Size { return fyne.NewSize(200, height()) }
	p.layout = func(s fyne.Size) {
		place(ground, 0, 0, s.Width, s.Height)
		place(line, 0, s.Height-1, s.Width, 1)
		x := theme.Space4
		if h.back.Visible() {
			place(h.back, theme.Space2, (s.Height-36)/2, 36, 36)
			x = theme.Space2 + 36 + theme.Space2
		}
		if h.lead != nil {
			m := h.lead.MinSize()
			place(h.lead, x, (s.Height-m.Height)/2, m.Width, m.Height)
			x += m.Width + theme.Space3
		}
		am := h.actions.MinSize()
		end := s.Width - theme.Space2 - am.Width
		place(h.actions, end, (s.Height-am.Height)/2, am.Width, am.Height)
		want := measure(h.title.content, sizeOf(h, h.title.opts.Size), h.title.style()) + 1
		room := end - theme.Space2 - x
		h.fitChips(room - theme.Space3 - min(want, 160))
		cm := h.chips.MinSize()
		title := min(want, max(room-cm.Width-theme.Space3, 80))
		th := lineHeight(sizeOf(h, h.title.opts.Size))
		place(h.title, x, (s.Height-th)/2, title, th)
		x += title + theme.Space3
		place(h.chips, x, (s.Height-cm.Height)/2, cm.Width, cm.Height)
	}
	p.refresh()
	return p
}

// fitChips hides the last chips, as many as find no room.
func (h *PageHeader) fitChips(room float32) {
	for i, c := range h.chips.Objects {
		if i > 0 {
			room -= theme.Space2
		}
		room -= c.MinSize().Width
		SetVisible(c, room >= 0)
	}
}
