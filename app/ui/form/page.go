package form

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"sotto/app/ui/theme"
	"sotto/app/ui/widget"
)

// ColumnWidth is the widest that text and controls of a page grow.
const ColumnWidth float32 = 680

// Page answers a page: header on top, below it parts in one scrolling column.
func Page(header fyne.CanvasObject, parts ...fyne.CanvasObject) *fyne.Container {
	return container.NewBorder(header, nil, nil, nil, Column(parts...))
}

// Column answers parts as one centred, scrolling column.
func Column(parts ...fyne.CanvasObject) *widget.Page {
	column := widget.NewColumn(theme.Space6, parts...)
	return widget.NewPage(widget.NewNarrow(ColumnWidth+2*theme.Space6, false,
		widget.NewInset(theme.Space6, theme.Space6, theme.Space8, theme.Space6, column)))
}

// Middle answers parts as a column of a form's width in the middle of the window, for Welcome and Unlock.
func Middle(parts ...fyne.CanvasObject) *widget.Page {
	column := widget.NewColumn(theme.Space4, parts...)
	return widget.NewPage(widget.NewNarrow(theme.FormWidth+2*theme.Space6, true,
		widget.NewInset(theme.Space8, theme.Space6, theme.Space8, theme.Space6, column)))
}

// Section answers parts under a title; sentence may be "".
func Section(title, sentence string, parts ...fyne.CanvasObject) *fyne.Container {
	head := []fyne.CanvasObject{Heading(title)}
	if sentence != "" {
		head = append(head, Note(sentence))
	}
	all := append([]fyne.CanvasObject{widget.NewColumn(theme.Space1, head...)}, parts...)
	return widget.NewColumn(theme.Space3, all...)
}

// Heading answers the title of a section.
func Heading(title string) *widget.Text {
	return widget.NewText(title, widget.TextOptions{Size: theme.SizeTitle, Bold: true, Wrap: true})
}

// Body answers a paragraph.
func Body(text string) *widget.Text { return widget.NewText(text, widget.TextOptions{Wrap: true}) }

// Note answers a paragraph of second rank.
func Note(text string) *widget.Text {
	return widget.NewText(text, widget.TextOptions{Color: theme.Muted, Wrap: true})
}

// Small answers a line of the third rank.
func Small(text string) *widget.Text {
	return widget.NewText(text, widget.TextOptions{Size: theme.SizeMeta, Color: theme.Muted, Wrap: true})
}

// Buttons answers buttons side by side; those that find no room go to further lines.
func Buttons(buttons ...fyne.CanvasObject) *fyne.Container {
	return container.New(&flowRow{}, buttons...)
}

// Group answers rows on one raised ground with hairlines between them.
func Group(rows ...fyne.CanvasObject) *Panel {
	var parts []fyne.CanvasObject
	for i, r := range rows {
		if i > 0 {
			parts = append(parts, widget.NewDivider())
		}
		parts = append(parts, r)
	}
	return NewPanel(widget.NewColumn(theme.Space3, parts...))
}

// flowRow puts objects side by side and breaks lines.
type flowRow struct{ width float32 }

func (l *flowRow) place(objs []fyne.CanvasObject, width float32, put func(fyne.CanvasObject, fyne.Position, fyne.Size)) float32 {
	x, y, line := float32(0), float32(0), float32(0)
	for _, o := range objs {
		if !o.Visible() {
			continue
		}
		m := o.MinSize()
		if x > 0 && x+m.Width > width {
			x, y, line = 0, y+line+theme.Space2, 0
		}
		put(o, fyne.NewPos(x, y), m)
		x += m.Width + theme.Space2
		line = max(line, m.Height)
	}
	return y + line
}

func (l *flowRow) MinSize(objs []fyne.CanvasObject) fyne.Size {
	w := float32(0)
	for _, o := range objs {
		if o.Visible() {
			w = max(w, o.MinSize().Width)
		}
	}
	width := l.width
	if width == 0 {
		width = ColumnWidth
	}
	return fyne.NewSize(w, l.heightFor(objs, width))
}

func (l *flowRow) heightFor(objs []fyne.CanvasObject, width float32) float32 {
	return l.place(objs, width, func(fyne.CanvasObject, fyne.Position, fyne.Size) {})
}

func (l *flowRow) Layout(objs []fyne.CanvasObject, s fyne.Size) {
	l.width = s.Width
	l.place(objs, s.Width, func(o fyne.CanvasObject, at fyne.Position, size fyne.Size) {
		o.Move(at)
		o.Resize(size)
	})
}
