package widget

import (
	"reflect"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	fynewidget "fyne.io/fyne/v2/widget"

	"sotto/app/ui/theme"
)

// Row is one row of a timeline: a message, a day, a notice. Rows are values; a
// changed row is a new value with the same key and another revision.
type Row interface {
	RowKey() string      // unique in the timeline, stable
	RowRevision() uint64 // differs when anything that is shown differs
}

// RowView shows rows of one Go type. The timeline re-uses it for other rows of
// that type: ShowRow takes the value in, the timeline refreshes.
type RowView interface {
	fyne.CanvasObject
	ShowRow(Row)
	HeightFor(width float32) float32
}

// Releaser is a RowView that is told when it goes out of sight, so that it lets
// go of what is large. It is shown anew before it is seen again.
type Releaser interface {
	Release()
}

// Direction says on which side of a row to look.
type Direction int

// The directions.
const (
	Older Direction = iota
	Newer
)

// Source has the rows of a conversation, oldest first. LoadRows answers at most
// n rows directly next to at in the direction asked; with at nil the newest. It
// must return at once; done is called on the UI thread, now or later, with the
// rows oldest first and whether more lie beyond them. at is opaque to the
// timeline: one of the rows it was given before.
type Source interface {
	LoadRows(at Row, dir Direction, n int, done func(rows []Row, more bool))
}

const (
	timelinePage   = 60  // rows asked for at once
	timelineWindow = 480 // rows kept at most
	timelinePad    = theme.Space4
)

// Timeline shows the rows of a source and keeps the reader's place: what is
// being read stays where it is when rows are added before it, change height, or
// the window is resized; at the bottom it stays at the bottom. Only a window of
// the rows is held, and only the visible ones have views. It scrolls, and is
// not draggable.
type Timeline struct {
	fynewidget.BaseWidget
	source Source
	view   func(Row) RowView

	// AtBottom is called when the newest row comes into or leaves sight.
	AtBottom func(bool)
	// Seen is called with the newest row in sight after it changed.
	Seen func(Row)
	// JumpLabel names the button that goes to the newest row.
	JumpLabel string

	rows       []Row
	more       [2]bool // per Direction
	loading    [2]bool
	generation int

	bottom bool    // stick to the newest row
	anchor string  // otherwise: key of the row that keeps its place,
	offset float32 // and its top relative to the timeline's

	heights  map[heightKey]float32
	measures map[reflect.Type]RowView
	placed   []placedRow
	shown    map[string]*shownRow
	spare    map[reflect.Type][]*shownRow
	jump     *Button
	focused  bool
	lastSeen string
	toldAway bool // AtBottom was last called with false
	painted  *clipping
}

type heightKey struct {
	key          string
	revision     uint64
	width, scale float32
}

type placedRow struct {
	index int
	y, h  float32
}

type shownRow struct {
	view    RowView
	row     Row
	kind    reflect.Type
	inSight bool
}

// NewTimeline answers an empty timeline; [Timeline.Reset] fills it. view makes
// a view for rows of the type of the one given.
func NewTimeline(source Source, view func(Row) RowView) *Timeline {
	t := &Timeline{
		source: source, view: view, bottom: true,
		heights:  map[heightKey]float32{},
		measures: map[reflect.Type]RowView{},
		shown:    map[string]*shownRow{},
		spare:    map[reflect.Type][]*shownRow{},
	}
	t.jump = NewIconButton(theme.IconArrowDown, "", t.ScrollToEnd)
	t.jump.rank = Secondary
	t.jump.Hide()
	t.ExtendBaseWidget(t)
	return t
}

// Rows answers the rows now held, oldest first.
func (t *Timeline) Rows() []Row { return append([]Row(nil), t.rows...) }

// IsAtBottom reports whether the timeline sticks to the newest row.
func (t *Timeline) IsAtBottom() bool { return t.bottom }

// MinSize implements fyne.CanvasObject.
func (t *Timeline) MinSize() fyne.Size { return fyne.NewSize(240, 120) }

// Refresh draws everything anew, because the theme may have changed.
func (t *Timeline) Refresh() {
	for _, s := range t.shown {
		s.view.Refresh()
	}
	t.arrange()
	t.BaseWidget.Refresh()
}

// CreateRenderer implements fyne.Widget.
func (t *Timeline) CreateRenderer() fyne.WidgetRenderer {
	ring := newFocusRing(0)
	t.painted = &clipping{parts{owner: t, min: t.MinSize}}
	t.painted.layout = func(s fyne.Size) {
		t.arrange()
		place(ring, 1, 1, s.Width-2, s.Height-2)
	}
	t.painted.refresh = func() {
		ring.StrokeColor = colorOf(t, theme.Accent)
		SetVisible(ring, t.focused)
	}
	t.painted.objects = []fyne.CanvasObject{ring, t.jump}
	t.painted.refresh()
	return t.painted
}

// Scrolled implements fyne.Scrollable.
func (t *Timeline) Scrolled(e *fyne.ScrollEvent) { t.ScrollBy(-e.Scrolled.DY) }

// ScrollBy moves towards newer rows by dy units, or towards older ones when dy
// is negative.
func (t *Timeline) ScrollBy(dy float32) {
	if len(t.placed) == 0 || dy == 0 {
		return
	}
	t.holdFirstVisible()
	t.offset -= dy
	t.arrange()
}

// ScrollToEnd shows the newest row and stays there.
func (t *Timeline) ScrollToEnd() {
	if t.more[Newer] {
		t.Reset()
		return
	}
	t.bottom = true
	t.arrange()
}

// ScrollToRow puts the row with key into the upper third and reports whether
// the timeline holds it; if not, load around it and call [Timeline.ShowRows].
func (t *Timeline) ScrollToRow(key string) bool {
	if t.indexOf(key) < 0 {
		return false
	}
	t.bottom, t.anchor, t.offset = false, key, t.Size().Height/3
	t.arrange()
	return true
}

// Redraw draws the row with key anew, when it is in sight: what it shows beside
// its value has come, such as a picture. Its height stays.
func (t *Timeline) Redraw(key string) {
	if s := t.shown[key]; s != nil {
		s.view.Refresh()
	}
}

// FocusGained implements fyne.Focusable.
func (t *Timeline) FocusGained() { t.setFocused(true) }

// FocusLost implements fyne.Focusable.
func (t *Timeline) FocusLost() { t.setFocused(false) }

func (t *Timeline) setFocused(f bool) {
	t.focused = f
	t.BaseWidget.Refresh()
}

// TypedRune implements fyne.Focusable.
func (t *Timeline) TypedRune(rune) {}

// TypedKey implements fyne.Focusable: arrows, Page Up and Down, Home, End.
func (t *Timeline) TypedKey(e *fyne.KeyEvent) {
	page := t.Size().Height * 0.9
	switch e.Name {
	case fyne.KeyUp:
		t.ScrollBy(-48)
	case fyne.KeyDown:
		t.ScrollBy(48)
	case fyne.KeyPageUp:
		t.ScrollBy(-page)
	case fyne.KeyPageDown:
		t.ScrollBy(page)
	case fyne.KeyEnd:
		t.ScrollToEnd()
	case fyne.KeyHome:
		if len(t.rows) > 0 {
			t.bottom, t.anchor, t.offset = false, t.rows[0].RowKey(), timelinePad
			t.arrange()
		}
	}
}

// repaint hands the visible views to the renderer.
func (t *Timeline) repaint() {
	if t.painted == nil {
		return
	}
	ring := t.painted.objects[0]
	objects := make([]fyne.CanvasObject, 0, len(t.placed)+2)
	objects = append(objects, ring)
	for _, p := range t.placed {
		objects = append(objects, t.shown[t.rows[p.index].RowKey()].view)
	}
	t.painted.objects = append(objects, t.jump)
	canvas.Refresh(t)
}
