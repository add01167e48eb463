package securitypage

import (
	"context"

	"fyne.io/fyne/v2"

	"sotto/app/messenger"
	"sotto/app/security"
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
	for _, a := range now.alerts {
		name := now.names[a.Contact]
		if name == "" {
			name = i18n.T("alerts.someone")
		}
		icon, ink := theme.IconInfo, theme.Muted
		if !a.Seen {
			unseen = true
			icon, ink = theme.IconAlert, theme.Caution
		}
		rows = append(rows, widget.NewRow(theme.Space3, 1, widget.NewIcon(icon, ink, 20),
			widget.NewColumn(2, form.Body(alertWords(a, name)), form.Small(p.alertTime(a)))))
	}
	p.alerts.Objects = []fyne.CanvasObject{form.Group(rows...)}
	if unseen {
		p.seen.Show()
	} else {
		p.seen.Hide()
	}
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
	case messenger.AlertRejected:
		return i18n.T("alerts.rejected")
	case messenger.AlertIdentityChanged:
		return i18n.T("alerts.identity-changed", args)
	case messenger.AlertInviteReused:
		return i18n.T("alerts.invite-reused")
	case messenger.AlertRelayIdentity:
		return i18n.T("alerts.relay-identity", args)
	case messenger.AlertMailboxGone:
		return i18n.T("alerts.mailbox-gone", args)
	case messenger.AlertDamaged:
		return i18n.T("alerts.damaged")
	case messenger.AlertOverdue:
		return i18n.T("alerts.pq-overdue", args)
	}
	return i18n.T("alerts.other", i18n.Args{"Code": a.Code})
}
