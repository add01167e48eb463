package searchpage

import (
	"time"

	"fyne.io/fyne/v2"
	fynewidget "fyne.io/fyne/v2/widget"

	"sotto/app/ui/i18n"
	"sotto/app/ui/quickswitch"
	"sotto/app/ui/theme"
	"sotto/app/ui/widget"
	"sotto/chat"
)

// filter is what narrows a search, and the words for its days.
type filter struct {
	conversation chat.ConversationID
	author       chat.ContactID
	kind         chat.MessageKind
	since, until time.Time
	days         string
}

// narrow reports whether the filters alone ask for something.
func (f filter) narrow() bool {
	return !f.conversation.IsZero() || !f.author.IsZero() || f.kind != "" || !f.since.IsZero() || !f.until.IsZero()
}

// set changes the filters and searches anew.
func (v *View) set(change func(*filter)) {
	change(&v.filter)
	v.showFilters()
	v.search()
	v.s.Canvas().Focus(v.field)
}

// showFilters shows a chip for each filter; one that narrows is in the accent of a judgement and says to what.
func (v *View) showFilters() {
	f := v.filter
	v.filters.RemoveAll()
	add := func(icon theme.IconName, any, word string, menu func() []*fyne.MenuItem) {
		tone := widget.Plain
		if word == "" {
			word = any
		} else {
			tone = widget.Fine
		}
		var chip *widget.Chip
		chip = widget.NewChip(icon, word, tone, func() { v.drop(chip, menu()) })
		v.filters.Add(chip)
	}
	add(theme.IconChat, i18n.T("search.in.any"), v.conversationName(), v.conversations)
	add(theme.IconPerson, i18n.T("search.by.any"), v.authorName(), v.people)
	add(theme.IconClock, i18n.T("search.when.any"), f.days, v.days)
	add(theme.IconDocument, i18n.T("search.kind.any"), kindWord(f.kind), v.kinds)
	v.filters.Refresh()
}

func (v *View) drop(under fyne.CanvasObject, items []*fyne.MenuItem) {
	at := fyne.CurrentApp().Driver().AbsolutePositionForObject(under).AddXY(0, under.Size().Height+theme.Space1)
	fynewidget.ShowPopUpMenuAtPosition(fyne.NewMenu("", items...), v.s.Canvas(), at)
}

// chipName is how long the name of a person in a chip may be, in runes.
const chipName = 20

func chipped(name string) string {
	if r := []rune(name); len(r) > chipName {
		return string(r[:chipName-1]) + "…"
	}
	return name
}

func (v *View) conversationName() string {
	if v.filter.conversation.IsZero() {
		return ""
	}
	if e, ok := v.entry(v.filter.conversation); ok {
		return i18n.T("search.in", i18n.Args{"Name": chipped(e.Title())})
	}
	return i18n.T("search.in.one")
}

func (v *View) conversations() []*fyne.MenuItem {
	return []*fyne.MenuItem{
		fyne.NewMenuItem(i18n.T("search.in.any"), func() { v.set(func(f *filter) { f.conversation = chat.ConversationID{} }) }),
		fyne.NewMenuItem(i18n.T("search.choose"), func() {
			v.choose(func(id chat.ConversationID) { v.set(func(f *filter) { f.conversation = id }) })
		}),
	}
}

// choose lets a conversation be chosen by name.
func (v *View) choose(chosen func(chat.ConversationID)) {
	quickswitch.New(v.entries, chosen).Open(v.s.Canvas())
}

func (v *View) authorName() string {
	switch v.filter.author {
	case chat.ContactID{}:
		return ""
	case v.s.Messenger().Self().ID:
		return i18n.T("search.by.you")
	}
	for _, e := range v.entries {
		if e.Contact.ID == v.filter.author {
			return i18n.T("search.by", i18n.Args{"Name": chipped(e.Title())})
		}
	}
	return i18n.T("search.by.one")
}

func (v *View) people() []*fyne.MenuItem {
	author := func(id chat.ContactID) func() { return func() { v.set(func(f *filter) { f.author = id }) } }
	return []*fyne.MenuItem{
		fyne.NewMenuItem(i18n.T("search.by.any"), author(chat.ContactID{})),
		fyne.NewMenuItem(i18n.T("search.by.you"), author(v.s.Messenger().Self().ID)),
		fyne.NewMenuItem(i18n.T("search.choose"), func() {
			v.choose(func(id chat.ConversationID) {
				if e, ok := v.entry(id); ok {
					author(e.Contact.ID)()
				}
			})
		}),
	}
}

func kindWord(k chat.MessageKind) string {
	switch k {
	case chat.KindText:
		return i18n.T("search.kind.text")
	case chat.KindAttachment:
		return i18n.T("search.kind.attachment")
	}
	return ""
}

func (v *View) kinds() []*fyne.MenuItem {
	kind := func(k chat.MessageKind) func() { return func() { v.set(func(f *filter) { f.kind = k }) } }
	return []*fyne.MenuItem{
		fyne.NewMenuItem(i18n.T("search.kind.any"), kind("")),
		fyne.NewMenuItem(i18n.T("search.kind.text"), kind(chat.KindText)),
		fyne.NewMenuItem(i18n.T("search.kind.attachment"), kind(chat.KindAttachment)),
	}
}

func (v *View) days() []*fyne.MenuItem {
	now := v.s.Now()
	today := time.Date(now.Year(), now.Month(), now.Day(), 0, 0, 0, 0, now.Location())
	since := func(word string, at time.Time) *fyne.MenuItem {
		return fyne.NewMenuItem(word, func() {
			v.set(func(f *filter) { f.since, f.until, f.days = at, time.Time{}, word })
		})
	}
	return []*fyne.MenuItem{
		fyne.NewMenuItem(i18n.T("search.when.any"), func() {
			v.set(func(f *filter) { f.since, f.until, f.days = time.Time{}, time.Time{}, "" })
		}),
		since(i18n.T("search.when.today"), today),
		since(i18n.T("search.when.week"), today.AddDate(0, 0, -6)),
		since(i18n.T("search.when.month"), today.AddDate(0, 0, -29)),
		since(i18n.T("search.when.year"), time.Date(now.Year(), 1, 1, 0, 0, 0, 0, now.Location())),
		fyne.NewMenuItemSeparator(),
		fyne.NewMenuItem(i18n.T("search.when.between"), func() { v.between("", "", false) }),
	}
}

// between asks for two days; one of them may be left out.
func (v *View) between(first, last string, again bool) {
	from, to := widget.NewEntry(time.DateOnly), widget.NewEntry(time.DateOnly)
	from.PlaceHolder, to.PlaceHolder = i18n.T("search.when.form"), i18n.T("search.when.form")
	from.SetText(first)
	to.SetText(last)
	a := widget.NewField(i18n.T("search.when.first"), "", from)
	b := widget.NewField(i18n.T("search.when.last"), "", to)
	if again {
		b.SetError(i18n.T("search.when.wrong"))
	}
	widget.NewMessageDialog(widget.MessageWords{
		Icon: theme.IconClock, Title: i18n.T("search.when.between"), Text: i18n.T("search.when.text"),
		Act: i18n.T("search.when.act"), Cancel: i18n.T("chat.cancel"),
	}, widget.NewColumn(theme.Space3, a, b), func() {
		f, ok := span(from.Text, to.Text, v.s.Now().Location())
		if !ok {
			v.between(from.Text, to.Text, true)
			return
		}
		v.set(func(now *filter) { now.since, now.until, now.days = f.since, f.until, f.days })
	}).Open(v.s.Canvas())
}

// span reads two days, both included; an empty one leaves that side open.
func span(first, last string, zone *time.Location) (f filter, ok bool) {
	day := func(text string) (time.Time, bool) {
		if text == "" {
			return time.Time{}, true
		}
		t, err := time.ParseInLocation(time.DateOnly, text, zone)
		return t, err == nil
	}
	since, okFirst := day(first)
	until, okLast := day(last)
	if !okFirst || !okLast || !until.IsZero() && until.Before(since) {
		return filter{}, false
	}
	switch {
	case first == "" && last == "":
		return filter{}, true
	case last == "":
		f.days = i18n.T("search.when.since", i18n.Args{"Day": first})
	case first == "":
		f.days = i18n.T("search.when.until", i18n.Args{"Day": last})
	default:
		f.days = first + " – " + last
	}
	f.since = since
	if !until.IsZero() {
		f.until = until.AddDate(0, 0, 1)
	}
	return f, true
}
