package storagepage

import (
	"context"

	"fyne.io/fyne/v2"

	"sotto/app/ui/form"
	"sotto/app/ui/i18n"
	"sotto/app/ui/screen"
	"sotto/app/ui/theme"
	"sotto/app/ui/widget"
)

// wiped is how the removal of the copies ended.
type wiped struct{ gone, left int }

// loadCopies shows how many readable copies of opened files there are.
func (p *Screen) loadCopies() {
	core := p.s.Profile
	screen.Run(p.s.Work, func(context.Context) (int, error) { return core.Copies(), nil }, func(n int, _ error) { p.showCopies(n) })
}

func (p *Screen) showCopies(n int) {
	said := form.Note(i18n.T("storage.copies.none"))
	if n > 0 {
		said = form.Body(i18n.N("storage.copies.there", n))
	}
	p.copies.Objects = []fyne.CanvasObject{said}
	p.copies.Refresh()
	p.remove.Enable()
	widget.SetVisible(p.removes, n > 0)
	p.root.Refresh()
}

// removeCopies overwrites and removes the copies, to the end even when the page is left.
func (p *Screen) removeCopies() {
	p.remove.Disable()
	p.copies.Objects = []fyne.CanvasObject{widget.NewProgressRow(i18n.T("storage.copies.running"), "", nil)}
	p.copies.Refresh()
	p.root.Refresh()
	core, end := p.s.Profile, wiped{}
	p.s.Work.InOrder(func(context.Context) error {
		before := core.Copies()
		err := core.CloseCopies()
		end.left = core.Copies()
		end.gone = max(before-end.left, 0)
		return err
	}, func(err error) { p.sayWiped(end, err) })
}

// sayWiped says what was removed, or that another program holds what was not.
func (p *Screen) sayWiped(end wiped, err error) {
	p.showCopies(end.left)
	p.load() // they took room
	if err != nil {
		widget.NewMessageDialog(widget.MessageWords{
			Icon: theme.IconAlert, Tone: widget.Alarming, Title: i18n.T("storage.copies.held"),
			Text: i18n.N("storage.copies.held.text", max(end.left, 1)), Cancel: i18n.T("chat.close"),
		}, nil, nil).Open(p.s.Canvas())
		return
	}
	p.s.Nav.Toast(theme.IconCheck, i18n.N("storage.copies.removed", end.gone))
}
