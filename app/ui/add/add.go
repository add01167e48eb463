package add

import (
	"context"
	"strings"

	"fyne.io/fyne/v2"
	fynewidget "fyne.io/fyne/v2/widget"

	"sotto/app/messenger"
	"sotto/app/ui/i18n"
	"sotto/app/ui/screen"
	"sotto/app/ui/theme"
	"sotto/app/ui/widget"
	"sotto/app/ui/words"
	"sotto/chat"
)

const pageWidth float32 = 520

// View is the page where a link is added. Its methods are called on the UI thread.
type View struct {
	s       screen.Services
	content *fyne.Container
	page    *widget.Page

	link    *fynewidget.Entry
	linkAt  *widget.Field
	paste   *widget.Button
	pasteAt fyne.CanvasObject
	says    *fyne.Container // what the link says
	name    *widget.Entry
	message *fynewidget.Entry
	rest    *fyne.Container
	act     *widget.Button
	actAt   fyne.CanvasObject
	fault   *widget.Banner

	info  messenger.LinkInfo
	good  bool // the link can be added
	asked int  // looks at the link, so that an older answer is dropped
	busy  bool
}

var _ screen.Screen = (*View)(nil)

// New answers the page at a place of kind screen.Add.
func New(s screen.Services, at screen.Place) *View {
	v := &View{s: s}
	v.link = fynewidget.NewMultiLineEntry()
	v.link.Wrapping = fyne.TextWrapBreak
	v.link.SetMinRowsVisible(3)
	v.link.SetPlaceHolder(i18n.T("add.link.placeholder"))
	v.link.OnChanged = func(string) { v.look() }
	v.linkAt = widget.NewField(i18n.T("add.link"), i18n.T("add.link.hint"), v.link)
	v.paste = widget.NewSmallButton(i18n.T("add.paste"), theme.IconLink, widget.Secondary, func() {
		v.link.SetText(strings.TrimSpace(fyne.CurrentApp().Clipboard().Content()))
	})
	v.pasteAt = widget.NewRow(0, -1, v.paste)
	v.says = widget.NewColumn(theme.Space3)
	v.name = widget.NewEntry(i18n.T("add.name.placeholder"))
	v.name.Escape = s.Nav.Back
	v.message = fynewidget.NewMultiLineEntry()
	v.message.Wrapping = fyne.TextWrapBreak // by words, Fyne 2.8.0 misplaces a space typed where the line wraps
	v.message.SetMinRowsVisible(2)
	v.message.SetPlaceHolder(i18n.T("add.message.placeholder"))
	v.rest = widget.NewColumn(theme.Space4,
		widget.NewField(i18n.T("add.name"), i18n.T("add.name.hint"), v.name),
		widget.NewField(i18n.T("add.message"), i18n.T("add.message.hint"), v.message))
	v.rest.Hide()
	v.fault = widget.NewBanner(widget.BannerWords{Icon: theme.IconAlert, Tone: widget.Alarming}, nil, nil)
	v.fault.Hide()
	v.act = widget.NewButton(i18n.T("add.act"), theme.IconPlus, widget.Primary, v.add)
	v.actAt = widget.NewRow(0, -1, v.act)
	v.actAt.Hide()

	body := widget.NewColumn(theme.Space4,
		widget.NewText(i18n.T("add.intro"), widget.TextOptions{Color: theme.Muted, Wrap: true}),
		v.linkAt, v.pasteAt, v.says, v.rest, v.fault, v.actAt)
	head := widget.NewPageHeader(widget.HeaderParts{Title: i18n.T("add.title"), BackLabel: i18n.T("page.back"), Back: s.Nav.Back})
	v.page = widget.NewPage(widget.NewNarrow(pageWidth, false, widget.NewInset(theme.Space6, theme.Space4, theme.Space6, theme.Space4, body)))
	v.content = widget.NewStack(1, head, v.page)
	if at.Link != "" {
		v.link.SetText(at.Link)
	}
	return v
}

// Content implements screen.Screen.
func (v *View) Content() fyne.CanvasObject { return v.content }

// Shown implements screen.Screen.
func (v *View) Shown() { v.s.Canvas().Focus(v.link) }

// Closed implements screen.Screen.
func (v *View) Closed() {
	v.link.OnChanged = nil
	v.link.SetText("")
	v.name.SetText("")
	v.message.SetText("")
	v.says.RemoveAll()
}

// text is the link without the white space that mail programs put into it.
func (v *View) text() string { return strings.Join(strings.Fields(v.link.Text), "") }

// look says what the link says. It connects nowhere.
func (v *View) look() {
	v.asked++
	mine, text := v.asked, v.text()
	v.good = false
	v.fault.Hide()
	if text == "" {
		v.linkAt.SetError("")
		v.tell(nil)
		return
	}
	m := v.s.Messenger()
	screen.Run(v.s.Work, func(ctx context.Context) (messenger.LinkInfo, error) {
		return m.InspectLink(ctx, text)
	}, func(info messenger.LinkInfo, err error) {
		if mine != v.asked {
			return
		}
		if err != nil {
			v.linkAt.SetError(words.Error(err))
			v.tell(nil)
			return
		}
		v.linkAt.SetError("")
		v.info = info
		v.good = !info.Own && !info.Expired
		v.tell(v.sayings(info))
	})
}

func (v *View) tell(says []fyne.CanvasObject) {
	v.says.Objects = says
	widget.SetVisible(v.says, len(says) > 0)
	widget.SetVisible(v.pasteAt, !v.good)
	widget.SetVisible(v.rest, v.good)
	widget.SetVisible(v.actAt, v.good)
	v.act.SetText(i18n.T("add.act"))
	if v.good && !v.info.KnownRelay {
		v.act.SetText(i18n.T("add.act.connect"))
	}
	v.page.Refresh()
	v.content.Refresh()
}

// sayings are the banners about a link.
func (v *View) sayings(info messenger.LinkInfo) []fyne.CanvasObject {
	banner := func(icon theme.IconName, tone widget.Tone, text string) fyne.CanvasObject {
		return widget.NewBanner(widget.BannerWords{Icon: icon, Tone: tone, Text: text}, nil, nil)
	}
	switch {
	case info.Own:
		return []fyne.CanvasObject{banner(theme.IconInfo, widget.Careful, words.Error(chat.ErrOwnInvite))}
	case info.Expired:
		return []fyne.CanvasObject{banner(theme.IconClock, widget.Careful, words.Error(chat.ErrInviteExpired))}
	}
	relay := i18n.Args{"Relay": screen.RelayName(info.Relay)}
	var out []fyne.CanvasObject
	if info.KnownRelay {
		out = append(out, banner(theme.IconRelay, widget.Plain, i18n.T("add.relay.known", relay)+" "+screen.ReachWords(info.Reach)))
	} else {
		out = append(out, widget.NewCard(widget.CardWords{
			Icon: theme.IconRelay, Title: screen.RelayName(info.Relay), Sentence: i18n.T("add.relay.new") + " " + screen.ReachWords(info.Reach),
		}, nil, nil))
		switch info.Reach {
		case messenger.ReachComputer:
			out = append(out, banner(theme.IconWarning, widget.Careful, i18n.T("add.warn.computer")))
		case messenger.ReachNetwork:
			out = append(out, banner(theme.IconWarning, widget.Careful, i18n.T("add.warn.network")))
		}
	}
	if info.MovesThere {
		out = append(out, banner(theme.IconInbox, widget.Plain, i18n.T("add.moves", relay)))
	}
	if !info.OneTime {
		out = append(out, banner(theme.IconPeople, widget.Plain, i18n.T("add.reusable")))
	}
	return out
}

// add adds the contact; pressing the button is the agreement to the relay that was shown.
func (v *View) add() {
	if v.busy || !v.good {
		return
	}
	v.busy = true
	v.act.Disable()
	v.fault.Hide()
	m, text := v.s.Messenger(), v.text()
	o := messenger.AddOptions{
		Message: strings.TrimSpace(v.message.Text), Name: strings.TrimSpace(v.name.Text), ConfirmRelay: !v.info.KnownRelay,
	}
	screen.Run(v.s.Work, func(ctx context.Context) (chat.Contact, error) { return m.Add(ctx, text, o) }, func(c chat.Contact, err error) {
		v.busy = false
		v.act.Enable()
		if err != nil {
			v.fault.SetText(words.Error(err))
			v.fault.Show()
			v.page.Refresh()
			v.content.Refresh()
			return
		}
		v.s.Nav.Open(screen.Place{Screen: screen.Chat, Conversation: m.ConversationWith(c.ID)})
	})
}
