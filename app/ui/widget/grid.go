package widget

import (
	"fmt"
	"image/color"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	fynewidget "fyne.io/fyne/v2/widget"

	"sotto/app/ui/theme"
)

// cell is one entry of a [Grid].
type cell struct{ mark, text string }

// Grid shows short texts in columns of equal width: the words of a recovery
// code, or the groups of a safety number.
type Grid struct {
	fynewidget.BaseWidget
	cells   []cell
	columns int
	minimum float32 // width of a column in ems
	large   bool
}

// NewRecoveryCode answers the numbered words of a recovery code in four columns
// of five, read down and then across.
func NewRecoveryCode(words []string) *Grid {
	const columns = 4
	rows := (len(words) + columns - 1) / columns
	g := &Grid{columns: columns, minimum: 6.5}
	for i := range rows * columns {
		n := i%columns*rows + i/columns
		if n < len(words) {
			g.cells = append(g.cells, cell{fmt.Sprintf("%d", n+1), words[n]})
		} else {
			g.cells = append(g.cells, cell{})
		}
	}
	g.ExtendBaseWidget(g)
	return g
}

// NewSafetyNumber answers the 60 digits of a safety number as twelve groups of
// five in four columns, read across. Other characters are ignored.
func NewSafetyNumber(digits string) *Grid {
	digits = strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, digits)
	g := &Grid{columns: 4, minimum: 4.2, large: true}
	for len(digits) > 0 {
		n := min(5, len(digits))
		g.cells = append(g.cells, cell{text: digits[:n]})
		digits = digits[n:]
	}
	g.ExtendBaseWidget(g)
	return g
}

// Texts answers the texts in the order shown, for copying and tests.
func (g *Grid) Texts() []string {
	out := make([]string, len(g.cells))
	for i, c := range g.cells {
		out[i] = c.text
	}
	return out
}

func (g *Grid) textSize() float32 {
	if g.large {
		return sizeOf(g, theme.SizeTitle)
	}
	return sizeOf(g, theme.SizeBody)
}

func (g *Grid) rowHeight() float32 {
	if g.large {
		return lineHeight(g.textSize()) + theme.Space2
	}
	return lineHeight(g.textSize()) + theme.Space3
}

// CreateRenderer implements fyne.Widget.
func (g *Grid) CreateRenderer() fyne.WidgetRenderer {
	ground := newRect(color.Transparent, theme.CardRadius)
	p := &parts{owner: g, objects: []fyne.CanvasObject{ground}}
	marks, texts := make([]*canvas.Text, len(g.cells)), make([]*canvas.Text, len(g.cells))
	for i, c := range g.cells {
		marks[i], texts[i] = canvas.NewText(c.mark, nil), canvas.NewText(c.text, nil)
		texts[i].TextStyle.Monospace = true
		marks[i].Alignment = fyne.TextAlignTrailing
		p.objects = append(p.objects, marks[i], texts[i])
	}
	p.refresh = func() {
		ground.FillColor = colorOf(g, theme.QuietTint)
		for i := range g.cells {
			marks[i].Color, marks[i].TextSize = colorOf(g, theme.Muted), sizeOf(g, theme.SizeTiny)
			texts[i].Color, texts[i].TextSize = colorOf(g, theme.Text), g.textSize()
			marks[i].Refresh()
			texts[i].Refresh()
		}
	}
	rows := (len(g.cells) + g.columns - 1) / g.columns
	p.min = func() fyne.Size {
		w := float32(g.columns)*g.minimum*g.textSize() + 2*theme.Space4
		return fyne.NewSize(w, float32(rows)*g.rowHeight()+2*theme.Space3)
	}
	p.layout = func(s fyne.Size) {
		place(ground, 0, 0, s.Width, s.Height)
		col := (s.Width - 2*theme.Space4) / float32(g.columns)
		h := g.rowHeight()
		for i, c := range g.cells {
			x := theme.Space4 + float32(i%g.columns)*col
			y := theme.Space3 + float32(i/g.columns)*h
			if c.mark == "" {
				m := texts[i].MinSize()
				place(texts[i], x+(col-m.Width)/2, y+(h-m.Height)/2, m.Width, m.Height)
				continue
			}
			lead := sizeOf(g, theme.SizeTiny) * 1.4
			mh, th := marks[i].MinSize().Height, texts[i].MinSize()
			place(marks[i], x, y+(h-mh)/2+0.5, lead, mh)
			place(texts[i], x+lead+theme.Space2, y+(h-th.Height)/2, th.Width, th.Height)
		}
	}
	p.refresh()
	return p
}
