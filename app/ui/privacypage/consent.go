package privacypage

import (
	"bytes"
	"context"
	"io"

	"fyne.io/fyne/v2"

	"sotto/app/privacy"
	"sotto/app/ui/form"
	"sotto/app/ui/i18n"
	"sotto/app/ui/screen"
	"sotto/app/ui/theme"
	"sotto/app/ui/widget"
	"sotto/chat"
)

// effective reports whether something in this version asks the ledger about the purpose. A switch that nothing obeys is
// not shown.
func effective(p chat.Purpose) bool {
	switch p {
	case chat.DeliveryReceipts, chat.ReadReceipts, chat.TypingNotices, chat.BotReads, chat.BotRemembers, chat.PeerExports,
		chat.AutomaticDownload:
		return true
	}
	return false
}

// concerns reports whether the purpose is asked about the contact: those of bots only about bots.
func concerns(p chat.Purpose, c chat.Contact) bool {
	switch p {
	case chat.BotReads, chat.BotRemembers:
		return c.Bot
	}
	return effective(p)
}

// subject is one whose switches are shown: a contact, or the own default.
type subject struct {
	contact  chat.Contact // zero: the default
	standing []privacy.Standing
}

// showConsent is the view of who may learn what.
func (p *Screen) showConsent() {
	list, people, limit := holder(theme.Space3), holder(theme.Space3), holder(theme.Space3)
	parts := []fyne.CanvasObject{form.Note(i18n.T("consent.lead"))}
	if p.about.IsZero() {
		parts = append(parts,
			form.Section(i18n.T("consent.default"), i18n.T("consent.default.lead"), list),
			form.Section(i18n.T("consent.limit"), i18n.T("consent.limit.lead"), limit),
			form.Section(i18n.T("consent.people"), i18n.T("consent.people.lead"), people),
			form.Small(i18n.T("consent.absent")),
			form.Buttons(widget.NewSmallButton(i18n.T("consent.receipts"), theme.IconDocument, widget.Secondary, p.saveReceipts)))
	} else {
		parts = append(parts, list)
	}
	p.show(p.title(i18n.T("privacy.consent"), i18n.T("consent.title.contact", i18n.Args{"Name": screen.NameOf(p.contact)})), p.showCentre, parts...)
	p.fill(list, waiting())
	about := p.contact
	load(p, func(ctx context.Context) (subject, error) {
		all, err := p.s.Profile.Ledger.Standings(ctx, about.ID)
		return subject{contact: about, standing: all}, err
	}, func(s subject) { p.fill(list, form.Group(p.switches(s)...)) })
	if p.about.IsZero() {
		p.loadLimit(limit)
		p.loadPeople(people)
	}
}

// loadPeople lists the contacts with how many of their answers are yes.
func (p *Screen) loadPeople(people *fyne.Container) {
	load(p, func(ctx context.Context) ([]subject, error) {
		contacts, err := p.s.Profile.Messenger.Contacts(ctx)
		if err != nil {
			return nil, err
		}
		var out []subject
		for _, c := range contacts {
			all, err := p.s.Profile.Ledger.Standings(ctx, c.ID)
			if err != nil {
				return nil, err
			}
			out = append(out, subject{contact: c, standing: all})
		}
		return out, nil
	}, func(all []subject) {
		if len(all) == 0 {
			p.fill(people, form.Note(i18n.T("consent.nobody")))
			return
		}
		var rows []fyne.CanvasObject
		for _, s := range all {
			rows = append(rows, personRow(s.contact, yesWords(granted(s.standing)),
				widget.NewSmallButton(i18n.T("consent.change"), "", widget.Secondary, func() { p.showContactConsent(s) })))
		}
		p.fill(people, form.Group(rows...))
	})
}

func yesWords(n int) string {
	if n == 0 {
		return i18n.T("consent.none")
	}
	return i18n.N("consent.yes", n)
}

// showContactConsent shows the switches of one contact, coming from the list of all.
func (p *Screen) showContactConsent(s subject) {
	p.show(i18n.T("consent.title.contact", i18n.Args{"Name": screen.NameOf(s.contact)}), p.showConsent,
		form.Note(i18n.T("consent.lead")), form.Group(p.switches(s)...))
}

// switches answers a switch for every purpose that concerns the subject.
func (p *Screen) switches(s subject) []fyne.CanvasObject {
	var out []fyne.CanvasObject
	for _, st := range s.standing {
		if !effective(st.Notice.Purpose) || !s.contact.ID.IsZero() && !concerns(st.Notice.Purpose, s.contact) {
			continue
		}
		var toggle *widget.Toggle
		toggle = widget.NewToggle(st.Notice.Title, st.Notice.Text, st.Allowed, func(on bool) {
			p.record(s.contact.ID, st.Notice.Purpose, on, toggle)
		})
		column := widget.NewColumn(2, toggle)
		if hint := hintOf(st, s.contact); hint != "" {
			column.Add(form.Small(hint))
		}
		out = append(out, column)
	}
	return out
}

// hintOf says where an answer comes from and what the other side told.
func hintOf(st privacy.Standing, c chat.Contact) string {
	if c.ID.IsZero() {
		return ""
	}
	hint := ""
	switch {
	case st.Stale:
		hint = i18n.T("consent.stale")
	case st.Source == privacy.SourceDefault:
		hint = i18n.T("consent.from-default")
	}
	if st.Peer == "" {
		return hint
	}
	if hint != "" {
		hint += " "
	}
	name := i18n.Args{"Name": screen.NameOf(c)}
	if st.Peer == chat.Given {
		return hint + i18n.T("consent.peer-yes", name)
	}
	return hint + i18n.T("consent.peer-no", name)
}

// record writes the answer into the ledger; a switch whose answer could not be written goes back.
func (p *Screen) record(id chat.ContactID, purpose chat.Purpose, on bool, toggle *widget.Toggle) {
	p.s.Work.InOrder(func(ctx context.Context) error {
		return p.s.Profile.Ledger.Record(ctx, privacy.Choice{Subject: id, Purpose: purpose, Given: on, Method: "privacy-page"})
	}, func(err error) {
		if err != nil {
			toggle.SetOn(!on)
			p.s.Nav.Fail(err)
		}
	})
}

// saveReceipts saves the whole ledger as one document.
func (p *Screen) saveReceipts() {
	p.saveFile(i18n.T("consent.receipts.title"), "sotto-consents.json", func(ctx context.Context, w io.Writer) error {
		return p.s.Profile.Ledger.Receipts(ctx, w)
	})
}

// saveFile asks for a place and writes a file there. What is written is first made whole in memory, so that the store is
// not held open by a slow disk.
func (p *Screen) saveFile(title, name string, write func(context.Context, io.Writer) error) {
	words := pickWords(title, i18n.T("pick.file.text"), i18n.T("pick.save"))
	form.PickFile(p.s, words, name, func(path string) {
		p.s.Work.Go(func(ctx context.Context) error {
			var whole bytes.Buffer
			if err := write(ctx, &whole); err != nil {
				return err
			}
			return form.SaveNew(path, func(w io.Writer) error {
				_, err := w.Write(whole.Bytes())
				return err
			})
		}, func(err error) {
			if err != nil {
				p.s.Nav.Fail(err)
				return
			}
			p.s.Nav.Toast(theme.IconCheck, i18n.T("pick.saved"))
		})
	})
}

func pickWords(title, text, act string) form.PickWords {
	return form.PickWords{
		Title: title, Text: text, Path: i18n.T("pick.path"), Name: i18n.T("pick.name"), Up: i18n.T("pick.up"),
		Empty: i18n.T("pick.empty"), Missing: i18n.T("pick.missing"), NoName: i18n.T("pick.no-name"), Act: act, Cancel: i18n.T("cancel"),
	}
}
