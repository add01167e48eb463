package securitypage

import (
	"strings"
	"time"

	"fyne.io/fyne/v2"

	"sotto/app/messenger"
	"sotto/app/ui/confirm"
	"sotto/app/ui/form"
	"sotto/app/ui/i18n"
	"sotto/app/ui/screen"
	"sotto/app/ui/theme"
	"sotto/app/ui/widget"
	"sotto/chat"
)

// line is one row of a group: what, how it stands, and a mark when it wants attention.
func line(title string, attention bool, body ...fyne.CanvasObject) fyne.CanvasObject {
	column := widget.NewColumn(2, append([]fyne.CanvasObject{widget.NewText(title, widget.TextOptions{Bold: true, Wrap: true})}, body...)...)
	if !attention {
		return column
	}
	return widget.NewRow(theme.Space3, 1, widget.NewIcon(theme.IconWarning, theme.Caution, 20), column)
}

// showDevice shows this device, the identity, and whether there is a second copy of them.
func (p *Screen) showDevice(now present) {
	keys := now.keys
	self := p.s.Messenger().Self()
	mono := func(s string) *widget.Text { return widget.NewText(s, widget.TextOptions{Mono: true, Wrap: true}) }
	until := i18n.Args{"Day": p.day(keys.DevicesUntil)}
	ended := !keys.DevicesUntil.After(p.s.Now())
	list := i18n.T("security.device.until", until)
	if ended {
		list = i18n.T("security.device.ended", until)
	}
	p.device.Objects = []fyne.CanvasObject{form.Group(
		line(i18n.T("security.device.id"), ended, mono(grouped(self.Device.String())), form.Small(list)),
		line(i18n.T("security.identity"), false, mono(grouped(self.ID.String())), form.Small(i18n.T("security.identity.note"))),
		line(i18n.T("security.copies"), keys.RolledBack, form.Small(p.copiesWords(now))),
	)}
}

// copiesWords says what is known of another copy of this profile: in this run, or before.
func (p *Screen) copiesWords(now present) string {
	if now.keys.RolledBack {
		return i18n.T("security.copies.rolled")
	}
	for _, a := range now.alerts {
		if a.Code == messenger.AlertRolledBack {
			return i18n.T("security.copies.past", i18n.Args{"When": p.s.Format.Full(a.Last)})
		}
	}
	return i18n.T("security.copies.none")
}

// day answers a day with its year where it is not this one.
func (p *Screen) day(t time.Time) string { return p.s.Format.Day(p.s.Now(), t) }

// grouped writes hexadecimal digits in groups of four.
func grouped(hex string) string {
	var parts []string
	for ; len(hex) > 4; hex = hex[4:] {
		parts = append(parts, hex[:4])
	}
	return strings.Join(append(parts, hex), " ")
}

func (p *Screen) showSessions(now present) {
	if len(now.sessions) == 0 {
		p.sessions.Objects = []fyne.CanvasObject{form.Note(i18n.T("security.sessions.none"))}
		return
	}
	var rows []fyne.CanvasObject
	for _, s := range now.sessions {
		rows = append(rows, p.sessionRow(s))
	}
	k := now.keys
	p.sessions.Objects = []fyne.CanvasObject{form.Group(rows...), form.Small(i18n.T("security.sum.pq", i18n.Args{
		"Proved": i18n.Number(max(k.Sessions-k.PQPending-k.PQOverdue, 0)), "Pending": i18n.Number(k.PQPending), "Overdue": i18n.Number(k.PQOverdue),
	}))}
}

func (p *Screen) sessionRow(s session) fyne.CanvasObject {
	id := s.contact.ID
	act := widget.NewSmallButton(i18n.T("security.sessions.open"), "", widget.Quiet, func() {
		p.s.Nav.Open(screen.Place{Screen: screen.Contact, Contact: id})
	})
	buttons := []fyne.CanvasObject{act}
	if confirm.Of(s.state) != confirm.Nothing {
		buttons = []fyne.CanvasObject{p.confirmButton(s), act}
	}
	return widget.NewRow(theme.Space3, 1,
		widget.NewAvatar(screen.Person(s.contact), widget.AvatarRow, theme.Raised),
		widget.NewColumn(theme.Space1,
			widget.NewText(screen.NameOf(s.contact), widget.TextOptions{Bold: true, Cut: true}),
			form.Buttons(chipsOf(s)...),
			form.Small(p.sessionWords(s))),
		widget.NewColumn(theme.Space1, buttons...))
}

// sessionWords counts the sessions with a contact and says until when its devices are vouched for.
func (p *Screen) sessionWords(s session) string {
	parts := []string{i18n.N("security.sessions.count", s.keys.Sessions)}
	if s.keys.Archived > 0 {
		parts = append(parts, i18n.N("security.sessions.archived", s.keys.Archived))
	}
	if s.keys.NoForward > 0 {
		parts = append(parts, i18n.T("security.sessions.forward"))
	}
	switch {
	case s.state.DevicesExpired:
		parts = append(parts, i18n.T("security.sessions.expired"))
	case !s.state.DevicesUntil.IsZero():
		parts = append(parts, i18n.T("security.sessions.until", i18n.Args{"Day": p.day(s.state.DevicesUntil)}))
	}
	return strings.Join(parts, " · ")
}

func chipsOf(s session) []fyne.CanvasObject {
	var chips []fyne.CanvasObject
	add := func(icon theme.IconName, word string, tone widget.Tone) {
		chips = append(chips, widget.NewChip(icon, word, tone, nil))
	}
	if m := confirm.Of(s.state); m == confirm.Device || m == confirm.Restored {
		add(confirm.Icon(m), confirm.Word(m), confirm.Tone(m))
	}
	switch s.state.Verification {
	case chat.Verified:
		add(theme.IconVerified, i18n.T("security.verified"), widget.Fine)
	case chat.Changed:
		add(theme.IconChanged, i18n.T("security.changed"), widget.Alarming)
	default:
		add(theme.IconUnverified, i18n.T("security.unverified"), widget.Plain)
	}
	switch s.state.PQ {
	case messenger.PQAuthenticated:
		add(theme.IconQuantum, i18n.T("security.pq"), widget.Fine)
	case messenger.PQPending:
		add(theme.IconQuantumPending, i18n.T("security.pq.pending"), widget.Plain)
	case messenger.PQOverdue:
		add(theme.IconWarning, i18n.T("security.pq.overdue"), widget.Careful)
	case messenger.PQNone:
		add(theme.IconClock, i18n.T("security.pq.none"), widget.Plain)
	}
	return chips
}

// showKeys shows what others can begin a session with.
func (p *Screen) showKeys(k messenger.KeyReport) {
	now := p.s.Now()
	var oldest time.Time
	stale, empty := false, false
	for _, b := range k.Bundles {
		if oldest.IsZero() || b.Published.Before(oldest) {
			oldest = b.Published
		}
		stale = stale || b.Stale(now)
		empty = empty || b.Left == 0
	}
	firsts := i18n.T("security.keys.firsts.none")
	if k.NoForward > 0 {
		firsts = i18n.N("security.keys.firsts.some", k.NoForward)
	}
	if len(k.Bundles) == 0 {
		p.keys.Objects = []fyne.CanvasObject{form.Group(
			form.Note(i18n.T("security.keys.none")),
			line(i18n.T("security.keys.firsts"), k.NoForward > 0, form.Small(firsts)))}
		return
	}
	pool := []fyne.CanvasObject{form.Small(i18n.N("security.keys.pool.text", k.OneTime))}
	if empty {
		pool = append(pool, form.Small(i18n.T("security.keys.empty")))
	}
	if k.Due > 0 {
		pool = append(pool, form.Small(i18n.N("security.keys.due", k.Due)))
	}
	bundles := []fyne.CanvasObject{form.Small(i18n.N("security.keys.bundles.text", len(k.Bundles), i18n.Args{"When": p.s.Format.Full(oldest)}))}
	if stale {
		bundles = append(bundles, form.Small(i18n.T("security.keys.stale")))
	}
	p.keys.Objects = []fyne.CanvasObject{form.Group(
		line(i18n.T("security.keys.bundles"), stale, bundles...),
		line(i18n.T("security.keys.pool"), empty, pool...),
		line(i18n.T("security.keys.firsts"), k.NoForward > 0, form.Small(firsts)))}
}
