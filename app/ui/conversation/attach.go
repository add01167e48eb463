package conversation

import (
	"sotto/app/ui/attach"
	"sotto/app/ui/i18n"
	"sotto/app/ui/screen"
	"sotto/app/ui/theme"
	"sotto/app/ui/widget"
	"sotto/chat"
)

// unable says why no file can be sent here now, "" when one can.
func (c *composer) unable() string {
	v := c.v
	switch {
	case !v.ready:
		return i18n.T("loading")
	case v.contact.State == chat.ContactBlocked:
		return i18n.T("attach.not.blocked", v.named())
	case v.contact.State != chat.ContactAccepted:
		return i18n.T("attach.not.pending", v.named())
	case v.security.NeedsConsent:
		return i18n.T("attach.not.bot", v.named())
	case !c.edit.IsZero():
		return i18n.T("attach.not.editing")
	}
	return ""
}

// to says where files go, with what was written as their caption.
func (c *composer) to() attach.To {
	return attach.To{
		Conversation: c.v.id, Name: screen.NameOf(c.v.contact), Reply: c.reply, Caption: c.field.Text(), Sent: func() {
			c.end()
			c.set("")
			c.stopTyping(true)
			c.keepDraft("")
			c.v.timeline.ScrollToEnd()
		},
	}
}

// attachable runs add, or says why no file can be sent.
func (c *composer) attachable(add func()) {
	c.v.s.Nav.Active()
	why := c.unable()
	if why == "" {
		add()
		return
	}
	widget.NewMessageDialog(widget.MessageWords{
		Icon: theme.IconAttach, Title: i18n.T("attach.not"), Text: why, Cancel: i18n.T("chat.close"),
	}, nil, nil).Open(c.v.s.Canvas())
}

// Attach asks for a file to send.
func (v *View) Attach() {
	v.composer.attachable(func() { attach.Pick(v.s, v.composer.to()) })
}

// Drop takes files that were dropped onto the window.
func (v *View) Drop(paths []string) {
	v.composer.attachable(func() {
		all := make([]attach.File, len(paths))
		for i, p := range paths {
			all[i] = attach.Path(p)
		}
		attach.Open(v.s, v.composer.to(), all...)
	})
}

// Paste takes a picture from the clipboard.
func (v *View) Paste() {
	v.composer.attachable(func() { attach.Paste(v.s, v.composer.to(), v.s.Picture) })
}
