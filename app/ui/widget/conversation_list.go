package widget

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	fynewidget "fyne.io/fyne/v2/widget"

	"sotto/app/ui/theme"
)

// ConversationList shows conversations in the order given. Rows have one
// height; only those in sight have widgets.
type ConversationList struct {
	fynewidget.BaseWidget

	// Open is called when a conversation is chosen, by pointer or keyboard.
	Open func(Conversation)
	// Menu is called on a right click, with an absolute position.
	Menu func(Conversation, fyne.Position)
	// MaxWidth is how wide rows grow, in the middle of a wider list; 0: as wide as it.
	MaxWidth float32
	// Near is called when the last row has come to sight; it may be nil.
	Near func()

	items    []Conversation
	selected string
	cursor   int
	focused  bool
	scroll   *container.Scroll
	holder   *fyne.Container
	rows     map[string]*ConversationRow
	spare    []*ConversationRow
}

// NewConversationList answers an empty list.
func NewConversationList() *ConversationList {
	l := &ConversationList{rows: map[string]*ConversationRow{}, cursor: -1}
	l.holder = container.New(&listLayout{l})
	l.scroll = container.NewVScroll(l.holder)
	l.scroll.OnScrolled = func(fyne.Position) { l.window() }
	l.ExtendBaseWidget(l)
	return l
}

// SetItems shows other conversations; the selection stays on its key.
func (l *ConversationList) SetItems(items []Conversation) {
	l.items = append([]Conversation(nil), items...)
	l.scroll.Refresh()
	l.window()
}

// Items answers the conversations shown.
func (l *ConversationList) Items() []Conversation { return append([]Conversation(nil), l.items...) }

// Select marks the conversation with key and scrolls to it; it does not call
// Open. "" marks none.
func (l *ConversationList) Select(key string) {
	l.selected = key
	for i, c := range l.items {
		if c.Key == key {
			l.cursor = i
			l.reveal(i)
		}
	}
	l.window()
}

// Selected answers the key of the marked conversation, or "".
func (l *ConversationList) Selected() string { return l.selected }

// Step opens the conversation n rows below the marked one (above when n is
// negative), as Alt+Up and Alt+Down do.
func (l *ConversationList) Step(n int) {
	if len(l.items) == 0 {
		return
	}
	at := -1
	for i, c := range l.items {
		if c.Key == l.selected {
			at = i
		}
	}
	next := min(max(at+n, 0), len(l.items)-1)
	if l.items[next].Icon == "" {
		l.open(l.items[next])
	}
}

func (l *ConversationList) open(c Conversation) {
	l.Select(c.Key)
	if l.Open != nil {
		l.Open(c)
	}
}

func (l *ConversationList) rowHeight() float32 { return theme.RowHeight * max(scaleOf(l), 1) }

// reveal scrolls just so far that row i is in sight.
func (l *ConversationList) reveal(i int) {
	h := l.rowHeight()
	top, view := float32(i)*h, l.scroll.Size().Height
	switch {
	case view <= 0:
	case top < l.scroll.Offset.Y:
		l.scroll.ScrollToOffset(fyne.NewPos(0, top))
	case top+h > l.scroll.Offset.Y+view:
		l.scroll.ScrollToOffset(fyne.NewPos(0, top+h-view))
	}
}

// window gives the rows in sight their widgets.
func (l *ConversationList) window() {
	h := l.rowHeight()
	first := max(int(l.scroll.Offset.Y/h), 0)
	last := min(int((l.scroll.Offset.Y+l.scroll.Size().Height)/h)+1, len(l.items))
	wanted := make(map[string]bool, max(last-first, 0))
	for i := first; i < last; i++ {
		wanted[l.items[i].Key] = true
	}
	for key, r := range l.rows {
		if !wanted[key] {
			delete(l.rows, key)
			r.hovered, r.focused = false, false
			l.spare = append(l.spare, r)
		}
	}
	room := l.scroll.Size().Width
	width := room
	if l.MaxWidth > 0 {
		width = min(room, l.MaxWidth)
	}
	objects := make([]fyne.CanvasObject, 0, len(wanted))
	for i := first; i < last; i++ {
		r := l.rowFor(l.items[i])
		r.focused = l.focused && i == l.cursor
		r.SetConversation(l.items[i], l.items[i].Key == l.selected)
		place(r, (room-width)/2, float32(i)*h, width, h)
		objects = append(objects, r)
	}
	l.holder.Objects = objects
	l.holder.Refresh()
	if l.Near != nil && last == len(l.items) && last > 0 {
		l.Near()
	}
}

func (l *ConversationList) rowFor(c Conversation) *ConversationRow {
	if r := l.rows[c.Key]; r != nil {
		return r
	}
	var r *ConversationRow
	if n := len(l.spare); n > 0 {
		r, l.spare = l.spare[n-1], l.spare[:n-1]
	} else {
		r = NewConversationRow(c, l.open, func(c Conversation, at fyne.Position) {
			if l.Menu != nil {
				l.Menu(c, at)
			}
		})
		r.inList = true
	}
	l.rows[c.Key] = r
	return r
}

// FocusGained implements fyne.Focusable.
func (l *ConversationList) FocusGained() {
	l.focused = true
	l.cursor = max(l.cursor, 0)
	l.window()
}

// FocusLost implements fyne.Focusable.
func (l *ConversationList) FocusLost() {
	l.focused = false
	l.window()
}

// TypedRune implements fyne.Focusable.
func (l *ConversationList) TypedRune(rune) {}

// TypedKey implements fyne.Focusable: arrows move, Enter and Space open.
func (l *ConversationList) TypedKey(e *fyne.KeyEvent) {
	if len(l.items) == 0 {
		return
	}
	switch e.Name {
	case fyne.KeyUp:
		l.cursor--
	case fyne.KeyDown:
		l.cursor++
	case fyne.KeyHome:
		l.cursor = 0
	case fyne.KeyEnd:
		l.cursor = len(l.items) - 1
	case fyne.KeyReturn, fyne.KeyEnter, fyne.KeySpace:
		if l.cursor >= 0 && l.cursor < len(l.items) {
			l.open(l.items[l.cursor])
		}
		return
	default:
		return
	}
	l.cursor = min(max(l.cursor, 0), len(l.items)-1)
	l.reveal(l.cursor)
	l.window()
}

// CreateRenderer implements fyne.Widget.
func (l *ConversationList) CreateRenderer() fyne.WidgetRenderer {
	return &parts{
		owner:   l,
		objects: []fyne.CanvasObject{l.scroll},
		min:     func() fyne.Size { return fyne.NewSize(200, theme.RowHeight) },
		layout: func(s fyne.Size) {
			l.scroll.Resize(s)
			l.window()
		},
	}
}

// listLayout makes the holder as high as all rows; window places those in sight.
type listLayout struct{ l *ConversationList }

func (m *listLayout) MinSize([]fyne.CanvasObject) fyne.Size {
	return fyne.NewSize(0, float32(len(m.l.items))*m.l.rowHeight())
}

func (m *listLayout) Layout([]fyne.CanvasObject, fyne.Size) {}
