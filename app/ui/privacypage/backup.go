package privacypage

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"time"

	"fyne.io/fyne/v2"

	"sotto/app/privacy/backup"
	"sotto/app/privacy/files"
	"sotto/app/security"
	"sotto/app/ui/form"
	"sotto/app/ui/i18n"
	"sotto/app/ui/passphrase"
	"sotto/app/ui/screen"
	"sotto/app/ui/stepup"
	"sotto/app/ui/theme"
	"sotto/app/ui/widget"
	"sotto/app/ui/words"
	"sotto/chat"
)

// backups is what the view of backups shows.
type backups struct {
	known []backup.Known
	state backup.Standing
}

func (p *Screen) readBackups(ctx context.Context) (b backups, err error) {
	b.known, b.state, err = p.s.Profile.Backups(ctx)
	return b, err
}

// backupView is the view of a backup that is being asked for.
type backupView struct {
	writing
	pass   *widget.PassphraseField
	passed *widget.Field
	again  *widget.PassphraseField
	same   *widget.Field
	path   *widget.Entry
	files  *widget.Toggle
	start  *widget.Button
	choice *fyne.Container // whether files are in it
	size   *fyne.Container // how large it will be
	large  backup.Estimate
	rest   *fyne.Container // reminder and known backups
}

// showBackup is the view of backups.
func (p *Screen) showBackup() {
	v := &backupView{writing: writing{p: p, running: holder(theme.Space3)}, choice: holder(theme.Space3), size: holder(theme.Space3), rest: holder(theme.Space6)}
	name := i18n.T("backup.file", i18n.Args{"Time": p.s.Now().Format("2006-01-02 15.04")}) + backup.Suffix
	v.path = widget.NewEntry("")
	v.path.SetText(filepath.Join(form.Documents(), name))
	v.path.Escape = p.leaveEntry
	v.path.OnChanged = func(string) { v.field.SetError("") }
	v.field = widget.NewField(i18n.T("backup.path"), i18n.T("backup.path.hint"), v.path)
	v.pass = widget.NewPassphraseField(widget.PassphraseWords{
		Placeholder: i18n.T("passphrase.placeholder"), Show: i18n.T("passphrase.show"), Hide: i18n.T("passphrase.hide"),
		Generate: i18n.T("passphrase.generate"),
	}, func(s string) widget.Strength { return passphrase.Rate(s, p.s.Messenger().Self().Name) }, passphrase.Generate)
	v.passed = widget.NewField(i18n.T("backup.passphrase"), i18n.T("backup.passphrase.hint"), v.pass)
	v.again = widget.NewPassphraseField(widget.PassphraseWords{
		Placeholder: i18n.T("passphrase.again.placeholder"), Show: i18n.T("passphrase.show"), Hide: i18n.T("passphrase.hide"),
	}, nil, nil)
	v.same = widget.NewField(i18n.T("passphrase.again"), "", v.again)
	v.pass.Changed = func(string) { v.passed.SetError(""); v.same.SetError("") }
	v.pass.Submitted = func() { p.s.Canvas().Focus(v.again.Focus()) }
	v.again.Changed = func(string) { v.same.SetError("") }
	v.again.Submitted = v.ask
	v.files = widget.NewToggle(i18n.T("export.files.with"), i18n.T("backup.files.with.text"), true, func(bool) { v.sized() })
	v.start = widget.NewButton(i18n.T("backup.start"), theme.IconShield, widget.Primary, v.ask)
	v.running.Hide()
	p.show(i18n.T("backup.title"), p.leaveExport,
		v.running,
		form.Note(i18n.T("backup.lead")),
		widget.NewBanner(widget.BannerWords{Icon: theme.IconWarning, Tone: widget.Careful, Text: i18n.T("backup.careful")}, nil, nil),
		form.Section(i18n.T("backup.secret"), "", v.passed, v.same),
		form.Section(i18n.T("backup.where"), "", v.field, form.Buttons(
			widget.NewSmallButton(i18n.T("export.choose"), "", widget.Secondary, v.choose))),
		v.choice,
		v.size,
		form.Buttons(v.start),
		v.rest)
	v.estimate()
	v.list()
}

// estimate says how large the backup will be.
func (v *backupView) estimate() {
	load(v.p, func(ctx context.Context) (backup.Estimate, error) { return v.p.s.Profile.Backup.Estimate(ctx) }, func(e backup.Estimate) {
		v.large = e
		if e.Files > 0 {
			v.p.fill(v.choice, form.Group(v.files))
		}
		v.sized()
	})
}

// sized shows the estimate for what is chosen.
func (v *backupView) sized() {
	size := v.large.Bytes
	if !v.files.On() {
		size -= v.large.OfFiles
	}
	v.p.fill(v.size, form.Note(i18n.T("backup.size", i18n.Args{"Size": i18n.Bytes(size)})))
}

// list shows what is known of earlier backups, and when to remind.
func (v *backupView) list() {
	load(v.p, v.p.readBackups, func(b backups) { v.p.fill(v.rest, v.reminder(b.state), v.known(b.known)) })
}

// reminders are the choices of how often, in days; 0 is never.
var reminders = map[string]time.Duration{"7": 7 * 24 * time.Hour, "30": 30 * 24 * time.Hour, "90": 90 * 24 * time.Hour, "never": 0}

func (v *backupView) reminder(s backup.Standing) fyne.CanvasObject {
	chosen := ""
	for key, after := range reminders {
		if after == s.Remind {
			chosen = key
		}
	}
	radio := form.NewRadio(chosen, func(key string) {
		v.p.s.Work.Go(func(ctx context.Context) error { return v.p.s.Profile.SetBackupReminder(ctx, reminders[key]) }, func(err error) {
			if err != nil {
				v.p.s.Nav.Fail(err)
			}
		})
	},
		form.Option{Key: "7", Title: i18n.T("backup.remind.7")}, form.Option{Key: "30", Title: i18n.T("backup.remind.30")},
		form.Option{Key: "90", Title: i18n.T("backup.remind.90")}, form.Option{Key: "never", Title: i18n.T("backup.remind.never")})
	return form.Section(i18n.T("backup.remind"), "", form.Group(radio))
}

func (v *backupView) known(all []backup.Known) fyne.CanvasObject {
	var rows []fyne.CanvasObject
	for _, k := range all {
		parts := []fyne.CanvasObject{
			widget.NewText(v.p.s.Format.Full(k.Time), widget.TextOptions{Bold: true, Wrap: true}),
			form.Note(heldBy(k)),
		}
		if k.Path != "" {
			parts = append(parts, form.Small(k.Path))
		}
		rows = append(rows, widget.NewRow(theme.Space3, 0, widget.NewColumn(2, parts...),
			widget.NewSmallButton(i18n.T("backup.forget"), "", widget.Secondary, func() { v.forget(k) })))
	}
	if len(rows) == 0 {
		return form.Section(i18n.T("backup.known"), i18n.T("backup.known.none"))
	}
	return form.Section(i18n.T("backup.known"), i18n.T("backup.known.lead"), form.Group(rows...))
}

// heldBy says what a backup holds, and what it knows nothing of.
func heldBy(k backup.Known) string {
	text := i18n.N("backup.holds", k.Messages, i18n.Args{"Size": i18n.Bytes(k.Size)})
	if k.Since > 0 {
		text += " " + i18n.N("backup.since", k.Since)
	}
	return text
}

// forget takes a backup off the list after the person said that its file is gone.
func (v *backupView) forget(k backup.Known) {
	widget.NewMessageDialog(widget.MessageWords{
		Icon: theme.IconTrash, Title: i18n.T("backup.forget.title"), Text: i18n.T("backup.forget.text"),
		Act: i18n.T("backup.forget"), Cancel: i18n.T("cancel"),
	}, nil, func() {
		v.p.s.Work.Go(func(ctx context.Context) error { return v.p.s.Profile.ForgetBackup(ctx, k.ID) }, func(err error) {
			if err != nil {
				v.p.s.Nav.Fail(err)
				return
			}
			v.list()
		})
	}).Open(v.p.s.Canvas())
}

// choose asks for the folder of the file.
func (v *backupView) choose() {
	form.PickFolder(v.p.s, pickWords(i18n.T("backup.choose.title"), i18n.T("backup.choose.text"), i18n.T("pick.choose")), parentOf(v.path.Text), func(folder string) {
		v.path.SetText(filepath.Join(folder, filepath.Base(v.path.Text)))
	})
}

// ask checks what was typed, asks for the passphrase of the profile and then begins.
func (v *backupView) ask() {
	path, secret := strings.TrimSpace(v.path.Text), v.pass.Text()
	switch {
	case v.p.job != nil:
		return
	case passphrase.Rate(secret, v.p.s.Messenger().Self().Name).Level < passphrase.Enough:
		v.passed.SetError(i18n.T("passphrase.too-weak"))
		v.p.s.Canvas().Focus(v.pass.Focus())
		return
	case v.again.Text() != secret:
		v.same.SetError(i18n.T("passphrase.differ"))
		v.p.s.Canvas().Focus(v.again.Focus())
		return
	case !filepath.IsAbs(path):
		v.field.SetError(i18n.T("export.path.absolute"))
		return
	}
	stepup.Ask(v.p.s, security.ActIdentity, stepup.Words{
		Title: i18n.T("backup.confirm.title"), Text: i18n.T("backup.confirm.text"), Act: i18n.T("backup.start"), Rank: widget.Primary,
	}, func() { v.run(path, secret) })
}

func (v *backupView) run(path, secret string) {
	p, view := v.p, v.p.view
	begun := p.s.Now()
	row := widget.NewProgressRow(i18n.T("backup.running"), i18n.T("backup.stop"), p.stop)
	v.start.Disable()
	v.say(row)
	progress := func(done, total int) {
		p.s.Work.Do(func() {
			if view != p.view || total == 0 {
				return
			}
			text := i18n.T("backup.progress", i18n.Args{"Done": i18n.Number(done), "Total": i18n.Number(total / 2)})
			if 2*done > total { // it is read back after it was written
				text = i18n.T("backup.checking", i18n.Args{"Done": i18n.Number(done - total/2), "Total": i18n.Number(total / 2)})
			}
			row.SetProgress(float32(done)/float32(total), text)
		})
	}
	own := p.begin()
	own.stop = screen.RunStoppable(p.s.Work, func(ctx context.Context) (backup.Summary, error) {
		if err := p.s.Profile.StepUp.Use(security.ActIdentity); err != nil {
			return backup.Summary{}, err
		}
		return p.s.Profile.Backup.Write(ctx, backup.Request{Out: path, Passphrase: secret, WithoutFiles: !v.files.On(), Progress: progress})
	}, func(s backup.Summary, err error) {
		p.ended(own)
		if view != p.view {
			return
		}
		v.start.Enable()
		v.done(path, s, p.s.Now().Sub(begun), err)
	})
}

// done shows how a backup ended.
func (v *backupView) done(path string, s backup.Summary, took time.Duration, err error) {
	switch {
	case errors.Is(err, context.Canceled):
		v.say(widget.NewBanner(widget.BannerWords{Icon: theme.IconInfo, Text: i18n.T("backup.stopped")}, nil, nil))
	case errors.Is(err, chat.ErrExists):
		v.fault(i18n.T("backup.exists"))
	case errors.Is(err, files.ErrInside):
		v.fault(i18n.T("error.inside-profile"))
	case errors.Is(err, os.ErrNotExist) || err != nil && isMissing(path):
		v.fault(i18n.T("export.no-folder"))
	case errors.Is(err, backup.ErrDamaged):
		v.say(widget.NewBanner(widget.BannerWords{Icon: theme.IconAlert, Tone: widget.Alarming, Text: i18n.T("backup.unreadable")}, nil, nil))
	case err != nil:
		v.say(widget.NewBanner(widget.BannerWords{Icon: theme.IconAlert, Tone: widget.Alarming, Text: words.Error(err)}, nil, nil))
	default:
		v.pass.Clear()
		v.again.Clear()
		lines := []fyne.CanvasObject{
			widget.NewRow(theme.Space2, -1, widget.NewChip(theme.IconCheckCircle, i18n.T("backup.whole"), widget.Fine, nil)),
			form.Heading(i18n.T("backup.done")),
			form.Body(i18n.N("backup.done.text", s.Counts.Messages, i18n.Args{
				"Contacts": i18n.N("backup.contacts", s.Counts.Contacts), "Size": i18n.Bytes(s.Size), "Time": words.Wait(max(took, time.Second)),
			})),
		}
		for _, l := range []struct {
			key string
			n   int
		}{{"backup.messages.damaged", s.Damaged}, {"backup.files", s.Files}, {"backup.files.damaged", s.FilesDamaged}, {"backup.files.away", s.FilesAway}} {
			if l.n > 0 {
				lines = append(lines, form.Body(i18n.N(l.key, l.n)))
			}
		}
		lines = append(lines, form.Small(path),
			form.Buttons(widget.NewSmallButton(i18n.T("verify.copy-path"), theme.IconCopy, widget.Secondary, func() { v.p.s.Nav.Copy(path) })))
		v.say(form.NewPanel(widget.NewColumn(theme.Space2, lines...)))
		v.list()
	}
}

// backupState is what the card says of the newest backup.
func (p *Screen) backupState(s backup.Standing) string {
	if s.Last.IsZero() {
		return i18n.T("privacy.backup.none")
	}
	text := i18n.T("privacy.backup.last", i18n.Args{"When": p.s.Format.Full(s.Last)})
	if s.Due(p.s.Now()) {
		text += " " + i18n.T("privacy.backup.due")
	}
	return text
}

// stillHeld says, where deletion is promised, that earlier backups still hold what is deleted now.
func stillHeld(known []backup.Known) []string {
	if len(known) == 0 {
		return nil
	}
	return []string{i18n.N("deletion.backups", len(known))}
}
