package privacypage

import (
	"context"

	"fyne.io/fyne/v2"

	"sotto/app/privacy"
	"sotto/app/privacy/backup"
	"sotto/app/security"
	"sotto/app/ui/form"
	"sotto/app/ui/i18n"
	"sotto/app/ui/screen"
	"sotto/app/ui/stepup"
	"sotto/app/ui/theme"
	"sotto/app/ui/widget"
	"sotto/chat"
)

// deletions is what the view of deletion shows.
type deletions struct {
	threads   []thread
	asked     []privacy.Asked
	questions []privacy.Question
	policy    privacy.Policy
	names     map[chat.ContactID]string
	backups   []backup.Known
}

func (p *Screen) readDeletionView(ctx context.Context) (deletions, error) {
	d := deletions{names: map[chat.ContactID]string{}}
	var err error
	if d.threads, err = p.readThreads(ctx); err != nil {
		return d, err
	}
	contacts, err := p.s.Profile.Messenger.Contacts(ctx)
	if err != nil {
		return d, err
	}
	for _, c := range contacts {
		d.names[c.ID] = screen.NameOf(c)
	}
	eraser := p.s.Profile.Eraser
	asked, err := eraser.Asked(ctx)
	if err != nil {
		return d, err
	}
	questions, err := eraser.Questions(ctx)
	if err != nil {
		return d, err
	}
	for _, a := range asked {
		if p.about.IsZero() || a.Peer == p.about {
			d.asked = append(d.asked, a)
		}
	}
	for _, q := range questions {
		if p.about.IsZero() || q.Peer == p.about {
			d.questions = append(d.questions, q)
		}
	}
	if d.policy, err = eraser.Policy(ctx); err != nil {
		return d, err
	}
	d.backups, _, err = p.s.Profile.Backups(ctx)
	return d, err
}

func (d deletions) name(id chat.ContactID) string {
	if n := d.names[id]; n != "" {
		return n
	}
	return i18n.T("deletion.someone")
}

// showDeletion is the view of deletion: all conversations, or the contact's.
func (p *Screen) showDeletion() {
	body := holder(theme.Space6)
	p.show(p.title(i18n.T("privacy.deletion"), i18n.T("deletion.title.contact", i18n.Args{"Name": screen.NameOf(p.contact)})), p.showCentre,
		form.Note(i18n.T("deletion.lead")), body)
	p.again = p.showDeletion
	p.fill(body, waiting())
	load(p, p.readDeletionView, func(d deletions) {
		p.backups = d.backups
		var parts []fyne.CanvasObject
		if len(d.questions) > 0 {
			parts = append(parts, p.questionsOf(d))
		}
		if p.about.IsZero() {
			parts = append(parts, p.threadList(d))
		} else {
			parts = append(parts, p.acts(d.threads)...)
		}
		parts = append(parts, p.answersOf(d))
		if p.about.IsZero() {
			parts = append(parts, p.policyOf(d), p.everything(d))
		}
		p.fill(body, parts...)
	})
}

func (p *Screen) threadList(d deletions) fyne.CanvasObject {
	var rows []fyne.CanvasObject
	for _, t := range d.threads {
		rows = append(rows, personRow(t.contact, i18n.N("deletion.messages", t.messages),
			widget.NewSmallButton(i18n.T("deletion.choose"), "", widget.Secondary, func() { p.showThreadDeletion(t) })))
	}
	if len(rows) == 0 {
		rows = append(rows, form.Note(i18n.T("deletion.none")))
	}
	return form.Section(i18n.T("deletion.threads"), i18n.T("deletion.threads.lead"), form.Group(rows...))
}

// showThreadDeletion shows what can be deleted with one contact, coming from the list of all.
func (p *Screen) showThreadDeletion(t thread) {
	p.show(i18n.T("deletion.title.contact", i18n.Args{"Name": screen.NameOf(t.contact)}), p.showDeletion,
		append([]fyne.CanvasObject{form.Note(i18n.T("deletion.lead"))}, p.acts([]thread{t})...)...)
}

// acts answers what can be done with a contact: three acts, each in its own words.
func (p *Screen) acts(threads []thread) []fyne.CanvasObject {
	if len(threads) == 0 {
		return []fyne.CanvasObject{form.Note(i18n.T("deletion.none"))}
	}
	t := threads[0]
	name := i18n.Args{"Name": screen.NameOf(t.contact)}
	act := func(title, text, button string, rank widget.Rank, tapped func()) fyne.CanvasObject {
		return widget.NewColumn(theme.Space2, form.Heading(title), form.Note(text),
			form.Buttons(widget.NewSmallButton(button, "", rank, tapped)))
	}
	return []fyne.CanvasObject{form.Group(
		act(i18n.T("deletion.here"), i18n.N("deletion.here.text", t.messages, name), i18n.N("deletion.here.act", t.messages), widget.Secondary,
			func() { p.confirmConversation(t) }),
		act(i18n.T("deletion.ask", name), i18n.T("deletion.ask.text", name), i18n.T("deletion.ask", name), widget.Secondary, func() { p.confirmAsking(t) }),
		act(i18n.T("deletion.contact"), i18n.T("deletion.contact.text", name), i18n.T("deletion.contact.act", name), widget.Secondary,
			func() { p.confirmContact(t) }),
	)}
}

func (p *Screen) confirmConversation(t thread) {
	name := i18n.Args{"Name": screen.NameOf(t.contact)}
	widget.NewDangerDialog(widget.DangerWords{
		Title: i18n.T("deletion.here.title", name),
		Points: append([]string{
			i18n.N("deletion.here.what", t.messages), i18n.T("deletion.here.undone"), i18n.T("deletion.here.kept", name),
		}, stillHeld(p.backups)...),
		Act: i18n.N("deletion.here.act", t.messages), Cancel: i18n.T("cancel"),
	}, func() {
		view := p.view
		screen.Run(p.s.Work, func(ctx context.Context) (int, error) {
			return p.s.Profile.Eraser.DeleteConversation(context.WithoutCancel(ctx), t.id, false)
		}, func(n int, err error) {
			if err != nil {
				p.s.Nav.Fail(err)
				return
			}
			p.s.Nav.Changed()
			p.s.Nav.Toast(theme.IconTrash, i18n.N("deletion.here.done", n))
			if view == p.view {
				p.showDeletion()
			}
		})
	}).Open(p.s.Canvas())
}

func (p *Screen) confirmAsking(t thread) {
	name := i18n.Args{"Name": screen.NameOf(t.contact)}
	widget.NewMessageDialog(widget.MessageWords{
		Icon: theme.IconHand, Title: i18n.T("deletion.ask.title", name), Text: i18n.T("deletion.ask.what", name),
		Act: i18n.T("deletion.ask", name), Cancel: i18n.T("cancel"),
	}, nil, func() {
		view := p.view
		p.s.Work.Go(func(ctx context.Context) error { return p.s.Profile.Eraser.AskConversation(ctx, t.id) }, func(err error) {
			if err != nil {
				p.s.Nav.Fail(err)
				return
			}
			p.s.Nav.Toast(theme.IconHand, i18n.T("deletion.ask.done", name))
			if view == p.view {
				p.showDeletion()
			}
		})
	}).Open(p.s.Canvas())
}

func (p *Screen) confirmContact(t thread) {
	name := i18n.Args{"Name": screen.NameOf(t.contact)}
	widget.NewDangerDialog(widget.DangerWords{
		Title: i18n.T("deletion.contact.title", name),
		Points: append([]string{
			i18n.N("deletion.contact.what", t.messages, name), i18n.T("deletion.contact.reach", name), i18n.T("deletion.here.undone"),
		}, stillHeld(p.backups)...),
		Act: i18n.T("deletion.contact.act", name), Cancel: i18n.T("cancel"),
	}, func() {
		screen.Run(p.s.Work, func(ctx context.Context) (privacy.Report, error) {
			return p.s.Profile.DeleteContact(context.WithoutCancel(ctx), t.contact.ID)
		}, func(_ privacy.Report, err error) {
			if err != nil {
				p.s.Nav.Fail(err)
				return
			}
			p.s.Nav.Changed()
			p.s.Nav.Toast(theme.IconTrash, i18n.T("deletion.contact.done", name))
			if p.about.IsZero() {
				p.showDeletion()
				return
			}
			p.s.Nav.Open(screen.Place{Screen: screen.Home}) // there is nothing left that this page is about
		})
	}).Open(p.s.Canvas())
}

// everything is the section that ends the profile.
func (p *Screen) everything(d deletions) fyne.CanvasObject {
	return form.Section(i18n.T("deletion.all"), i18n.T("deletion.all.text"),
		form.Buttons(widget.NewButton(i18n.T("deletion.all.open"), theme.IconTrash, widget.Secondary, func() { p.confirmEverything(d) })))
}

func (p *Screen) confirmEverything(d deletions) {
	total := 0
	for _, t := range d.threads {
		total += t.messages
	}
	widget.NewDangerDialog(widget.DangerWords{
		Title: i18n.T("deletion.all.title"),
		Points: append([]string{
			i18n.N("deletion.all.what", total), i18n.T("deletion.all.relays"), i18n.T("deletion.all.undone"), i18n.T("deletion.all.kept"),
		}, stillHeld(p.backups)...),
		Act: i18n.T("deletion.all.act"), Cancel: i18n.T("cancel"),
	}, func() {
		stepup.Ask(p.s, security.ActEraseEverything, stepup.Words{
			Title: i18n.T("deletion.all.confirm"), Text: i18n.T("deletion.all.confirm.text"), Act: i18n.T("deletion.all.act"), Rank: widget.Dangerous,
		}, p.eraseEverything)
	}).Open(p.s.Canvas())
}

func (p *Screen) eraseEverything() {
	p.show(i18n.T("deletion.all"), nil, form.Note(i18n.T("deletion.all.running")))
	p.back = func() {} // there is no way back
	p.header.SetBack(false)
	screen.Run(p.s.Work, func(ctx context.Context) (privacy.Report, error) {
		return p.s.Profile.EraseEverything(context.WithoutCancel(ctx))
	}, func(r privacy.Report, err error) {
		if err != nil {
			p.s.Nav.Fail(err)
			p.showDeletion()
			return
		}
		text := i18n.N("deletion.all.done.text", r.Messages, i18n.Args{"Contacts": i18n.N("deletion.all.done.contacts", r.Contacts)})
		if n := len(r.Unreached); n > 0 {
			text += " " + i18n.N("deletion.all.unreached", n)
		}
		var sheet *form.Sheet
		sheet = form.NewSheet(form.SheetWords{Title: i18n.T("deletion.all.done"), Text: text, Act: i18n.T("deletion.all.close"), Rank: widget.Primary},
			nil, func() {
				sheet.Close()
				p.s.Nav.Erased()
			}, nil)
		sheet.First = sheet.Act
		sheet.Open(p.s.Canvas())
	})
}
