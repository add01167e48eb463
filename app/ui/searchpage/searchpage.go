package searchpage

import (
	"context"

	"fyne.io/fyne/v2"

	"sotto/app/messenger"
	"sotto/app/ui/chats"
	"sotto/app/ui/i18n"
	"sotto/app/ui/screen"
	"sotto/app/ui/theme"
	"sotto/app/ui/widget"
	"sotto/chat"
)

// View is the search. Its methods are called on the UI thread.
type View struct {
	s       screen.Services
	content *fyne.Container

	field    *widget.SearchField
	filters  *fyne.Container
	indexing *widget.Text
	hold     *widget.Button
	progress fyne.CanvasObject // indexing and hold
	empty    *fyne.Container   // in place of the list: what to do, or that nothing was found
	list     *widget.ConversationList

	entries []chats.Entry
	filter  filter

	running *screen.Work // of the search that runs
	waiting func()       // stops the search that is to begin
	polling func()       // stops the next look at the index
	found   chat.Found   // all pages so far
	asked   bool         // there is something to look for
	more    bool         // the next page is being read
}

var (
	_ screen.Screen   = (*View)(nil)
	_ screen.Listener = (*View)(nil)
	_ screen.Escaper  = (*View)(nil)
	_ screen.Reader   = (*View)(nil)
	_ screen.Leaver   = (*View)(nil)
)

// New answers the search at a place of kind screen.Search.
func New(s screen.Services, at screen.Place) *View {
	v := &View{s: s, filter: filter{conversation: at.Conversation}}
	head := widget.NewPageHeader(widget.HeaderParts{Title: i18n.T("search.title"), BackLabel: i18n.T("page.back"), Back: s.Nav.Back})
	v.field = widget.NewSearchField(i18n.T("search.placeholder"), i18n.T("chats.search.clear"), func(string) { v.typed() })
	v.field.Escape = func() {
		if !v.Escape() {
			s.Nav.Back()
		}
	}
	v.field.Arrow = v.move
	v.field.OnSubmitted = func(string) { v.openSelected() }
	v.filters = widget.NewRow(theme.Space2, -1)
	v.indexing = widget.NewText("", widget.TextOptions{Size: theme.SizeMeta, Color: theme.Muted, Wrap: true})
	v.hold = widget.NewSmallButton(i18n.T("search.hold"), "", widget.Secondary, func() {
		s.Profile.Search.Hold(!s.Profile.Search.Progress().Held)
		v.watch()
	})
	v.progress = widget.NewRow(theme.Space2, 0, v.indexing, v.hold)
	v.progress.Hide()
	v.empty = widget.NewColumn(0)
	v.list = widget.NewConversationList()
	v.list.Open = func(c widget.Conversation) { v.open(c.Key) }
	v.list.Near, v.list.MaxWidth = v.readOn, theme.ChatWidth
	top := widget.NewInset(theme.Space3, theme.Space4, theme.Space3, theme.Space4,
		widget.NewColumn(theme.Space3, v.field, v.filters, v.progress))
	centred := func(o fyne.CanvasObject) fyne.CanvasObject { return widget.NewNarrow(theme.ChatWidth, false, o) }
	v.content = widget.NewStack(3, head, centred(top), centred(v.empty), v.list)
	v.showFilters()
	v.show()
	if at.Text != "" {
		v.field.SetText(at.Text)
	}
	return v
}

// Content implements screen.Screen.
func (v *View) Content() fyne.CanvasObject { return v.content }

// Shown implements screen.Screen.
func (v *View) Shown() {
	v.s.Canvas().Focus(v.field)
	screen.Run(v.s.Work, func(ctx context.Context) ([]chats.Entry, error) { return chats.Load(ctx, v.s.Messenger()) }, func(all []chats.Entry, err error) {
		if err != nil {
			v.s.Nav.Fail(err)
			return
		}
		v.entries = all
		v.showFilters()
		v.show()
		v.watch()
	})
}

// Left implements screen.Leaver.
func (v *View) Left() { v.stop() }

// Closed implements screen.Screen.
func (v *View) Closed() {
	v.stop()
	v.found, v.entries = chat.Found{}, nil
	v.list.SetItems(nil)
	v.field.OnChanged = nil
	v.field.SetText("")
}

// Reread implements screen.Reader.
func (v *View) Reread() { v.search() }

// Heard implements screen.Listener: what was removed must not stay in sight.
func (v *View) Heard(events []messenger.Event) {
	for _, e := range events {
		if e.Type == messenger.EventDelete || e.Type == messenger.EventEdit {
			v.search()
			return
		}
	}
}

// Escape implements screen.Escaper: it empties the field first.
func (v *View) Escape() bool {
	if v.field.Text == "" {
		return false
	}
	v.field.SetText("")
	return true
}

// Type types into the field.
func (v *View) Type(s string) { v.field.SetText(s) }

// Items answers the hits as they are listed.
func (v *View) Items() []widget.Conversation { return v.list.Items() }

// Choose opens a hit.
func (v *View) Choose(key string) { v.open(key) }

// move marks the n-th next hit.
func (v *View) move(n int) {
	items := v.list.Items()
	for i, c := range items {
		if c.Key == v.list.Selected() {
			v.list.Select(items[min(max(i+n, 0), len(items)-1)].Key)
			return
		}
	}
}

func (v *View) openSelected() {
	if v.waiting != nil { // Enter does not wait for the pause after the last key
		v.search()
		return
	}
	v.open(v.list.Selected())
}

func (v *View) open(key string) {
	for _, h := range v.found.Hits {
		if h.Message.ID.String() == key {
			v.s.Nav.Open(screen.Place{Screen: screen.Chat, Conversation: h.Message.Conversation, Message: h.Message.ID, Found: true})
			return
		}
	}
}

func (v *View) entry(id chat.ConversationID) (chats.Entry, bool) {
	for _, e := range v.entries {
		if e.Conversation.ID == id {
			return e, true
		}
	}
	return chats.Entry{}, false
}
