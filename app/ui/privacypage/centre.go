package privacypage

import (
	"context"
	"errors"
	"time"

	"fyne.io/fyne/v2"

	"sotto/app/messenger"
	"sotto/app/privacy"
	"sotto/app/privacy/backup"
	"sotto/app/ui/form"
	"sotto/app/ui/i18n"
	"sotto/app/ui/screen"
	"sotto/app/ui/theme"
	"sotto/app/ui/widget"
	"sotto/chat"
)

func zone() *time.Location { return time.Local }

// standing is what the centre says of the present state.
type standing struct {
	contact   chat.Contact
	contacts  int
	messages  int
	granted   int // answers that are yes, over all subjects
	exported  time.Time
	asked     int // requests of ours without an answer
	answered  int
	questions int // requests to us
	entries   uint64
	backup    backup.Standing
	rules     privacy.Rules
	clock     messenger.ClockState
}

// showCentre is the first view.
func (p *Screen) showCentre() {
	consent := p.card(theme.IconConsent, i18n.T("privacy.consent"), i18n.T("privacy.consent.open"), p.showConsent)
	export := p.card(theme.IconExport, i18n.T("privacy.export"), i18n.T("privacy.export.open"), p.showExport)
	deletion := p.card(theme.IconTrash, i18n.T("privacy.deletion"), i18n.T("privacy.deletion.open"), p.showDeletion)
	audit := p.card(theme.IconDocument, i18n.T("privacy.audit"), i18n.T("privacy.audit.open"), p.showAudit)
	retention := p.card(theme.IconTimer, i18n.T("privacy.retention"), i18n.T("retention.open"), p.showRetention)
	title := i18n.T("privacy.title")
	cards := []fyne.CanvasObject{consent, export, deletion, retention}
	safe := p.card(theme.IconShield, i18n.T("privacy.backup"), i18n.T("privacy.backup.open"), p.showBackup)
	due := widget.NewBanner(widget.BannerWords{
		Icon: theme.IconClock, Tone: widget.Careful, Text: i18n.T("privacy.backup.remind"), Action: i18n.T("privacy.backup.open"),
	}, p.showBackup, nil)
	due.Hide()
	if p.about.IsZero() {
		cards = append(cards, safe)
		p.show(title, nil, due, form.Note(i18n.T("privacy.lead")), form.Tiles(cards...), p.stored(), audit)
	} else {
		p.show(title, nil, form.Tiles(cards...))
	}
	p.again = p.showCentre
	load(p, p.readStanding, func(now standing) {
		p.contact = now.contact
		if !p.about.IsZero() {
			p.header.SetTitle(i18n.T("privacy.title.contact", i18n.Args{"Name": screen.NameOf(now.contact)}))
		}
		consent.SetSentence(p.consentState(now))
		export.SetSentence(p.exportState(now))
		deletion.SetSentence(deletionState(now))
		retention.SetSentence(p.retentionSentence(now))
		audit.SetSentence(i18n.N("privacy.audit.state", int(now.entries)))
		safe.SetSentence(p.backupState(now.backup))
		if now.backup.Due(p.s.Now()) {
			due.Show()
		}
		p.refresh()
	})
}

func (p *Screen) card(icon theme.IconName, title, act string, tapped func()) *widget.Card {
	return widget.NewCard(widget.CardWords{Icon: icon, Title: title, Sentence: i18n.T("loading"), Action: act}, nil, tapped)
}

func (p *Screen) consentState(now standing) string {
	if now.granted == 0 {
		return i18n.T("privacy.consent.none")
	}
	if p.about.IsZero() {
		return i18n.N("privacy.consent.state", now.granted)
	}
	return i18n.N("privacy.consent.state.contact", now.granted, i18n.Args{"Name": screen.NameOf(now.contact)})
}

func (p *Screen) exportState(now standing) string {
	words := i18n.N("privacy.export.state", now.messages)
	if !now.exported.IsZero() && p.about.IsZero() {
		words += " " + i18n.T("privacy.export.last", i18n.Args{"When": p.s.Format.Full(now.exported)})
	}
	return words
}

func deletionState(now standing) string {
	switch {
	case now.questions > 0:
		return i18n.N("privacy.deletion.questions", now.questions)
	case now.asked > 0:
		return i18n.N("privacy.deletion.asked", now.asked)
	case now.answered > 0:
		return i18n.N("privacy.deletion.answered", now.answered)
	}
	return i18n.T("privacy.deletion.state")
}

// readStanding runs off the UI thread.
func (p *Screen) readStanding(ctx context.Context) (standing, error) {
	var now standing
	pr := p.s.Profile
	contacts, err := pr.Messenger.Contacts(ctx)
	if err != nil {
		return now, err
	}
	now.contacts = len(contacts)
	subjects := []chat.ContactID{p.about}
	if p.about.IsZero() {
		for _, c := range contacts {
			subjects = append(subjects, c.ID)
		}
	} else if now.contact, err = pr.Messenger.Contact(ctx, p.about); err != nil {
		return now, err
	}
	for _, id := range subjects {
		all, err := pr.Ledger.Standings(ctx, id)
		if err != nil {
			return now, err
		}
		now.granted += granted(all)
	}
	if now.rules, err = pr.Retention.Rules(ctx); err != nil {
		return now, err
	}
	if now.clock, err = pr.Messenger.Clock(ctx); err != nil {
		return now, err
	}
	if err := p.readDeletions(ctx, &now); err != nil {
		return now, err
	}
	if err := pr.View(ctx, func(tx chat.Tx) error { return p.readCounts(tx, &now) }); err != nil {
		return now, err
	}
	_, now.backup, err = pr.Backups(ctx)
	return now, err
}

// granted counts the answers that are yes and the subject's own.
func granted(all []privacy.Standing) int {
	n := 0
	for _, s := range all {
		if s.Allowed && effective(s.Notice.Purpose) {
			n++
		}
	}
	return n
}

func (p *Screen) readDeletions(ctx context.Context, now *standing) error {
	asked, err := p.s.Profile.Eraser.Asked(ctx)
	if err != nil {
		return err
	}
	for _, a := range asked {
		switch {
		case !p.about.IsZero() && a.Peer != p.about:
		case a.Outcome == privacy.OutcomeOpen:
			now.asked++
		default:
			now.answered++
		}
	}
	questions, err := p.s.Profile.Eraser.Questions(ctx)
	for _, q := range questions {
		if p.about.IsZero() || q.Peer == p.about {
			now.questions++
		}
	}
	return err
}

func (p *Screen) readCounts(tx chat.Tx, now *standing) error {
	conversations, err := tx.Conversations().List()
	if err != nil {
		return err
	}
	for _, c := range conversations {
		if !p.about.IsZero() && (len(c.Members) != 1 || c.Members[0] != p.about) {
			continue
		}
		n, err := tx.Messages().Count(c.ID)
		if err != nil {
			return err
		}
		now.messages += n
	}
	head, err := tx.Audit().Head()
	if errors.Is(err, chat.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	now.entries = head.Seq
	now.exported, err = lastExport(tx, head.Seq)
	return err
}

// recentEntries is how far back the last export is looked for.
const recentEntries = 2000

func lastExport(tx chat.Tx, head uint64) (time.Time, error) {
	var last time.Time
	after := uint64(0)
	if head > recentEntries {
		after = head - recentEntries
	}
	for {
		page, err := tx.Audit().List(after, 500)
		if err != nil || len(page) == 0 {
			return last, err
		}
		for _, e := range page {
			after = e.Seq
			if e.Action == "export.written" {
				last = e.Time
			}
		}
	}
}

// stored says in plain words what is kept about the person.
func (p *Screen) stored() fyne.CanvasObject {
	line := func(what, why, until string) fyne.CanvasObject {
		return widget.NewColumn(2, widget.NewText(what, widget.TextOptions{Bold: true, Wrap: true}), form.Note(why), form.Small(until))
	}
	return form.Section(i18n.T("stored.title"), i18n.T("stored.lead"), form.Group(
		line(i18n.T("stored.identity"), i18n.T("stored.identity.why"), i18n.T("stored.identity.until")),
		line(i18n.T("stored.contacts"), i18n.T("stored.contacts.why"), i18n.T("stored.contacts.until")),
		line(i18n.T("stored.messages"), i18n.T("stored.messages.why"), i18n.T("stored.messages.until")),
		line(i18n.T("stored.queue"), i18n.T("stored.queue.why"), i18n.T("stored.queue.until")),
		line(i18n.T("stored.consents"), i18n.T("stored.consents.why"), i18n.T("stored.consents.until")),
		line(i18n.T("stored.audit"), i18n.T("stored.audit.why"), i18n.T("stored.audit.until")),
		line(i18n.T("stored.open"), i18n.T("stored.open.why"), i18n.T("stored.open.until")),
		line(i18n.T("stored.relay"), i18n.T("stored.relay.why"), i18n.T("stored.relay.until")),
	))
}
