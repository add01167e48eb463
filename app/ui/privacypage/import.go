package privacypage

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"time"

	"fyne.io/fyne/v2"

	"sotto/app/privacy/backup"
	"sotto/app/privacy/export"
	"sotto/app/ui/form"
	"sotto/app/ui/i18n"
	"sotto/app/ui/screen"
	"sotto/app/ui/theme"
	"sotto/app/ui/widget"
	"sotto/app/ui/words"
	"sotto/chat"
)

// importView is the view in which an export is taken in again: choosing, what it holds, and how it ended.
type importView struct {
	p       *Screen
	running *fyne.Container
	folder  *widget.Button
	file    *widget.Button
}

// showImport is the view of taking an export in again.
func (p *Screen) showImport() {
	v := &importView{p: p, running: holder(theme.Space3)}
	v.folder = widget.NewSmallButton(i18n.T("import.folder"), theme.IconDocument, widget.Secondary, v.chooseFolder)
	v.file = widget.NewSmallButton(i18n.T("import.file"), theme.IconLock, widget.Secondary, v.chooseFile)
	v.running.Hide()
	p.show(i18n.T("import.title"), p.leaveImport,
		form.Note(i18n.T("import.lead")),
		form.Section(i18n.T("import.which"), "", form.Buttons(v.folder, v.file)),
		v.running)
}

// leaveImport ends an import under way: nobody would see its end.
func (p *Screen) leaveImport() {
	p.stop()
	p.showExport()
}

func (v *importView) chooseFolder() {
	if v.p.job != nil {
		return
	}
	form.PickFolder(v.p.s, pickWords(i18n.T("import.folder.title"), i18n.T("verify.pick.text"), i18n.T("import.look")), form.Documents(), func(path string) {
		v.look(export.ImportRequest{Path: path})
	})
}

func (v *importView) chooseFile() {
	if v.p.job != nil {
		return
	}
	pick := pickWords(i18n.T("import.file.title"), i18n.T("import.file.text"), i18n.T("import.file.take"))
	pick.Path, pick.Missing, pick.Empty = i18n.T("import.file.path"), i18n.T("import.file.missing"), i18n.T("import.file.empty")
	pick.Folder = i18n.T("pick.is-folder")
	form.PickAnyFile(v.p.s, pick, form.Documents(), v.opened)
}

// opened looks at the first bytes of a file and asks for its code.
func (v *importView) opened(path string) {
	load(v.p, func(context.Context) ([]byte, error) { return headOf(path) }, func(head []byte) {
		switch {
		case export.IsSealed(head):
			v.askCode(path)
		case backup.IsBackup(head):
			v.alarm(i18n.T("import.is-backup"))
		default:
			v.alarm(i18n.T("import.neither"))
		}
	})
}

// headOf answers the first bytes of a file.
func headOf(path string) ([]byte, error) {
	in, err := os.Open(path)
	if err != nil {
		return nil, chat.ErrNotFound // without the path, which is the user's
	}
	defer in.Close()
	head := make([]byte, 16)
	n, _ := io.ReadFull(in, head)
	return head[:n], nil
}

// askCode asks for the code of an encrypted export, until one opens it.
func (v *importView) askCode(path string) {
	code := widget.NewEntry(i18n.T("import.code.placeholder"))
	field := widget.NewField(i18n.T("import.code"), "", code)
	var sheet *form.Sheet
	busy := false
	try := func() {
		if busy || code.Text == "" {
			return
		}
		busy = true
		sheet.Act.Disable()
		request := export.ImportRequest{Path: path, Code: code.Text}
		v.p.s.Canvas().Focus(sheet.Cancel)
		load(v.p, func(ctx context.Context) (looked, error) {
			s, err := v.p.s.Profile.Import.Look(ctx, request)
			return looked{s, err}, nil
		}, func(l looked) {
			busy = false
			sheet.Act.Enable()
			switch {
			case !sheet.IsOpen():
			case errors.Is(l.err, chat.ErrWrongSecret):
				field.SetError(i18n.T("import.code.wrong"))
				sheet.Fit()
				v.p.s.Canvas().Focus(code)
			default:
				sheet.Close()
				v.looked(request, l)
			}
		})
	}
	sheet = form.NewSheet(form.SheetWords{
		Title: i18n.T("import.code.title"), Text: i18n.T("import.code.text"), Act: i18n.T("import.code.open"), Cancel: i18n.T("cancel"), Rank: widget.Primary,
	}, field, try, nil)
	code.OnSubmitted = func(string) { try() }
	code.OnChanged = func(string) { field.SetError("") }
	code.Escape = sheet.Close
	sheet.First = code
	sheet.Open(v.p.s.Canvas())
}

// looked is an export that was checked, or why it does not check out.
type looked struct {
	summary export.Summary
	err     error
}

// look checks an export in its folder.
func (v *importView) look(r export.ImportRequest) {
	v.say(form.Note(i18n.T("verify.running")))
	load(v.p, func(ctx context.Context) (looked, error) {
		s, err := v.p.s.Profile.Import.Look(ctx, r)
		return looked{s, err}, nil
	}, func(l looked) { v.looked(r, l) })
}

// looked shows what an export holds before anything of it is taken in.
func (v *importView) looked(r export.ImportRequest, l looked) {
	if l.err != nil {
		v.fault(l.err)
		return
	}
	m := l.summary.Manifest
	if chat.ContactID(l.summary.Exporter) != v.p.s.Messenger().Self().ID {
		v.alarm(i18n.T("import.foreign", i18n.Args{"Fingerprint": grouped(l.summary.Exporter.String(), 16)}))
		return
	}
	r.Root = m.Root
	when := m.Created
	if at, err := time.Parse(time.RFC3339, m.Created); err == nil {
		when = v.p.s.Format.Full(at.In(zone()))
	}
	take := widget.NewButton(i18n.N("import.start", m.Counts.Messages), "", widget.Primary, func() { v.run(r) })
	v.say(form.NewPanel(widget.NewColumn(theme.Space2,
		widget.NewRow(theme.Space2, -1, widget.NewChip(theme.IconCheckCircle, i18n.T("verify.whole"), widget.Fine, nil)),
		form.Heading(i18n.T("import.found", i18n.Args{"When": when})),
		form.Body(i18n.N("verify.messages", m.Counts.Messages, i18n.Args{"Conversations": i18n.N("verify.conversations", m.Counts.Conversations)})),
		widget.NewColumn(theme.Space2, filesIn(m)...),
		form.Body(i18n.T("import.found.own")),
		form.Body(i18n.T("import.keeps")),
		form.Small(filepath.Base(r.Path)),
		form.Buttons(take, widget.NewButton(i18n.T("import.not"), "", widget.Secondary, func() {
			v.running.Hide()
			v.p.fill(v.running)
			v.p.s.Canvas().Focus(v.folder)
		})))))
	v.p.s.Canvas().Focus(take)
}

// run takes the export in.
func (v *importView) run(r export.ImportRequest) {
	p, view := v.p, v.p.view
	row := widget.NewProgressRow(i18n.T("import.running"), i18n.T("import.stop"), p.stop)
	v.busy(true)
	v.say(row)
	r.Progress = func(done, total int) {
		p.s.Work.Do(func() {
			if view == p.view && total > 0 {
				row.SetProgress(float32(done)/float32(total), i18n.T("export.progress", i18n.Args{"Done": i18n.Number(done), "Total": i18n.Number(total)}))
			}
		})
	}
	own := p.begin()
	own.stop = screen.RunStoppable(p.s.Work, func(ctx context.Context) (export.Imported, error) {
		return p.s.Profile.Import.Import(ctx, r)
	}, func(got export.Imported, err error) {
		p.s.Nav.Changed()
		p.ended(own)
		if view != p.view {
			return
		}
		v.busy(false)
		switch {
		case errors.Is(err, context.Canceled):
			v.say(widget.NewBanner(widget.BannerWords{Icon: theme.IconInfo, Text: i18n.T("import.stopped")}, nil, nil))
		case err != nil:
			v.fault(err)
		default:
			v.say(imported(got))
		}
	})
}

// imported says what an import changed and what it left as it was.
func imported(got export.Imported) fyne.CanvasObject {
	chip, title := i18n.T("import.none.chip"), i18n.T("import.none")
	if got.Added > 0 {
		chip, title = i18n.T("import.done.chip"), i18n.N("import.added", got.Added)
	}
	lines := []fyne.CanvasObject{
		widget.NewRow(theme.Space2, -1, widget.NewChip(theme.IconCheckCircle, chip, widget.Fine, nil)),
		form.Heading(title),
	}
	for _, l := range []struct {
		key string
		n   int
	}{
		{"import.known", got.Known},
		{"import.deleted", got.Deleted},
		{"import.expired", got.Expired},
		{"import.contacts", got.Contacts},
		{"import.files", got.Files},
		{"import.files.missing", got.FilesMissing},
	} {
		if l.n > 0 {
			lines = append(lines, form.Body(i18n.N(l.key, l.n)))
		}
	}
	return form.NewPanel(widget.NewColumn(theme.Space2, lines...))
}

// busy keeps a second import from beginning beside the first.
func (v *importView) busy(on bool) {
	for _, b := range []*widget.Button{v.folder, v.file} {
		if on {
			b.Disable()
		} else {
			b.Enable()
		}
	}
}

// fault says why an export is not taken in.
func (v *importView) fault(err error) {
	var place *export.PlaceError
	switch {
	case errors.As(err, &place):
		v.alarm(faultOf(err) + " " + i18n.T("import.nothing"))
	case errors.Is(err, chat.ErrNotFound):
		v.alarm(i18n.T("verify.none"))
	case errors.Is(err, export.ErrForeign):
		v.alarm(i18n.T("import.foreign.short"))
	case errors.Is(err, chat.ErrMalformed), errors.Is(err, chat.ErrWrongSecret):
		v.alarm(i18n.T("import.cut"))
	default:
		if said := words.Error(err); said != "" {
			v.alarm(said)
		}
	}
}

func (v *importView) alarm(text string) {
	v.say(widget.NewBanner(widget.BannerWords{Icon: theme.IconAlert, Tone: widget.Alarming, Text: text}, nil, nil))
}

// say shows how it goes, below the choice.
func (v *importView) say(o fyne.CanvasObject) {
	v.running.Show()
	v.p.fill(v.running, o)
}
