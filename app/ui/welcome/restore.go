package welcome

import (
	"context"
	"errors"
	"path/filepath"
	"strings"

	"fyne.io/fyne/v2"

	"sotto/app/privacy/backup"
	"sotto/app/profile"
	"sotto/app/ui/form"
	"sotto/app/ui/i18n"
	"sotto/app/ui/passphrase"
	"sotto/app/ui/screen"
	"sotto/app/ui/theme"
	"sotto/app/ui/widget"
	"sotto/app/ui/words"
	"sotto/chat"
)

// restoring is the step that asks for a backup, and what it becomes.
type restoring struct {
	w *Screen

	path   *widget.Entry
	file   *widget.Field
	old    *widget.PassphraseField
	opens  *widget.Field
	pass   *widget.PassphraseField
	passed *widget.Field
	again  *widget.PassphraseField
	same   *widget.Field
	fault  *widget.Banner
}

// askBackup is the first step of who has a backup.
func (w *Screen) askBackup() {
	r := &restoring{w: w}
	secret := func(placeholder string, rate func(string) widget.Strength, generate func() string) *widget.PassphraseField {
		words := widget.PassphraseWords{Placeholder: placeholder, Show: i18n.T("passphrase.show"), Hide: i18n.T("passphrase.hide")}
		if generate != nil {
			words.Generate = i18n.T("passphrase.generate")
		}
		return widget.NewPassphraseField(words, rate, generate)
	}
	r.path = widget.NewEntry("")
	r.path.OnChanged = func(string) { r.file.SetError("") }
	r.path.Escape = w.askNameAndPassphrase
	r.file = widget.NewField(i18n.T("restore.file"), i18n.T("restore.file.hint"), r.path)
	r.old = secret("", nil, nil)
	r.opens = widget.NewField(i18n.T("restore.passphrase"), "", r.old)
	r.pass = secret(i18n.T("passphrase.placeholder"), func(s string) widget.Strength { return passphrase.Rate(s) }, passphrase.Generate)
	r.passed = widget.NewField(i18n.T("restore.new"), i18n.T("restore.new.hint"), r.pass)
	r.again = secret(i18n.T("passphrase.again.placeholder"), nil, nil)
	r.same = widget.NewField(i18n.T("passphrase.again"), "", r.again)
	r.fault = widget.NewBanner(widget.BannerWords{Icon: theme.IconAlert, Tone: widget.Alarming}, nil, nil)
	r.fault.Hide()

	r.path.OnSubmitted = func(string) { w.s.Canvas().Focus(r.old.Focus()) }
	r.old.Changed = func(string) { r.opens.SetError("") }
	r.old.Submitted = func() { w.s.Canvas().Focus(r.pass.Focus()) }
	r.pass.Changed = func(string) { r.passed.SetError(""); r.same.SetError("") }
	r.pass.Submitted = func() { w.s.Canvas().Focus(r.again.Focus()) }
	r.again.Changed = func(string) { r.same.SetError("") }
	r.again.Submitted = r.submit
	r.show(r.path)
}

func (r *restoring) show(first fyne.Focusable) {
	r.w.show(first,
		widget.NewColumn(theme.Space2, title(i18n.T("restore.title")), form.Note(i18n.T("restore.lead"))),
		r.fault, r.file,
		form.Buttons(widget.NewSmallButton(i18n.T("restore.choose"), "", widget.Secondary, r.choose)),
		r.opens, r.passed, r.same,
		form.Small(i18n.T("restore.careful")),
		widget.NewRow(theme.Space2, 1,
			widget.NewButton(i18n.T("restore.back"), "", widget.Secondary, r.w.askNameAndPassphrase),
			widget.NewButton(i18n.T("restore.start"), "", widget.Primary, r.submit)))
}

// choose asks for the file.
func (r *restoring) choose() {
	start := form.Documents()
	if typed := filepath.Dir(strings.TrimSpace(r.path.Text)); filepath.IsAbs(typed) {
		start = typed
	}
	form.PickExisting(r.w.s, form.PickWords{
		Title: i18n.T("restore.choose.title"), Text: i18n.T("restore.choose.text"), Path: i18n.T("restore.choose.path"), Up: i18n.T("pick.up"),
		Empty: i18n.T("restore.choose.empty"), Missing: i18n.T("restore.missing"), Act: i18n.T("restore.choose.act"), Cancel: i18n.T("cancel"),
	}, start, backup.Suffix, r.path.SetText)
}

// submit checks what was typed and restores.
func (r *restoring) submit() {
	focus := func(f fyne.Focusable) { r.w.s.Canvas().Focus(f) }
	switch path := strings.TrimSpace(r.path.Text); {
	case !filepath.IsAbs(path):
		r.file.SetError(i18n.T("restore.file.hint"))
		focus(r.path)
	case r.old.Text() == "":
		r.opens.SetError(i18n.T("restore.wrong"))
		focus(r.old.Focus())
	case passphrase.Rate(r.pass.Text()).Level < passphrase.Enough:
		r.passed.SetError(i18n.T("passphrase.too-weak"))
		focus(r.pass.Focus())
	case r.again.Text() != r.pass.Text():
		r.same.SetError(i18n.T("passphrase.differ"))
		focus(r.again.Focus())
	default:
		r.run(path)
	}
}

// taken is a profile that was restored.
type taken struct {
	profile *profile.Profile
	from    profile.Restored
}

func (r *restoring) run(path string) {
	w := r.w
	ctx, cancel := context.WithCancel(context.Background())
	row := widget.NewProgressRow(i18n.T("restore.running"), i18n.T("restore.stop"), cancel)
	w.show(nil, title(i18n.T("restore.title")), form.Note(i18n.T("restore.running.note")), row)
	w.stop = cancel
	progress := func(done, total int) {
		w.s.Work.Do(func() {
			row.SetProgress(float32(done)/float32(max(total, 1)), i18n.T("restore.progress", i18n.Args{"Done": i18n.Number(done), "Total": i18n.Number(total)}))
		})
	}
	options := profile.RestoreOptions{
		Options: w.s.Options, Dir: w.s.Dir, File: path, BackupPassphrase: r.old.Text(), Passphrase: r.pass.Text(), Progress: progress,
	}
	screen.Run(w.s.Work, func(gone context.Context) (taken, error) {
		defer cancel()
		end := context.AfterFunc(gone, cancel)
		defer end()
		p, from, err := profile.Restore(ctx, options)
		if err != nil {
			return taken{}, err
		}
		if gone.Err() != nil { // the screen is gone: nobody will take it
			return taken{}, p.Close()
		}
		return taken{profile: p, from: from}, nil
	}, func(t taken, err error) {
		w.stop = nil
		if err != nil {
			r.failed(err)
			return
		}
		w.profile, w.code, w.restored = t.profile, strings.Fields(t.from.RecoveryCode), &t.from.Backup
		w.showCode()
	})
}

// failed shows the step again with what went wrong, beside what it is about.
func (r *restoring) failed(err error) {
	r.fault.Hide()
	banner, first := "", fyne.Focusable(r.path)
	switch {
	case errors.Is(err, chat.ErrWrongSecret):
		r.opens.SetError(i18n.T("restore.wrong"))
		first = r.old.Focus()
	case errors.Is(err, chat.ErrNotFound):
		r.file.SetError(i18n.T("restore.missing"))
	case errors.Is(err, backup.ErrDamaged):
		banner = i18n.T("restore.damaged")
	case errors.Is(err, chat.ErrMalformed):
		banner = i18n.T("restore.strange")
	case errors.Is(err, context.Canceled):
		banner = i18n.T("restore.stopped")
	default:
		banner = words.Error(err)
	}
	if banner != "" {
		r.fault.SetText(banner)
		r.fault.Show()
	}
	r.show(first)
}

// showRestored is the last step after a restore.
func (w *Screen) showRestored() {
	s := w.restored
	w.fault = widget.NewBanner(widget.BannerWords{Icon: theme.IconAlert, Tone: widget.Alarming}, nil, nil)
	w.fault.Hide()
	w.show(nil,
		widget.NewColumn(theme.Space2,
			title(i18n.T("restore.done.title", i18n.Args{"Name": widget.CleanName(s.Name)})),
			form.Note(i18n.N("restore.done.lead", s.Counts.Messages, i18n.Args{
				"Contacts": i18n.N("backup.contacts", s.Counts.Contacts), "When": w.s.Format.Full(s.Created),
			}))),
		form.Note(i18n.T("restore.careful")),
		w.fault,
		widget.NewButton(i18n.T("restore.open"), "", widget.Primary, func() { w.begin(screen.Place{Screen: screen.Home}) }))
}
