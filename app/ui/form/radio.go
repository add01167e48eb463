package form

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/desktop"
	fynewidget "fyne.io/fyne/v2/widget"

	"sotto/app/ui/theme"
	"sotto/app/ui/widget"
)

// Option is one of a choice.
type Option struct {
	Key      string
	Title    string
	Sentence string // may be ""
}

// Radio lets people pick one of several options; one below the other, all in sight.
type Radio struct {
	fynewidget.BaseWidget
	options []*option
	chosen  string
	changed func(key string)
	column  *fyne.Container
}

// NewRadio answers a choice with one option taken; changed is called with the key of another.
func NewRadio(chosen string, changed func(string), options ...Option) *Radio {
	c := &Radio{chosen: chosen, changed: changed}
	var rows []fyne.CanvasObject
	for _, o := range options {
		row := newOption(c, o)
		c.options = append(c.options, row)
		rows = append(rows, row)
	}
	c.column = widget.NewColumn(theme.Space1, rows...)
	c.ExtendBaseWidget(c)
	return c
}

// Chosen answers the key of the option that is taken.
func (c *Radio) Chosen() string { return c.chosen }

// Choose takes an option without calling back.
func (c *Radio) Choose(key string) {
	c.chosen = key
	for _, o := range c.options {
		o.Refresh()
	}
}

func (c *Radio) pick(key string) {
	if key == c.chosen {
		return
	}
	c.Choose(key)
	if c.changed != nil {
		c.changed(key)
	}
}

// HeightFor answers the height at width.
func (c *Radio) HeightFor(width float32) float32 { return widget.HeightFor(c.column, width) }

// CreateRenderer implements fyne.Widget.
func (c *Radio) CreateRenderer() fyne.WidgetRenderer {
	return &renderer{
		objects: []fyne.CanvasObject{c.column},
		owner:   c,
		min:     func() fyne.Size { return c.column.MinSize() },
		layout:  func(s fyne.Size) { c.column.Resize(s) },
		refresh: c.column.Refresh,
	}
}

// option is one row of a Radio.
type option struct {
	fynewidget.BaseWidget
	of       *Radio
	key      string
	label    string
	title    *widget.Text
	sentence *widget.Text
	hovered  bool
	focused  bool
}

func newOption(of *Radio, o Option) *option {
	row := &option{of: of, key: o.Key, label: o.Title}
	row.title = widget.NewText(o.Title, widget.TextOptions{Wrap: true})
	row.sentence = widget.NewText(o.Sentence, widget.TextOptions{Size: theme.SizeMeta, Color: theme.Muted, Wrap: true})
	if o.Sentence == "" {
		row.sentence.Hide()
	}
	row.ExtendBaseWidget(row)
	return row
}

// Tapped implements fyne.Tappable.
func (o *option) Tapped(*fyne.PointEvent) { o.of.pick(o.key) }

// MouseIn implements desktop.Hoverable.
func (o *option) MouseIn(*desktop.MouseEvent) { o.hovered = true; o.Refresh() }

// MouseMoved implements desktop.Hoverable.
func (o *option) MouseMoved(*desktop.MouseEvent) {}

// MouseOut implements desktop.Hoverable.
func (o *option) MouseOut() { o.hovered = false; o.Refresh() }

// Cursor implements desktop.Cursorable.
func (o *option) Cursor() desktop.Cursor { return desktop.PointerCursor }

// FocusGained implements fyne.Focusable.
func (o *option) FocusGained() { o.focused = true; o.Refresh() }

// FocusLost implements fyne.Focusable.
func (o *option) FocusLost() { o.focused = false; o.Refresh() }

// TypedRune implements fyne.Focusable.
func (o *option) TypedRune(rune) {}

// TypedKey implements fyne.Focusable.
func (o *option) TypedKey(e *fyne.KeyEvent) {
	switch e.Name {
	case fyne.KeySpace, fyne.KeyReturn, fyne.KeyEnter:
		o.of.pick(o.key)
	}
}

// AccessibilityLabel implements fyne.Accessible.
func (o *option) AccessibilityLabel() string { return o.label }

// AccessibilityRole implements fyne.Accessible.
func (o *option) AccessibilityRole() fyne.AccessibleRole { return fyne.AccessibleRoleButton }

const (
	radio     float32 = 18
	radioLead         = theme.Space2 + radio + theme.Space3
)

// HeightFor answers the height at width.
func (o *option) HeightFor(width float32) float32 {
	w := width - radioLead - theme.Space2
	h := o.title.HeightFor(w)
	if o.sentence.Visible() {
		h += 2 + o.sentence.HeightFor(w)
	}
	return max(h, radio) + 2*theme.Space2
}

// CreateRenderer implements fyne.Widget.
func (o *option) CreateRenderer() fyne.WidgetRenderer {
	over := canvas.NewRectangle(color.Transparent)
	over.CornerRadius = theme.ControlRadius
	ring := canvas.NewRectangle(color.Transparent)
	ring.CornerRadius, ring.StrokeWidth = theme.ControlRadius, 2
	circle, dot := canvas.NewCircle(color.Transparent), canvas.NewCircle(color.Transparent)
	r := &renderer{objects: []fyne.CanvasObject{over, ring, circle, dot, o.title, o.sentence}, owner: o}
	r.refresh = func() {
		th := o.Theme()
		over.FillColor = color.Transparent
		if o.hovered {
			over.FillColor = theme.Color(th, theme.Hover)
		}
		ring.StrokeColor = theme.Color(th, theme.Accent)
		ring.Hidden = !o.focused
		circle.StrokeWidth, circle.StrokeColor, circle.FillColor = 1.5, theme.Color(th, theme.Outline), theme.Color(th, theme.Surface)
		dot.FillColor = color.Transparent
		if o.of.chosen == o.key {
			circle.StrokeColor, circle.FillColor = theme.Color(th, theme.Accent), theme.Color(th, theme.Accent)
			dot.FillColor = theme.Color(th, theme.OnAccent)
		}
		o.title.Refresh()
		o.sentence.Refresh()
	}
	r.min = func() fyne.Size { return fyne.NewSize(200, o.HeightFor(max(o.Size().Width, 200))) }
	r.layout = func(s fyne.Size) {
		over.Resize(s)
		ring.Resize(s)
		w := s.Width - radioLead - theme.Space2
		th := o.title.HeightFor(w)
		y := theme.Space2
		if !o.sentence.Visible() {
			y = (s.Height - th) / 2
		}
		cy := y + (th-radio)/2
		if th > 2*radio {
			cy = y
		}
		circle.Move(fyne.NewPos(theme.Space2, cy))
		circle.Resize(fyne.NewSquareSize(radio))
		dot.Move(fyne.NewPos(theme.Space2+5.5, cy+5.5))
		dot.Resize(fyne.NewSquareSize(radio - 11))
		o.title.Move(fyne.NewPos(radioLead, y))
		o.title.Resize(fyne.NewSize(w, th))
		o.sentence.Move(fyne.NewPos(radioLead, y+th+2))
		o.sentence.Resize(fyne.NewSize(w, max(s.Height-y-th-2, 0)))
	}
	r.refresh()
	return r
}
