package ui

import (
	"context"

	"fyne.io/fyne/v2"

	"sotto/app/messenger"
	"sotto/app/ui/askbot"
	"sotto/app/ui/i18n"
	"sotto/app/ui/screen"
	"sotto/app/ui/theme"
	"sotto/app/ui/widget"
	"sotto/chat"
)

// home is the empty chat area: three ways to begin instead of a void.
type home struct {
	s       screen.Services
	content *widget.Page
	guide   *widget.Card
	busy    bool
}

func newHome(s screen.Services) *home {
	h := &home{s: s}
	card := func(icon theme.IconName, title, sentence, action string, act func()) *widget.Card {
		return widget.NewCard(widget.CardWords{Icon: icon, Title: title, Sentence: sentence, Action: action}, nil, act)
	}
	h.guide = card(theme.IconBot, i18n.T("home.guide"), i18n.T("home.guide.text"), i18n.T("home.guide.act"), h.ask)
	h.guide.Hide()
	hint := widget.NewRow(theme.Space2, -1, widget.NewKeycaps("Ctrl", "K"),
		widget.NewText(i18n.T("home.switch"), widget.TextOptions{Size: theme.SizeMeta, Color: theme.Muted}))
	column := widget.NewColumn(theme.Space4,
		card(theme.IconInvite, i18n.T("home.invite"), i18n.T("home.invite.text"), i18n.T("home.invite.act"), func() {
			s.Nav.Open(screen.Place{Screen: screen.Invite})
		}),
		card(theme.IconLink, i18n.T("home.add"), i18n.T("home.add.text"), i18n.T("home.add.act"), func() {
			s.Nav.Open(screen.Place{Screen: screen.Add})
		}),
		h.guide,
		widget.NewNarrow(hint.MinSize().Width, false, hint))
	h.content = widget.NewPage(widget.NewNarrow(theme.FormWidth+theme.Space8, true,
		widget.NewInset(theme.Space6, theme.Space4, theme.Space6, theme.Space4, column)))
	return h
}

// Content is the view.
func (h *home) Content() fyne.CanvasObject { return h.content }

// Shown asks whether the Guide is there already.
func (h *home) Shown() {
	p := h.s.Profile
	screen.Run(h.s.Work, p.GuideAdded, func(added bool, err error) {
		if err == nil {
			widget.SetVisible(h.guide, !added)
			h.content.Refresh()
		}
	})
}

// Heard follows contacts that come and go.
func (h *home) Heard(events []messenger.Event) {
	for _, e := range events {
		if e.Type == messenger.EventContact && (e.Detail == messenger.ContactAdded || e.Detail == messenger.ContactRemoved) {
			h.Shown()
			return
		}
	}
}

// Closed ends it.
func (h *home) Closed() { h.s.Work.End() }

// ask asks whether the Guide may read what is written to it.
func (h *home) ask() {
	askbot.Sheet(i18n.T("guide.also"), h.meet).Open(h.s.Canvas())
}

// meet adds the Guide, which may read, and opens its chat.
func (h *home) meet() {
	if h.busy {
		return
	}
	h.busy = true
	h.guide.Action().Disable()
	p := h.s.Profile
	screen.Run(h.s.Work, func(ctx context.Context) (chat.Contact, error) {
		return p.AddGuide(ctx, askbot.MethodSheet)
	}, func(c chat.Contact, err error) {
		h.busy = false
		h.guide.Action().Enable()
		if err != nil {
			h.s.Nav.Fail(err)
			return
		}
		h.s.Nav.Open(screen.Place{Screen: screen.Chat, Conversation: p.Messenger.ConversationWith(c.ID)})
	})
}
