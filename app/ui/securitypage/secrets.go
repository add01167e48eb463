package securitypage

import (
	"context"
	"errors"
	"strings"

	"fyne.io/fyne/v2"

	"sotto/app/security"
	"sotto/app/ui/form"
	"sotto/app/ui/i18n"
	"sotto/app/ui/keyfile"
	"sotto/app/ui/passphrase"
	"sotto/app/ui/screen"
	"sotto/app/ui/stepup"
	"sotto/app/ui/theme"
	"sotto/app/ui/welcome"
	"sotto/app/ui/widget"
	"sotto/app/ui/words"
	"sotto/chat"
)

// changeSheet asks for the old and a new passphrase.
type changeSheet struct {
	*form.Sheet
	old, pass, again          *widget.PassphraseField
	oldField, passField, same *widget.Field
	present                   *keyfile.Chooser // of the present passphrase; nil where it needs none, or it is known
}

// askPassphrase opens the sheet that changes a passphrase.
func (p *Screen) askPassphrase() {
	var c *changeSheet
	c = p.newSheet(form.SheetWords{
		Title: i18n.T("security.passphrase.change"), Text: i18n.T("security.passphrase.sheet"), Act: i18n.T("security.passphrase.set"),
		Cancel: i18n.T("cancel"), Rank: widget.Primary,
	}, func() { p.change(c) }, nil)
	c.Open(p.s.Canvas())
}

// newSheet answers a sheet with the present passphrase and a new one, twice; act is called by its button; more,
// which may be nil, stands below.
func (p *Screen) newSheet(w form.SheetWords, act func(), more fyne.CanvasObject) *changeSheet {
	c := &changeSheet{}
	eye := widget.PassphraseWords{Show: i18n.T("passphrase.show"), Hide: i18n.T("passphrase.hide")}
	c.old = widget.NewPassphraseField(eye, nil, nil)
	c.oldField = widget.NewField(i18n.T("passphrase.old"), "", c.old)
	name := p.s.Messenger().Self().Name
	rated := eye
	rated.Placeholder, rated.Generate = i18n.T("passphrase.placeholder"), i18n.T("passphrase.generate")
	c.pass = widget.NewPassphraseField(rated, func(s string) widget.Strength { return passphrase.Rate(s, name) }, passphrase.Generate)
	c.passField = widget.NewField(i18n.T("passphrase.new"), "", c.pass)
	again := eye
	again.Placeholder = i18n.T("passphrase.again.placeholder")
	c.again = widget.NewPassphraseField(again, nil, nil)
	c.same = widget.NewField(i18n.T("passphrase.again"), "", c.again)
	c.old.Changed = func(s string) { c.clear(c.oldField, s) }
	c.pass.Changed = func(s string) { c.clear(c.passField, s); c.clear(c.same, s) }
	c.again.Changed = func(s string) { c.clear(c.same, s) }
	c.old.Submitted = func() { p.s.Canvas().Focus(c.pass.Focus()) }
	c.pass.Submitted = func() { p.s.Canvas().Focus(c.again.Focus()) }
	c.again.Submitted = act
	fields := widget.NewColumn(theme.Space3, c.oldField)
	if p.s.Profile.NeedsKeyFile() {
		c.present = keyfile.NewChooser(p.s)
		c.present.Changed = func() { c.fault(c.oldField, "") }
		fields.Add(c.present)
	}
	fields.Add(c.passField)
	fields.Add(c.same)
	if more != nil {
		fields.Add(more)
	}
	c.Sheet = form.NewSheet(w, fields, act, nil)
	c.First = c.old.Focus()
	return c
}

// presentFile is the key file of the present passphrase, "" where none was chosen.
func (c *changeSheet) presentFile() string {
	if c.present == nil {
		return ""
	}
	return c.present.Path()
}

func (c *changeSheet) clear(f *widget.Field, typed string) {
	if typed != "" && f.Error() != "" {
		f.SetError("")
		c.Fit()
	}
}

func (c *changeSheet) fault(f *widget.Field, s string) {
	f.SetError(s)
	c.Fit()
}

func (p *Screen) change(c *changeSheet) {
	old, pass := c.old.Text(), c.pass.Text()
	switch {
	case c.Act.Disabled():
		return
	case old == "":
		c.fault(c.oldField, i18n.T("unlock.empty"))
		return
	case passphrase.Rate(pass, p.s.Messenger().Self().Name).Level < passphrase.Enough:
		c.fault(c.passField, i18n.T("passphrase.too-weak"))
		return
	case c.again.Text() != pass:
		c.fault(c.same, i18n.T("passphrase.differ"))
		return
	}
	path := c.presentFile()
	c.Act.Disable()
	p.s.Work.Go(func(ctx context.Context) error {
		if path != "" {
			if err := p.s.Profile.PresentKeyFile(path); err != nil {
				return err
			}
		}
		return p.s.Profile.ChangePassphrase(context.WithoutCancel(ctx), old, pass)
	}, func(err error) {
		c.Act.Enable()
		if err != nil {
			if errors.Is(err, chat.ErrWrongSecret) {
				c.old.Clear()
			}
			c.fault(c.oldField, words.Error(err))
			return
		}
		c.Close()
		p.s.Nav.Toast(theme.IconCheck, i18n.T("security.passphrase.changed"))
		p.load()
	})
}

// askCode makes a new recovery code once the passphrase was given again.
func (p *Screen) askCode() {
	stepup.Ask(p.s, security.ActSlots, stepup.Words{
		Title: i18n.T("security.code.new"), Text: i18n.T("security.code.sheet"), Act: i18n.T("security.code.make"), Rank: widget.Primary,
	}, p.makeCode)
}

func (p *Screen) makeCode() {
	screen.Run(p.s.Work, func(ctx context.Context) (string, error) {
		return p.s.Profile.NewRecoveryCode(context.WithoutCancel(ctx))
	}, func(code string, err error) {
		if err != nil {
			p.s.Nav.Fail(err)
			return
		}
		p.showCode(strings.Fields(code))
		p.load()
	})
}

// showCode shows the new code, once.
func (p *Screen) showCode(code []string) {
	var sheet *form.Sheet
	sheet = form.NewSheet(form.SheetWords{
		Title: i18n.T("welcome.code.title"), Text: i18n.T("security.code.shown"), Act: i18n.T("welcome.code.noted"), Rank: widget.Primary,
	}, widget.NewColumn(theme.Space3, widget.NewRecoveryCode(code), form.Buttons(
		widget.NewSmallButton(i18n.T("welcome.code.copy"), theme.IconCopy, widget.Secondary, func() { p.s.Nav.CopySecret(strings.Join(code, " ")) }),
		widget.NewSmallButton(i18n.T("welcome.code.save"), theme.IconPrint, widget.Secondary, func() { welcome.SavePage(p.s, code) })),
		form.Small(i18n.T("welcome.code.note"))),
		func() { sheet.Close() }, nil)
	sheet.First = sheet.Act
	sheet.Open(p.s.Canvas())
}
