package widget

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	fynewidget "fyne.io/fyne/v2/widget"
)

// flowing is anything whose height follows from its width.
type flowing interface {
	HeightFor(width float32) float32
}

// flowLayout is a layout whose height follows from the width it is given.
type flowLayout interface {
	fyne.Layout
	heightFor(objs []fyne.CanvasObject, width float32) float32
}

// HeightFor answers the height that o wants at width.
func HeightFor(o fyne.CanvasObject, width float32) float32 {
	if f, ok := o.(flowing); ok {
		return f.HeightFor(width)
	}
	if c, ok := o.(*fyne.Container); ok {
		if l, ok := c.Layout.(flowLayout); ok {
			return l.heightFor(c.Objects, width)
		}
	}
	return o.MinSize().Height
}

type column struct {
	gap   float32
	width float32 // last one laid out
}

// NewColumn stacks objs, each as wide as the column, gap apart. Hidden objects
// take no room.
func NewColumn(gap float32, objs ...fyne.CanvasObject) *fyne.Container {
	return container.New(&column{gap: gap}, objs...)
}

func (c *column) heightFor(objs []fyne.CanvasObject, width float32) float32 {
	total, n := float32(0), 0
	for _, o := range objs {
		if o.Visible() {
			total += HeightFor(o, width)
			n++
		}
	}
	return total + c.gap*float32(max(n-1, 0))
}

func (c *column) MinSize(objs []fyne.CanvasObject) fyne.Size {
	width := float32(0)
	for _, o := range objs {
		if o.Visible() {
			width = max(width, o.MinSize().Width)
		}
	}
	return fyne.NewSize(width, c.heightFor(objs, max(width, c.width)))
}

func (c *column) Layout(objs []fyne.CanvasObject, s fyne.Size) {
	c.width = s.Width
	y := float32(0)
	for _, o := range objs {
		if !o.Visible() {
			continue
		}
		h := HeightFor(o, s.Width)
		place(o, 0, y, s.Width, h)
		y += h + c.gap
	}
}

type row struct {
	gap  float32
	grow int
}

// NewRow puts objs side by side, gap apart and centred on one line. The object
// with index grow gets the room that is left; -1 leaves it empty at the end.
func NewRow(gap float32, grow int, objs ...fyne.CanvasObject) *fyne.Container {
	return container.New(&row{gap: gap, grow: grow}, objs...)
}

func (r *row) widths(objs []fyne.CanvasObject, total float32) []float32 {
	ws := make([]float32, len(objs))
	used, n := float32(0), 0
	for i, o := range objs {
		if o.Visible() {
			ws[i] = o.MinSize().Width
			used += ws[i]
			n++
		}
	}
	used += r.gap * float32(max(n-1, 0))
	if r.grow >= 0 && r.grow < len(objs) && objs[r.grow].Visible() && total > used {
		ws[r.grow] += total - used
	}
	return ws
}

func (r *row) heightFor(objs []fyne.CanvasObject, width float32) float32 {
	h := float32(0)
	for i, w := range r.widths(objs, width) {
		if objs[i].Visible() {
			h = max(h, HeightFor(objs[i], w))
		}
	}
	return h
}

func (r *row) MinSize(objs []fyne.CanvasObject) fyne.Size {
	w, h, n := float32(0), float32(0), 0
	for _, o := range objs {
		if o.Visible() {
			m := o.MinSize()
			w += m.Width
			h = max(h, m.Height)
			n++
		}
	}
	return fyne.NewSize(w+r.gap*float32(max(n-1, 0)), h)
}

func (r *row) Layout(objs []fyne.CanvasObject, s fyne.Size) {
	x := float32(0)
	for i, w := range r.widths(objs, s.Width) {
		o := objs[i]
		if !o.Visible() {
			continue
		}
		h := min(HeightFor(o, w), s.Height)
		place(o, x, (s.Height-h)/2, w, h)
		x += w + r.gap
	}
}

type inset struct{ top, right, bottom, left float32 }

// NewInset puts space around o: top, right, bottom, left.
func NewInset(top, right, bottom, left float32, o fyne.CanvasObject) *fyne.Container {
	return container.New(&inset{top, right, bottom, left}, o)
}

func (i *inset) heightFor(objs []fyne.CanvasObject, width float32) float32 {
	return HeightFor(objs[0], width-i.left-i.right) + i.top + i.bottom
}

func (i *inset) MinSize(objs []fyne.CanvasObject) fyne.Size {
	return objs[0].MinSize().AddWidthHeight(i.left+i.right, i.top+i.bottom)
}

func (i *inset) Layout(objs []fyne.CanvasObject, s fyne.Size) {
	place(objs[0], i.left, i.top, s.Width-i.left-i.right, s.Height-i.top-i.bottom)
}

type narrow struct {
	max    float32
	middle bool
	width  float32
}

// NewNarrow centres o horizontally, at most width wide and as high as it wants.
// With middle it stands in the middle of the height too.
func NewNarrow(width float32, middle bool, o fyne.CanvasObject) *fyne.Container {
	return container.New(&narrow{max: width, middle: middle}, o)
}

func (n *narrow) heightFor(objs []fyne.CanvasObject, width float32) float32 {
	return HeightFor(objs[0], min(width, n.max))
}

func (n *narrow) MinSize(objs []fyne.CanvasObject) fyne.Size {
	m := objs[0].MinSize()
	if n.width > 0 {
		m.Height = n.heightFor(objs, n.width)
	}
	return m
}

func (n *narrow) Layout(objs []fyne.CanvasObject, s fyne.Size) {
	n.width = s.Width
	w := min(s.Width, n.max)
	h := n.heightFor(objs, s.Width)
	y := float32(0)
	if n.middle {
		y = max((s.Height-h)/2, 0)
	}
	place(objs[0], (s.Width-w)/2, y, w, h)
}

// Page scrolls its content vertically when it is higher than the window.
type Page struct {
	fynewidget.BaseWidget
	content fyne.CanvasObject
	scroll  *container.Scroll
	holder  *pageLayout
}

// NewPage answers a page that shows content over its whole width.
func NewPage(content fyne.CanvasObject) *Page {
	p := &Page{content: content, holder: &pageLayout{}}
	p.scroll = container.NewVScroll(container.New(p.holder, content))
	p.ExtendBaseWidget(p)
	return p
}

// ScrollToTop shows the beginning.
func (p *Page) ScrollToTop() { p.scroll.ScrollToTop() }

// ScrollTo brings o, which is somewhere on the page, to its upper edge as far as the page reaches.
func (p *Page) ScrollTo(o fyne.CanvasObject) {
	at := fyne.CurrentApp().Driver().AbsolutePositionForObject
	p.scroll.ScrollToOffset(fyne.NewPos(0, at(o).Y-at(p.scroll.Content).Y))
}

// CreateRenderer implements fyne.Widget.
func (p *Page) CreateRenderer() fyne.WidgetRenderer {
	return &parts{
		owner:   p,
		objects: []fyne.CanvasObject{p.scroll},
		min:     func() fyne.Size { return fyne.NewSize(p.content.MinSize().Width, 64) },
		layout: func(s fyne.Size) {
			p.holder.size = s
			p.scroll.Resize(s)
			p.scroll.Refresh()
		},
		refresh: p.content.Refresh,
	}
}

// pageLayout makes the content as wide as the page and at least as high.
type pageLayout struct{ size fyne.Size }

func (l *pageLayout) MinSize(objs []fyne.CanvasObject) fyne.Size {
	return fyne.NewSize(0, max(HeightFor(objs[0], l.size.Width), l.size.Height))
}

func (l *pageLayout) Layout(objs []fyne.CanvasObject, s fyne.Size) {
	place(objs[0], 0, 0, s.Width, s.Height)
}
