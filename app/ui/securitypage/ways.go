package securitypage

import (
	"context"
	"slices"
	"strings"

	"fyne.io/fyne/v2"

	"sotto/app/profile"
	"sotto/app/security"
	"sotto/app/ui/form"
	"sotto/app/ui/i18n"
	"sotto/app/ui/stepup"
	"sotto/app/ui/theme"
	"sotto/app/ui/widget"
)

// typed reports whether a slot rests on a passphrase.
func typed(s profile.Slot) bool {
	return s.Kind == profile.SlotPassphrase || s.Kind == profile.SlotKeyFile
}

func kindIs(kind profile.SlotKind) func(profile.Slot) bool {
	return func(s profile.Slot) bool { return s.Kind == kind }
}

// showWays lists what opens the profile.
func (p *Screen) showWays(slots []profile.Slot) {
	alone := slices.ContainsFunc(slots, kindIs(profile.SlotPassphrase))
	file := slices.ContainsFunc(slots, kindIs(profile.SlotKeyFile))
	code := slices.ContainsFunc(slots, kindIs(profile.SlotRecovery))
	passphrases := 0
	for _, s := range slots {
		if typed(s) {
			passphrases++
		}
	}
	var rows []fyne.CanvasObject
	for _, s := range slots {
		rows = append(rows, p.wayRow(s, passphrases == 1, alone && file))
	}
	parts := []fyne.CanvasObject{form.Group(rows...)}
	switch {
	case file && alone:
		parts = append(parts, form.Note(i18n.T("ways.key-file.not-required")))
	case file:
		parts = append(parts, form.Note(i18n.T("ways.key-file.required")))
	}
	if !code {
		parts = append(parts, widget.NewRow(theme.Space3, 1, widget.NewIcon(theme.IconWarning, theme.Caution, 20), form.Note(i18n.T("ways.no-code"))))
	}
	buttons := []fyne.CanvasObject{
		widget.NewSmallButton(i18n.T("ways.add.passphrase"), theme.IconPlus, widget.Secondary, func() { p.askWay(profile.SlotPassphrase) }),
		widget.NewSmallButton(i18n.T("ways.add.key-file"), theme.IconDocument, widget.Secondary, func() { p.askWay(profile.SlotKeyFile) }),
		widget.NewSmallButton(i18n.T("ways.add.keychain"), theme.IconKey, widget.Secondary, p.askKeychain),
	}
	if !code {
		buttons = append(buttons, widget.NewSmallButton(i18n.T("security.code.new"), theme.IconRefresh, widget.Secondary, p.askCode))
	}
	p.ways.Objects = append(parts, form.Buttons(buttons...))
}

// wayRow shows a slot; last says that it is the only one with a passphrase, require that without the passphrases that
// open alone the key file is required.
func (p *Screen) wayRow(s profile.Slot, last, require bool) fyne.CanvasObject {
	var buttons []fyne.CanvasObject
	switch {
	case typed(s):
		buttons = append(buttons, widget.NewSmallButton(i18n.T("ways.change"), theme.IconKey, widget.Secondary, p.askPassphrase))
	case s.Kind == profile.SlotRecovery:
		buttons = append(buttons, widget.NewSmallButton(i18n.T("security.code.new"), theme.IconRefresh, widget.Secondary, p.askCode))
	}
	if !typed(s) || !last {
		buttons = append(buttons, widget.NewSmallButton(i18n.T("ways.remove"), theme.IconTrash, widget.Quiet, func() { p.askRemove(s, require) }))
	}
	title, text := wayWords(s.Kind)
	return widget.NewColumn(theme.Space2, widget.NewColumn(2,
		widget.NewText(title, widget.TextOptions{Bold: true, Wrap: true}), form.Note(text), form.Small(p.wayFacts(s))),
		form.Buttons(buttons...))
}

func wayWords(kind profile.SlotKind) (title, text string) {
	switch kind {
	case profile.SlotPassphrase:
		return i18n.T("ways.passphrase"), i18n.T("ways.passphrase.text")
	case profile.SlotRecovery:
		return i18n.T("ways.recovery-code"), i18n.T("ways.recovery-code.text")
	case profile.SlotKeychain:
		return i18n.T("ways.keychain"), i18n.T("ways.keychain.text")
	case profile.SlotKeyFile:
		return i18n.T("ways.key-file"), i18n.T("ways.key-file.text")
	}
	return string(kind), ""
}

// wayFacts says when a slot was made and used, and what a guess at it costs.
func (p *Screen) wayFacts(s profile.Slot) string {
	parts := []string{i18n.T("ways.made", i18n.Args{"When": p.s.Format.Full(s.Created)})}
	switch {
	case s.Current:
		parts = append(parts, i18n.T("ways.now"))
	case s.Used.IsZero():
		parts = append(parts, i18n.T("ways.unused"))
	default:
		parts = append(parts, i18n.T("ways.used", i18n.Args{"When": p.s.Format.Full(s.Used)}))
	}
	if s.Memory > 0 {
		parts = append(parts, i18n.T("ways.cost", i18n.Args{
			"Memory": i18n.Number(int(max(s.Memory>>10, 1))),
		}))
	}
	return strings.Join(parts, " · ")
}

// askRemove removes a slot once a passphrase was given.
func (p *Screen) askRemove(s profile.Slot, require bool) {
	w := stepup.Words{Act: i18n.T("ways.remove.act"), Rank: widget.Dangerous}
	switch s.Kind {
	case profile.SlotPassphrase:
		w.Title, w.Text = i18n.T("ways.remove.passphrase.title"), i18n.T("ways.remove.passphrase.text")
		if require {
			w.Text = i18n.T("ways.remove.passphrase.require")
		}
	case profile.SlotRecovery:
		w.Title, w.Text = i18n.T("ways.remove.recovery-code.title"), i18n.T("ways.remove.recovery-code.text")
	case profile.SlotKeychain:
		w.Title, w.Text = i18n.T("ways.remove.keychain.title"), i18n.T("ways.remove.keychain.text")
	case profile.SlotKeyFile:
		w.Title, w.Text = i18n.T("ways.remove.key-file.title"), i18n.T("ways.remove.key-file.text")
	}
	stepup.Ask(p.s, security.ActSlots, w, func() {
		p.alter(func(ctx context.Context) error { return p.s.Profile.RemoveSlot(ctx, s.ID) }, i18n.T("ways.removed"))
	})
}

// askKeychain adds the keychain once the passphrase was given.
func (p *Screen) askKeychain() {
	stepup.Ask(p.s, security.ActSlots, stepup.Words{
		Title: i18n.T("ways.add.keychain"), Text: i18n.T("ways.add.keychain.text"), Act: i18n.T("ways.add.act"), Rank: widget.Primary,
	}, func() {
		p.alter(func(ctx context.Context) error { _, err := p.s.Profile.AddKeychain(ctx); return err }, i18n.T("ways.added"))
	})
}

// alter changes the slots, says that it was done, and shows them anew.
func (p *Screen) alter(act func(context.Context) error, said string) {
	p.s.Work.Go(func(ctx context.Context) error { return act(context.WithoutCancel(ctx)) }, func(err error) {
		if err != nil {
			p.s.Nav.Fail(err)
		} else {
			p.s.Nav.Toast(theme.IconCheck, said)
		}
		p.load()
	})
}
