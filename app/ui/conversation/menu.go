package conversation

import (
	"context"
	"net/url"
	"strings"

	"fyne.io/fyne/v2"
	fynewidget "fyne.io/fyne/v2/widget"

	"sotto/app/ui/files"
	"sotto/app/ui/i18n"
	"sotto/app/ui/screen"
	"sotto/app/ui/theme"
	"sotto/app/ui/widget"
	"sotto/chat"
)

// emojis are the reactions that are offered.
var emojis = []string{"👍", "❤️", "😂", "😮", "😢", "🎉"}

// rowView makes a view for a kind of row.
func (v *View) rowView(row widget.Row) widget.RowView {
	switch r := row.(type) {
	case widget.Day:
		return widget.NewDaySeparator(r)
	case widget.Notice:
		return widget.NewNoticeLine(r, v.explainNotice)
	case widget.Message:
		return widget.NewBubble(r, v.bubbleActions())
	}
	return widget.NewNoticeLine(widget.Notice{Key: row.RowKey()}, nil)
}

func (v *View) bubbleActions() *widget.BubbleActions {
	return &widget.BubbleActions{
		Menu:         v.messageMenu,
		Link:         func(_ widget.Message, link *url.URL) { v.s.Nav.Follow(link) },
		Quote:        v.toQuote,
		React:        func(m widget.Message, emoji string) { v.withMessage(m, func(msg chat.Message) { v.react(msg, emoji) }) },
		ShowAll:      func(m widget.Message) { v.withMessage(m, v.showAll) },
		Retry:        func(m widget.Message) { v.withMessage(m, v.failed) },
		File:         v.act,
		Picture:      v.transfers.picture,
		ShowAllLabel: i18n.T("chat.show-all"),
		MoreLabel:    i18n.T("chat.more"),
	}
}

func (v *View) withMessage(row widget.Message, f func(chat.Message)) {
	id, err := chat.ParseMessageID(row.ID)
	if err != nil {
		return
	}
	if m, ok := v.known[id]; ok {
		f(m)
	}
}

func (v *View) toQuote(row widget.Message) {
	if row.Quote == nil {
		return
	}
	if id, err := chat.ParseMessageID(row.Quote.ID); err == nil {
		v.jump(id)
	}
}

// MessageItems answers what the menu of a message offers.
func (v *View) MessageItems(row widget.Message) (items []*fyne.MenuItem) {
	v.withMessage(row, func(m chat.Message) { items = v.messageItems(m) })
	return items
}

// messageMenu offers what can be done with a message.
func (v *View) messageMenu(row widget.Message, at fyne.Position) {
	if items := v.MessageItems(row); len(items) > 0 {
		fynewidget.ShowPopUpMenuAtPosition(fyne.NewMenu("", items...), v.s.Canvas(), at)
	}
}

func (v *View) messageItems(m chat.Message) []*fyne.MenuItem {
	var items []*fyne.MenuItem
	add := func(label string, act func()) { items = append(items, fyne.NewMenuItem(label, act)) }
	if m.State == chat.Failed && m.Direction == chat.Out {
		add(i18n.T("chat.retry"), func() { v.retry(m) })
		add(i18n.T("chat.discard"), func() { v.discard(m) })
		items = append(items, fyne.NewMenuItemSeparator())
	}
	items = append(items, v.fileItems(m)...)
	if !m.Deleted {
		if !v.security.NeedsConsent {
			add(i18n.T("chat.reply"), func() { v.composer.replyTo(m) })
			react := fyne.NewMenuItem(i18n.T("chat.react"), nil)
			react.ChildMenu = fyne.NewMenu("", v.reactionItems(m)...)
			items = append(items, react)
		}
		if m.Text != "" {
			add(i18n.T("chat.copy"), func() { v.s.Nav.Copy(m.Text) })
		}
		if mayEdit(m) && !v.security.NeedsConsent {
			add(i18n.T("chat.edit"), func() { v.composer.beginEdit(m) })
		}
		items = append(items, fyne.NewMenuItemSeparator())
		add(i18n.T("chat.delete.here"), func() { v.deleteHere(m) })
		add(i18n.T("chat.delete.there", v.named()), func() { v.askToDelete(m) })
		return items
	}
	add(i18n.T("chat.delete.there", v.named()), func() { v.askToDelete(m) })
	return items
}

func (v *View) reactionItems(m chat.Message) []*fyne.MenuItem {
	items := make([]*fyne.MenuItem, len(emojis))
	for i, e := range emojis {
		items[i] = fyne.NewMenuItem(e, func() { v.react(m, e) })
	}
	return items
}

// react sets one's reaction, or takes it back when it is that already.
func (v *View) react(m chat.Message, emoji string) {
	self := v.s.Messenger().Self().ID
	for _, r := range m.Reactions {
		if r.From == self && r.Emoji == emoji {
			emoji = ""
			break
		}
	}
	messages := v.s.Messenger()
	v.s.Work.InOrder(func(ctx context.Context) error {
		_, err := messages.React(ctx, m.ID, emoji)
		return err
	}, v.s.Nav.Fail)
}

func (v *View) retry(m chat.Message) {
	messages := v.s.Messenger()
	v.s.Work.InOrder(func(ctx context.Context) error { return messages.Retry(ctx, m.ID) }, v.s.Nav.Fail)
}

func (v *View) discard(m chat.Message) {
	messages := v.s.Messenger()
	v.s.Work.InOrder(func(ctx context.Context) error { return messages.Discard(ctx, m.ID) }, v.s.Nav.Fail)
}

// failed explains why a message was not sent and offers to try again.
func (v *View) failed(m chat.Message) {
	if v.failedFile(m) || m.State != chat.Failed {
		return
	}
	_, text := failure(m.Failure, v.named())
	widget.NewMessageDialog(widget.MessageWords{
		Icon: theme.IconAlert, Tone: widget.Alarming, Title: i18n.T("chat.failed.title"), Text: text,
		Act: i18n.T("chat.retry"), Cancel: i18n.T("chat.close"),
	}, nil, func() { v.retry(m) }).Open(v.s.Canvas())
}

func (v *View) named() i18n.Args { return i18n.Args{"Name": screen.NameOf(v.contact)} }

// deleteHere deletes a message from this computer, after asking.
func (v *View) deleteHere(m chat.Message) {
	points := []string{i18n.T("chat.delete.here.what")}
	if m.Kind == chat.KindAttachment {
		points = []string{i18n.T("chat.delete.here.file", i18n.Args{"File": files.Name(m.File)})}
	}
	points = append(points, i18n.T("chat.delete.here.there", v.named()), i18n.T("chat.delete.here.final"))
	widget.NewDangerDialog(widget.DangerWords{
		Title: i18n.T("chat.delete.here.title"), Points: points, Act: i18n.T("chat.delete.here.act"), Cancel: i18n.T("chat.cancel"),
	}, func() {
		eraser := v.s.Profile.Eraser
		v.s.Work.InOrder(func(ctx context.Context) error {
			_, err := eraser.DeleteMessages(ctx, m.ID)
			return err
		}, func(err error) {
			v.s.Nav.Changed()
			v.s.Nav.Fail(err)
		})
	}).Open(v.s.Canvas())
}

// askToDelete asks the contact to delete a message from its computer, after saying what that means.
func (v *View) askToDelete(m chat.Message) {
	widget.NewMessageDialog(widget.MessageWords{
		Icon: theme.IconHand, Title: i18n.T("chat.delete.there.title", v.named()), Text: i18n.T("chat.delete.there.text", v.named()),
		Act: i18n.T("chat.delete.there.act", v.named()), Cancel: i18n.T("chat.cancel"),
	}, nil, func() {
		eraser := v.s.Profile.Eraser
		v.s.Work.InOrder(func(ctx context.Context) error { return eraser.AskMessages(ctx, v.id, m.ID) }, func(err error) {
			if err != nil {
				v.s.Nav.Fail(err)
				return
			}
			v.s.Nav.Toast(theme.IconHand, i18n.T("chat.delete.there.asked", v.named()))
		})
	}).Open(v.s.Canvas())
}

// showAll shows the whole of a long message.
func (v *View) showAll(m chat.Message) {
	text := widget.NewText(widget.CleanText(m.Text), widget.TextOptions{Wrap: true})
	page := widget.NewPage(widget.NewInset(0, theme.Space3, 0, 0, text))
	widget.NewMessageDialog(widget.MessageWords{
		Icon: theme.IconDocument, Title: i18n.T("chat.all.title"), Text: v.s.Format.Full(m.DisplayTime()),
		Act: i18n.T("chat.copy"), Cancel: i18n.T("chat.close"),
	}, screen.Tall(page, v.s.Canvas().Size().Height*0.5), func() { v.s.Nav.Copy(m.Text) }).Open(v.s.Canvas())
}

// explainNotice says what a notice in the timeline means.
func (v *View) explainNotice(n widget.Notice) {
	words := widget.MessageWords{Icon: n.Icon, Tone: n.Tone, Cancel: i18n.T("chat.close")}
	switch n.Icon {
	case theme.IconAlert:
		words.Title, words.Text = i18n.T("chat.lost.title"), i18n.T("chat.lost.text")
		if strings.HasPrefix(n.Key, damagedRow) {
			words.Title, words.Text = i18n.T("chat.damaged.title"), i18n.T("chat.damaged.text")
		}
	case theme.IconBot:
		words.Title, words.Text = i18n.T("bot.became.title", v.named()), i18n.T("bot.became.text", v.named())
	case theme.IconTimer:
		words.Title, words.Text = i18n.T("timer.what"), i18n.T("timer.what.text", v.named())
	case theme.IconKey:
		words.Title, words.Text = i18n.T("chat.open.title"), i18n.T("chat.open.text", v.named())
	default:
		words.Title, words.Text = i18n.T("chat.missing.title"), i18n.T("chat.missing.text", v.named())
	}
	widget.NewMessageDialog(words, nil, nil).Open(v.s.Canvas())
}
