package invite

import (
	"context"
	"errors"
	"slices"
	"time"

	"fyne.io/fyne/v2"

	"sotto/app/messenger"
	"sotto/app/ui/i18n"
	"sotto/app/ui/screen"
	"sotto/app/ui/theme"
	"sotto/app/ui/widget"
	"sotto/app/ui/words"
	"sotto/chat"
)

const (
	codeSize  float32 = 260
	pageWidth float32 = 720
	day               = 24 * time.Hour
)

// lives are the times that are offered, for one person and for several.
var lives = [2][]time.Duration{{day, 7 * day, 30 * day}, {7 * day, 30 * day, 365 * day}}

// View is the page of invitations. Its methods are called on the UI thread.
type View struct {
	s       screen.Services
	content *fyne.Container
	page    *widget.Page
	left    *fyne.Container // the code
	form    *fyne.Container
	made    *fyne.Container // the link, once there is one
	list    *fyne.Container

	whom   *widget.Choice
	life   *widget.Choice
	lifeAt *fyne.Container
	reach  *widget.Text
	make   *widget.Button
	fault  *widget.Banner

	busy       bool
	invitation chat.Invitation // the one that is shown; zero: none yet
}

var (
	_ screen.Screen   = (*View)(nil)
	_ screen.Listener = (*View)(nil)
)

// New answers the page at a place of kind screen.Invite.
func New(s screen.Services, _ screen.Place) *View {
	v := &View{s: s}
	v.left = widget.NewColumn(theme.Space2)
	v.whom = widget.NewChoice([]string{i18n.T("invite.one"), i18n.T("invite.several")}, 0, func(int) { v.offerLives() })
	v.lifeAt = widget.NewColumn(0)
	v.reach = widget.NewText("", widget.TextOptions{Wrap: true})
	v.make = widget.NewButton(i18n.T("invite.make"), theme.IconInvite, widget.Primary, v.invite)
	v.fault = widget.NewBanner(widget.BannerWords{Icon: theme.IconAlert, Tone: widget.Alarming}, nil, nil)
	v.fault.Hide()
	far := widget.NewColumn(theme.Space2, v.reach, widget.NewRow(0, -1,
		widget.NewSmallButton(i18n.T("invite.reach.change"), theme.IconRelay, widget.Quiet, func() {
			s.Nav.Open(screen.Place{Screen: screen.Settings})
		})))
	v.form = widget.NewColumn(theme.Space4,
		widget.NewField(i18n.T("invite.whom"), i18n.T("invite.whom.hint"), v.whom),
		widget.NewField(i18n.T("invite.life"), "", v.lifeAt),
		widget.NewField(i18n.T("invite.reach"), "", far),
		v.fault,
		widget.NewRow(0, -1, v.make))
	v.made = widget.NewColumn(theme.Space4)
	v.made.Hide()
	v.list = widget.NewColumn(theme.Space3)
	v.offerLives()
	v.blank()

	body := widget.NewColumn(theme.Space6,
		widget.NewText(i18n.T("invite.intro"), widget.TextOptions{Color: theme.Muted, Wrap: true}),
		widget.NewBeside(codeSize, theme.Space6, v.left, widget.NewColumn(0, v.form, v.made)), v.list)
	head := widget.NewPageHeader(widget.HeaderParts{Title: i18n.T("invite.title"), BackLabel: i18n.T("page.back"), Back: s.Nav.Back})
	v.page = widget.NewPage(widget.NewNarrow(pageWidth, false, widget.NewInset(theme.Space6, theme.Space4, theme.Space6, theme.Space4, body)))
	v.content = widget.NewStack(1, head, v.page)
	return v
}

// Content implements screen.Screen.
func (v *View) Content() fyne.CanvasObject { return v.content }

// Shown implements screen.Screen.
func (v *View) Shown() {
	v.read()
	v.s.Canvas().Focus(v.whom)
}

// Closed implements screen.Screen.
func (v *View) Closed() {
	v.invitation = chat.Invitation{}
	v.left.RemoveAll()
	v.made.RemoveAll()
	v.list.RemoveAll()
}

// Heard implements screen.Listener: an invitation may have been used.
func (v *View) Heard(events []messenger.Event) {
	if slices.ContainsFunc(events, func(e messenger.Event) bool {
		return e.Type == messenger.EventRequest || e.Type == messenger.EventContact || e.Type == messenger.EventConnection
	}) {
		v.read()
	}
}

// offerLives shows the times that fit for whom it is.
func (v *View) offerLives() {
	var labels []string
	for _, d := range lives[v.whom.Chosen()] {
		labels = append(labels, i18n.Duration(d))
	}
	v.life = widget.NewChoice(labels, 1, nil)
	v.lifeAt.Objects = []fyne.CanvasObject{v.life}
	v.lifeAt.Refresh()
}

// blank shows where the code will be.
func (v *View) blank() {
	hint := widget.NewColumn(theme.Space2,
		widget.NewNarrow(48, false, widget.NewIcon(theme.IconQR, theme.Muted, 48)),
		widget.NewText(i18n.T("invite.code.later"), widget.TextOptions{Color: theme.Muted, Wrap: true, Align: fyne.TextAlignCenter, Size: theme.SizeMeta}))
	v.left.Objects = []fyne.CanvasObject{screen.Tall(widget.NewGround(theme.QuietTint,
		widget.NewNarrow(codeSize-2*theme.Space6, true, hint)), codeSize)}
	v.left.Refresh()
}

type facts struct {
	relay       string // address of the home relay; empty: none
	invitations []chat.Invitation
}

func (v *View) read() {
	m := v.s.Messenger()
	screen.Run(v.s.Work, func(ctx context.Context) (f facts, err error) {
		if f.relay, err = m.HomeRelay(ctx); err != nil && !errors.Is(err, chat.ErrNotFound) {
			return f, err
		}
		f.invitations, err = m.Invitations(ctx)
		return f, err
	}, func(f facts, err error) {
		if err != nil {
			v.s.Nav.Fail(err)
			return
		}
		v.reach.SetContent(i18n.T("invite.reach.none"))
		if f.relay != "" {
			v.reach.SetContent(reachWords(screen.ReachOf(f.relay)))
		}
		v.showList(f.invitations)
		v.page.Refresh()
	})
}

// reachWords says who can use an invitation of this reach.
func reachWords(r messenger.Reach) string {
	switch r {
	case messenger.ReachComputer:
		return i18n.T("invite.reach.computer")
	case messenger.ReachNetwork:
		return i18n.T("invite.reach.network")
	}
	return i18n.T("invite.reach.anywhere")
}

// invite makes the invitation that was chosen.
func (v *View) invite() {
	if v.busy {
		return
	}
	v.busy = true
	v.make.Disable()
	v.fault.Hide()
	m := v.s.Messenger()
	reusable := v.whom.Chosen() == 1
	o := messenger.InviteOptions{Reusable: reusable, Expires: lives[v.whom.Chosen()][v.life.Chosen()]}
	type result struct {
		chat.Invitation
		reach messenger.Reach
	}
	screen.Run(v.s.Work, func(ctx context.Context) (r result, err error) {
		r.Invitation, r.reach, err = m.Invite(ctx, o)
		return r, err
	}, func(r result, err error) {
		v.busy = false
		v.make.Enable()
		if err != nil {
			v.fault.SetText(words.Error(err))
			v.fault.Show()
			v.page.Refresh()
			return
		}
		v.show(r.Invitation, r.reach)
		v.read()
	})
}

// show shows an invitation in place of the choices.
func (v *View) show(inv chat.Invitation, reach messenger.Reach) {
	v.invitation = inv
	link := widget.NewGround(theme.QuietTint, widget.NewInset(theme.Space2, theme.Space3, theme.Space2, theme.Space3,
		widget.NewText(inv.Link, widget.TextOptions{Mono: true, Size: theme.SizeMeta, Wrap: true, MaxLines: 3})))
	use := i18n.T("invite.use.one")
	if inv.Reusable {
		use = i18n.T("invite.use.several")
	}
	v.made.Objects = []fyne.CanvasObject{
		widget.NewField(i18n.T("invite.link"), i18n.T("invite.link.hint"), link),
		widget.NewRow(theme.Space2, -1,
			widget.NewButton(i18n.T("invite.copy"), theme.IconCopy, widget.Primary, func() { v.s.Nav.CopySecret(inv.Link) }),
			widget.NewButton(i18n.T("invite.another"), "", widget.Secondary, v.startOver)),
		widget.NewText(use+" "+i18n.T("invite.until", i18n.Args{"Time": v.s.Format.Full(inv.Expires)}), widget.TextOptions{Wrap: true}),
		widget.NewText(reachWords(reach), widget.TextOptions{Wrap: true}),
		widget.NewText(i18n.T("invite.next"), widget.TextOptions{Color: theme.Muted, Wrap: true}),
	}
	if code, err := widget.NewQR(inv.Link, codeSize); err == nil {
		v.left.Objects = []fyne.CanvasObject{code}
	}
	v.form.Hide()
	v.made.Show()
	v.page.Refresh()
	v.content.Refresh()
}

// startOver shows the choices again.
func (v *View) startOver() {
	v.invitation = chat.Invitation{}
	v.blank()
	v.made.Hide()
	v.form.Show()
	v.page.Refresh()
	v.content.Refresh()
}

// showList lists what is open.
func (v *View) showList(all []chat.Invitation) {
	v.list.RemoveAll()
	now := v.s.Now()
	open := slices.DeleteFunc(slices.Clone(all), func(i chat.Invitation) bool {
		return i.Revoked || !i.Expires.IsZero() && !now.Before(i.Expires) || i.Max > 0 && i.Used >= i.Max
	})
	if len(open) == 0 {
		return
	}
	slices.Reverse(open)
	v.list.Add(widget.NewDivider())
	v.list.Add(widget.NewText(i18n.T("invite.open"), widget.TextOptions{Size: theme.SizeTitle, Bold: true}))
	for _, inv := range open {
		v.list.Add(v.row(inv))
	}
}

func (v *View) row(inv chat.Invitation) fyne.CanvasObject {
	what := i18n.T("invite.row.one")
	if inv.Reusable {
		what = i18n.N("invite.row.several", inv.Used)
	}
	until := i18n.T("invite.until", i18n.Args{"Time": v.s.Format.Full(inv.Expires)})
	text := widget.NewColumn(2, widget.NewText(what, widget.TextOptions{Wrap: true}),
		widget.NewText(until, widget.TextOptions{Size: theme.SizeMeta, Color: theme.Muted, Wrap: true}))
	return widget.NewRow(theme.Space2, 1,
		widget.NewIcon(theme.IconLink, theme.Muted, 20), text,
		widget.NewSmallButton(i18n.T("invite.copy"), theme.IconCopy, widget.Quiet, func() { v.s.Nav.CopySecret(inv.Link) }),
		widget.NewSmallButton(i18n.T("invite.withdraw"), "", widget.Quiet, func() { v.withdraw(inv) }))
}

func (v *View) withdraw(inv chat.Invitation) {
	widget.NewDangerDialog(widget.DangerWords{
		Title:  i18n.T("invite.withdraw.title"),
		Points: []string{i18n.T("invite.withdraw.what"), i18n.T("invite.withdraw.keep")},
		Act:    i18n.T("invite.withdraw.act"), Cancel: i18n.T("chat.cancel"),
	}, func() {
		m := v.s.Messenger()
		v.s.Work.InOrder(func(ctx context.Context) error { return m.RevokeInvitation(ctx, inv.ID) }, func(err error) {
			v.s.Nav.Fail(err)
			if v.invitation.ID == inv.ID {
				v.startOver()
			}
			v.read()
		})
	}).Open(v.s.Canvas())
}
