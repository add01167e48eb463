package privacypage

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"

	"fyne.io/fyne/v2"

	"sotto/app/privacy/export"
	"sotto/app/privacy/files"
	"sotto/app/security"
	"sotto/app/ui/form"
	"sotto/app/ui/i18n"
	"sotto/app/ui/screen"
	"sotto/app/ui/stepup"
	"sotto/app/ui/theme"
	"sotto/app/ui/widget"
	"sotto/app/ui/words"
	"sotto/chat"
)

// everything is the key of the whole profile among the options of an export.
const everything = "everything"

// thread is a conversation that can be exported or deleted.
type thread struct {
	contact  chat.Contact
	id       chat.ConversationID
	messages int
	files    files.Held
}

// readThreads lists the conversations with a known contact; with about set only that one.
func (p *Screen) readThreads(ctx context.Context) ([]thread, error) {
	var out []thread
	err := p.s.Profile.View(ctx, func(tx chat.Tx) error {
		out = nil
		conversations, err := tx.Conversations().List()
		if err != nil {
			return err
		}
		for _, c := range conversations {
			if len(c.Members) != 1 || !p.about.IsZero() && c.Members[0] != p.about {
				continue
			}
			contact, err := tx.Contacts().Get(c.Members[0])
			if errors.Is(err, chat.ErrNotFound) || err == nil && contact.Removed {
				continue
			}
			if err != nil {
				return err
			}
			n, err := tx.Messages().Count(c.ID)
			if err != nil {
				return err
			}
			held, err := files.In(tx, c.ID)
			if err != nil {
				return err
			}
			out = append(out, thread{contact: contact, id: c.ID, messages: n, files: held})
		}
		return nil
	})
	return out, err
}

// exportView is the view of an export that is being asked for.
type exportView struct {
	writing
	scope   *form.Radio
	threads []thread
	files   *widget.Toggle
	path    *widget.Entry
	start   *widget.Button
}

// showExport is the view of export.
func (p *Screen) showExport() {
	v := &exportView{writing: writing{p: p, running: holder(theme.Space3)}}
	v.path = widget.NewEntry("")
	v.path.SetText(filepath.Join(form.Documents(), i18n.T("export.folder", i18n.Args{"Time": p.s.Now().Format("2006-01-02 15.04")})))
	v.path.Escape = p.leaveEntry
	v.path.OnChanged = func(string) { v.field.SetError("") }
	v.field = widget.NewField(i18n.T("export.path"), i18n.T("export.path.hint"), v.path)
	v.start = widget.NewButton(i18n.T("export.start"), theme.IconExport, widget.Primary, v.ask)
	v.files = widget.NewToggle(i18n.T("export.files.with"), i18n.T("export.files.with.text"), true, func(bool) {})
	scope := holder(theme.Space3)
	parts := []fyne.CanvasObject{
		v.running,
		form.Note(i18n.T("export.lead")),
		form.Section(i18n.T("export.what"), "", scope),
		form.Section(i18n.T("export.where"), "", v.field, form.Buttons(
			widget.NewSmallButton(i18n.T("export.choose"), "", widget.Secondary, v.choose))),
		widget.NewBanner(widget.BannerWords{Icon: theme.IconWarning, Tone: widget.Careful, Text: i18n.T("export.plain")}, nil, nil),
		form.Buttons(v.start),
	}
	v.running.Hide()
	if p.about.IsZero() {
		parts = append(parts, form.Section(i18n.T("verify.title"), i18n.T("verify.lead"), form.Buttons(
			widget.NewSmallButton(i18n.T("verify.choose"), theme.IconCheckCircle, widget.Secondary, v.chooseToVerify))))
		parts = append(parts, form.Section(i18n.T("import.title"), i18n.T("import.offer"), form.Buttons(
			widget.NewSmallButton(i18n.T("import.open"), theme.IconInbox, widget.Secondary, p.showImport))))
	}
	p.show(p.title(i18n.T("privacy.export"), i18n.T("export.title.contact", i18n.Args{"Name": screen.NameOf(p.contact)})), p.leaveExport, parts...)
	p.fill(scope, waiting())
	load(p, p.readThreads, func(threads []thread) {
		v.threads = threads
		choice := []fyne.CanvasObject{v.options()}
		if v.held().Files > 0 {
			choice = append(choice, v.files)
		}
		p.fill(scope, form.Group(choice...))
	})
}

// leaveExport ends an export under way: nobody would see its end.
func (p *Screen) leaveExport() {
	p.stop()
	p.showCentre()
}

// held is what files the conversations have.
func (v *exportView) held() (sum files.Held) {
	for _, t := range v.threads {
		sum = sum.Plus(t.files)
	}
	return sum
}

// withFiles adds what files there are to what is said of messages.
func withFiles(text string, held files.Held) string {
	if held.Files == 0 {
		return text
	}
	return text + " · " + i18n.N("export.files", held.Files, i18n.Args{"Size": i18n.Bytes(held.Bytes)})
}

func (v *exportView) options() fyne.CanvasObject {
	var options []form.Option
	if v.p.about.IsZero() {
		total := 0
		for _, t := range v.threads {
			total += t.messages
		}
		options = append(options, form.Option{Key: everything, Title: i18n.T("export.everything"), Sentence: withFiles(i18n.N("export.everything.size", total), v.held())})
	}
	for _, t := range v.threads {
		options = append(options, form.Option{
			Key: t.id.String(), Title: i18n.T("export.conversation", i18n.Args{"Name": screen.NameOf(t.contact)}),
			Sentence: withFiles(i18n.N("export.conversation.size", t.messages), t.files),
		})
	}
	if len(options) == 0 {
		v.start.Disable()
		return form.Note(i18n.T("export.nothing"))
	}
	v.scope = form.NewRadio(options[0].Key, nil, options...)
	return v.scope
}

// choose asks for the folder in which the export's own is made.
func (v *exportView) choose() {
	text := i18n.T("export.choose.text")
	form.PickFolder(v.p.s, pickWords(i18n.T("export.choose.title"), text, i18n.T("pick.choose")), parentOf(v.path.Text), func(folder string) {
		v.path.SetText(filepath.Join(folder, filepath.Base(v.path.Text)))
	})
}

func parentOf(path string) string {
	if dir := filepath.Dir(path); filepath.IsAbs(dir) {
		if info, err := os.Stat(dir); err == nil && info.IsDir() {
			return dir
		}
	}
	return form.Documents()
}

// ask asks for the passphrase and then exports.
func (v *exportView) ask() {
	path := strings.TrimSpace(v.path.Text)
	if v.scope == nil || v.p.job != nil {
		return
	}
	if !filepath.IsAbs(path) {
		v.fault(i18n.T("export.path.absolute"))
		return
	}
	stepup.Ask(v.p.s, security.ActExport, stepup.Words{
		Title: i18n.T("export.confirm.title"), Text: i18n.T("export.confirm.text"), Act: i18n.T("export.start"), Rank: widget.Primary,
	}, func() { v.run(path) })
}

// outcome is an export that was written and checked.
type outcome struct {
	path    string
	summary export.Summary
}

func (v *exportView) run(path string) {
	p := v.p
	view := p.view
	var conversations []chat.ConversationID
	for _, t := range v.threads {
		if t.id.String() == v.scope.Chosen() {
			conversations = append(conversations, t.id)
		}
	}
	row := widget.NewProgressRow(i18n.T("export.running"), i18n.T("export.stop"), p.stop)
	v.start.Disable()
	v.say(row)
	progress := func(done, total int) {
		p.s.Work.Do(func() {
			if view == p.view && total > 0 {
				row.SetProgress(float32(done)/float32(total), i18n.T("export.progress", i18n.Args{
					"Done": i18n.Number(done / 2), "Total": i18n.Number(total / 2), // each message is written twice: as line and in a page
				}))
			}
		})
	}
	own := p.begin()
	own.stop = screen.RunStoppable(p.s.Work, func(ctx context.Context) (outcome, error) {
		if err := p.s.Profile.StepUp.Use(security.ActExport); err != nil {
			return outcome{}, err
		}
		if _, err := p.s.Profile.Export.Write(ctx, export.Request{
			Out: path, Conversations: conversations, WithoutFiles: !v.files.On(), Zone: zone(), Progress: progress,
		}); err != nil {
			return outcome{}, err
		}
		summary, err := export.Verify(path, p.s.Now())
		return outcome{path: path, summary: summary}, err
	}, func(o outcome, err error) {
		p.ended(own)
		if view != p.view {
			return
		}
		v.start.Enable()
		v.done(path, o, err)
	})
}

// done shows how an export ended.
func (v *exportView) done(path string, o outcome, err error) {
	switch {
	case errors.Is(err, context.Canceled):
		v.say(widget.NewBanner(widget.BannerWords{Icon: theme.IconInfo, Text: i18n.T("export.stopped")}, nil, nil))
	case errors.Is(err, chat.ErrExists):
		v.fault(i18n.T("export.exists"))
	case errors.Is(err, files.ErrInside):
		v.fault(i18n.T("error.inside-profile"))
	case errors.Is(err, os.ErrNotExist) || isMissing(path):
		v.fault(i18n.T("export.no-folder"))
	case err != nil:
		v.say(widget.NewBanner(widget.BannerWords{Icon: theme.IconAlert, Tone: widget.Alarming, Text: faultOf(err)}, nil, nil))
	default:
		v.say(v.p.verified(i18n.T("export.done"), o))
	}
}

// isMissing reports whether the folder for the export's own folder is not there. The exporter takes paths out of its
// errors, and with them what they were about.
func isMissing(path string) bool {
	_, err := os.Stat(filepath.Dir(path))
	return errors.Is(err, os.ErrNotExist)
}

// verified says what an export that was found whole holds.
func (p *Screen) verified(title string, o outcome) fyne.CanvasObject {
	m := o.summary.Manifest
	lines := []fyne.CanvasObject{
		widget.NewRow(theme.Space2, -1, widget.NewChip(theme.IconCheckCircle, i18n.T("verify.whole"), widget.Fine, nil)),
		form.Heading(title),
		form.Body(i18n.N("verify.messages", m.Counts.Messages, i18n.Args{"Conversations": i18n.N("verify.conversations", m.Counts.Conversations)})),
		form.Body(p.signer(o.summary)),
	}
	left := 0
	for _, s := range m.Skipped {
		left += max(s.Count, 1)
	}
	if left > 0 {
		lines = append(lines, form.Body(i18n.N("verify.skipped", left)))
	}
	missing := 0
	for _, g := range m.Gaps {
		missing += g.Missing
	}
	if missing > 0 {
		lines = append(lines, form.Body(i18n.N("verify.missing", missing)))
	}
	lines = append(lines, filesIn(m)...)
	lines = append(lines, form.Small(o.path), form.Small(i18n.T("verify.root", i18n.Args{"Root": grouped(m.Root, 16)})),
		form.Buttons(widget.NewSmallButton(i18n.T("verify.copy-path"), theme.IconCopy, widget.Secondary, func() { p.s.Nav.Copy(o.path) })))
	return form.NewPanel(widget.NewColumn(theme.Space2, lines...))
}

// filesIn says what files an export holds, and what it lacks.
func filesIn(m export.Manifest) (lines []fyne.CanvasObject) {
	if m.Counts.Files > 0 {
		lines = append(lines, form.Body(i18n.N("verify.files", m.Counts.Files, i18n.Args{"Size": i18n.Bytes(m.Counts.FileBytes)})))
	}
	if n := m.Counts.FilesMissing; n > 0 && m.WithoutFiles {
		lines = append(lines, form.Body(i18n.N("verify.files.without", n)))
	} else if n > 0 {
		lines = append(lines, form.Body(i18n.N("verify.files.missing", n)))
	}
	return lines
}

// signer says whose signature it is.
func (p *Screen) signer(s export.Summary) string {
	if chat.ContactID(s.Exporter) == p.s.Messenger().Self().ID {
		return i18n.T("verify.signed.own")
	}
	return i18n.T("verify.signed.other", i18n.Args{"Fingerprint": grouped(s.Exporter.String(), 16)})
}

// grouped writes the first n digits in groups of four.
func grouped(hex string, n int) string {
	hex = hex[:min(n, len(hex))]
	var parts []string
	for ; len(hex) > 4; hex = hex[4:] {
		parts = append(parts, hex[:4])
	}
	return strings.Join(append(parts, hex), " ")
}

// chooseToVerify asks for an export and checks it.
func (v *exportView) chooseToVerify() {
	words := pickWords(i18n.T("verify.pick.title"), i18n.T("verify.pick.text"), i18n.T("verify.pick.act"))
	form.PickFolder(v.p.s, words, parentOf(v.path.Text), v.verify)
}

func (v *exportView) verify(path string) {
	p := v.p
	view := p.view
	v.say(form.Note(i18n.T("verify.running")))
	screen.Run(p.s.Work, func(context.Context) (outcome, error) {
		summary, err := export.Verify(path, p.s.Now())
		return outcome{path: path, summary: summary}, err
	}, func(o outcome, err error) {
		if view != p.view {
			return
		}
		if err != nil {
			v.say(widget.NewBanner(widget.BannerWords{Icon: theme.IconAlert, Tone: widget.Alarming, Text: faultOf(err)}, nil, nil))
			return
		}
		v.say(p.verified(i18n.T("verify.done"), o))
	})
}

// faultOf says where an export differs from what was signed, or what else went wrong.
func faultOf(err error) string {
	var place *export.PlaceError
	if !errors.As(err, &place) {
		if errors.Is(err, chat.ErrNotFound) {
			return i18n.T("verify.none")
		}
		return words.Error(err)
	}
	args := i18n.Args{"File": place.File, "Line": place.Line}
	if place.Line == 0 {
		switch place.Change {
		case export.Missing:
			return i18n.T("verify.file.missing", args)
		case export.Added:
			return i18n.T("verify.file.added", args)
		}
		return i18n.T("verify.file.changed", args)
	}
	switch place.Change {
	case export.Missing:
		return i18n.T("verify.line.missing", args)
	case export.Added:
		return i18n.T("verify.line.added", args)
	case export.Swapped:
		return i18n.T("verify.line.swapped", args)
	}
	return i18n.T("verify.line.changed", args)
}
