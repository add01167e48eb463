package searchpage

import (
	"context"
	"errors"
	"slices"
	"time"

	"fyne.io/fyne/v2"

	"sotto/app/ui/i18n"
	"sotto/app/ui/screen"
	"sotto/app/ui/theme"
	"sotto/app/ui/widget"
	"sotto/chat"
)

// Times of the search.
const (
	pause     = 150 * time.Millisecond // after the last key
	lookAgain = 500 * time.Millisecond // at an index that is being built
)

// typed waits for a pause in typing.
func (v *View) typed() {
	v.s.Nav.Active()
	v.stop()
	v.waiting = v.s.Work.After(pause, v.search)
}

// stop ends what runs or is to run.
func (v *View) stop() {
	for _, f := range []*func(){&v.waiting, &v.polling} {
		if *f != nil {
			(*f)()
			*f = nil
		}
	}
	if v.running != nil {
		v.running.End()
		v.running = nil
	}
	v.more = false
}

// query is what the field and the filters ask for.
func (v *View) query() chat.Query {
	return chat.Query{
		Text: v.field.Text, Conversation: v.filter.conversation, Author: v.filter.author, Kind: v.filter.kind,
		Since: v.filter.since, Until: v.filter.until,
	}
}

// search begins anew.
func (v *View) search() {
	v.stop()
	q := v.query()
	if widget.CleanName(q.Text) == "" && !v.filter.narrow() {
		v.asked, v.found = false, chat.Found{}
		v.show()
		v.watch()
		return
	}
	v.run(q, func(found chat.Found, err error) {
		switch {
		case errors.Is(err, chat.ErrMalformed):
			found = chat.Found{Progress: v.s.Profile.Search.Progress()}
		case err != nil:
			v.s.Nav.Fail(err)
			return
		}
		selected := v.list.Selected()
		v.asked, v.found = true, found
		v.show()
		v.selectOr(selected)
		v.watch()
	})
}

// readOn reads the page after those that are shown.
func (v *View) readOn() {
	if v.more || v.found.Next == "" || v.waiting != nil || v.running != nil {
		return
	}
	v.more = true
	q := v.query()
	q.Before = v.found.Next
	v.run(q, func(found chat.Found, err error) {
		v.more = false
		if err != nil {
			v.s.Nav.Fail(err)
			v.found.Next = ""
			return
		}
		found.Hits = append(v.found.Hits, found.Hits...)
		v.found = found
		v.show()
	})
}

func (v *View) run(q chat.Query, then func(chat.Found, error)) {
	work := v.s.Work.Child()
	v.running = work
	index := v.s.Profile.Search
	screen.Run(work, func(ctx context.Context) (chat.Found, error) { return index.Search(ctx, q) }, func(found chat.Found, err error) {
		if v.running == work {
			v.running = nil
			then(found, err)
		}
		work.End()
	})
}

// watch looks at the index again while it is being built.
func (v *View) watch() {
	p := v.s.Profile.Search.Progress()
	words, act := "search.indexing", "search.hold"
	if p.Held {
		words, act = "search.held", "search.go-on"
	}
	v.indexing.SetContent(i18n.T(words, i18n.Args{"Percent": p.Percent()}))
	v.hold.SetText(i18n.T(act))
	if v.progress.Visible() == p.Ready {
		widget.SetVisible(v.progress, !p.Ready)
		v.content.Refresh()
	}
	if p.Ready || v.polling != nil {
		return
	}
	v.polling = v.s.Work.After(lookAgain, func() {
		v.polling = nil
		if v.asked && v.waiting == nil && v.running == nil && len(v.found.Hits) < chat.DefaultLimit {
			v.search()
			return
		}
		v.watch()
	})
}

// show brings what was found into the widgets.
func (v *View) show() {
	rows := make([]widget.Conversation, 0, len(v.found.Hits))
	for _, h := range v.found.Hits {
		rows = append(rows, v.row(h))
	}
	v.list.SetItems(rows)
	v.empty.RemoveAll()
	switch {
	case len(rows) > 0:
	case v.asked:
		text := i18n.T("search.none.text")
		if !v.found.Progress.Ready {
			text = i18n.T("search.none.yet")
		}
		v.empty.Add(card(i18n.T("search.none"), text))
	default:
		v.empty.Add(card(i18n.T("search.begin"), i18n.T("search.begin.text")))
	}
	widget.SetVisible(v.empty, len(rows) == 0)
	v.content.Refresh()
}

func card(title, text string) fyne.CanvasObject {
	return widget.NewInset(theme.Space4, theme.Space4, theme.Space4, theme.Space4,
		widget.NewCard(widget.CardWords{Icon: theme.IconSearch, Title: title, Sentence: text}, nil, nil))
}

func (v *View) selectOr(key string) {
	items := v.list.Items()
	for _, c := range items {
		if c.Key == key {
			v.list.Select(key)
			return
		}
	}
	if len(items) > 0 {
		v.list.Select(items[0].Key)
	}
}

// row is a hit as the list shows it: the conversation, who wrote, and what matched.
func (v *View) row(h chat.Hit) widget.Conversation {
	m := h.Message
	r := widget.Conversation{Key: m.ID.String(), Time: v.s.Format.ListTime(v.s.Now(), m.DisplayTime()), Title: i18n.T("search.unknown")}
	lead := ""
	if e, ok := v.entry(m.Conversation); ok {
		r.Person, r.Title = screen.Person(e.Contact), e.Title()
		if len(e.Conversation.Members) > 1 { // with one, the title says it
			lead = chipped(e.Title()) + ": "
		}
	}
	if m.Direction == chat.Out {
		lead = i18n.T("search.you") + ": "
	}
	text, ranges := said(h)
	r.Found = widget.Snippet(lead, text, ranges)
	return r
}

// said is the text of a hit with what matched in it. Of a message with a file that is its name, and then its caption.
func said(h chat.Hit) (string, [][2]int) {
	m := h.Message
	if m.Kind != chat.KindAttachment {
		return m.Text, h.Ranges
	}
	text, ranges := m.File.Name, slices.Clone(h.NameRanges)
	if m.Text != "" {
		text += " · "
		for _, r := range h.Ranges {
			ranges = append(ranges, [2]int{r[0] + len(text), r[1] + len(text)})
		}
		text += m.Text
	}
	return text, ranges
}
