package securitypage

import (
	"context"

	"fyne.io/fyne/v2"

	"sotto/app/profile"
	"sotto/app/security"
	"sotto/app/ui/form"
	"sotto/app/ui/i18n"
	"sotto/app/ui/keyfile"
	"sotto/app/ui/passphrase"
	"sotto/app/ui/stepup"
	"sotto/app/ui/theme"
	"sotto/app/ui/widget"
	"sotto/app/ui/words"
)

// keyFileName is what a key file is called at first.
const keyFileName = "sotto.key"

// waySheet asks for the present passphrase and for a new one, with a key file or without.
type waySheet struct {
	*changeSheet
	file   *keyfile.Chooser // nil for a passphrase alone
	choose *widget.Field
}

// askWay opens the sheet for a new passphrase, or for one with a key file.
func (p *Screen) askWay(kind profile.SlotKind) {
	w := &waySheet{}
	title, text := i18n.T("ways.add.passphrase"), i18n.T("ways.add.passphrase.text")
	if kind == profile.SlotKeyFile {
		title, text = i18n.T("ways.add.key-file"), i18n.T("ways.add.key-file.text")
	}
	var more fyne.CanvasObject
	if kind == profile.SlotKeyFile {
		w.file = keyfile.NewChooser(p.s)
		w.choose = widget.NewField(i18n.T("ways.file"), i18n.T("ways.file.note"), widget.NewColumn(theme.Space1, w.file,
			form.Buttons(widget.NewSmallButton(i18n.T("ways.file.make"), theme.IconPlus, widget.Quiet, func() { p.makeKeyFile(w) }))))
		w.file.Changed = func() { w.fault(w.choose, "") }
		more = w.choose
	}
	w.changeSheet = p.newSheet(form.SheetWords{
		Title: title, Text: text, Act: i18n.T("ways.add.act"), Cancel: i18n.T("cancel"), Rank: widget.Primary,
	}, func() { p.addWay(w) }, more)
	w.Open(p.s.Canvas())
}

// makeKeyFile asks where, and writes a new key file there.
func (p *Screen) makeKeyFile(w *waySheet) {
	form.PickFile(p.s, form.PickWords{
		Title: i18n.T("ways.file.make.title"), Text: i18n.T("ways.file.make.text"), Path: i18n.T("pick.path"), Name: i18n.T("pick.name"),
		Up: i18n.T("pick.up"), Empty: i18n.T("pick.empty"), Missing: i18n.T("pick.missing"), NoName: i18n.T("pick.no-name"),
		Act: i18n.T("pick.save"), Cancel: i18n.T("cancel"),
	}, keyFileName, func(path string) {
		p.s.Work.Go(func(context.Context) error { return profile.MakeKeyFile(p.s.Dir, path) }, func(err error) {
			if err != nil {
				w.fault(w.choose, words.Error(err))
				return
			}
			w.file.Set(path)
		})
	})
}

// addWay checks what was typed, confirms the act and adds the slot.
func (p *Screen) addWay(w *waySheet) {
	old, pass := w.old.Text(), w.pass.Text()
	path, present := "", w.presentFile()
	if w.file != nil {
		path = w.file.Path()
	}
	switch {
	case w.Act.Disabled():
		return
	case old == "":
		w.fault(w.oldField, i18n.T("unlock.empty"))
		return
	case passphrase.Rate(pass, p.s.Messenger().Self().Name).Level < passphrase.Enough:
		w.fault(w.passField, i18n.T("passphrase.too-weak"))
		return
	case w.again.Text() != pass:
		w.fault(w.same, i18n.T("passphrase.differ"))
		return
	case w.file != nil && path == "":
		w.fault(w.choose, i18n.T("ways.file.missing"))
		return
	}
	w.Act.Disable()
	confirmed := false
	p.s.Work.Go(func(ctx context.Context) error {
		if err := stepup.Confirm(ctx, p.s.Profile, security.ActSlots, old, present); err != nil {
			return err
		}
		confirmed = true
		var err error
		if w.file != nil {
			_, err = p.s.Profile.AddKeyFile(context.WithoutCancel(ctx), pass, path)
		} else {
			_, err = p.s.Profile.AddPassphrase(context.WithoutCancel(ctx), pass)
		}
		if err != nil { // what was confirmed is not left lying about
			_ = p.s.Profile.StepUp.Use(security.ActSlots)
		}
		return err
	}, func(err error) {
		w.Act.Enable()
		if err != nil {
			field := w.oldField
			switch {
			case confirmed && w.choose != nil:
				field = w.choose
			case !confirmed:
				w.old.Clear()
			}
			w.fault(field, words.Error(err))
			return
		}
		w.Close()
		p.s.Nav.Toast(theme.IconCheck, i18n.T("ways.added"))
		p.load()
	})
}
