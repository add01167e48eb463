package quickswitch

import (
	"fyne.io/fyne/v2"
	fynewidget "fyne.io/fyne/v2/widget"

	"sotto/app/ui/chats"
	"sotto/app/ui/i18n"
	"sotto/app/ui/screen"
	"sotto/app/ui/theme"
	"sotto/app/ui/widget"
	"sotto/chat"
)

const width float32 = 420

const most = 7 // conversations shown

// Sheet is the quick switch. Its methods are called on the UI thread.
type Sheet struct {
	entries []chats.Entry
	opened  func(chat.ConversationID)

	field *widget.SearchField
	list  *widget.ConversationList
	none  *widget.Text
	popup *fynewidget.PopUp
	back  fyne.Focusable
}

// New answers a sheet over the conversations given; opened is called with the one that was chosen.
func New(entries []chats.Entry, opened func(chat.ConversationID)) *Sheet {
	q := &Sheet{entries: entries, opened: opened}
	q.field = widget.NewSearchField(i18n.T("switch.placeholder"), i18n.T("chats.search.clear"), q.show)
	q.field.Escape = q.Close
	q.field.Arrow = q.move
	q.field.OnSubmitted = func(string) { q.choose(q.list.Selected()) }
	q.list = widget.NewConversationList()
	q.list.Open = func(c widget.Conversation) { q.choose(c.Key) }
	q.none = widget.NewText(i18n.T("chats.none-found"), widget.TextOptions{Color: theme.Muted, Wrap: true})
	q.show("")
	return q
}

// Open shows the sheet over c.
func (q *Sheet) Open(c fyne.Canvas) {
	if q.popup != nil {
		return
	}
	rows := min(max(len(q.entries), 1), most)
	body := widget.NewColumn(theme.Space2, q.field, q.none, screen.Tall(q.list, float32(rows)*theme.RowHeight))
	q.back = c.Focused()
	q.popup = fynewidget.NewModalPopUp(widget.NewInset(theme.Space3, theme.Space3, theme.Space3, theme.Space3, body), c)
	w := min(width, c.Size().Width-theme.Space8)
	q.popup.Resize(fyne.NewSize(w, widget.HeightFor(body, w-2*theme.Space3)+2*theme.Space3))
	q.popup.Show()
	c.Focus(q.field)
}

// Close takes the sheet away.
func (q *Sheet) Close() {
	if q.popup == nil {
		return
	}
	c := q.popup.Canvas
	q.popup.Hide()
	q.popup = nil
	if q.back != nil {
		c.Focus(q.back)
	}
}

// Items answers what is offered for what was typed.
func (q *Sheet) Items() []widget.Conversation { return q.list.Items() }

// Type types into the field.
func (q *Sheet) Type(s string) { q.field.SetText(s) }

// Submit presses Enter.
func (q *Sheet) Submit() { q.choose(q.list.Selected()) }

func (q *Sheet) show(typed string) {
	var rows []widget.Conversation
	for _, e := range q.entries {
		if e.Matches(typed) {
			rows = append(rows, widget.Conversation{
				Key: e.Key(), Person: screen.Person(e.Contact), Title: e.Title(), Preview: e.Conversation.Preview, Unread: e.Conversation.Unread,
			})
		}
	}
	q.list.SetItems(rows)
	if len(rows) > 0 {
		q.list.Select(rows[0].Key)
		q.none.Hide()
	} else {
		q.list.Select("")
		q.none.Show()
	}
}

// move marks the n-th next conversation.
func (q *Sheet) move(n int) {
	items := q.list.Items()
	for i, c := range items {
		if c.Key == q.list.Selected() {
			q.list.Select(items[min(max(i+n, 0), len(items)-1)].Key)
			return
		}
	}
}

func (q *Sheet) choose(key string) {
	for _, e := range q.entries {
		if e.Key() == key && key != "" {
			q.back = nil
			q.Close()
			q.opened(e.Conversation.ID)
			return
		}
	}
}
