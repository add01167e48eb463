package conversation

import (
	"context"
	"errors"
	"time"

	"fyne.io/fyne/v2"

	"sotto/app/messenger"
	"sotto/app/ui/i18n"
	"sotto/app/ui/screen"
	"sotto/app/ui/theme"
	"sotto/app/ui/widget"
	"sotto/chat"
)

const (
	typingShows = 12 * time.Second       // a notice of writing, when nothing follows it
	typingEvery = 3 * time.Second        // between two of ours
	draftAfter  = 700 * time.Millisecond // of rest a draft is kept
)

// composer is where messages are written: new ones, replies, edits; with the draft that is kept.
type composer struct {
	v       *View
	field   *widget.Composer
	content fyne.CanvasObject
	ask     *fyne.Container // stands in its place while a bot may not read
	asked   *widget.Button  // of the question; nil while there is none

	reply   chat.MessageID
	edit    chat.MessageID
	before  string // what was written before an edit began
	setting bool   // the text is being set, not typed
	draft   string // as kept
	save    func() // stops the keeping of the draft
	told    time.Time
	telling bool
}

func newComposer(v *View) *composer {
	c := &composer{v: v}
	c.field = widget.NewComposer(widget.ComposerWords{
		Placeholder: i18n.T("chat.write"), Send: i18n.T("chat.send"), Cancel: i18n.T("chat.cancel"),
		Attach: i18n.T("attach.add"),
	})
	c.field.Attach, c.field.Paste = v.Attach, v.Paste
	c.field.Submit = c.submit
	c.field.Draft = c.typed
	c.field.EditLast = c.editLast
	c.field.Cancel = c.cancelled
	c.field.Escape = func() {
		if v.s.Nav.Narrow() || v.over {
			v.s.Nav.Back()
		}
	}
	c.field.Page = func(n float32) { v.timeline.ScrollBy(n * v.timeline.Size().Height * 0.9) }
	c.field.Grown = func() { v.content.Refresh() }
	c.content = widget.NewNarrow(theme.ChatWidth, false,
		widget.NewInset(theme.Space1, theme.Space4, theme.Space4, theme.Space4, c.field))
	c.ask = widget.NewColumn(0)
	c.ask.Hide()
	return c
}

// begin brings the draft back.
func (c *composer) begin(draft string) {
	c.draft = draft
	if c.field.Text() == "" && draft != "" {
		c.set(draft)
	}
}

// show follows the contact.
func (c *composer) show() {
	name := screen.NameOf(c.v.contact)
	c.field.SetPlaceholder(i18n.T("chat.write.to", i18n.Args{"Name": name}))
	c.showQuestion()
	c.field.SetEnabled(c.v.contact.State != chat.ContactBlocked && c.v.contact.State != chat.ContactRequest)
}

func (c *composer) set(text string) {
	c.setting = true
	c.field.SetText(text)
	c.setting = false
}

func (c *composer) submit(text string) {
	m, id := c.v.s.Messenger(), c.v.id
	edit, reply := c.edit, c.reply
	c.end()
	c.stopTyping(false)
	c.keepDraft("")
	c.v.timeline.ScrollToEnd()
	c.v.s.Work.InOrder(func(ctx context.Context) (err error) {
		if edit.IsZero() {
			_, err = m.Send(ctx, id, text, messenger.SendOptions{ReplyTo: reply})
		} else {
			_, err = m.Edit(ctx, edit, text)
		}
		if err != nil { // nothing that was written is lost, also when the chat was left meanwhile
			err = errors.Join(err, m.SetDraft(ctx, id, text))
		}
		return err
	}, func(err error) {
		if err == nil {
			return
		}
		c.draft = text
		if c.field.Text() == "" {
			c.set(text)
		}
		c.v.s.Nav.Fail(err)
		c.v.read() // what was withdrawn meanwhile shows
	})
}

// typed follows what is written: the draft, and the notice of writing.
func (c *composer) typed(text string) {
	if c.setting || !c.v.ready {
		return
	}
	c.v.s.Nav.Active()
	if !c.edit.IsZero() {
		return
	}
	if c.save != nil {
		c.save()
	}
	c.save = c.v.s.Work.After(draftAfter, func() { c.keepDraft(text) })
	if text == "" {
		c.stopTyping(true)
		return
	}
	if now := c.v.s.Now(); !c.telling || now.Sub(c.told) >= typingEvery {
		c.telling, c.told = true, now
		c.tellTyping(true)
	}
}

func (c *composer) stopTyping(tell bool) {
	if c.telling && tell {
		c.tellTyping(false)
	}
	c.telling = false
}

// tellTyping asks the messenger to tell; whether it may is the ledger's.
func (c *composer) tellTyping(on bool) {
	m, id := c.v.s.Messenger(), c.v.id
	c.v.s.Work.InOrder(func(ctx context.Context) error { return m.Typing(ctx, id, on) }, nil)
}

func (c *composer) keepDraft(text string) {
	if c.save != nil {
		c.save()
		c.save = nil
	}
	if text == c.draft {
		return
	}
	c.draft = text
	m, id := c.v.s.Messenger(), c.v.id
	c.v.s.Work.InOrder(func(ctx context.Context) error { return m.SetDraft(ctx, id, text) }, nil)
}

// leave keeps what is written, at once.
func (c *composer) leave() {
	if !c.v.ready {
		return
	}
	if c.save != nil {
		c.save()
		c.save = nil
	}
	text := c.field.Text()
	if !c.edit.IsZero() {
		text = c.before
	}
	telling := c.telling
	c.telling = false
	if text == c.draft && !telling {
		return
	}
	changed := text != c.draft
	c.draft = text
	m, id := c.v.s.Messenger(), c.v.id
	c.v.s.Work.InOrder(func(ctx context.Context) error {
		if telling {
			_ = m.Typing(ctx, id, false) // it ends by itself too
		}
		if changed {
			return m.SetDraft(ctx, id, text)
		}
		return nil
	}, nil)
}

// forget drops what is written from the window.
func (c *composer) forget() {
	c.end()
	c.set("")
	c.before = ""
}

// end ends a reply or an edit.
func (c *composer) end() {
	c.reply, c.edit = chat.MessageID{}, chat.MessageID{}
	if c.field.Banner() != nil {
		c.field.SetBanner(nil)
	}
}

// cancelled is called when the banner was closed.
func (c *composer) cancelled() {
	editing := !c.edit.IsZero()
	c.reply, c.edit = chat.MessageID{}, chat.MessageID{}
	if editing {
		c.set(c.before)
	}
}

// escape ends a reply or an edit, and reports whether there was one.
func (c *composer) escape() bool {
	if c.field.Banner() == nil {
		return false
	}
	c.field.SetBanner(nil)
	c.cancelled()
	return true
}

// replyTo begins a reply.
func (c *composer) replyTo(m chat.Message) {
	c.escape()
	c.reply = m.ID
	name := screen.NameOf(c.v.contact)
	if m.Direction == chat.Out {
		name = i18n.T("chat.yourself")
	}
	c.field.SetBanner(&widget.ComposerBanner{Icon: theme.IconReply, Title: i18n.T("chat.reply.to", i18n.Args{"Name": name}), Text: lineOf(m)})
	c.v.s.Canvas().Focus(c.field.Focus())
}

// beginEdit begins to edit an own message.
func (c *composer) beginEdit(m chat.Message) {
	c.escape()
	c.before = c.field.Text()
	c.edit = m.ID
	c.field.SetBanner(&widget.ComposerBanner{Icon: theme.IconEdit, Title: i18n.T("chat.edit.title"), Text: m.Text})
	c.set(m.Text)
	c.v.s.Canvas().Focus(c.field.Focus())
}

// editLast begins to edit the newest own message among those that are held.
func (c *composer) editLast() {
	rows := c.v.timeline.Rows()
	for i := len(rows) - 1; i >= 0; i-- {
		id, _ := messageOf(rows[i])
		if m, ok := c.v.known[id]; ok && mayEdit(m) {
			c.beginEdit(m)
			return
		}
	}
}

// mayEdit reports whether the text of m can be replaced.
func mayEdit(m chat.Message) bool {
	return m.Direction == chat.Out && m.Kind == chat.KindText && !m.Deleted
}
