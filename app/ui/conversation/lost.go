package conversation

import (
	"sotto/app/ui/i18n"
	"sotto/app/ui/theme"
	"sotto/app/ui/widget"
	"sotto/chat"
)

// lost reports whether a row stands for one that is gone from the files, or damaged there. Nothing can bring it, unlike what
// has not arrived.
func lost(m chat.Message) bool { return m.StandsIn() }

// lostNotice tells of the gap; the first row of several stands for all of them.
func lostNotice(m chat.Message) (widget.Notice, bool) {
	if m.Missing == 0 {
		return widget.Notice{}, false
	}
	n := widget.Notice{Icon: theme.IconAlert, Tone: widget.Alarming, Action: i18n.T("chat.what")}
	n.Key, n.Text = lostRow+m.ID.String(), i18n.N("chat.lost", m.Missing)
	if m.Notice == chat.NoticeDamaged {
		n.Key, n.Text = damagedRow+m.ID.String(), i18n.N("chat.damaged", m.Missing)
	}
	return n, true
}
