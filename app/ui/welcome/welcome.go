package welcome

import (
	"context"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	fynewidget "fyne.io/fyne/v2/widget"

	"sotto/app/privacy/backup"
	"sotto/app/profile"
	"sotto/app/ui/askbot"
	"sotto/app/ui/form"
	"sotto/app/ui/i18n"
	"sotto/app/ui/passphrase"
	"sotto/app/ui/screen"
	"sotto/app/ui/theme"
	"sotto/app/ui/widget"
	"sotto/app/ui/words"
	"sotto/chat"
)

// Screen is the welcome screen.
type Screen struct {
	s    screen.Services
	root *fyne.Container // holds the present step

	name   *widget.Entry
	named  *widget.Field
	pass   *widget.PassphraseField
	passed *widget.Field
	again  *widget.PassphraseField
	same   *widget.Field
	create *widget.Button
	fault  *widget.Banner

	profile  *profile.Profile // made, not handed over yet
	code     []string
	restored *backup.Summary    // what it was restored from; nil: it is new
	stop     context.CancelFunc // of a restore under way

	checks  [len(asked)]*widget.Entry
	checked [len(asked)]*widget.Field
	first   fyne.Focusable // of the present step
	inSight bool
}

// asked are the words of the recovery code that are asked for, counted from 1.
var asked = [...]int{3, 9, 17}

// New makes the screen.
func New(s screen.Services, _ screen.Place) screen.Screen {
	w := &Screen{s: s, root: container.NewStack()}
	w.askNameAndPassphrase()
	return w
}

// Content implements screen.Screen.
func (w *Screen) Content() fyne.CanvasObject { return w.root }

// Shown implements screen.Screen.
func (w *Screen) Shown() {
	w.inSight = true
	w.focus()
}

// Closed implements screen.Screen: a profile that nobody took is closed, not lost.
func (w *Screen) Closed() {
	w.code = nil
	if w.stop != nil {
		w.stop()
	}
	if p := w.profile; p != nil {
		w.profile = nil
		w.s.Work.Leave(func(context.Context) { _ = p.Close() })
	}
}

// Escape implements screen.Escaper: there is nothing to go back to.
func (w *Screen) Escape() bool { return true }

func (w *Screen) focus() {
	switch {
	case !w.inSight:
	case w.first == nil:
		w.s.Canvas().Unfocus()
	default:
		w.s.Canvas().Focus(w.first)
	}
}

// show replaces the step.
func (w *Screen) show(first fyne.Focusable, parts ...fyne.CanvasObject) {
	w.first = first
	w.root.Objects = []fyne.CanvasObject{form.Middle(parts...)}
	w.root.Refresh()
	w.focus()
}

func title(text string) *widget.Text {
	return widget.NewText(text, widget.TextOptions{Size: theme.SizeWelcome, Bold: true, Wrap: true})
}

func step(n string) *widget.Text {
	return widget.NewText(n, widget.TextOptions{Size: theme.SizeMeta, Color: theme.Muted})
}

// askNameAndPassphrase is the first step.
func (w *Screen) askNameAndPassphrase() {
	w.name = widget.NewEntry(i18n.T("welcome.name.placeholder"))
	w.named = widget.NewField(i18n.T("welcome.name"), i18n.T("welcome.name.hint"), w.name)
	w.pass = widget.NewPassphraseField(widget.PassphraseWords{
		Placeholder: i18n.T("passphrase.placeholder"), Show: i18n.T("passphrase.show"), Hide: i18n.T("passphrase.hide"),
		Generate: i18n.T("passphrase.generate"),
	}, func(s string) widget.Strength { return passphrase.Rate(s, w.name.Text) }, passphrase.Generate)
	w.passed = widget.NewField(i18n.T("passphrase.label"), "", w.pass)
	w.again = widget.NewPassphraseField(widget.PassphraseWords{
		Placeholder: i18n.T("passphrase.again.placeholder"), Show: i18n.T("passphrase.show"), Hide: i18n.T("passphrase.hide"),
	}, nil, nil)
	w.same = widget.NewField(i18n.T("passphrase.again"), "", w.again)
	w.fault = widget.NewBanner(widget.BannerWords{Icon: theme.IconAlert, Tone: widget.Alarming}, nil, nil)
	w.fault.Hide()

	w.name.OnChanged = func(string) { w.named.SetError("") }
	w.name.OnSubmitted = func(string) { w.s.Canvas().Focus(w.pass.Focus()) }
	w.pass.Changed = func(string) { w.passed.SetError(""); w.same.SetError("") }
	w.pass.Submitted = func() { w.s.Canvas().Focus(w.again.Focus()) }
	w.again.Changed = func(string) { w.same.SetError("") }
	w.again.Submitted = w.submit
	w.create = widget.NewButton(i18n.T("welcome.create"), "", widget.Primary, w.submit)

	w.show(w.name,
		widget.NewColumn(theme.Space2, title(i18n.T("welcome.title")), form.Note(i18n.T("welcome.lead"))),
		w.named, w.passed, w.same, form.Small(i18n.T("welcome.passphrase.note")), w.fault, w.create,
		widget.NewButton(i18n.T("welcome.restore"), "", widget.Quiet, w.askBackup))
}

// submit checks the first step and makes the profile.
func (w *Screen) submit() {
	name, pass := strings.TrimSpace(w.name.Text), w.pass.Text()
	switch {
	case widget.CleanName(name) == "":
		w.named.SetError(i18n.T("welcome.name.missing"))
		w.s.Canvas().Focus(w.name)
		return
	case passphrase.Rate(pass, name).Level < passphrase.Enough:
		w.passed.SetError(i18n.T("passphrase.too-weak"))
		w.s.Canvas().Focus(w.pass.Focus())
		return
	case w.again.Text() != pass:
		w.same.SetError(i18n.T("passphrase.differ"))
		w.s.Canvas().Focus(w.again.Focus())
		return
	}
	w.make(name, pass)
}

type made struct {
	profile *profile.Profile
	code    string
}

func (w *Screen) make(name, pass string) {
	w.wait(i18n.T("welcome.making"), i18n.T("welcome.making.note"))
	screen.Run(w.s.Work, func(ctx context.Context) (made, error) {
		p, code, err := profile.Create(ctx, profile.CreateOptions{
			Options: w.s.Options, Dir: w.s.Dir, Name: name, Passphrase: pass,
		})
		if err != nil {
			return made{}, err
		}
		if ctx.Err() != nil { // the screen is gone: nobody will take it
			return made{}, p.Close()
		}
		return made{profile: p, code: code}, nil
	}, func(m made, err error) {
		if err != nil {
			w.askNameAndPassphrase()
			w.name.SetText(name)
			w.fault.SetText(words.Error(err))
			w.fault.Show()
			w.root.Refresh()
			return
		}
		w.profile, w.code = m.profile, strings.Fields(m.code)
		w.showCode()
	})
}

// wait says that something is being done.
func (w *Screen) wait(what, note string) {
	activity := fynewidget.NewActivity()
	activity.Start()
	w.show(nil, title(what), form.Note(note), container.NewCenter(activity))
}

// showCode is the second step.
func (w *Screen) showCode() {
	next := widget.NewButton(i18n.T("welcome.code.noted"), "", widget.Primary, w.askWords)
	grid := widget.NewRecoveryCode(w.code)
	w.show(nil, // Enter, pressed once too often, does not skip the code
		step(i18n.T("welcome.step.code")),
		widget.NewColumn(theme.Space2, title(i18n.T("welcome.code.title")), form.Note(i18n.T("welcome.code.lead"))),
		grid,
		form.Buttons(
			widget.NewSmallButton(i18n.T("welcome.code.copy"), theme.IconCopy, widget.Secondary, func() {
				w.s.Nav.CopySecret(strings.Join(w.code, " "))
			}),
			widget.NewSmallButton(i18n.T("welcome.code.save"), theme.IconPrint, widget.Secondary, w.savePage)),
		form.Small(i18n.T("welcome.code.note")),
		next)
}

// savePage saves the code as a page to print.
func (w *Screen) savePage() { SavePage(w.s, w.code) }

// askWords is the third step.
func (w *Screen) askWords() {
	parts := []fyne.CanvasObject{
		step(i18n.T("welcome.step.words")),
		widget.NewColumn(theme.Space2, title(i18n.T("welcome.words.title")), form.Note(i18n.T("welcome.words.lead", i18n.Args{
			"A": asked[0], "B": asked[1], "C": asked[2],
		}))),
	}
	for i, n := range asked {
		w.checks[i] = widget.NewEntry("")
		w.checked[i] = widget.NewField(i18n.T("welcome.words.word", i18n.Args{"Number": n}), "", w.checks[i])
		field := w.checked[i]
		w.checks[i].OnChanged = func(string) { field.SetError("") }
		if i > 0 {
			entry := w.checks[i]
			w.checks[i-1].OnSubmitted = func(string) { w.s.Canvas().Focus(entry) }
		}
		parts = append(parts, w.checked[i])
	}
	w.checks[len(asked)-1].OnSubmitted = func(string) { w.checkWords() }
	parts = append(parts, widget.NewRow(theme.Space2, 1,
		widget.NewButton(i18n.T("welcome.words.back"), "", widget.Secondary, w.showCode),
		widget.NewButton(i18n.T("welcome.words.check"), "", widget.Primary, w.checkWords)))
	w.show(w.checks[0], parts...)
}

func (w *Screen) checkWords() {
	for i, n := range asked {
		if !strings.EqualFold(strings.TrimSpace(w.checks[i].Text), w.code[n-1]) {
			w.checked[i].SetError(i18n.T("welcome.words.wrong", i18n.Args{"Number": n}))
			w.s.Canvas().Focus(w.checks[i])
			return
		}
	}
	w.code = nil
	w.offerFirstSteps()
}

// offerFirstSteps is the last step.
func (w *Screen) offerFirstSteps() {
	if w.restored != nil {
		w.showRestored()
		return
	}
	guide := widget.NewCard(widget.CardWords{
		Icon: theme.IconBot, Title: i18n.T("welcome.guide.title"), Sentence: i18n.T("welcome.guide.text"), Action: i18n.T("welcome.guide.act"),
	}, nil, w.askGuide)
	invite := widget.NewCard(widget.CardWords{
		Icon: theme.IconInvite, Title: i18n.T("welcome.invite.title"), Sentence: i18n.T("welcome.invite.text"), Action: i18n.T("welcome.invite.act"),
	}, nil, func() { w.begin(screen.Place{Screen: screen.Invite}) })
	w.fault = widget.NewBanner(widget.BannerWords{Icon: theme.IconAlert, Tone: widget.Alarming}, nil, nil)
	w.fault.Hide()
	w.show(nil, // each is a choice
		widget.NewColumn(theme.Space2, title(i18n.T("welcome.ready.title")), form.Note(i18n.T("welcome.ready.lead"))),
		guide, invite, w.fault,
		widget.NewButton(i18n.T("welcome.later"), "", widget.Quiet, func() { w.begin(screen.Place{Screen: screen.Home}) }))
}

// askGuide asks whether the Guide may read what is written to it.
func (w *Screen) askGuide() {
	askbot.Sheet(i18n.T("guide.also"), w.meetGuide).Open(w.s.Canvas())
}

// meetGuide adds the Guide, which the person just asked for, and opens its chat.
func (w *Screen) meetGuide() {
	p := w.profile
	w.wait(i18n.T("welcome.guide.adding"), i18n.T("welcome.guide.adding.note"))
	screen.Run(w.s.Work, func(ctx context.Context) (chat.Contact, error) {
		if err := p.Start(ctx); err != nil {
			return chat.Contact{}, err
		}
		return p.AddGuide(ctx, askbot.MethodSheet)
	}, func(c chat.Contact, err error) {
		if err != nil {
			w.failed(err)
			return
		}
		w.handOver(screen.Place{Screen: screen.Chat, Conversation: p.Messenger.ConversationWith(c.ID)})
	})
}

// begin starts the profile and goes to a place.
func (w *Screen) begin(at screen.Place) {
	p := w.profile
	w.wait(i18n.T("welcome.starting"), "")
	w.s.Work.Go(p.Start, func(err error) {
		if err != nil {
			w.failed(err)
			return
		}
		w.handOver(at)
	})
}

func (w *Screen) failed(err error) {
	w.offerFirstSteps()
	w.fault.SetText(words.Error(err))
	w.fault.Show()
	w.root.Refresh()
}

func (w *Screen) handOver(at screen.Place) {
	p, nav := w.profile, w.s.Nav
	w.profile = nil
	nav.Unlocked(p)
	if at.Screen != screen.Home {
		nav.Open(at)
	}
}
