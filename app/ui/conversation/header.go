package conversation

import (
	"context"

	"fyne.io/fyne/v2"
	fynewidget "fyne.io/fyne/v2/widget"

	"sotto/app/ui/confirm"
	"sotto/app/ui/i18n"
	"sotto/app/ui/screen"
	"sotto/app/ui/theme"
	"sotto/app/ui/widget"
	"sotto/chat"
)

// header is the bar over the chat: who, how things stand, details, more.
type header struct {
	v      *View
	avatar *widget.Avatar
	bar    *widget.PageHeader
	place  fyne.CanvasObject
}

func newHeader(v *View) *header {
	h := &header{v: v, avatar: widget.NewAvatar(widget.Person{}, widget.AvatarSmall, theme.Surface)}
	var more *widget.Button
	more = widget.NewIconButton(theme.IconMore, i18n.T("chat.more"), func() { h.menu(more) })
	h.bar = widget.NewPageHeader(widget.HeaderParts{
		Lead: h.avatar, BackLabel: i18n.T("page.back"), Back: v.s.Nav.Back, Tapped: h.details,
		Actions: []fyne.CanvasObject{
			widget.NewIconButton(theme.IconSearch, i18n.T("menu.search.here"), func() {
				v.s.Nav.Open(screen.Place{Screen: screen.Search, Conversation: v.id})
			}),
			widget.NewIconButton(theme.IconSidebar, i18n.T("chat.details"), h.details), more,
		},
	})
	h.bar.SetBack(v.s.Nav.Narrow() || v.over)
	h.place = h.bar
	return h
}

func (h *header) setBack(on bool) { h.bar.SetBack(on) }

func (h *header) details() {
	if h.v.ready {
		h.v.s.Nav.Open(screen.Place{Screen: screen.Contact, Contact: h.v.contact.ID})
	}
}

func (h *header) show() {
	c := h.v.contact
	h.avatar.SetPerson(screen.Person(c))
	h.bar.SetTitle(c.Name)
	all := conditions(c, h.v.security, h.v.overdue())
	if h.v.timer > 0 {
		all = append(all, disappearing(h.v.timer, h.v.named()))
	}
	chips := make([]fyne.CanvasObject, len(all))
	for i, cond := range all {
		chips[i] = widget.NewChip(cond.icon, cond.word, cond.tone, func() { h.explain(cond) })
	}
	h.bar.SetChips(chips...)
}

// explain says in three sentences what a state means, and offers the act that belongs to it.
func (h *header) explain(c condition) {
	if c.action == confirmIt {
		h.v.confirm()
		return
	}
	widget.NewMessageDialog(widget.MessageWords{
		Icon: c.icon, Tone: c.tone, Title: c.title, Text: c.text, Act: c.offer, Cancel: i18n.T("chat.close"),
	}, nil, func() {
		switch c.action {
		case compare:
			h.v.s.Nav.Open(screen.Place{Screen: screen.Contact, Contact: h.v.contact.ID})
		case openPrivacy:
			h.v.s.Nav.Open(screen.Place{Screen: screen.Privacy, Contact: h.v.contact.ID})
		case openSettings:
			h.v.s.Nav.Open(screen.Place{Screen: screen.Settings})
		case changeTimer:
			h.v.chooseTimer()
		}
	}).Open(h.v.s.Canvas())
}

// menu offers what concerns the whole conversation.
func (h *header) menu(under fyne.CanvasObject) {
	if !h.v.ready {
		return
	}
	menu := fyne.NewMenu("", h.items()...)
	at := fyne.CurrentApp().Driver().AbsolutePositionForObject(under)
	size := fynewidget.NewPopUpMenu(menu, h.v.s.Canvas()).MinSize()
	fynewidget.ShowPopUpMenuAtPosition(menu, h.v.s.Canvas(), at.AddXY(under.Size().Width-size.Width, under.Size().Height+theme.Space1))
}

func (h *header) items() []*fyne.MenuItem {
	v := h.v
	m, id, conv := v.s.Messenger(), v.id, v.conversation
	pin, mute := i18n.T("chats.pin"), i18n.T("chats.mute")
	if conv.Pinned {
		pin = i18n.T("chats.unpin")
	}
	if conv.Muted {
		mute = i18n.T("chats.unmute")
	}
	return []*fyne.MenuItem{
		fyne.NewMenuItem(i18n.T("chats.details"), h.details),
		fyne.NewMenuItem(i18n.T("timer.menu"), v.chooseTimer),
		fyne.NewMenuItem(i18n.T("chat.privacy", v.named()), func() {
			v.s.Nav.Open(screen.Place{Screen: screen.Privacy, Contact: v.contact.ID})
		}),
		fyne.NewMenuItem(i18n.T("files.menu"), v.Gallery),
		fyne.NewMenuItem(pin, func() {
			v.s.Work.InOrder(func(ctx context.Context) error { return m.SetPinned(ctx, id, !conv.Pinned) }, v.s.Nav.Fail)
		}),
		fyne.NewMenuItem(mute, func() {
			v.s.Work.InOrder(func(ctx context.Context) error { return m.SetMuted(ctx, id, !conv.Muted) }, v.s.Nav.Fail)
		}),
		fyne.NewMenuItemSeparator(),
		fyne.NewMenuItem(i18n.T("chat.erase.here"), v.eraseHere),
		fyne.NewMenuItem(i18n.T("chat.erase.there", v.named()), v.askToErase),
	}
}

// eraseHere deletes the conversation from this computer, after asking.
func (v *View) eraseHere() {
	widget.NewDangerDialog(widget.DangerWords{
		Title:  i18n.T("chat.erase.here.title", v.named()),
		Points: []string{i18n.T("chat.erase.here.what"), i18n.T("chat.erase.here.files"), i18n.T("chat.delete.here.there", v.named()), i18n.T("chat.erase.here.final")},
		Act:    i18n.T("chat.erase.here.act"), Cancel: i18n.T("chat.cancel"),
	}, func() {
		eraser := v.s.Profile.Eraser
		n := 0
		v.s.Work.InOrder(func(ctx context.Context) (err error) {
			n, err = eraser.DeleteConversation(ctx, v.id, false)
			return err
		}, func(err error) {
			v.s.Nav.Changed()
			if err != nil {
				v.s.Nav.Fail(err)
				return
			}
			v.s.Nav.Toast(theme.IconTrash, i18n.N("chat.erase.here.done", n))
		})
	}).Open(v.s.Canvas())
}

// askToErase asks the contact to delete the conversation from its computer, after saying what that means.
func (v *View) askToErase() {
	widget.NewMessageDialog(widget.MessageWords{
		Icon: theme.IconHand, Title: i18n.T("chat.erase.there.title", v.named()), Text: i18n.T("chat.delete.there.text", v.named()),
		Act: i18n.T("chat.delete.there.act", v.named()), Cancel: i18n.T("chat.cancel"),
	}, nil, func() {
		eraser := v.s.Profile.Eraser
		v.s.Work.InOrder(func(ctx context.Context) error { return eraser.AskConversation(ctx, v.id) }, func(err error) {
			if err != nil {
				v.s.Nav.Fail(err)
				return
			}
			v.s.Nav.Toast(theme.IconHand, i18n.T("chat.delete.there.asked", v.named()))
		})
	}).Open(v.s.Canvas())
}

// confirm asks for the person's word about a new device or a changed identity.
func (v *View) confirm() { confirm.Ask(v.s, v.contact.ID, screen.NameOf(v.contact), v.security, nil) }

// showBanners says under the header what keeps messages from going out, and what the person has to decide. It stays until
// that is done.
func (v *View) showBanners() {
	v.banners.RemoveAll()
	add := func(w widget.BannerWords, acted func()) {
		v.banners.Add(widget.NewInset(theme.Space2, theme.Space4, 0, theme.Space4, widget.NewBanner(w, acted, nil)))
	}
	m, id := v.s.Messenger(), v.contact.ID
	switch {
	case v.contact.State == chat.ContactBlocked:
		add(widget.BannerWords{Icon: theme.IconHand, Tone: widget.Plain, Text: i18n.T("chat.blocked", v.named()), Action: i18n.T("contact.unblock")}, func() {
			v.s.Work.InOrder(func(ctx context.Context) error { return m.Unblock(ctx, id) }, v.s.Nav.Fail)
		})
	case v.contact.Verification == chat.Changed:
		add(widget.BannerWords{
			Icon: theme.IconChanged, Tone: widget.Alarming, Text: i18n.T("chat.changed", v.named()), Action: i18n.T("state.compare"),
		}, func() { v.s.Nav.Open(screen.Place{Screen: screen.Contact, Contact: id}) })
	case confirm.Of(v.security) != confirm.Nothing:
		matter := confirm.Of(v.security)
		add(widget.BannerWords{
			Icon: confirm.Icon(matter), Tone: confirm.Tone(matter), Text: confirm.Sentence(matter, v.security, screen.NameOf(v.contact)),
			Action: i18n.T("confirm.act"),
		}, v.confirm)
	case v.contact.State == chat.ContactPending:
		add(widget.BannerWords{Icon: theme.IconClock, Tone: widget.Plain, Text: i18n.T("chat.pending", v.named())}, nil)
	}
	v.banners.Refresh()
}
