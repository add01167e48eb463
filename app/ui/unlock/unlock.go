package unlock

import (
	"context"
	"errors"
	"strings"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	fynewidget "fyne.io/fyne/v2/widget"

	"sotto/app/platform"
	"sotto/app/profile"
	"sotto/app/ui/form"
	"sotto/app/ui/i18n"
	"sotto/app/ui/keyfile"
	"sotto/app/ui/passphrase"
	"sotto/app/ui/prefs"
	"sotto/app/ui/screen"
	"sotto/app/ui/theme"
	"sotto/app/ui/widget"
	"sotto/app/ui/words"
	"sotto/chat"
)

// Screen is the unlock screen.
type Screen struct {
	s    screen.Services
	root *fyne.Container

	arrived *widget.Banner
	pass    *widget.PassphraseField
	passed  *widget.Field
	open    *widget.Button
	forgot  *widget.Button
	code    *fynewidget.Entry
	coded   *widget.Field
	submit  *widget.Button // of the recovery code
	again   *widget.PassphraseField
	same    *widget.Field
	ways    profile.Ways
	looked  bool             // at the ways
	file    *keyfile.Chooser // nil where no way needs one
	chain   *widget.Button   // nil where no keychain opens it
	first   fyne.Focusable
	inSight bool

	busy    bool
	waiting time.Time        // until when no try is possible
	tick    func()           // ends the count-down
	opened  *profile.Profile // with the recovery code, waiting for its new passphrase
}

// New makes the screen.
func New(s screen.Services, _ screen.Place) screen.Screen {
	u := &Screen{s: s, root: container.NewStack()}
	u.arrived = widget.NewBanner(widget.BannerWords{Icon: theme.IconInbox, Tone: widget.Plain, Text: i18n.T("unlock.arrived")}, nil, nil)
	u.arrived.Hide()
	u.askPassphrase()
	return u
}

// Content implements screen.Screen.
func (u *Screen) Content() fyne.CanvasObject { return u.root }

// Shown implements screen.Screen.
func (u *Screen) Shown() {
	u.inSight = true
	u.focus()
	u.lookAtWays()
	u.lookAtDelay()
	if u.s.Locked != nil {
		u.s.Locked.OnArrival(func() { u.s.Work.Do(u.showArrival) })
	}
}

// Closed implements screen.Screen.
func (u *Screen) Closed() {
	u.pass.Clear()
	if u.s.Locked != nil {
		u.s.Locked.OnArrival(nil)
	}
	if p := u.opened; p != nil {
		u.opened = nil
		u.s.Work.Leave(func(context.Context) { _ = p.Close() })
	}
}

// Escape implements screen.Escaper: from the recovery code it leads back to the passphrase.
func (u *Screen) Escape() bool {
	if u.code != nil && !u.busy {
		u.askPassphrase()
	}
	return true
}

func (u *Screen) focus() {
	if u.first != nil && u.inSight {
		u.s.Canvas().Focus(u.first)
	}
}

func (u *Screen) show(first fyne.Focusable, parts ...fyne.CanvasObject) {
	u.first = first
	u.root.Objects = []fyne.CanvasObject{form.Middle(append(parts, u.arrived)...)}
	u.root.Refresh()
	u.focus()
}

func (u *Screen) showArrival() {
	u.s.Nav.Arrived()
	u.arrived.Show()
	u.root.Refresh()
}

func title(text string) *widget.Text {
	return widget.NewText(text, widget.TextOptions{Size: theme.SizeWelcome, Bold: true, Wrap: true})
}

func askWords() widget.PassphraseWords {
	return widget.PassphraseWords{Show: i18n.T("passphrase.show"), Hide: i18n.T("passphrase.hide")}
}

// askPassphrase is the first view.
func (u *Screen) askPassphrase() {
	u.code = nil
	u.pass = widget.NewPassphraseField(askWords(), nil, nil)
	u.passed = widget.NewField(i18n.T("passphrase.label"), "", u.pass)
	u.pass.Changed = func(s string) {
		if s != "" && !u.delayed() {
			u.passed.SetError("")
		}
	}
	u.pass.Submitted = u.try
	u.open = widget.NewButton(i18n.T("unlock.open"), theme.IconLock, widget.Primary, u.try)
	u.forgot = widget.NewButton(i18n.T("unlock.forgot"), "", widget.Quiet, u.askCode)
	u.file, u.chain = nil, nil
	u.arrange()
	u.lookAtDelay()
}

// arrange shows the fields of the first view, with what the vault offers besides.
func (u *Screen) arrange() {
	lead := i18n.T("unlock.lead")
	if u.needsFile() {
		lead = i18n.T("unlock.lead.key-file")
	}
	parts := []fyne.CanvasObject{widget.NewColumn(theme.Space2, title(i18n.T("unlock.title")), form.Note(lead)), u.passed}
	if u.ways.KeyFile {
		u.file = keyfile.NewChooser(u.s)
		u.file.Changed = func() {
			if !u.delayed() {
				u.passed.SetError("")
			}
			u.root.Refresh()
		}
		parts = append(parts, u.file)
	}
	parts = append(parts, u.open)
	if u.ways.Keychain {
		u.chain = widget.NewButton(i18n.T("unlock.keychain"), theme.IconKey, widget.Secondary, u.tryKeychain)
		parts = append(parts, u.chain)
	}
	u.show(u.pass.Focus(), append(parts, u.forgot)...)
}

// needsFile reports whether no passphrase opens the profile without its key file.
func (u *Screen) needsFile() bool { return u.ways.KeyFile && !u.ways.Passphrase }

// lookAtWays asks what opens the profile, and offers it. A vault that cannot be read says so when it is opened.
func (u *Screen) lookAtWays() {
	if u.looked {
		return
	}
	u.looked = true
	screen.Run(u.s.Work, func(context.Context) (profile.Ways, error) { return profile.WaysIn(u.s.Dir, u.s.Options) },
		func(w profile.Ways, err error) {
			if err != nil || !w.KeyFile && !w.Keychain {
				return
			}
			u.ways = w
			if u.code == nil && u.opened == nil {
				u.arrange()
			}
		})
}

// tryKeychain opens the profile with what the keychain of the system keeps. When that fails the passphrase is asked for.
func (u *Screen) tryKeychain() {
	if u.busy {
		return
	}
	u.setBusy(true)
	u.passed.SetError("")
	u.passed.SetHint(i18n.T("unlock.keychain.opening"))
	screen.Run(u.s.Work, func(ctx context.Context) (*profile.Profile, error) {
		return u.unlock(ctx, profile.Keychain())
	}, func(p *profile.Profile, err error) {
		u.setBusy(false)
		u.passed.SetHint("")
		switch {
		case errors.Is(err, platform.ErrUnsupported):
			u.passed.SetError(i18n.T("unlock.keychain.none"))
			u.root.Refresh()
			u.focus()
			u.lookAtDelay()
		case err != nil:
			u.refused(u.passed, err)
		default:
			u.s.Nav.Unlocked(p)
		}
	})
}

// secret is what was typed, with the key file that was chosen.
func (u *Screen) secret() profile.Secret {
	if u.file != nil && u.file.Path() != "" {
		return profile.WithKeyFile(u.pass.Text(), u.file.Path())
	}
	return profile.Passphrase(u.pass.Text())
}

// try opens the profile with the passphrase.
func (u *Screen) try() {
	if u.busy || u.delayed() {
		return
	}
	switch {
	case u.pass.Text() == "":
		u.passed.SetError(i18n.T("unlock.empty"))
		return
	case u.needsFile() && u.file.Path() == "":
		u.passed.SetError(i18n.T("error.key-file-needed"))
		u.root.Refresh()
		return
	}
	secret := u.secret()
	u.setBusy(true)
	u.passed.SetError("")
	u.passed.SetHint(i18n.T("unlock.opening"))
	screen.Run(u.s.Work, func(ctx context.Context) (*profile.Profile, error) {
		return u.unlock(ctx, secret)
	}, func(p *profile.Profile, err error) {
		u.setBusy(false)
		u.passed.SetHint("")
		if damaged(err) {
			u.offerRescue(secret, err)
			return
		}
		if err != nil {
			u.pass.Clear()
			u.refused(u.passed, err)
			return
		}
		u.s.Nav.Unlocked(p)
	})
}

// unlock opens and starts the profile: from what is left of it in this process, or from its folder.
func (u *Screen) unlock(ctx context.Context, secret profile.Secret) (*profile.Profile, error) {
	var p *profile.Profile
	var err error
	if u.s.Locked != nil {
		p, err = u.s.Locked.Unlock(context.WithoutCancel(ctx), secret)
	} else {
		p, err = profile.Open(ctx, profile.OpenOptions{Options: u.s.Options, Dir: u.s.Dir, Secret: secret})
		if err == nil {
			err = p.Start(context.WithoutCancel(ctx))
		}
	}
	if err == nil {
		_, err = prefs.Notifications(ctx, p) // holds from now on, also when it is locked again
	}
	if p != nil && (err != nil || ctx.Err() != nil) { // nobody will take it
		return nil, errors.Join(err, ctx.Err(), p.Close())
	}
	return p, err
}

// refused says why, beside the field, and begins the count-down where there is one.
func (u *Screen) refused(field *widget.Field, err error) {
	field.SetError(words.Error(err))
	u.root.Refresh()
	u.focus()
	u.lookAtDelay()
}

func (u *Screen) setBusy(on bool) {
	u.busy = on
	u.pass.SetEnabled(!on)
	for _, b := range []*widget.Button{u.open, u.chain, u.forgot, u.submit} {
		switch {
		case b == nil:
		case on:
			b.Disable()
		default:
			b.Enable()
		}
	}
	if !on {
		u.focus()
	}
}

func (u *Screen) delayed() bool { return u.s.Now().Before(u.waiting) }

// lookAtDelay asks how long the next try has to wait, and counts down.
func (u *Screen) lookAtDelay() {
	screen.Run(u.s.Work, func(context.Context) (time.Duration, error) { return profile.UnlockWait(u.s.Dir, u.s.Options) },
		func(wait time.Duration, err error) {
			if err != nil || wait <= 0 {
				return
			}
			u.waiting = u.s.Now().Add(wait)
			u.countDown()
		})
}

// countDown shows the rest of the wait, once a second.
func (u *Screen) countDown() {
	if u.tick != nil {
		u.tick()
		u.tick = nil
	}
	field, act := u.passed, u.open
	if u.code != nil {
		field, act = u.coded, u.submit
	}
	left := u.waiting.Sub(u.s.Now())
	if left <= 0 {
		field.SetError("")
		if !u.busy {
			u.pass.SetEnabled(true)
			act.Enable()
		}
		u.root.Refresh()
		u.focus()
		return
	}
	field.SetError(i18n.T("unlock.delay", i18n.Args{"Wait": words.Wait(left)}))
	u.pass.SetEnabled(false)
	act.Disable()
	u.root.Refresh()
	next := left % time.Second
	if next == 0 {
		next = time.Second
	}
	u.tick = u.s.Work.After(next, u.countDown)
}

// askCode is the view of who forgot the passphrase.
func (u *Screen) askCode() {
	u.code = fynewidget.NewMultiLineEntry()
	u.code.Wrapping = fyne.TextWrapBreak // by words, Fyne 2.8.0 misplaces a space typed where the line wraps
	u.code.SetMinRowsVisible(4)
	u.code.SetPlaceHolder(i18n.T("unlock.code.placeholder"))
	u.coded = widget.NewField(i18n.T("unlock.code"), i18n.T("unlock.code.hint"), u.code)
	u.code.OnChanged = func(string) { u.coded.SetError("") }
	u.submit = widget.NewButton(i18n.T("unlock.code.open"), "", widget.Primary, u.tryCode)
	u.show(u.code,
		widget.NewColumn(theme.Space2, title(i18n.T("unlock.code.title")), form.Note(i18n.T("unlock.code.lead"))),
		u.coded,
		widget.NewRow(theme.Space2, 1,
			widget.NewButton(i18n.T("back"), "", widget.Secondary, u.askPassphrase), u.submit))
	u.lookAtDelay()
}

func (u *Screen) tryCode() {
	if u.busy || u.delayed() {
		return
	}
	typed := strings.FieldsFunc(strings.ToLower(u.code.Text), func(r rune) bool { return r < 'a' || r > 'z' })
	code := strings.Join(typed, " ")
	if n := len(typed); n != 20 {
		u.coded.SetError(i18n.N("unlock.code.count", n))
		return
	}
	u.setBusy(true)
	u.coded.SetError("")
	screen.Run(u.s.Work, func(ctx context.Context) (*profile.Profile, error) {
		return u.unlock(ctx, profile.RecoveryCode(code))
	}, func(p *profile.Profile, err error) {
		u.setBusy(false)
		if err != nil {
			if errors.Is(err, chat.ErrWrongSecret) || errors.Is(err, chat.ErrMalformed) {
				u.coded.SetError(i18n.T("unlock.code.wrong"))
				u.lookAtDelay()
				return
			}
			if damaged(err) {
				u.offerRescue(profile.RecoveryCode(code), err)
				return
			}
			u.refused(u.coded, err)
			return
		}
		u.opened = p
		u.askNew()
	})
}

// askNew asks for the new passphrase.
func (u *Screen) askNew() {
	u.code = nil
	name := u.opened.Messenger.Self().Name
	w := askWords()
	w.Placeholder, w.Generate = i18n.T("passphrase.placeholder"), i18n.T("passphrase.generate")
	u.pass = widget.NewPassphraseField(w, func(s string) widget.Strength { return passphrase.Rate(s, name) }, passphrase.Generate)
	u.passed = widget.NewField(i18n.T("passphrase.new"), "", u.pass)
	again := askWords()
	again.Placeholder = i18n.T("passphrase.again.placeholder")
	u.again = widget.NewPassphraseField(again, nil, nil)
	u.same = widget.NewField(i18n.T("passphrase.again"), "", u.again)
	u.pass.Changed = func(string) { u.passed.SetError(""); u.same.SetError("") }
	u.pass.Submitted = func() { u.s.Canvas().Focus(u.again.Focus()) }
	u.again.Changed = func(string) { u.same.SetError("") }
	u.again.Submitted = u.reset
	u.open = widget.NewButton(i18n.T("unlock.new.set"), "", widget.Primary, u.reset)
	u.show(u.pass.Focus(),
		widget.NewColumn(theme.Space2, title(i18n.T("unlock.new.title")), form.Note(i18n.T("unlock.new.lead"))),
		u.passed, u.same, u.open)
}

func (u *Screen) reset() {
	pass := u.pass.Text()
	switch {
	case u.busy:
		return
	case passphrase.Rate(pass, u.opened.Messenger.Self().Name).Level < passphrase.Enough:
		u.passed.SetError(i18n.T("passphrase.too-weak"))
		return
	case u.again.Text() != pass:
		u.same.SetError(i18n.T("passphrase.differ"))
		return
	}
	u.setBusy(true)
	p := u.opened
	u.s.Work.Go(func(ctx context.Context) error { return p.ResetPassphrase(ctx, pass) }, func(err error) {
		u.setBusy(false)
		if err != nil {
			u.passed.SetError(words.Error(err))
			return
		}
		u.opened = nil
		u.again.Clear()
		u.s.Nav.Unlocked(p)
	})
}
