package settings

import (
	"context"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"sotto/app/messenger"
	"sotto/app/ui/form"
	"sotto/app/ui/i18n"
	"sotto/app/ui/prefs"
	"sotto/app/ui/screen"
	"sotto/app/ui/theme"
	"sotto/app/ui/widget"
	"sotto/app/ui/words"
)

// Screen is the page of settings.
type Screen struct {
	s    screen.Services
	root *fyne.Container

	name  *widget.Entry
	named *widget.Field
	save  *widget.Button

	relay  relaySection
	idle   *form.Radio
	notify *widget.Toggle
}

// New makes the screen.
func New(s screen.Services, _ screen.Place) screen.Screen {
	p := &Screen{s: s}
	header := widget.NewPageHeader(widget.HeaderParts{Title: i18n.T("settings.title"), BackLabel: i18n.T("back"), Back: s.Nav.Back})
	elsewhere := func(label string, icon theme.IconName, name screen.Name) fyne.CanvasObject {
		return widget.NewSmallButton(label, icon, widget.Secondary, func() { s.Nav.Open(screen.Place{Screen: name}) })
	}
	p.root = container.NewStack(form.Page(header,
		form.Buttons(
			elsewhere(i18n.T("settings.privacy"), theme.IconConsent, screen.Privacy),
			elsewhere(i18n.T("settings.security"), theme.IconShield, screen.Security),
			elsewhere(i18n.T("settings.storage"), theme.IconDevice, screen.Storage),
			elsewhere(i18n.T("settings.about"), theme.IconInfo, screen.About)),
		p.nameSection(), p.relay.build(p), p.lockSection(), p.lookSection(), p.notifySection()))
	return p
}

// Content implements screen.Screen.
func (p *Screen) Content() fyne.CanvasObject { return p.root }

// present is what the page shows of the profile.
type present struct {
	idle   time.Duration
	notify bool
	status messenger.Status
	home   string
}

// Shown implements screen.Screen.
func (p *Screen) Shown() { p.load() }

func (p *Screen) load() {
	screen.Run(p.s.Work, func(ctx context.Context) (present, error) {
		var now present
		var err error
		if now.idle, err = screen.Idle(ctx, p.s.Profile); err != nil {
			return now, err
		}
		if now.notify, err = prefs.Notifications(ctx, p.s.Profile); err != nil {
			return now, err
		}
		if now.status, err = p.s.Messenger().Status(ctx); err != nil {
			return now, err
		}
		now.home, err = p.s.Messenger().HomeRelay(ctx)
		return now, err
	}, func(now present, err error) {
		if err != nil {
			p.s.Nav.Fail(err)
			return
		}
		p.idle.Choose(now.idle.String())
		p.notify.SetOn(now.notify)
		p.relay.show(now)
		p.root.Refresh()
	})
}

// Closed implements screen.Screen.
func (p *Screen) Closed() { p.relay.pass.SetText("") }

// Heard implements screen.Listener: the state of the relay is followed.
func (p *Screen) Heard(events []messenger.Event) {
	for _, e := range events {
		if e.Type == messenger.EventConnection {
			p.load()
			return
		}
	}
}

func (p *Screen) nameSection() fyne.CanvasObject {
	p.name = widget.NewEntry("")
	p.name.SetText(p.s.Messenger().Self().Name)
	p.name.OnChanged = func(string) { p.named.SetError("") }
	p.name.Escape = p.leaveEntry
	p.name.OnSubmitted = func(string) { p.saveName() }
	p.named = widget.NewField(i18n.T("settings.name"), i18n.T("settings.name.hint"), p.name)
	p.save = widget.NewSmallButton(i18n.T("settings.name.save"), "", widget.Secondary, p.saveName)
	return form.Section(i18n.T("settings.you"), "", p.named, form.Buttons(p.save))
}

// leaveEntry is Escape in a field, which has the keys for itself.
func (p *Screen) leaveEntry() {
	p.s.Canvas().Unfocus()
	p.s.Nav.Back()
}

func (p *Screen) saveName() {
	name := widget.CleanName(p.name.Text)
	if name == "" {
		p.named.SetError(i18n.T("welcome.name.missing"))
		p.root.Refresh()
		return
	}
	p.s.Work.Go(func(ctx context.Context) error { return p.s.Messenger().SetName(ctx, name) }, func(err error) {
		if err != nil {
			p.named.SetError(words.Error(err))
			p.root.Refresh()
			return
		}
		p.name.SetText(name)
		p.s.Nav.Toast(theme.IconCheck, i18n.T("settings.name.saved"))
	})
}

// idleTimes are the idle times that are offered; 0: never.
var idleTimes = []time.Duration{time.Minute, 5 * time.Minute, 10 * time.Minute, 30 * time.Minute, time.Hour, 0}

func (p *Screen) lockSection() fyne.CanvasObject {
	var options []form.Option
	for _, d := range idleTimes {
		o := form.Option{Key: d.String(), Title: i18n.Duration(d)}
		if d == 0 {
			o.Title, o.Sentence = i18n.T("settings.idle.never"), i18n.T("settings.idle.never.note")
		}
		options = append(options, o)
	}
	p.idle = form.NewRadio("", p.setIdle, options...)
	return form.Section(i18n.T("settings.idle"), i18n.T("settings.idle.lead"), form.Group(p.idle))
}

func (p *Screen) setIdle(key string) {
	idle, err := time.ParseDuration(key)
	if err != nil {
		return
	}
	p.s.Work.InOrder(func(ctx context.Context) error { return screen.KeepIdle(ctx, p.s.Profile, idle) }, func(err error) {
		if err != nil {
			p.s.Nav.Fail(err)
			p.load()
			return
		}
		p.s.Nav.IdleAfter(idle)
	})
}

func (p *Screen) notifySection() fyne.CanvasObject {
	p.notify = widget.NewToggle(i18n.T("settings.notify.title"), i18n.T("settings.notify.text"), false, func(on bool) {
		p.s.Work.InOrder(func(ctx context.Context) error { return prefs.PutNotifications(ctx, p.s.Profile, on) }, func(err error) {
			if err != nil {
				p.s.Nav.Fail(err)
				p.load()
			}
		})
	})
	return form.Section(i18n.T("settings.notify"), "", form.Group(p.notify))
}
