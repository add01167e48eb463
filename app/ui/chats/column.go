package chats

import (
	"context"
	"strings"
	"time"

	"fyne.io/fyne/v2"
	fynewidget "fyne.io/fyne/v2/widget"

	"sotto/app/messenger"
	"sotto/app/ui/i18n"
	"sotto/app/ui/screen"
	"sotto/app/ui/theme"
	"sotto/app/ui/widget"
	"sotto/chat"
)

// typingShows is how long a notice of writing holds when nothing follows it.
const typingShows = 12 * time.Second

// Column is the left column. Its methods are called on the UI thread.
type Column struct {
	s       screen.Services
	content fyne.CanvasObject

	search   *widget.SearchField
	requests *widget.Banner
	list     *widget.ConversationList
	asks     fyne.CanvasObject // requests with their margins
	nothing  *widget.Text
	empty    fyne.CanvasObject // nothing with its margins
	foot     *foot

	shown   state
	loaded  bool
	loading bool
	again   bool
	typing  map[chat.ConversationID]func() // stops its end
	onLoad  func()                         // the window's: titles and totals may have changed
}

var (
	_ screen.Screen   = (*Column)(nil)
	_ screen.Listener = (*Column)(nil)
)

// New answers the column. changed is called after each load and may be nil.
func New(s screen.Services, changed func()) *Column {
	c := &Column{s: s, typing: map[chat.ConversationID]func(){}, onLoad: changed}
	c.search = widget.NewSearchField(i18n.T("chats.search"), i18n.T("chats.search.clear"), func(string) {
		s.Nav.Active()
		c.show()
	})
	c.search.Arrow = func(n int) {
		if n > 0 {
			s.Canvas().Focus(c.list)
		}
	}
	c.search.OnSubmitted = func(string) { c.openFirst() }
	var plus *widget.Button
	plus = widget.NewIconButton(theme.IconPlus, i18n.T("chats.new"), func() { c.newMenu(plus) })
	c.list = widget.NewConversationList()
	c.list.Open = func(conv widget.Conversation) { c.open(conv.Key) }
	c.list.Menu = c.menu
	c.nothing = widget.NewText("", widget.TextOptions{Color: theme.Muted, Wrap: true, Align: fyne.TextAlignCenter})
	c.empty = widget.NewInset(theme.Space4, theme.Space4, theme.Space4, theme.Space4, c.nothing)
	c.empty.Hide()
	c.requests = widget.NewBanner(widget.BannerWords{Icon: theme.IconInbox, Tone: widget.Plain, Action: i18n.T("chats.requests.look")}, func() {
		s.Nav.Open(screen.Place{Screen: screen.Requests})
	}, nil)
	c.asks = widget.NewInset(0, theme.Space2, theme.Space2, theme.Space2, c.requests)
	c.asks.Hide()
	c.foot = newFoot(s)

	top := widget.NewInset(theme.Space3, theme.Space2, theme.Space3, theme.Space3,
		widget.NewRow(theme.Space1, 0, c.search, plus))
	c.content = widget.NewGround(theme.Surface, widget.NewStack(3,
		top, c.asks, c.empty, c.list, c.foot.content))
	return c
}

// Content implements screen.Screen.
func (c *Column) Content() fyne.CanvasObject { return c.content }

// Shown implements screen.Screen.
func (c *Column) Shown() { c.reload() }

// Closed implements screen.Screen.
func (c *Column) Closed() {
	for _, stop := range c.typing {
		stop()
	}
	c.shown = state{}
	c.list.SetItems(nil)
	c.search.SetText("")
}

// Heard implements screen.Listener.
func (c *Column) Heard(events []messenger.Event) {
	changed := false
	for _, e := range events {
		if e.Type == messenger.EventTyping {
			c.setTyping(e.Conversation, e.On)
			continue
		}
		if e.Type == messenger.EventMessage {
			c.setTyping(e.Conversation, false)
		}
		changed = true
	}
	if changed {
		c.reload()
	}
}

func (c *Column) setTyping(id chat.ConversationID, on bool) {
	stop, was := c.typing[id]
	if was {
		stop()
		delete(c.typing, id)
	}
	if on {
		c.typing[id] = c.s.Work.After(typingShows, func() { c.setTyping(id, false) })
	}
	if was || on {
		c.show()
	}
}

// reload reads everything anew; asked for while it reads, it reads once more.
func (c *Column) reload() {
	if c.loading {
		c.again = true
		return
	}
	c.loading = true
	screen.Run(c.s.Work, func(ctx context.Context) (state, error) { return load(ctx, c.s.Messenger()) }, func(s state, err error) {
		c.loading = false
		if err == nil {
			c.shown, c.loaded = s, true
			c.show()
			if c.onLoad != nil {
				c.onLoad()
			}
		} else {
			c.s.Nav.Fail(err)
		}
		if c.again {
			c.again = false
			c.reload()
		}
	})
}

// show brings what was read, filtered, into the widgets.
func (c *Column) show() {
	typed := c.search.Text
	var rows []widget.Conversation
	pinned := false
	for _, e := range c.shown.entries {
		if !e.Matches(typed) {
			continue
		}
		_, typing := c.typing[e.Conversation.ID]
		r := e.row(c.s, typing)
		r.NewGroup = pinned && !r.Pinned
		pinned = r.Pinned
		rows = append(rows, r)
	}
	found := len(rows)
	if strings.TrimSpace(typed) != "" {
		rows = append(rows, widget.Conversation{
			Key: searchKey, Icon: theme.IconSearch, NewGroup: found > 0,
			Title: i18n.T("chats.search.messages"), Preview: i18n.T("chats.search.messages.for", i18n.Args{"Text": typed}),
		})
	}
	c.list.SetItems(rows)
	if typed != "" {
		c.nothing.SetContent(i18n.T("chats.none-found"))
	} else {
		c.nothing.SetContent(i18n.T("chats.none"))
	}
	widget.SetVisible(c.empty, c.loaded && found == 0)
	c.foot.show(c.shown, c.loaded)
	c.requests.SetText(i18n.N("chats.requests", c.shown.requests))
	widget.SetVisible(c.asks, c.shown.requests > 0)
	c.content.Refresh()
}

// Entries answers all conversations in the order of the list, whatever was searched for.
func (c *Column) Entries() []Entry { return append([]Entry(nil), c.shown.entries...) }

// Unread answers how many messages of conversations that are not muted wait.
func (c *Column) Unread() int {
	n := 0
	for _, e := range c.shown.entries {
		if !e.Conversation.Muted {
			n += e.Conversation.Unread
		}
	}
	return n
}

// Loaded reports whether the conversations were read once.
func (c *Column) Loaded() bool { return c.loaded }

// Select marks the conversation that is open; the zero id marks none.
func (c *Column) Select(id chat.ConversationID) {
	if id.IsZero() {
		c.list.Select("")
		return
	}
	c.list.Select(id.String())
}

// Step opens the n-th next conversation of the list, or the previous ones when n is negative.
func (c *Column) Step(n int) { c.list.Step(n) }

// FocusSearch gives the keyboard to the search field.
func (c *Column) FocusSearch() { c.s.Canvas().Focus(c.search) }

func (c *Column) openFirst() {
	if items := c.list.Items(); len(items) > 0 {
		c.open(items[0].Key)
	}
}

// searchKey is the key of the row that leads from the list to the search of messages.
const searchKey = "search"

func (c *Column) open(key string) {
	if key == searchKey {
		text := c.search.Text
		c.search.SetText("")
		c.list.Select("")
		c.s.Nav.Open(screen.Place{Screen: screen.Search, Text: text})
		return
	}
	if e, ok := c.entry(key); ok {
		c.s.Nav.Open(screen.Place{Screen: screen.Chat, Conversation: e.Conversation.ID})
	}
}

func (c *Column) entry(key string) (Entry, bool) {
	for _, e := range c.shown.entries {
		if e.Key() == key {
			return e, true
		}
	}
	return Entry{}, false
}

// newMenu offers the ways to somebody new.
func (c *Column) newMenu(under fyne.CanvasObject) {
	at := fyne.CurrentApp().Driver().AbsolutePositionForObject(under).AddXY(0, under.Size().Height+theme.Space1)
	fynewidget.ShowPopUpMenuAtPosition(fyne.NewMenu("",
		fyne.NewMenuItem(i18n.T("chats.new.invite"), func() { c.s.Nav.Open(screen.Place{Screen: screen.Invite}) }),
		fyne.NewMenuItem(i18n.T("chats.new.add"), func() { c.s.Nav.Open(screen.Place{Screen: screen.Add}) }),
	), c.s.Canvas(), at)
}

// menu offers what concerns one conversation.
func (c *Column) menu(conv widget.Conversation, at fyne.Position) {
	e, ok := c.entry(conv.Key)
	if !ok {
		return
	}
	pin, mute := i18n.T("chats.pin"), i18n.T("chats.mute")
	if e.Conversation.Pinned {
		pin = i18n.T("chats.unpin")
	}
	if e.Conversation.Muted {
		mute = i18n.T("chats.unmute")
	}
	m, id := c.s.Messenger(), e.Conversation.ID
	fynewidget.ShowPopUpMenuAtPosition(fyne.NewMenu("",
		fyne.NewMenuItem(pin, func() {
			c.s.Work.InOrder(func(ctx context.Context) error { return m.SetPinned(ctx, id, !e.Conversation.Pinned) }, c.s.Nav.Fail)
		}),
		fyne.NewMenuItem(mute, func() {
			c.s.Work.InOrder(func(ctx context.Context) error { return m.SetMuted(ctx, id, !e.Conversation.Muted) }, c.s.Nav.Fail)
		}),
		fyne.NewMenuItem(i18n.T("chats.read"), func() {
			c.s.Work.InOrder(func(ctx context.Context) error { return m.Read(ctx, id, 0) }, c.s.Nav.Fail)
		}),
		fyne.NewMenuItemSeparator(),
		fyne.NewMenuItem(i18n.T("chats.details"), func() {
			c.s.Nav.Open(screen.Place{Screen: screen.Contact, Contact: e.Contact.ID})
		}),
	), c.s.Canvas(), at)
}
