package form

import (
	"image/color"
	"slices"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	fynewidget "fyne.io/fyne/v2/widget"

	"sotto/app/ui/screen"
	"sotto/app/ui/theme"
	"sotto/app/ui/widget"
)

// Sheet is a sheet of paper over the window that stays until it is closed by its owner or its cancel button: for acts
// that need an answer before they may close, such as a passphrase. Escape is Cancel, see [Escape].
type Sheet struct {
	Cancel *widget.Button
	Act    *widget.Button
	// First gets the keyboard; nil: Cancel.
	First fyne.Focusable
	// Fold, when set, arranges the body for the room there is, before it would scroll as a whole, see [Sheet.Over].
	Fold func()

	content *fyne.Container
	column  *fyne.Container // title, text, body, buttons
	body    *fyne.Container
	popup   *fynewidget.PopUp
	over    fyne.CanvasObject // popup as it lies over the window
	back    fyne.Focusable
	closed  func()
	width   float32
	height  float32 // that it was fitted to
	fitting bool
}

// SheetWords frame a sheet.
type SheetWords struct {
	Title  string
	Text   string
	Act    string // "" for none
	Cancel string // "" for none: only the act closes it
	Rank   widget.Rank
}

// NewSheet answers a sheet with a body under its text. acted is called by the act, which closes nothing; closed, which
// may be nil, after the sheet was closed by Cancel.
func NewSheet(w SheetWords, body fyne.CanvasObject, acted, closed func()) *Sheet {
	s := &Sheet{closed: closed, width: 480}
	s.Cancel = widget.NewButton(w.Cancel, "", widget.Secondary, s.dismiss)
	s.Act = widget.NewButton(w.Act, "", w.Rank, acted)
	if w.Act == "" {
		s.Act.Hide()
	}
	if w.Cancel == "" {
		s.Cancel.Hide()
	}
	parts := []fyne.CanvasObject{widget.NewText(w.Title, widget.TextOptions{Size: theme.SizeScreen, Bold: true, Wrap: true})}
	if w.Text != "" {
		parts = append(parts, Body(w.Text))
	}
	s.body = widget.NewColumn(0)
	if body != nil {
		s.body.Add(body)
	}
	parts = append(parts, s.body, widget.NewRow(theme.Space2, 0, canvas.NewRectangle(color.Transparent), s.Cancel, s.Act))
	s.column = widget.NewColumn(theme.Space4, parts...)
	s.content = widget.NewInset(theme.Space6, theme.Space6, theme.Space6, theme.Space6, s.column)
	return s
}

// dismiss closes the sheet on behalf of who reads it.
func (s *Sheet) dismiss() {
	s.Close()
	if s.closed != nil {
		s.closed()
	}
}

// put sets the body of a sheet that was made without one.
func (s *Sheet) put(body fyne.CanvasObject) { s.body.Add(body) }

// Open shows the sheet over c.
func (s *Sheet) Open(c fyne.Canvas) {
	if s.popup != nil {
		return
	}
	s.back = c.Focused()
	s.popup = fynewidget.NewModalPopUp(container.New(&pressed{s}, s.content), c)
	s.popup.Show()
	s.over = c.Overlays().Top()
	shown = append(shown, s)
	s.Fit()
	first := s.First
	if first == nil && s.Cancel.Visible() {
		first = s.Cancel
	}
	if first != nil {
		c.Focus(first)
	}
}

// leastBody is how much of a body stays in sight in the smallest window.
const leastBody float32 = 80

// Fit gives the sheet the height that its content wants, after that has changed. Where the window is not that high the
// body scrolls, so that title and buttons stay in reach.
func (s *Sheet) Fit() {
	if s.popup == nil || s.fitting {
		return
	}
	s.fitting = true
	defer func() { s.fitting = false }()
	room := s.popup.Canvas.Size()
	w := min(s.width, room.Width-theme.Space8)
	if s.Fold != nil {
		s.Fold()
	}
	if over := s.Over(); over > 0 {
		at := len(s.column.Objects) - 2
		left := max(widget.HeightFor(s.body, w-2*theme.Space6)-over, leastBody)
		s.column.Objects[at] = screen.Tall(widget.NewPage(widget.NewInset(0, theme.Space3, 0, 0, s.body)), left)
	}
	s.content.Resize(fyne.NewSize(w, s.content.Size().Height))
	s.height = widget.HeightFor(s.content, w)
	s.popup.Resize(fyne.NewSize(w, s.height))
	s.popup.Move(fyne.NewPos((room.Width-w)/2, max((room.Height-s.height)/2, 0)))
	s.popup.Refresh()
}

// Over answers how much higher the content is than the window has room for, before the body scrolls.
func (s *Sheet) Over() float32 {
	if s.popup == nil {
		return 0
	}
	room := s.popup.Canvas.Size()
	s.column.Objects[len(s.column.Objects)-2] = s.body
	return widget.HeightFor(s.content, min(s.width, room.Width-theme.Space8)) - (room.Height - theme.Space8)
}

// Inner is how wide the body is.
func (s *Sheet) Inner() float32 {
	if s.popup == nil {
		return s.width - 2*theme.Space6
	}
	return min(s.width, s.popup.Canvas.Size().Width-theme.Space8) - 2*theme.Space6
}

// pressed fits a sheet anew when the window has become too low for it.
type pressed struct{ s *Sheet }

func (l *pressed) MinSize(objs []fyne.CanvasObject) fyne.Size { return objs[0].MinSize() }

func (l *pressed) Layout(objs []fyne.CanvasObject, size fyne.Size) {
	objs[0].Resize(size)
	if size.Height < l.s.height-1 {
		l.s.Fit()
	}
}

// Close takes the sheet away and gives the keyboard back.
func (s *Sheet) Close() {
	if s.popup == nil {
		return
	}
	c := s.popup.Canvas
	s.popup.Hide()
	s.popup, s.over = nil, nil
	shown = slices.DeleteFunc(shown, func(o *Sheet) bool { return o == s })
	if s.back != nil && c.Focused() != s.back {
		c.Focus(s.back)
	}
}

// IsOpen reports whether the sheet is shown.
func (s *Sheet) IsOpen() bool { return s.popup != nil }
