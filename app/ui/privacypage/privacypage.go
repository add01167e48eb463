package privacypage

import (
	"context"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"sotto/app/messenger"
	"sotto/app/privacy/backup"
	"sotto/app/ui/form"
	"sotto/app/ui/i18n"
	"sotto/app/ui/screen"
	"sotto/app/ui/theme"
	"sotto/app/ui/widget"
	"sotto/chat"
)

// Screen is the privacy centre.
type Screen struct {
	s    screen.Services
	root *fyne.Container

	contact chat.Contact // zero: about everyone
	about   chat.ContactID

	view   int    // counts the views shown, so that what was loaded for an earlier one is dropped
	back   func() // to the view above; nil: leaves the page
	header *widget.PageHeader
	page   *widget.Page
	again  func() // shows the view anew after something arrived; nil: it says nothing about that
	job    *job   // an export, backup or import under way; nil: none

	backups []backup.Known // that still hold what is deleted
}

// New makes the screen.
func New(s screen.Services, at screen.Place) screen.Screen {
	p := &Screen{s: s, root: container.NewStack(), about: at.Contact}
	p.showCentre()
	return p
}

// Content implements screen.Screen.
func (p *Screen) Content() fyne.CanvasObject { return p.root }

// Shown implements screen.Screen.
func (p *Screen) Shown() {
	if p.back == nil {
		p.showCentre()
	}
}

// Closed implements screen.Screen.
func (p *Screen) Closed() {
	p.stop()
	p.contact = chat.Contact{}
	p.root.Objects = nil
}

// Heard implements screen.Listener: what a contact answers shows where answers are shown.
func (p *Screen) Heard(events []messenger.Event) {
	for _, e := range events {
		if e.Type == messenger.EventConsent && p.again != nil && p.s.Canvas().Overlays().Top() == nil {
			p.again()
			return
		}
	}
}

// Escape implements screen.Escaper.
func (p *Screen) Escape() bool {
	if p.back == nil {
		return false
	}
	p.back()
	return true
}

// leaveEntry is Escape in a field, which has the keys for itself.
func (p *Screen) leaveEntry() {
	p.s.Canvas().Unfocus()
	if !p.Escape() {
		p.s.Nav.Back()
	}
}

// show replaces the view. back leads to the view above, nil to where the person was.
func (p *Screen) show(title string, back func(), parts ...fyne.CanvasObject) {
	p.view++
	p.back, p.again = back, nil
	leave := back
	if leave == nil {
		leave = p.s.Nav.Back
	}
	p.header = widget.NewPageHeader(widget.HeaderParts{Title: title, BackLabel: i18n.T("back"), Back: leave})
	p.page = form.Column(parts...)
	p.root.Objects = []fyne.CanvasObject{container.NewBorder(p.header, nil, nil, nil, p.page)}
	p.root.Refresh()
}

// load runs work off the UI thread and hands its result to then, unless another view is shown by then.
func load[T any](p *Screen, work func(context.Context) (T, error), then func(T)) {
	view := p.view
	screen.Run(p.s.Work, work, func(v T, err error) {
		switch {
		case view != p.view:
		case err != nil:
			p.s.Nav.Fail(err)
		default:
			then(v)
		}
	})
}

// refresh lays the view out anew after its parts have changed.
func (p *Screen) refresh() { p.root.Refresh() }

// fill puts parts into a holder that was shown empty.
func (p *Screen) fill(holder *fyne.Container, parts ...fyne.CanvasObject) {
	holder.Objects = parts
	holder.Refresh()
	p.refresh()
}

// holder is a column that is filled when something has been loaded.
func holder(gap float32) *fyne.Container { return widget.NewColumn(gap) }

// waiting is what stands in a holder until then.
func waiting() fyne.CanvasObject { return form.Note(i18n.T("loading")) }

func (p *Screen) title(all, one string) string {
	if p.about.IsZero() {
		return all
	}
	return one
}

func personRow(c chat.Contact, second string, trailing ...fyne.CanvasObject) fyne.CanvasObject {
	name := widget.NewText(screen.NameOf(c), widget.TextOptions{Bold: true, Cut: true})
	parts := []fyne.CanvasObject{
		widget.NewAvatar(screen.Person(c), widget.AvatarRow, theme.Raised),
		widget.NewColumn(0, name, form.Small(second)),
	}
	return widget.NewRow(theme.Space3, 1, append(parts, trailing...)...)
}
