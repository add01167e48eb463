package settings

import (
	"context"
	"errors"
	"strings"

	"fyne.io/fyne/v2"

	"sotto/app/messenger"
	"sotto/app/profile"
	"sotto/app/ui/form"
	"sotto/app/ui/i18n"
	"sotto/app/ui/screen"
	"sotto/app/ui/theme"
	"sotto/app/ui/widget"
	"sotto/app/ui/words"
	"sotto/chat"
)

// relaySection says where mailboxes are opened, and changes it.
type relaySection struct {
	p       *Screen
	state   *fyne.Container // which relay, how far it reaches, whether it is reached
	network *widget.Toggle
	lan     *fyne.Container
	builtIn *widget.Button
	pass    *widget.Entry
	field   *widget.Field
	test    *widget.Button
	use     *widget.Button
	result  *fyne.Container
	busy    bool
}

func (r *relaySection) build(p *Screen) fyne.CanvasObject {
	r.p = p
	r.state, r.result = widget.NewColumn(theme.Space2), widget.NewColumn(theme.Space2)
	r.network = widget.NewToggle(i18n.T("relay.network"), i18n.T("relay.network.text"), p.s.Profile.Relay.OnNetwork(), r.setNetwork)
	r.lan = widget.NewColumn(theme.Space3, widget.NewDivider(), r.network)
	r.pass = widget.NewEntry(i18n.T("relay.pass.placeholder"))
	r.pass.OnChanged = func(string) {
		r.field.SetError("")
		r.result.Objects = nil
		r.result.Refresh()
	}
	r.pass.Escape = p.leaveEntry
	r.pass.OnSubmitted = func(string) { r.try() }
	r.field = widget.NewField(i18n.T("relay.pass"), i18n.T("relay.pass.hint"), r.pass)
	r.test = widget.NewSmallButton(i18n.T("relay.test"), theme.IconRelay, widget.Secondary, r.try)
	r.use = widget.NewSmallButton(i18n.T("relay.use"), "", widget.Secondary, r.adopt)
	r.builtIn = widget.NewSmallButton(i18n.T("relay.use-built-in"), "", widget.Secondary, r.goHome)
	r.builtIn.Hide()
	return form.Section(i18n.T("relay.title"), i18n.T("relay.lead"),
		form.NewPanel(widget.NewColumn(theme.Space3, r.state, form.Buttons(r.builtIn), r.lan)),
		widget.NewColumn(theme.Space3, r.field, form.Buttons(r.test, r.use), r.result))
}

// show says the present state.
func (r *relaySection) show(now present) {
	own := isBuiltIn(now.home, r.p.s.Profile.Relay)
	title := i18n.T("relay.built-in")
	if !own {
		title = widget.CleanName(screen.RelayName(now.home))
	}
	reach := messenger.ReachComputer
	chip := widget.NewChip(theme.IconRelay, i18n.T("relay.unused"), widget.Plain, nil)
	for _, s := range now.status.Relays {
		switch {
		case !s.Home:
			continue
		case s.Online:
			chip = widget.NewChip(theme.IconOnline, i18n.T("relay.reached"), widget.Fine, nil)
		default:
			chip = widget.NewChip(theme.IconOffline, i18n.T("relay.not-reached"), widget.Careful, nil)
		}
		reach = s.Reach
	}
	r.state.Objects = []fyne.CanvasObject{
		widget.NewRow(theme.Space2, 0, form.Heading(title), chip),
		form.Note(reachWords(reach)),
	}
	r.state.Refresh()
	r.network.SetOn(r.p.s.Profile.Relay.OnNetwork())
	r.lan.Hidden = !own
	if own {
		r.builtIn.Hide()
	} else {
		r.builtIn.Show()
	}
}

func reachWords(r messenger.Reach) string {
	switch r {
	case messenger.ReachAnywhere:
		return i18n.T("relay.reach.anywhere")
	case messenger.ReachNetwork:
		return i18n.T("relay.reach.network")
	}
	return i18n.T("relay.reach.computer")
}

// isBuiltIn reports whether address is the relay inside this client, by the relay identity that it pins.
func isBuiltIn(address string, r *profile.EmbeddedRelay) bool {
	own := withoutPassword(r.LoopbackPass())
	_, ownPin, _ := strings.Cut(own, "#pin=")
	_, pin, pinned := strings.Cut(address, "#pin=")
	return address == own || pinned && pin == ownPin
}

func withoutPassword(pass string) string {
	scheme, rest, _ := strings.Cut(pass, "://")
	if _, address, ok := strings.Cut(rest, "@"); ok {
		rest = address
	}
	return scheme + "://" + rest
}

func (r *relaySection) setBusy(on bool) {
	r.busy = on
	for _, b := range []*widget.Button{r.test, r.use, r.builtIn} {
		if on {
			b.Disable()
		} else {
			b.Enable()
		}
	}
}

func (r *relaySection) setNetwork(on bool) {
	r.p.s.Work.InOrder(func(ctx context.Context) error { return r.p.s.Profile.SetNetwork(ctx, on) }, func(err error) {
		if err != nil {
			r.network.SetOn(!on)
			if errors.Is(err, chat.ErrUnsupported) {
				r.say(theme.IconAlert, widget.Careful, i18n.T("relay.network.none"))
				return
			}
			r.p.s.Nav.Fail(err)
			return
		}
		r.p.load()
	})
}

// try tests the pass that was pasted: a mailbox is opened there and deleted again.
func (r *relaySection) try() {
	r.check(func(string) { r.say(theme.IconCheckCircle, widget.Fine, i18n.T("relay.test.good")) })
}

// check tests the pass and calls good when the relay takes it.
func (r *relaySection) check(good func(pass string)) {
	pass := strings.TrimSpace(r.pass.Text)
	if pass == "" {
		r.field.SetError(i18n.T("relay.pass.empty"))
		r.p.root.Refresh()
		return
	}
	if r.busy {
		return
	}
	r.setBusy(true)
	r.say(theme.IconRelay, widget.Plain, i18n.T("relay.test.running"))
	r.p.s.Work.Go(func(ctx context.Context) error { return r.p.s.Messenger().TestRelay(ctx, pass) }, func(err error) {
		r.setBusy(false)
		if err != nil {
			r.result.Objects = nil
			r.field.SetError(relayFault(err))
			r.p.root.Refresh()
			return
		}
		good(pass)
	})
}

func relayFault(err error) string {
	switch {
	case errors.Is(err, chat.ErrMalformed):
		return i18n.T("relay.pass.malformed")
	case errors.Is(err, chat.ErrUnauthorized):
		return i18n.T("relay.pass.refused")
	}
	return words.Error(err)
}

// adopt tests the relay and then makes it the home relay.
func (r *relaySection) adopt() {
	r.check(func(pass string) {
		r.setHome(pass, i18n.T("relay.used"))
		r.pass.SetText("")
	})
}

// goHome makes the built-in relay the home relay again.
func (r *relaySection) goHome() {
	relay := r.p.s.Profile.Relay
	pass := relay.LoopbackPass()
	if relay.OnNetwork() {
		if network, err := relay.NetworkPass(); err == nil {
			pass = network
		}
	}
	r.setHome(pass, i18n.T("relay.used-built-in"))
}

func (r *relaySection) setHome(pass, said string) {
	r.setBusy(true)
	r.p.s.Work.Go(func(ctx context.Context) error { return r.p.s.Messenger().SetHomeRelay(ctx, pass) }, func(err error) {
		r.setBusy(false)
		if err != nil {
			r.field.SetError(relayFault(err))
			r.p.root.Refresh()
			return
		}
		r.say(theme.IconCheckCircle, widget.Fine, said)
		r.p.load()
	})
}

func (r *relaySection) say(icon theme.IconName, tone widget.Tone, text string) {
	r.result.Objects = []fyne.CanvasObject{widget.NewBanner(widget.BannerWords{Icon: icon, Tone: tone, Text: text}, nil, nil)}
	r.result.Refresh()
	r.p.root.Refresh()
}
