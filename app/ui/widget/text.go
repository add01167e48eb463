package widget

import (
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	fynewidget "fyne.io/fyne/v2/widget"

	"sotto/app/ui/theme"
)

// TextOptions say how a [Text] looks. The zero value is body text on one line
// in the text colour.
type TextOptions struct {
	Size     fyne.ThemeSizeName  // "" means theme.SizeBody
	Color    fyne.ThemeColorName // "" means theme.Text
	Bold     bool
	Mono     bool
	Align    fyne.TextAlign
	Wrap     bool // break lines at the width; otherwise one line
	MaxLines int  // with Wrap: cut after so many lines; 0 means never
	Cut      bool // without Wrap: may be narrower than its text and ends in an ellipsis
}

// Text shows a string without padding, interpreting nothing. It wraps or cuts
// at its width, and right-to-left text keeps to the right.
type Text struct {
	fynewidget.BaseWidget
	content string
	spans   []Span // in place of content when there are any
	opts    TextOptions

	laid      block
	laidWidth float32
	laidSize  float32
}

// NewText answers a Text showing content.
func NewText(content string, o TextOptions) *Text {
	if o.Size == "" {
		o.Size = theme.SizeBody
	}
	if o.Color == "" {
		o.Color = theme.Text
	}
	t := &Text{content: content, opts: o, laidWidth: -1}
	t.ExtendBaseWidget(t)
	return t
}

// Content answers the whole string, also where the widget cuts it.
func (t *Text) Content() string { return t.content }

// SetContent shows another string.
func (t *Text) SetContent(s string) {
	if s == t.content {
		return
	}
	t.content = s
	t.laidWidth = -1
	t.Refresh()
}

// SetColor changes the colour.
func (t *Text) SetColor(c fyne.ThemeColorName) {
	t.opts.Color = c
	t.Refresh()
}

// Refresh lays out anew, because the theme may have changed.
func (t *Text) Refresh() {
	t.laidWidth = -1
	t.BaseWidget.Refresh()
}

// HeightFor answers the height at width.
func (t *Text) HeightFor(width float32) float32 { return t.lay(width).height() }

// MinSize implements fyne.CanvasObject. The width of wrapping and cutting text
// is only that of a few letters.
func (t *Text) MinSize() fyne.Size {
	size := sizeOf(t, t.opts.Size)
	switch {
	case t.opts.Wrap:
		w := t.Size().Width
		if w == 0 {
			w = size * 20
		}
		return fyne.NewSize(size*2, t.HeightFor(w))
	case t.opts.Cut:
		return fyne.NewSize(size*2, lineHeight(size))
	}
	return fyne.NewSize(measure(t.content, size, t.style()), lineHeight(size))
}

func (t *Text) style() fyne.TextStyle {
	return fyne.TextStyle{Bold: t.opts.Bold, Monospace: t.opts.Mono}
}

func (t *Text) lay(width float32) block {
	size := sizeOf(t, t.opts.Size)
	if width == t.laidWidth && size == t.laidSize {
		return t.laid
	}
	span := Span{Text: t.content, Bold: t.opts.Bold, Code: t.opts.Mono}
	switch {
	case len(t.spans) > 0:
		t.laid = wrapText(t.spans, size, width, max(t.opts.MaxLines, 1))
	case t.opts.Wrap:
		t.laid = wrapText([]Span{span}, size, width, t.opts.MaxLines)
	default:
		if t.opts.Cut {
			span.Text = cutToWidth(span.Text, size, t.style(), width)
		}
		w := measure(span.Text, size, t.style())
		l := line{runs: []run{{text: span.Text, span: &span, width: w}}, width: w}
		l.finish(size)
		t.laid = block{lines: []line{l}, width: l.width, lineHeight: lineHeight(size)}
	}
	if !t.opts.Wrap { // a label stays beside what it labels, whichever way its words run
		for i := range t.laid.lines {
			t.laid.lines[i].rtl = false
		}
	}
	t.laidWidth, t.laidSize = width, size
	return t.laid
}

func (t *Text) ink(s *Span) fyne.ThemeColorName {
	if s.Hit {
		return theme.Accent
	}
	return t.opts.Color
}

// CreateRenderer implements fyne.Widget.
func (t *Text) CreateRenderer() fyne.WidgetRenderer {
	p := &parts{owner: t, min: t.MinSize}
	p.layout = func(s fyne.Size) {
		b := t.lay(s.Width)
		drawn := drawBlock(p.objects, b, t.laidSize, t.ink, t)
		p.objects = drawn
		top := float32(0)
		if !t.opts.Wrap {
			top = (s.Height - b.height()) / 2
		}
		alignBlock(drawn, b, fyne.NewPos(0, top), s.Width, t.opts.Align)
	}
	return p
}

// drawBlock answers one canvas.Text per run of b, taking those of reuse first.
func drawBlock(reuse []fyne.CanvasObject, b block, size float32, c func(*Span) fyne.ThemeColorName, w themed) []fyne.CanvasObject {
	out := make([]fyne.CanvasObject, 0, len(b.lines))
	n := 0
	for _, l := range b.lines {
		for _, r := range l.runs {
			txt := canvas.NewText("", nil)
			if n < len(reuse) {
				txt = reuse[n].(*canvas.Text)
			}
			txt.Text, txt.TextSize, txt.TextStyle = r.text, size, spanStyle(r.span)
			txt.Color = colorOf(w, c(r.span))
			out = append(out, txt)
			n++
		}
	}
	return out
}

// alignBlock places the texts that drawBlock made inside width from origin.
func alignBlock(texts []fyne.CanvasObject, b block, origin fyne.Position, width float32, align fyne.TextAlign) {
	n := 0
	for i, l := range b.lines {
		left := float32(0)
		switch {
		case align == fyne.TextAlignCenter:
			left = (width - l.width) / 2
		case align == fyne.TextAlignTrailing, l.rtl:
			left = width - l.width
		}
		for _, r := range l.runs {
			place(texts[n], origin.X+left+r.x, origin.Y+float32(i)*b.lineHeight, r.width, b.lineHeight)
			n++
		}
	}
}

// smallCaps is how separators are set: upper case at the smallest size. Scripts
// without case are left as they are.
func smallCaps(s string) string { return strings.ToUpper(s) }
