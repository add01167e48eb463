package contact

import (
	"context"
	"slices"
	"strings"

	"fyne.io/fyne/v2"

	"sotto/app/messenger"
	"sotto/app/ui/confirm"
	"sotto/app/ui/i18n"
	"sotto/app/ui/screen"
	"sotto/app/ui/theme"
	"sotto/app/ui/widget"
	"sotto/app/ui/words"
	"sotto/chat"
)

// columnWidth is how wide the page is at most.
const columnWidth float32 = 480

// View is the page of one contact. Its methods are called on the UI thread.
type View struct {
	s       screen.Services
	id      chat.ContactID
	content *fyne.Container
	page    *widget.Page
	body    *fyne.Container

	contact chat.Contact
	number  messenger.SafetyNumber
	state   messenger.SecurityState
	loaded  bool
	loading bool
	again   bool

	name   *widget.Entry
	digits *widget.Entry
	check  *widget.Field
}

var (
	_ screen.Screen   = (*View)(nil)
	_ screen.Listener = (*View)(nil)
	_ screen.Reader   = (*View)(nil)
)

// New answers the page at a place of kind screen.Contact.
func New(s screen.Services, at screen.Place) *View {
	v := &View{s: s, id: at.Contact}
	v.body = widget.NewColumn(theme.Space6)
	v.page = widget.NewPage(widget.NewNarrow(columnWidth, false, widget.NewInset(theme.Space6, theme.Space4, theme.Space6, theme.Space4, v.body)))
	head := widget.NewPageHeader(widget.HeaderParts{Title: i18n.T("contact.title"), BackLabel: i18n.T("page.back"), Back: s.Nav.Back})
	v.content = widget.NewStack(1, head, v.page)
	v.name = widget.NewEntry("")
	v.name.OnSubmitted = v.rename
	v.name.Escape = s.Nav.Back
	v.digits = widget.NewEntry(i18n.T("contact.digits.placeholder"))
	v.digits.Escape = s.Nav.Back
	v.digits.OnSubmitted = func(string) { v.compareTyped() }
	v.check = widget.NewField(i18n.T("contact.digits"), i18n.T("contact.digits.hint"), v.digits)
	return v
}

// Content implements screen.Screen.
func (v *View) Content() fyne.CanvasObject { return v.content }

// Contact is who is shown.
func (v *View) Contact() chat.ContactID { return v.id }

// Shown implements screen.Screen.
func (v *View) Shown() { v.read() }

// Closed implements screen.Screen.
func (v *View) Closed() {
	v.body.RemoveAll()
	v.contact, v.number, v.state = chat.Contact{}, messenger.SafetyNumber{}, messenger.SecurityState{}
	v.name.SetText("")
	v.digits.SetText("")
}

// Reread implements screen.Reader.
func (v *View) Reread() { v.read() }

// Heard implements screen.Listener.
func (v *View) Heard(events []messenger.Event) {
	if slices.ContainsFunc(events, func(e messenger.Event) bool {
		switch e.Type {
		case messenger.EventContact:
			return e.Contact == v.id && e.Detail != messenger.ContactRead && e.Detail != messenger.ContactDraft
		case messenger.EventAlert, messenger.EventSession:
			return e.Contact == v.id
		}
		return false
	}) {
		v.read()
	}
}

type facts struct {
	contact chat.Contact
	number  messenger.SafetyNumber
	state   messenger.SecurityState
}

func (v *View) read() {
	if v.loading {
		v.again = true
		return
	}
	v.loading = true
	m := v.s.Messenger()
	screen.Run(v.s.Work, func(ctx context.Context) (f facts, err error) {
		if f.contact, err = m.Contact(ctx, v.id); err != nil {
			return f, err
		}
		if f.number, err = m.SafetyNumber(ctx, v.id); err != nil {
			return f, err
		}
		f.state, err = m.Security(ctx, v.id)
		return f, err
	}, func(f facts, err error) {
		v.loading = false
		switch {
		case err != nil && !v.loaded:
			v.s.Nav.Fail(err)
		case err == nil:
			v.contact, v.number, v.state, v.loaded = f.contact, f.number, f.state, true
			v.show()
		}
		if v.again {
			v.again = false
			v.read()
		}
	})
}

func (v *View) named() i18n.Args { return i18n.Args{"Name": screen.NameOf(v.contact)} }

func (v *View) show() {
	v.body.Objects = []fyne.CanvasObject{v.who()}
	if pending := v.pending(); pending != nil {
		v.body.Add(pending)
	}
	for _, part := range []fyne.CanvasObject{v.safety(), v.naming(), v.shared(), v.privacy(), v.parting()} {
		v.body.Add(part)
	}
	v.page.Refresh()
	v.content.Refresh()
}

// pending is what waits for the person's word, nil for nothing. A change of a verified contact stands with the number.
func (v *View) pending() fyne.CanvasObject {
	m := confirm.Of(v.state)
	if m == confirm.Nothing || m == confirm.Changed {
		return nil
	}
	name := screen.NameOf(v.contact)
	return widget.NewColumn(theme.Space3,
		widget.NewBanner(widget.BannerWords{Icon: confirm.Icon(m), Tone: confirm.Tone(m), Text: confirm.Sentence(m, v.state, name)}, nil, nil),
		widget.NewRow(0, -1, widget.NewButton(i18n.T("confirm.act"), theme.IconCheck, widget.Secondary, func() {
			confirm.Ask(v.s, v.id, name, v.state, func() { v.page.ScrollTo(v.check) })
		})))
}

// who is the head of the page.
func (v *View) who() fyne.CanvasObject {
	c := v.contact
	avatar := widget.NewAvatar(screen.Person(c), widget.AvatarLarge, theme.Background)
	name := widget.NewText(screen.NameOf(c), widget.TextOptions{Size: theme.SizeScreen, Bold: true, Wrap: true, MaxLines: 3, Align: fyne.TextAlignCenter})
	column := widget.NewColumn(theme.Space2, widget.NewNarrow(widget.AvatarLarge, false, avatar), name)
	if own := widget.CleanName(c.ProfileName); own != "" && own != screen.NameOf(c) {
		column.Add(widget.NewText(i18n.T("contact.calls-itself", i18n.Args{"Name": own}),
			widget.TextOptions{Color: theme.Muted, Wrap: true, Align: fyne.TextAlignCenter}))
	}
	if c.Bot {
		chip := widget.NewChip(theme.IconBot, i18n.T("state.bot"), widget.Plain, nil)
		column.Add(widget.NewNarrow(chip.MinSize().Width, false, chip))
	}
	return column
}

func title(s string) fyne.CanvasObject {
	return widget.NewText(s, widget.TextOptions{Size: theme.SizeTitle, Bold: true, Wrap: true})
}

func sentence(s string) fyne.CanvasObject {
	return widget.NewText(s, widget.TextOptions{Color: theme.Muted, Wrap: true})
}

// safety is the number, and what to do with it.
func (v *View) safety() fyne.CanvasObject {
	column := widget.NewColumn(theme.Space3, title(i18n.T("contact.number")))
	state := widget.BannerWords{Icon: theme.IconUnverified, Text: i18n.T("contact.unverified", v.named())}
	switch v.contact.Verification {
	case chat.Verified:
		state = widget.BannerWords{Icon: theme.IconVerified, Tone: widget.Fine, Text: i18n.T("contact.verified", v.named())}
	case chat.Changed:
		state = widget.BannerWords{Icon: theme.IconChanged, Tone: widget.Alarming, Text: i18n.T("contact.changed", v.named())}
	}
	column.Add(widget.NewBanner(state, nil, nil))
	how := i18n.T("contact.number.how", v.named())
	if v.contact.Bot {
		how = i18n.T("contact.number.bot", v.named())
	}
	column.Add(sentence(how))
	column.Add(widget.NewSafetyNumber(strings.Join(v.number.Digits[:], "")))
	if qr, err := widget.NewQR(string(v.number.QR), 180); err == nil {
		column.Add(widget.NewNarrow(180, false, qr))
	}
	switch {
	case v.contact.State == chat.ContactRequest:
		return column
	case v.contact.Verification == chat.Verified:
		column.Add(widget.NewRow(0, -1, widget.NewButton(i18n.T("contact.unverify"), "", widget.Secondary, v.unverify)))
		return column
	}
	column.Add(v.check)
	column.Add(widget.NewColumn(theme.Space2,
		widget.NewButton(i18n.T("contact.same"), theme.IconVerified, widget.Primary, v.same),
		widget.NewButton(i18n.T("contact.differ"), "", widget.Secondary, v.differ)))
	if v.contact.Verification == chat.Changed {
		column.Add(widget.NewButton(i18n.T("contact.go-on"), "", widget.Quiet, v.goOn))
	}
	return column
}

// same marks the contact as verified: the person has compared by eye.
func (v *View) same() {
	widget.NewMessageDialog(widget.MessageWords{
		Icon: theme.IconVerified, Title: i18n.T("contact.same.title", v.named()), Text: i18n.T("contact.same.text", v.named()),
		Act: i18n.T("contact.same.act"), Cancel: i18n.T("chat.cancel"),
	}, nil, func() { v.verify("") }).Open(v.s.Canvas())
}

func (v *View) compareTyped() {
	typed := strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, v.digits.Text)
	if typed != "" {
		v.verify(typed)
	}
}

func (v *View) verify(digits string) {
	m := v.s.Messenger()
	v.s.Work.InOrder(func(ctx context.Context) error { return m.Verify(ctx, v.id, digits) }, func(err error) {
		switch {
		case err != nil && digits != "":
			v.check.SetError(words.Error(err))
			v.content.Refresh()
		case err != nil:
			v.s.Nav.Fail(err)
		default:
			v.check.SetError("")
			v.digits.SetText("")
			v.s.Nav.Toast(theme.IconVerified, i18n.T("contact.verified.toast", v.named()))
		}
	})
}

func (v *View) unverify() {
	m := v.s.Messenger()
	v.s.Work.InOrder(func(ctx context.Context) error { return m.Unverify(ctx, v.id) }, v.s.Nav.Fail)
}

// differ says what to do when the numbers differ.
func (v *View) differ() {
	widget.NewMessageDialog(widget.MessageWords{
		Icon: theme.IconWarning, Tone: widget.Alarming, Title: i18n.T("contact.differ.title"), Text: i18n.T("contact.differ.text", v.named()),
		Cancel: i18n.T("chat.close"),
	}, nil, nil).Open(v.s.Canvas())
}

// goOn lets sending go on after a change without having compared.
func (v *View) goOn() {
	widget.NewDangerDialog(widget.DangerWords{
		Title:  i18n.T("contact.go-on.title", v.named()),
		Points: []string{i18n.T("contact.go-on.what", v.named()), i18n.T("contact.go-on.risk", v.named()), i18n.T("contact.go-on.after", v.named())},
		Act:    i18n.T("contact.go-on.act"), Cancel: i18n.T("chat.cancel"),
	}, func() {
		m := v.s.Messenger()
		v.s.Work.InOrder(func(ctx context.Context) error { return m.ConfirmIdentity(ctx, v.id) }, v.s.Nav.Fail)
	}).Open(v.s.Canvas())
}

// naming is how the contact is called here.
func (v *View) naming() fyne.CanvasObject {
	if v.s.Canvas().Focused() != v.name {
		v.name.SetText(screen.NameOf(v.contact))
	}
	field := widget.NewField(i18n.T("contact.name"), i18n.T("contact.name.hint", v.named()), v.name)
	save := widget.NewSmallButton(i18n.T("contact.name.save"), "", widget.Secondary, func() { v.rename(v.name.Text) })
	return widget.NewColumn(theme.Space2, field, widget.NewRow(0, -1, save))
}

func (v *View) rename(to string) {
	m := v.s.Messenger()
	v.s.Work.InOrder(func(ctx context.Context) error { return m.Rename(ctx, v.id, to) }, func(err error) {
		if err != nil {
			v.s.Nav.Fail(err)
			return
		}
		v.s.Nav.Toast(theme.IconCheck, i18n.T("contact.name.saved"))
	})
}

func (v *View) privacy() fyne.CanvasObject {
	return widget.NewColumn(theme.Space2, title(i18n.T("contact.privacy")), sentence(i18n.T("contact.privacy.text", v.named())),
		widget.NewRow(0, -1, widget.NewSmallButton(i18n.T("contact.privacy.open"), theme.IconConsent, widget.Secondary, func() {
			v.s.Nav.Open(screen.Place{Screen: screen.Privacy, Contact: v.id})
		})))
}

// shared leads to what both sent each other.
func (v *View) shared() fyne.CanvasObject {
	return widget.NewColumn(theme.Space2, title(i18n.T("files.title")),
		widget.NewRow(0, -1, widget.NewSmallButton(i18n.T("contact.files"), theme.IconPicture, widget.Secondary, func() {
			v.s.Nav.Open(screen.Place{Screen: screen.Files, Conversation: v.s.Messenger().ConversationWith(v.id)})
		})))
}

// parting holds the ways to end it.
func (v *View) parting() fyne.CanvasObject {
	column := widget.NewColumn(theme.Space3, widget.NewDivider())
	if v.contact.State == chat.ContactBlocked {
		column.Add(sentence(i18n.T("contact.blocked", v.named())))
		column.Add(widget.NewButton(i18n.T("contact.unblock"), "", widget.Secondary, v.unblock))
	} else {
		column.Add(widget.NewButton(i18n.T("contact.block", v.named()), theme.IconHand, widget.Secondary, v.block))
	}
	column.Add(widget.NewButton(i18n.T("contact.remove", v.named()), theme.IconTrash, widget.Secondary, v.remove))
	return column
}

func (v *View) block() {
	widget.NewDangerDialog(widget.DangerWords{
		Title:  i18n.T("contact.block.title", v.named()),
		Points: []string{i18n.T("contact.block.what", v.named()), i18n.T("contact.block.untold", v.named()), i18n.T("contact.block.undo")},
		Act:    i18n.T("contact.block.act"), Cancel: i18n.T("chat.cancel"),
	}, func() {
		m := v.s.Messenger()
		v.s.Work.InOrder(func(ctx context.Context) error { return m.Block(ctx, v.id) }, v.s.Nav.Fail)
	}).Open(v.s.Canvas())
}

func (v *View) unblock() {
	m := v.s.Messenger()
	v.s.Work.InOrder(func(ctx context.Context) error { return m.Unblock(ctx, v.id) }, v.s.Nav.Fail)
}

func (v *View) remove() {
	widget.NewDangerDialog(widget.DangerWords{
		Title:  i18n.T("contact.remove.title", v.named()),
		Points: []string{i18n.T("contact.remove.what", v.named()), i18n.T("contact.remove.there", v.named()), i18n.T("contact.remove.final", v.named())},
		Act:    i18n.T("contact.remove.act"), Cancel: i18n.T("chat.cancel"),
	}, func() {
		p, name := v.s.Profile, v.named()
		v.s.Work.InOrder(func(ctx context.Context) error {
			_, err := p.DeleteContact(ctx, v.id)
			return err
		}, func(err error) {
			if err != nil {
				v.s.Nav.Fail(err)
				return
			}
			v.s.Nav.Toast(theme.IconTrash, i18n.T("contact.removed", name))
			v.s.Nav.Changed()
			v.s.Nav.Open(screen.Place{Screen: screen.Home})
		})
	}).Open(v.s.Canvas())
}
