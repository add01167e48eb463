package ui

import (
	"time"

	"sotto/app/ui/i18n"
	"sotto/app/ui/screen"
	"sotto/app/ui/storagepage"
	"sotto/app/ui/theme"
	"sotto/app/ui/widget"
)

// watchIntegrity says what the check after an unclean stop found, once, and damage that any check finds.
func (o *inside) watchIntegrity() {
	var said time.Time
	told := false
	look := func() {
		now := o.profile.Integrity()
		if now.Checking || now.Checked.Equal(said) {
			return
		}
		said = now.Checked
		switch {
		case !now.Findings.Sound():
			words, _ := storagepage.Said(now)
			widget.NewMessageDialog(widget.MessageWords{
				Icon: theme.IconAlert, Tone: widget.Alarming, Title: i18n.T("storage.damaged.title"), Text: words.Text,
				Act: i18n.T("storage.see"), Cancel: i18n.T("chat.close"),
			}, nil, func() { o.w.Open(screen.Place{Screen: screen.Storage}) }).Open(o.w.win.Canvas())
		case now.Unclean && !told:
			told = true
			o.w.Toast(theme.IconCheckCircle, i18n.T("storage.unclean.well"))
		}
	}
	o.unhear = o.profile.OnIntegrity(func() { o.work.Do(look) })
	look()
}
