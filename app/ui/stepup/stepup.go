package stepup

import (
	"context"

	"sotto/app/profile"
	"sotto/app/security"
	"sotto/app/ui/form"
	"sotto/app/ui/i18n"
	"sotto/app/ui/keyfile"
	"sotto/app/ui/screen"
	"sotto/app/ui/theme"
	"sotto/app/ui/widget"
	"sotto/app/ui/words"
)

// Words say what the passphrase is asked for.
type Words struct {
	Title string
	Text  string
	Act   string // the button says the act
	Rank  widget.Rank
}

// Sheet asks; its fields are open to tests.
type Sheet struct {
	*form.Sheet
	Pass    *widget.PassphraseField
	Field   *widget.Field
	KeyFile *keyfile.Chooser // nil where the passphrase needs none, or it is known
}

// Confirm checks the passphrase for one act, with the key file at path when there is one. It runs off the UI thread.
func Confirm(ctx context.Context, p *profile.Profile, act security.Act, passphrase, path string) error {
	if path != "" {
		if err := p.PresentKeyFile(path); err != nil {
			return err
		}
	}
	return p.StepUp.Confirm(ctx, act, []byte(passphrase))
}

// Ask opens a sheet that asks for the passphrase. After the right one it closes and calls confirmed: the act may then be
// done once, within security.StepUpLife. A wrong one, and the wait after several, are said in the sheet.
func Ask(s screen.Services, act security.Act, w Words, confirmed func()) *Sheet {
	sheet := &Sheet{}
	sheet.Pass = widget.NewPassphraseField(widget.PassphraseWords{
		Show: i18n.T("passphrase.show"), Hide: i18n.T("passphrase.hide"),
	}, nil, nil)
	sheet.Field = widget.NewField(i18n.T("passphrase.label"), "", sheet.Pass)
	body := widget.NewColumn(theme.Space3, sheet.Field)
	if s.Profile.NeedsKeyFile() {
		sheet.KeyFile = keyfile.NewChooser(s)
		sheet.KeyFile.Changed = func() {
			sheet.Field.SetError("")
			sheet.Fit()
		}
		body.Add(sheet.KeyFile)
	}
	busy := false
	try := func() {
		secret := sheet.Pass.Text()
		if busy || secret == "" {
			return
		}
		path := ""
		if sheet.KeyFile != nil {
			path = sheet.KeyFile.Path()
		}
		busy = true
		sheet.Act.Disable()
		sheet.Pass.SetEnabled(false)
		s.Work.Go(func(ctx context.Context) error {
			return Confirm(ctx, s.Profile, act, secret, path)
		}, func(err error) {
			busy = false
			sheet.Act.Enable()
			sheet.Pass.SetEnabled(true)
			sheet.Pass.Clear()
			if !sheet.IsOpen() { // cancelled meanwhile: what was confirmed is not left lying about
				if err == nil {
					_ = s.Profile.StepUp.Use(act)
				}
				return
			}
			if err != nil {
				sheet.Field.SetError(words.Error(err))
				sheet.Fit()
				s.Canvas().Focus(sheet.Pass.Focus())
				return
			}
			sheet.Close()
			confirmed()
		})
	}
	sheet.Sheet = form.NewSheet(form.SheetWords{
		Title: w.Title, Text: w.Text, Act: w.Act, Cancel: i18n.T("cancel"), Rank: w.Rank,
	}, body, try, nil)
	sheet.Pass.Submitted = try
	sheet.Pass.Changed = func(t string) {
		if t != "" {
			sheet.Field.SetError("")
		}
	}
	sheet.First = sheet.Pass.Focus()
	sheet.Open(s.Canvas())
	return sheet
}
