package attach

import (
	"context"
	"unicode/utf8"

	"fyne.io/fyne/v2"

	"sotto/app/ui/form"
	"sotto/app/ui/i18n"
	"sotto/app/ui/screen"
	"sotto/app/ui/theme"
	"sotto/app/ui/widget"
	"sotto/chat"
)

// Most is how many files are taken at once.
const Most = 30

// To is where files go.
type To struct {
	Conversation chat.ConversationID
	Name         string         // of the contact, as it is shown
	Reply        chat.MessageID // the first of them answers it
	Caption      string         // what was written already
	// Sent is called when at least one file was sent; may be nil.
	Sent func()
}

// Sheet shows files before they are sent.
type Sheet struct {
	*form.Sheet
	s  screen.Services
	to To

	items   []*item
	looking bool
	keep    bool // nothing is taken out of pictures

	rows    *fyne.Container
	rowsAt  *fyne.Container // rows, or page
	page    *widget.Page    // scrolls rows where there are many
	over    *widget.Text    // more were chosen than are taken
	strip   *widget.Toggle
	stripAt fyne.CanvasObject
	caption *widget.Entry
	field   *widget.Field // of the caption
	body    *fyne.Container
	stop    func() // of the sending
}

// Open shows the sheet for files.
func Open(s screen.Services, to To, what ...File) *Sheet {
	t := &Sheet{s: s, to: to, rows: widget.NewColumn(theme.Space3)}
	t.over = form.Small("")
	t.over.Hide()
	t.strip = widget.NewToggle(i18n.T("attach.strip"), i18n.T("attach.strip.text"), true, func(on bool) { t.setKeep(!on) })
	t.stripAt = form.Group(t.strip)
	t.caption = widget.NewEntry(i18n.T("attach.caption"))
	t.caption.SetText(to.Caption)
	t.caption.CursorColumn = utf8.RuneCountInString(to.Caption)
	t.caption.OnSubmitted = func(string) { t.send() }
	more := widget.NewSmallButton(i18n.T("attach.more"), theme.IconPlus, widget.Secondary, t.more)
	t.field = widget.NewField(i18n.T("attach.caption.label"), "", t.caption)
	t.rowsAt = widget.NewColumn(0, t.rows)
	t.page = widget.NewPage(widget.NewInset(0, theme.Space3, 0, 0, t.rows))
	t.body = widget.NewColumn(theme.Space4, t.rowsAt, t.over, widget.NewRow(0, -1, more), t.stripAt, t.field)
	t.Sheet = form.NewSheet(form.SheetWords{
		Title: i18n.T("attach.title", i18n.Args{"Name": to.Name}), Act: i18n.T("attach.send"), Cancel: i18n.T("cancel"), Rank: widget.Primary,
	}, t.body, t.send, t.cancelled)
	t.caption.Escape = func() {
		t.Close()
		t.cancelled()
	}
	t.First, t.Fold = t.caption, t.fold
	t.Act.Disable()
	t.stripAt.Hide()
	t.Sheet.Open(s.Canvas())
	t.Add(what...)
	return t
}

// Add takes further files.
func (t *Sheet) Add(what ...File) {
	for _, f := range what {
		if len(t.items) == Most {
			t.over.SetContent(i18n.N("attach.over", Most))
			t.over.Show()
			break
		}
		t.items = append(t.items, &item{file: f})
	}
	t.show()
	t.look()
}

// Files answers how many are on the sheet and how many of them can be sent.
func (t *Sheet) Files() (all, ready int) {
	for _, i := range t.items {
		if i.ready() {
			ready++
		}
	}
	return len(t.items), ready
}

// look looks at the next file that was not looked at yet, one after the other.
func (t *Sheet) look() {
	if t.looking {
		return
	}
	for _, i := range t.items {
		if i.looked {
			continue
		}
		t.looking = true
		keep := t.keep || i.asItIs
		screen.Run(t.s.Work, func(ctx context.Context) (look, error) { return i.file.look(ctx, keep) }, func(l look, err error) {
			t.looking = false
			if keep == (t.keep || i.asItIs) { // it was not chosen anew meanwhile
				i.looked, i.look, i.fault = true, l, err
			}
			t.show()
			t.look()
		})
		return
	}
}

// setKeep looks at the pictures anew.
func (t *Sheet) setKeep(on bool) {
	t.keep = on
	for _, i := range t.items {
		if i.look.picture || isStructure(i.fault) {
			i.looked = false
		}
	}
	t.show()
	t.look()
}

// show brings the rows, the switch and the button up to date.
func (t *Sheet) show() {
	if !t.IsOpen() || t.stop != nil {
		return
	}
	t.rows.RemoveAll()
	pictures := false
	for _, i := range t.items {
		t.rows.Add(i.row(t))
		pictures = pictures || i.mayStrip()
	}
	if len(t.items) == 0 {
		t.rows.Add(form.Note(i18n.T("attach.none")))
	}
	widget.SetVisible(t.stripAt, pictures)
	label := i18n.T("attach.caption.label")
	if len(t.items) > 1 {
		label = i18n.T("attach.caption.first")
	}
	t.field.SetLabel(label)
	_, ready := t.Files()
	t.Act.SetText(i18n.N("attach.send", max(ready, 1)))
	t.Act.Disable()
	if ready > 0 && !t.looking {
		t.Act.Enable()
	}
	t.body.Refresh()
	t.Fit()
}

// leastRows is how much of many files stays in sight.
const leastRows float32 = 56

// fold lets the files scroll by themselves where there are many, so that the caption stays in sight.
func (t *Sheet) fold() {
	t.rowsAt.Objects = []fyne.CanvasObject{t.rows}
	over := t.Over()
	if over <= 0 {
		return
	}
	if left := widget.HeightFor(t.rows, t.Inner()) - over; left >= leastRows {
		t.rowsAt.Objects = []fyne.CanvasObject{screen.Tall(t.page, left)}
	}
}

// remove takes a file off the sheet.
func (t *Sheet) remove(gone *item) {
	for n, i := range t.items {
		if i == gone {
			t.items = append(t.items[:n], t.items[n+1:]...)
			break
		}
	}
	t.over.Hide()
	t.show()
	t.s.Canvas().Focus(t.caption)
}

// more asks for a further file.
func (t *Sheet) more() { pick(t.s, func(path string) { t.Add(Path(path)) }) }

// cancelled ends what runs.
func (t *Sheet) cancelled() {
	if t.stop != nil {
		t.stop()
	}
	t.items = nil
}
