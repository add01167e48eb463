package widget

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/desktop"
	fynewidget "fyne.io/fyne/v2/widget"

	"sotto/app/ui/theme"
)

// Field puts a label over an input, and a hint or an error under it.
type Field struct {
	fynewidget.BaseWidget
	input fyne.CanvasObject
	label *Text
	hint  *Text
	help  string
	fault string
}

// NewField answers a field around input; hint may be "".
func NewField(label, hint string, input fyne.CanvasObject) *Field {
	f := &Field{input: input, help: hint}
	f.label = NewText(label, TextOptions{Size: theme.SizeMeta, Color: theme.Muted, Bold: true})
	f.hint = NewText(hint, TextOptions{Size: theme.SizeMeta, Color: theme.Muted, Wrap: true})
	f.ExtendBaseWidget(f)
	return f
}

// SetLabel changes the label.
func (f *Field) SetLabel(s string) {
	if f.label.Content() != s {
		f.label.SetContent(s)
		f.Refresh()
	}
}

// SetError shows what is wrong in place of the hint; "" takes it back.
func (f *Field) SetError(s string) {
	f.fault = s
	f.Refresh()
}

// Error answers the error shown, or "".
func (f *Field) Error() string { return f.fault }

// SetHint changes the hint.
func (f *Field) SetHint(s string) {
	f.help = s
	f.Refresh()
}

func (f *Field) below() string {
	if f.fault != "" {
		return f.fault
	}
	return f.help
}

func (f *Field) hintLead() float32 {
	if f.fault != "" {
		return 20
	}
	return 0
}

// HeightFor implements flowing.
func (f *Field) HeightFor(width float32) float32 {
	h := lineHeight(sizeOf(f, theme.SizeMeta)) + theme.Space1 + HeightFor(f.input, width)
	if s := f.below(); s != "" {
		f.hint.content, f.hint.laidWidth = s, -1
		h += theme.Space1 + f.hint.HeightFor(width-f.hintLead())
	}
	return h
}

// CreateRenderer implements fyne.Widget.
func (f *Field) CreateRenderer() fyne.WidgetRenderer {
	icon := canvas.NewImageFromResource(nil)
	icon.FillMode = canvas.ImageFillContain
	shown := withoutBars(f.input)
	p := &parts{owner: f, objects: []fyne.CanvasObject{f.label, shown, icon, f.hint}}
	p.refresh = func() {
		f.hint.opts.Color = theme.Muted
		SetVisible(icon, f.fault != "")
		if f.fault != "" {
			f.hint.opts.Color = theme.Danger
			setIcon(icon, theme.IconAlert, colorOf(f, theme.Danger))
		}
		SetVisible(f.hint, f.below() != "")
		f.hint.content = f.below()
		f.hint.Refresh()
		f.label.Refresh()
	}
	p.min = func() fyne.Size { return fyne.NewSize(160, f.HeightFor(max(f.Size().Width, 160))) }
	p.layout = func(s fyne.Size) {
		lh := lineHeight(sizeOf(f, theme.SizeMeta))
		y := lh + theme.Space1
		h := HeightFor(f.input, s.Width)
		place(f.label, 0, 0, s.Width, lh)
		place(shown, 0, y, s.Width, h)
		y += h + theme.Space1
		place(icon, 0, y+(lh-14)/2, 14, 14)
		lead := f.hintLead()
		place(f.hint, lead, y, s.Width-lead, max(s.Height-y, lh))
	}
	p.refresh()
	return p
}

// Entry is a single-line input with keys for Escape and the arrows.
type Entry struct {
	fynewidget.Entry
	Escape func()      // Escape was pressed
	Arrow  func(n int) // -1 for Up, 1 for Down
}

// NewEntry answers an entry; placeholder may be "".
func NewEntry(placeholder string) *Entry {
	e := &Entry{}
	e.Wrapping = fyne.TextWrapOff
	e.Scroll = fyne.ScrollHorizontalOnly
	e.PlaceHolder = placeholder
	e.ExtendBaseWidget(e)
	return e
}

// TypedKey implements fyne.Focusable.
func (e *Entry) TypedKey(k *fyne.KeyEvent) {
	switch {
	case k.Name == fyne.KeyEscape && e.Escape != nil:
		e.Escape()
	case k.Name == fyne.KeyUp && e.Arrow != nil:
		e.Arrow(-1)
	case k.Name == fyne.KeyDown && e.Arrow != nil:
		e.Arrow(1)
	default:
		e.Entry.TypedKey(k)
	}
}

// SearchField is an entry with a magnifying glass and a button that empties it.
type SearchField struct {
	Entry
	clear *Button
}

// NewSearchField answers a field; changed is called with every text.
func NewSearchField(placeholder, clearLabel string, changed func(string)) *SearchField {
	s := &SearchField{}
	s.Wrapping = fyne.TextWrapOff
	s.Scroll = fyne.ScrollHorizontalOnly
	s.PlaceHolder = placeholder
	s.clear = NewIconButton(theme.IconClose, clearLabel, func() { s.SetText("") })
	s.clear.Hide()
	s.ActionItem = s.clear
	s.OnChanged = func(text string) {
		SetVisible(s.clear, text != "")
		if changed != nil {
			changed(text)
		}
	}
	s.Escape = func() { s.SetText("") }
	s.ExtendBaseWidget(s)
	s.Refresh()
	return s
}

// Refresh draws the glass in the present colours.
func (s *SearchField) Refresh() {
	s.Icon = theme.Icon(theme.IconSearch, colorOf(s, theme.Muted))
	s.Entry.Refresh()
}

// Cursor implements desktop.Cursorable.
func (s *SearchField) Cursor() desktop.Cursor { return desktop.TextCursor }

// Divider is a hairline across its width.
type Divider struct{ fynewidget.BaseWidget }

// NewDivider answers a hairline.
func NewDivider() *Divider {
	d := &Divider{}
	d.ExtendBaseWidget(d)
	return d
}

// CreateRenderer implements fyne.Widget.
func (d *Divider) CreateRenderer() fyne.WidgetRenderer {
	line := newRect(color.Transparent, 0)
	p := &parts{owner: d, objects: []fyne.CanvasObject{line}}
	p.refresh = func() { line.FillColor = colorOf(d, theme.Hairline) }
	p.min = func() fyne.Size { return fyne.NewSize(1, 1) }
	p.layout = func(s fyne.Size) { place(line, 0, 0, s.Width, s.Height) }
	p.refresh()
	return p
}
