package conversation

import (
	"sotto/app/ui/i18n"
	"sotto/app/ui/theme"
	"sotto/app/ui/widget"
	"sotto/chat"
)

// lost reports whether a row stands for one that is gone from the files. Nothing can bring it, unlike what has not arrived.
func lost(m chat.Message) bool { return m.Kind == chat.KindNotice && m.Notice == chat.NoticeLost }

// lostNotice tells of the gap; the first row of several stands for all of them.
func lostNotice(m chat.Message) (widget.Notice, bool) {
	if m.Missing == 0 {
		return widget.Notice{}, false
	}
	return widget.Notice{
		Key: lostRow + m.ID.String(), Icon: theme.IconAlert, Tone: widget.Alarming, Text: i18n.N("chat.lost", m.Missing),
		Action: i18n.T("chat.what"),
	}, true
}
