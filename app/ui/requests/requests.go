package requests

import (
	"context"
	"slices"

	"fyne.io/fyne/v2"

	"sotto/app/messenger"
	"sotto/app/privacy"
	"sotto/app/ui/i18n"
	"sotto/app/ui/screen"
	"sotto/app/ui/theme"
	"sotto/app/ui/widget"
	"sotto/chat"
)

// View lists the requests. Its methods are called on the UI thread.
type View struct {
	s       screen.Services
	first   chat.ContactID
	content *fyne.Container
	body    *fyne.Container
	page    *widget.Page
	sheet   *widget.Dialog

	waiting []messenger.Request
	loading bool
	again   bool
}

var (
	_ screen.Screen   = (*View)(nil)
	_ screen.Listener = (*View)(nil)
)

// New answers the page at a place of kind screen.Requests.
func New(s screen.Services, at screen.Place) *View {
	v := &View{s: s, first: at.Contact, body: widget.NewColumn(theme.Space4)}
	head := widget.NewPageHeader(widget.HeaderParts{Title: i18n.T("requests.title"), BackLabel: i18n.T("page.back"), Back: s.Nav.Back})
	v.page = widget.NewPage(widget.NewNarrow(theme.ChatWidth, false, widget.NewInset(theme.Space6, theme.Space4, theme.Space6, theme.Space4, v.body)))
	v.content = widget.NewStack(1, head, v.page)
	return v
}

// Content implements screen.Screen.
func (v *View) Content() fyne.CanvasObject { return v.content }

// Shown implements screen.Screen.
func (v *View) Shown() { v.read() }

// Closed implements screen.Screen.
func (v *View) Closed() {
	v.body.RemoveAll()
	v.waiting = nil
}

// Heard implements screen.Listener.
func (v *View) Heard(events []messenger.Event) {
	if slices.ContainsFunc(events, func(e messenger.Event) bool {
		return e.Type == messenger.EventRequest || e.Type == messenger.EventContact && e.Detail != messenger.ContactDraft && e.Detail != messenger.ContactRead
	}) {
		v.read()
	}
}

func (v *View) read() {
	if v.loading {
		v.again = true
		return
	}
	v.loading = true
	screen.Run(v.s.Work, v.s.Messenger().Requests, func(all []messenger.Request, err error) {
		v.loading = false
		if err != nil {
			v.s.Nav.Fail(err)
		} else {
			v.show(all)
		}
		if v.again {
			v.again = false
			v.read()
		}
	})
}

func (v *View) show(all []messenger.Request) {
	v.waiting = all
	slices.SortStableFunc(v.waiting, func(a, b messenger.Request) int {
		switch {
		case a.ID == v.first && b.ID != v.first:
			return -1
		case b.ID == v.first && a.ID != v.first:
			return 1
		}
		return 0
	})
	v.body.RemoveAll()
	if len(all) == 0 {
		v.body.Add(widget.NewCard(widget.CardWords{Icon: theme.IconInbox, Title: i18n.T("requests.none"), Sentence: i18n.T("requests.none.text")}, nil, nil))
	} else {
		v.body.Add(widget.NewText(i18n.T("requests.intro"), widget.TextOptions{Color: theme.Muted, Wrap: true}))
	}
	for _, r := range v.waiting {
		v.body.Add(v.card(r))
	}
	v.page.Refresh()
	v.content.Refresh()
}

func nameOf(r messenger.Request) string { return widget.CleanName(r.Name) }

// card shows one request: who, what was written, what can be done.
func (v *View) card(r messenger.Request) fyne.CanvasObject {
	avatar := widget.NewAvatar(widget.Person{Name: r.Name, Fingerprint: r.ID[:], Bot: r.Bot}, widget.AvatarRow, theme.Background)
	name := widget.NewText(nameOf(r), widget.TextOptions{Size: theme.SizeTitle, Bold: true, Cut: true})
	when := widget.NewText(v.s.Format.ListTime(v.s.Now(), r.Received), widget.TextOptions{Size: theme.SizeMeta, Color: theme.Muted})
	chips := widget.NewRow(theme.Space2, -1)
	if r.Bot {
		chips.Add(widget.NewChip(theme.IconBot, i18n.T("state.bot"), widget.Plain, nil))
	}
	column := widget.NewColumn(theme.Space3, widget.NewRow(theme.Space3, 1, avatar, name, chips, when))
	text := r.Text
	if text != "" {
		column.Add(widget.NewBubble(widget.Message{ID: r.ID.String(), Text: text, PlainText: true, First: true, Last: true}, &widget.BubbleActions{
			ShowAll: func(widget.Message) { v.showAll(r) }, ShowAllLabel: i18n.T("chat.show-all"),
		}))
	} else {
		column.Add(widget.NewText(i18n.T("requests.no-text"), widget.TextOptions{Color: theme.Muted, Wrap: true}))
	}
	if words, ok := v.warning(r); ok {
		column.Add(widget.NewBanner(words, nil, nil))
	}
	yes := widget.NewButton(i18n.T("requests.accept"), theme.IconCheck, widget.Primary, func() { v.ask(r) })
	if r.Spent {
		yes.Disable()
	}
	column.Add(widget.NewRow(theme.Space2, -1, yes, widget.NewButton(i18n.T("requests.refuse"), "", widget.Secondary, func() { v.refuse(r) })))
	return widget.NewColumn(theme.Space4, column, widget.NewDivider())
}

// warning says what to know before accepting.
func (v *View) warning(r messenger.Request) (widget.BannerWords, bool) {
	switch {
	case r.Spent:
		return widget.BannerWords{Icon: theme.IconWarning, Tone: widget.Alarming, Text: i18n.T("requests.spent")}, true
	case r.Reach == messenger.ReachComputer:
		return widget.BannerWords{Icon: theme.IconDevice, Tone: widget.Plain, Text: i18n.T("requests.reach.computer")}, true
	case r.Reach == messenger.ReachNetwork:
		return widget.BannerWords{Icon: theme.IconRelay, Tone: widget.Careful, Text: i18n.T("requests.reach.network", i18n.Args{"Relay": screen.RelayName(r.Relay)})}, true
	case r.Relay != "":
		return widget.BannerWords{Icon: theme.IconRelay, Tone: widget.Plain, Text: i18n.T("requests.reach.anywhere", i18n.Args{"Relay": screen.RelayName(r.Relay)})}, true
	}
	return widget.BannerWords{}, false
}

func (v *View) showAll(r messenger.Request) {
	text := widget.NewText(widget.CleanText(r.Text), widget.TextOptions{Wrap: true})
	widget.NewMessageDialog(widget.MessageWords{Icon: theme.IconDocument, Title: nameOf(r), Cancel: i18n.T("chat.close")},
		screen.Tall(widget.NewPage(text), v.s.Canvas().Size().Height*0.5), nil).Open(v.s.Canvas())
}

// ask opens the sheet of consents; accepting is what it does at its end.
func (v *View) ask(r messenger.Request) {
	ledger := v.s.Profile.Ledger
	screen.Run(v.s.Work, func(ctx context.Context) ([]privacy.Standing, error) {
		return ledger.Standings(ctx, chat.ContactID{})
	}, func(defaults []privacy.Standing, err error) {
		if err != nil {
			v.s.Nav.Fail(err)
			return
		}
		named := i18n.Args{"Name": nameOf(r)}
		s := newSheet(r.Bot, defaults)
		v.sheet = widget.NewConsentSheet(widget.SheetWords{
			Title: i18n.T("requests.sheet", named), Intro: i18n.T("requests.sheet.intro", named),
			Act: i18n.T("requests.sheet.act"), Cancel: i18n.T("requests.sheet.cancel"),
		}, s.questions, widget.NewColumn(theme.Space2, widget.NewDivider(), s.remember), func(answers map[string]bool) {
			v.accept(r, s.choices(r.ID, answers))
		})
		v.sheet.Open(v.s.Canvas())
	})
}

func (v *View) accept(r messenger.Request, choices []privacy.Choice) {
	m, ledger := v.s.Messenger(), v.s.Profile.Ledger
	v.s.Work.InOrder(func(ctx context.Context) error {
		return accept(ctx, m, ledger, r.ID, choices)
	}, func(err error) {
		if err != nil {
			v.s.Nav.Fail(err)
			v.read()
			return
		}
		v.s.Nav.Open(screen.Place{Screen: screen.Chat, Conversation: m.ConversationWith(r.ID)})
	})
}

// refuse refuses after asking: the stranger is not told and cannot ask again.
func (v *View) refuse(r messenger.Request) {
	named := i18n.Args{"Name": nameOf(r)}
	widget.NewDangerDialog(widget.DangerWords{
		Title:  i18n.T("requests.refuse.title", named),
		Points: []string{i18n.T("requests.refuse.what"), i18n.T("requests.refuse.untold", named), i18n.T("requests.refuse.after", named)},
		Act:    i18n.T("requests.refuse.act"), Cancel: i18n.T("chat.cancel"),
	}, func() {
		m := v.s.Messenger()
		v.s.Work.InOrder(func(ctx context.Context) error { return m.Reject(ctx, r.ID) }, func(err error) {
			v.s.Nav.Fail(err)
			v.read()
		})
	}).Open(v.s.Canvas())
}
