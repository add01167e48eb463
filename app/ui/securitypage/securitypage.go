package securitypage

import (
	"context"
	"strings"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"sotto/app/messenger"
	"sotto/app/profile"
	"sotto/app/security"
	"sotto/app/ui/form"
	"sotto/app/ui/i18n"
	"sotto/app/ui/screen"
	"sotto/app/ui/theme"
	"sotto/app/ui/widget"
	"sotto/chat"
)

// Screen is the security page.
type Screen struct {
	s    screen.Services
	root *fyne.Container

	idle     *widget.Text
	ways     *fyne.Container
	alerts   *fyne.Container
	seen     *widget.Button
	device   *fyne.Container
	sessions *fyne.Container
	keys     *fyne.Container
	relays   *fyne.Container

	loading bool
	again   bool // something happened while it was read
}

// New makes the screen.
func New(s screen.Services, _ screen.Place) screen.Screen {
	p := &Screen{s: s}
	p.alerts, p.relays, p.ways = widget.NewColumn(0), widget.NewColumn(0), widget.NewColumn(theme.Space3)
	p.device, p.sessions, p.keys = widget.NewColumn(0), widget.NewColumn(theme.Space3), widget.NewColumn(0)
	header := widget.NewPageHeader(widget.HeaderParts{Title: i18n.T("security.title"), BackLabel: i18n.T("back"), Back: s.Nav.Back})
	p.root = container.NewStack(form.Page(header, p.alertSection(), p.lock(), form.Section(i18n.T("ways.title"), i18n.T("ways.lead"), p.ways),
		form.Section(i18n.T("security.device"), i18n.T("security.device.lead"), p.device),
		form.Section(i18n.T("security.sessions"), i18n.T("security.sessions.lead"), p.sessions),
		form.Section(i18n.T("security.keys"), i18n.T("security.keys.lead"), p.keys),
		form.Section(i18n.T("security.relays"), i18n.T("security.relays.lead"), p.relays),
		form.Small(i18n.T("security.limits"))))
	return p
}

// Content implements screen.Screen.
func (p *Screen) Content() fyne.CanvasObject { return p.root }

// Closed implements screen.Screen.
func (p *Screen) Closed() {
	for _, c := range []*fyne.Container{p.ways, p.alerts, p.device, p.sessions, p.keys, p.relays} {
		c.Objects = nil
	}
}

// session is a contact with the state of its session.
type session struct {
	contact chat.Contact
	state   messenger.SecurityState
	keys    messenger.ContactKeys
}

// present is what the page shows.
type present struct {
	idle     time.Duration
	slots    []profile.Slot
	alerts   []security.Alert
	sessions []session
	keys     messenger.KeyReport
	names    map[chat.ContactID]string
	status   messenger.Status
}

// Shown implements screen.Screen.
func (p *Screen) Shown() { p.load() }

func (p *Screen) load() {
	if p.loading {
		p.again = true
		return
	}
	p.loading = true
	screen.Run(p.s.Work, p.read, func(now present, err error) {
		p.loading = false
		if err != nil {
			p.again = false
			p.s.Nav.Fail(err)
			return
		}
		p.idle.SetContent(idleWords(now.idle))
		p.showWays(now.slots)
		p.showAlerts(now)
		p.showDevice(now)
		p.showSessions(now)
		p.showKeys(now.keys)
		p.showRelays(now.status)
		p.root.Refresh()
		if p.again {
			p.again = false
			p.load()
		}
	})
}

// Heard implements screen.Listener.
func (p *Screen) Heard(events []messenger.Event) {
	for _, e := range events {
		switch e.Type {
		case messenger.EventContact:
			if e.Detail != messenger.ContactRead && e.Detail != messenger.ContactDraft {
				p.load()
				return
			}
		case messenger.EventAlert, messenger.EventSession, messenger.EventConnection, messenger.EventMessage, messenger.EventRequest:
			p.load() // a message moves the ratchet: a proof may have come with it
			return
		}
	}
}

// read runs off the UI thread.
func (p *Screen) read(ctx context.Context) (present, error) {
	now := present{names: map[chat.ContactID]string{}}
	var err error
	if now.idle, err = screen.Idle(ctx, p.s.Profile); err != nil {
		return now, err
	}
	if now.slots, err = p.s.Profile.Slots(ctx); err != nil {
		return now, err
	}
	if now.alerts, err = p.s.Profile.Alerts.List(ctx); err != nil {
		return now, err
	}
	if now.keys, err = p.s.Messenger().Keys(ctx); err != nil {
		return now, err
	}
	keys := map[chat.ContactID]messenger.ContactKeys{}
	for _, k := range now.keys.Contacts {
		keys[k.Contact] = k
	}
	contacts, err := p.s.Messenger().Contacts(ctx)
	if err != nil {
		return now, err
	}
	for _, c := range contacts {
		now.names[c.ID] = screen.NameOf(c)
		if c.State != chat.ContactAccepted {
			continue
		}
		state, err := p.s.Messenger().Security(ctx, c.ID)
		if err != nil {
			return now, err
		}
		now.sessions = append(now.sessions, session{contact: c, state: state, keys: keys[c.ID]})
	}
	now.status, err = p.s.Messenger().Status(ctx)
	return now, err
}

// lock is the section of when the profile locks.
func (p *Screen) lock() fyne.CanvasObject {
	p.idle = form.Note("")
	return form.Section(i18n.T("security.lock"), i18n.T("security.lock.lead"), form.Group(
		widget.NewColumn(theme.Space2, widget.NewColumn(2,
			widget.NewText(i18n.T("security.idle"), widget.TextOptions{Bold: true, Wrap: true}), p.idle),
			form.Buttons(
				widget.NewSmallButton(i18n.T("security.lock-now"), theme.IconLock, widget.Secondary, p.s.Nav.Lock),
				widget.NewSmallButton(i18n.T("security.idle.change"), "", widget.Quiet, func() {
					p.s.Nav.Open(screen.Place{Screen: screen.Settings})
				}))),
	))
}

func idleWords(idle time.Duration) string {
	if idle == 0 {
		return i18n.T("security.idle.never")
	}
	return i18n.T("security.idle.after", i18n.Args{"Time": i18n.Duration(idle)})
}

func (p *Screen) showRelays(status messenger.Status) {
	var rows []fyne.CanvasObject
	for _, r := range status.Relays {
		chip := widget.NewChip(theme.IconOnline, i18n.T("relay.reached"), widget.Fine, nil)
		switch {
		case r.Error == "pin-mismatch":
			chip = widget.NewChip(theme.IconAlert, i18n.T("security.relay.other"), widget.Alarming, nil)
		case !r.Online:
			chip = widget.NewChip(theme.IconOffline, i18n.T("relay.not-reached"), widget.Careful, nil)
		}
		rows = append(rows, widget.NewRow(theme.Space3, 0, widget.NewColumn(2,
			widget.NewText(widget.CleanName(screen.RelayName(r.Address)), widget.TextOptions{Bold: true, Cut: true}),
			form.Small(guardWords(r))), chip))
	}
	if len(rows) == 0 {
		rows = append(rows, form.Note(i18n.T("security.relays.none")))
	}
	p.relays.Objects = []fyne.CanvasObject{form.Group(rows...)}
}

// guardWords says how a relay proves that it is the one meant.
func guardWords(r messenger.RelayStatus) string {
	_, mode, _ := strings.Cut(r.Address, "#")
	switch {
	case r.Reach == messenger.ReachComputer:
		return i18n.T("security.relay.plain")
	case mode == "web":
		return i18n.T("security.relay.web")
	}
	return i18n.T("security.relay.pinned")
}
