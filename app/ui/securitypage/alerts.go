package securitypage

import (
	"context"
	"slices"
	"time"

	"fyne.io/fyne/v2"

	"sotto/app/messenger"
	"sotto/app/security"
	"sotto/app/ui/confirm"
	"sotto/app/ui/form"
	"sotto/app/ui/i18n"
	"sotto/app/ui/screen"
	"sotto/app/ui/theme"
	"sotto/app/ui/widget"
)

func (p *Screen) alertSection() fyne.CanvasObject {
	p.seen = widget.NewSmallButton(i18n.T("alerts.seen"), theme.IconCheck, widget.Secondary, p.markSeen)
	p.seen.Hide()
	return form.Section(i18n.T("alerts.title"), "", p.alerts, form.Buttons(p.seen))
}

func (p *Screen) showAlerts(now present) {
	if len(now.alerts) == 0 {
		p.alerts.Objects = []fyne.CanvasObject{form.Note(i18n.T("alerts.none"))}
		p.seen.Hide()
		return
	}
	unseen := false
	var rows []fyne.CanvasObject
	for _, a := range weightiest(now.alerts) {
		name := now.names[a.Contact]
		if name == "" {
			name = i18n.T("alerts.someone")
		}
		icon, ink := theme.IconInfo, theme.Muted
		if !a.Seen {
			unseen = true
			icon, ink = theme.IconAlert, theme.Caution
		}
		row := []fyne.CanvasObject{
			widget.NewIcon(icon, ink, 20), widget.NewColumn(2, form.Body(alertWords(a, name)), form.Small(p.alertTime(a))),
		}
		if act := p.alertAct(a, now); act != nil {
			row = append(row, act)
		}
		rows = append(rows, widget.NewRow(theme.Space3, 1, row...))
	}
	p.alerts.Objects = []fyne.CanvasObject{form.Group(rows...)}
	if unseen {
		p.seen.Show()
	} else {
		p.seen.Hide()
	}
}

// weights order what one change of devices raises at once.
var weights = map[string]int{
	messenger.AlertIdentityChanged: 4, messenger.AlertDeviceAdded: 3, messenger.SessionResendHeld: 2, messenger.ContactDeviceRemoved: 1,
}

// sameChange is how far apart alerts about one change of a contact's devices may come.
const sameChange = time.Hour

// weightiest leaves out what another alert about the same change of a contact's devices says already.
func weightiest(all []security.Alert) []security.Alert {
	var out []security.Alert
	for _, a := range all {
		if !slices.ContainsFunc(all, func(b security.Alert) bool {
			return a.Contact == b.Contact && weights[a.Code] > 0 && weights[b.Code] > weights[a.Code] &&
				a.Last.Sub(b.Last).Abs() < sameChange && (a.Seen || !b.Seen)
		}) {
			out = append(out, a)
		}
	}
	return out
}

// alertAct answers the button of an alert that still waits for the person's word, nil for one that does not.
func (p *Screen) alertAct(a security.Alert, now present) fyne.CanvasObject {
	switch a.Code {
	case security.AlertRelayDamaged:
		if p.s.Profile.Relay.Damaged() {
			return widget.NewSmallButton(i18n.T("relay.anew"), "", widget.Secondary, p.askRelay)
		}
		return nil
	case messenger.AlertIdentityChanged, messenger.AlertDeviceAdded, messenger.SessionResendHeld:
	default:
		return nil
	}
	for _, s := range now.sessions {
		if s.contact.ID == a.Contact && confirm.Of(s.state) != confirm.Nothing {
			return p.confirmButton(s)
		}
	}
	return nil
}

func (p *Screen) confirmButton(s session) fyne.CanvasObject {
	return widget.NewSmallButton(i18n.T("confirm.act"), "", widget.Secondary, func() {
		confirm.Ask(p.s, s.contact.ID, screen.NameOf(s.contact), s.state, nil)
	})
}

// askRelay begins a new relay inside this client in place of the damaged one.
func (p *Screen) askRelay() {
	widget.NewMessageDialog(widget.MessageWords{
		Icon: theme.IconRelay, Tone: widget.Plain, Title: i18n.T("relay.anew"), Text: i18n.T("relay.anew.text"),
		Act: i18n.T("relay.anew"), Cancel: i18n.T("cancel"),
	}, nil, func() { p.alter(p.s.Profile.RenewRelay, i18n.T("relay.anew.done")) }).Open(p.s.Canvas())
}

func (p *Screen) alertTime(a security.Alert) string {
	when := i18n.Args{"When": p.s.Format.Full(a.Last)}
	if a.Count > 1 {
		return i18n.N("alerts.count", a.Count, when)
	}
	return i18n.T("alerts.when", when)
}

func (p *Screen) markSeen() {
	now := p.s.Now()
	p.s.Work.Go(func(ctx context.Context) error { return p.s.Profile.Alerts.MarkSeen(ctx, now) }, func(err error) {
		if err != nil {
			p.s.Nav.Fail(err)
			return
		}
		p.load()
	})
}

// alertWords says what happened, and what to do about it.
func alertWords(a security.Alert, name string) string {
	args := i18n.Args{"Name": name, "Relay": widget.CleanName(screen.RelayName(a.Relay))}
	switch a.Code {
	case security.AlertFailedUnlocks:
		return i18n.N("alerts.failed-unlocks", a.Count)
	case security.AlertAuditDamaged:
		return i18n.T("alerts.audit-damaged")
	case security.AlertRelayDamaged:
		return i18n.T("alerts.relay-damaged")
	case messenger.AlertRejected:
		return i18n.T("alerts.rejected")
	case messenger.AlertInviteReused:
		return i18n.T("alerts.invite-reused")
	case messenger.AlertRelayIdentity:
		return i18n.T("alerts.relay-identity", args)
	case messenger.AlertMailboxGone:
		return i18n.T("alerts.mailbox-gone", args)
	case messenger.AlertClock:
		return i18n.N("alerts.clock-leapt", a.Count)
	case messenger.AlertDamaged:
		return i18n.T("alerts.damaged")
	case messenger.AlertRolledBack:
		return i18n.T("alerts.rolled-back")
	}
	if said := peerWords(a.Code, args); said != "" {
		return said
	}
	return i18n.T("alerts.other", i18n.Args{"Code": a.Code})
}

// peerWords says what happened to the devices of a contact or the session with it.
func peerWords(code string, args i18n.Args) string {
	switch code {
	case messenger.AlertIdentityChanged:
		return i18n.T("alerts.identity-changed", args)
	case messenger.AlertDeviceAdded:
		return i18n.T("alerts.device-added", args)
	case messenger.AlertDevicesRefused:
		return i18n.T("alerts.devices-refused", args)
	case messenger.ContactDeviceRemoved:
		return i18n.T("alerts.device-removed", args)
	case messenger.ContactDevicesExpired:
		return i18n.T("alerts.devices-expired", args)
	case messenger.AlertBecameBot:
		return i18n.T("alerts.became-bot", args)
	case messenger.SessionResendRefused:
		return i18n.T("alerts.resend-refused", args)
	case messenger.AlertOverdue:
		return i18n.T("alerts.pq-overdue", args)
	case messenger.SessionLost:
		return i18n.T("alerts.lost", args)
	case messenger.SessionResent:
		return i18n.T("alerts.resent", args)
	case messenger.SessionResendHeld:
		return i18n.T("alerts.resend-held", args)
	}
	return ""
}
