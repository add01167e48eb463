package storagepage

import (
	"context"
	"errors"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"sotto/app/profile"
	"sotto/app/ui/form"
	"sotto/app/ui/i18n"
	"sotto/app/ui/screen"
	"sotto/app/ui/theme"
	"sotto/app/ui/widget"
	"sotto/app/ui/words"
)

// Screen is the page of storage.
type Screen struct {
	s    screen.Services
	root *fyne.Container

	stop    *fyne.Container // how the last run ended, and what a check found
	space   *fyne.Container
	copies  *fyne.Container // what is said of opened copies
	removes *fyne.Container // the button under it; hidden while there are none
	checks  *fyne.Container
	room    *fyne.Container
	remove  *widget.Button
	check   *widget.Button
	compact *widget.Button
	row     *widget.ProgressRow
	cancel  context.CancelFunc // of the check that this page began
	unhear  func()
	closed  bool
}

// New makes the screen.
func New(s screen.Services, _ screen.Place) screen.Screen {
	p := &Screen{
		s: s, stop: widget.NewColumn(0), space: widget.NewColumn(theme.Space3),
		copies: widget.NewColumn(theme.Space3), checks: widget.NewColumn(theme.Space3), room: widget.NewColumn(theme.Space3),
	}
	p.remove = widget.NewSmallButton(i18n.T("storage.copies.remove"), theme.IconTrash, widget.Secondary, p.removeCopies)
	p.removes = form.Buttons(p.remove)
	p.removes.Hide()
	p.check = widget.NewSmallButton(i18n.T("storage.check.now"), theme.IconShield, widget.Secondary, p.begin)
	p.compact = widget.NewSmallButton(i18n.T("storage.compact.act"), "", widget.Secondary, p.shrink)
	p.stop.Hide()
	header := widget.NewPageHeader(widget.HeaderParts{Title: i18n.T("storage.title"), BackLabel: i18n.T("back"), Back: s.Nav.Back})
	p.space.Objects = []fyne.CanvasObject{form.Note(i18n.T("loading"))}
	p.root = container.NewStack(form.Page(header, p.stop,
		form.Section(i18n.T("storage.space"), i18n.T("storage.space.lead"), p.space),
		form.Section(i18n.T("storage.copies"), i18n.T("storage.copies.lead"), p.copies, p.removes),
		form.Section(i18n.T("storage.check"), i18n.T("storage.check.lead"), p.checks, form.Buttons(p.check)),
		form.Section(i18n.T("storage.compact"), i18n.T("storage.compact.lead"), p.room, form.Buttons(p.compact))))
	return p
}

// Content implements screen.Screen.
func (p *Screen) Content() fyne.CanvasObject { return p.root }

// Shown implements screen.Screen.
func (p *Screen) Shown() {
	if p.unhear == nil {
		p.unhear = p.s.Profile.OnIntegrity(func() { p.s.Work.Do(p.showIntegrity) })
	}
	p.load()
	p.loadCopies()
	p.showIntegrity()
}

// Reread implements screen.Reader.
func (p *Screen) Reread() { p.Shown() }

// Closed implements screen.Screen.
func (p *Screen) Closed() {
	p.closed = true
	if p.unhear != nil {
		p.unhear()
	}
	if p.cancel != nil {
		p.cancel()
	}
}

func (p *Screen) load() {
	screen.Run(p.s.Work, p.s.Profile.Space, func(now profile.Space, err error) {
		if err != nil {
			p.s.Nav.Fail(err)
			return
		}
		p.showSpace(now)
	})
}

// part is one line: what, what is in it, how much.
func part(name, note string, size int64) fyne.CanvasObject {
	left := []fyne.CanvasObject{widget.NewText(name, widget.TextOptions{Bold: true, Wrap: true})}
	if note != "" {
		left = append(left, form.Small(note))
	}
	return widget.NewRow(theme.Space3, 0, widget.NewColumn(2, left...),
		widget.NewText(i18n.Bytes(size), widget.TextOptions{Align: fyne.TextAlignTrailing}))
}

func (p *Screen) showSpace(now profile.Space) {
	rows := []fyne.CanvasObject{
		part(i18n.T("storage.history"), i18n.N("storage.history.note", now.Messages, i18n.Args{
			"Conversations": i18n.N("storage.conversations", now.Conversations),
		}), now.History),
		part(i18n.T("storage.search"), i18n.T("storage.search.note"), now.Search),
		part(i18n.T("storage.relay"), i18n.T("storage.relay.note"), now.Relay),
		part(i18n.T("storage.attachments"), i18n.N("storage.attachments.note", now.Files), now.Attachments),
		part(i18n.T("storage.other"), i18n.T("storage.other.note"), now.Other),
	}
	total := i18n.T("storage.total", i18n.Args{"Size": i18n.Bytes(now.Total())})
	if now.DiskFree >= 0 {
		total = i18n.T("storage.total.free", i18n.Args{"Size": i18n.Bytes(now.Total()), "Free": i18n.Bytes(now.DiskFree)})
	}
	p.space.Objects = []fyne.CanvasObject{form.Group(rows...), form.Note(total)}
	if now.Backups > 0 {
		p.space.Add(form.Note(i18n.N("storage.backups", now.Backups, i18n.Args{"Size": i18n.Bytes(now.BackupBytes)})))
	}
	p.space.Refresh()
	p.room.Objects = []fyne.CanvasObject{form.Body(i18n.T("storage.compact.room", i18n.Args{"Size": i18n.Bytes(now.Reclaimable)}))}
	p.room.Refresh()
	p.root.Refresh()
}

// showIntegrity shows how the last run ended, how far a check is, and what the last one found.
func (p *Screen) showIntegrity() {
	if p.closed {
		return
	}
	now := p.s.Profile.Integrity()
	p.stop.Objects = nil
	if w, ok := Said(now); ok {
		p.stop.Objects = []fyne.CanvasObject{widget.NewBanner(w, nil, nil)}
	}
	widget.SetVisible(p.stop, len(p.stop.Objects) > 0)
	p.stop.Refresh()
	switch {
	case now.Checking:
		p.check.Disable()
		if p.row == nil {
			var stop func()
			if p.cancel != nil {
				stop = p.cancel
			}
			p.row = widget.NewProgressRow(i18n.T("storage.check.running"), i18n.T("storage.check.stop"), stop)
		}
		switch {
		case now.Bytes > 0:
			p.row.SetProgress(float32(now.Read)/float32(now.Bytes),
				i18n.T("storage.check.progress.files", i18n.Args{"Done": i18n.Bytes(now.Read), "Total": i18n.Bytes(now.Bytes)}))
		case now.Total > 0:
			p.row.SetProgress(float32(now.Done)/float32(now.Total),
				i18n.T("storage.check.progress", i18n.Args{"Done": i18n.Number(now.Done), "Total": i18n.Number(now.Total)}))
		}
		p.checks.Objects = []fyne.CanvasObject{p.row}
	case !now.Checked.IsZero():
		p.row = nil
		p.check.Enable()
		p.checks.Objects = []fyne.CanvasObject{form.Body(Found(now.Findings)), form.Small(p.s.Format.Full(now.Checked))}
	default:
		p.row = nil
		p.check.Enable()
		p.checks.Objects = []fyne.CanvasObject{form.Note(i18n.T("storage.check.never"))}
	}
	p.checks.Refresh()
	p.root.Refresh()
}

// begin checks the history.
func (p *Screen) begin() {
	if p.s.Profile.Integrity().Checking {
		return
	}
	p.check.Disable()
	p.cancel = screen.RunStoppable(p.s.Work, func(ctx context.Context) (profile.Findings, error) {
		return p.s.Profile.CheckHistory(ctx, nil)
	}, func(_ profile.Findings, err error) {
		p.cancel = nil
		if err != nil && !errors.Is(err, context.Canceled) {
			p.s.Nav.Fail(err)
		}
		p.showIntegrity()
	})
}

// shrink gives back what deleted things left.
func (p *Screen) shrink() {
	p.compact.Disable()
	row := widget.NewProgressRow(i18n.T("storage.compact.running"), "", nil)
	p.room.Objects = []fyne.CanvasObject{row}
	p.root.Refresh()
	begun := p.s.Now()
	p.s.Work.Go(p.s.Profile.Compact, func(err error) {
		p.compact.Enable()
		p.load()
		if err != nil {
			p.s.Nav.Fail(err)
			return
		}
		p.s.Nav.Toast(theme.IconCheck, i18n.T("storage.compact.done", i18n.Args{"Time": words.Wait(max(p.s.Now().Sub(begun), time.Second))}))
	})
}

// Said is what is to be said of the last run and of damage, false when there is nothing.
func Said(now profile.Integrity) (widget.BannerWords, bool) {
	switch {
	case !now.Checked.IsZero() && !now.Findings.Sound():
		return widget.BannerWords{Icon: theme.IconAlert, Tone: widget.Alarming, Text: i18n.T("storage.damaged", i18n.Args{"Found": Found(now.Findings)})}, true
	case !now.Unclean:
		return widget.BannerWords{}, false
	case now.Checked.IsZero():
		return widget.BannerWords{Icon: theme.IconInfo, Tone: widget.Plain, Text: i18n.T("storage.unclean.checking")}, true
	}
	return widget.BannerWords{Icon: theme.IconCheckCircle, Tone: widget.Plain, Text: i18n.T("storage.unclean.well")}, true
}

// Found says what a check found.
func Found(f profile.Findings) string {
	if f.Sound() {
		return i18n.N("storage.check.well", f.Messages)
	}
	text := i18n.N("storage.check.read", f.Messages)
	if n := f.Missing + f.Damaged; n > 0 {
		text += " " + i18n.N("storage.check.lost", n)
	}
	faulty := 0
	for _, n := range f.Files.Faults {
		faulty += n
	}
	if faulty > 0 {
		text += " " + i18n.N("storage.check.files", faulty)
	}
	if f.File || f.Audit || len(f.Tables) > 0 {
		text += " " + i18n.T("storage.check.other")
	}
	return text
}
