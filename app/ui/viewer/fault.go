package viewer

import (
	"fyne.io/fyne/v2"

	"sotto/app/ui/files"
	"sotto/app/ui/i18n"
	"sotto/app/ui/theme"
	"sotto/app/ui/widget"
	"sotto/chat"
)

// say says in the middle why there is no picture; keep, unless it is nil, offers to save the file.
func (v *View) say(sentence string, keep func()) {
	words := widget.CardWords{Icon: theme.IconPicture, Title: i18n.T("viewer.fault"), Sentence: sentence}
	if keep != nil {
		words.Action = i18n.T("file.save")
	}
	v.over(widget.NewCard(words, nil, keep))
}

// away offers to fetch a picture that is not here.
func (v *View) away(m chat.Message) {
	a := files.Describe(m, v.status, true)
	words := widget.CardWords{Icon: theme.IconDownload, Title: i18n.T("viewer.away"), Sentence: a.Detail}
	if len(a.Acts) == 0 {
		v.over(widget.NewCard(words, nil, nil))
		return
	}
	words.Action = a.Acts[0].Label
	v.over(widget.NewCard(words, nil, func() { v.act(a.Acts[0].Key) }))
	v.disable()
}

func (v *View) over(card fyne.CanvasObject) {
	v.fault.Objects = []fyne.CanvasObject{widget.NewNarrow(theme.FormWidth, true, widget.NewInset(0, theme.Space4, 0, theme.Space4, card))}
	v.fault.Show()
	v.fault.Refresh()
	v.disable()
}
