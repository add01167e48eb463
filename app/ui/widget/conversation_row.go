package widget

import (
	"image/color"
	"strconv"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"

	"sotto/app/ui/theme"
)

// Conversation is what the list shows of a conversation.
type Conversation struct {
	Key      string // stable
	Person   Person
	Icon     theme.IconName // in place of the avatar, for a row that is an act and no conversation
	Title    string
	Preview  string // one line; line breaks are folded
	Found    []Span // in place of the preview: a message that was found, see [Snippet]
	Draft    string // the word for draft, shown before the preview; "" when there is none
	Time     string
	Unread   int
	Muted    bool // the unread pill is grey
	Pinned   bool
	Delivery Delivery // of the last message when it is an own one
	NewGroup bool     // a hairline above: the first row after the pinned ones
}

// ConversationRow shows one [Conversation], 64 units high.
type ConversationRow struct {
	control
	conv     Conversation
	avatar   *Avatar
	title    *Text
	preview  *Text
	selected bool
	inList   bool // the list has the keyboard, not the row
	menu     func(Conversation, fyne.Position)
}

// NewConversationRow answers a row; tapped opens the conversation, menu is
// called on a right click with an absolute position. Both may be nil.
func NewConversationRow(c Conversation, tapped func(Conversation), menu func(Conversation, fyne.Position)) *ConversationRow {
	r := &ConversationRow{menu: menu}
	r.avatar = NewAvatar(c.Person, AvatarRow, theme.Surface)
	r.title = NewText("", TextOptions{Size: theme.SizeTitle, Cut: true})
	r.preview = NewText("", TextOptions{Color: theme.Muted, Cut: true})
	if tapped != nil {
		r.onTap = func() { tapped(r.conv) }
	}
	r.set(c)
	r.ExtendBaseWidget(r)
	return r
}

// SetConversation shows another conversation.
func (r *ConversationRow) SetConversation(c Conversation, selected bool) {
	r.selected = selected
	r.set(c)
	r.Refresh()
}

func (r *ConversationRow) set(c Conversation) {
	r.conv = c
	r.label = CleanName(c.Title)
	r.avatar.person = c.Person
	r.title.content, r.title.laidWidth = r.label, -1
	preview := CleanName(c.Preview)
	if c.Draft != "" {
		preview = c.Draft + " " + preview
	}
	r.preview.content, r.preview.spans, r.preview.laidWidth = preview, c.Found, -1
}

// Disabled leaves rows of a list out of the focus order; taps reach them still.
func (r *ConversationRow) Disabled() bool { return r.inList || r.control.Disabled() }

// TappedSecondary implements fyne.SecondaryTappable.
func (r *ConversationRow) TappedSecondary(e *fyne.PointEvent) {
	if r.menu != nil {
		r.menu(r.conv, e.AbsolutePosition)
	}
}

// CreateRenderer implements fyne.Widget.
func (r *ConversationRow) CreateRenderer() fyne.WidgetRenderer {
	ground := newRect(color.Transparent, theme.ControlRadius)
	line := newRect(color.Transparent, 0)
	when := canvas.NewText("", nil)
	pill := newRect(color.Transparent, 9)
	count := canvas.NewText("", nil)
	count.TextStyle.Bold = true
	pin, state := canvas.NewImageFromResource(nil), canvas.NewImageFromResource(nil)
	disc, icon := canvas.NewCircle(color.Transparent), canvas.NewImageFromResource(nil)
	pin.FillMode, state.FillMode, icon.FillMode = canvas.ImageFillContain, canvas.ImageFillContain, canvas.ImageFillContain

	p := &parts{owner: r, objects: []fyne.CanvasObject{line, ground, r.avatar, r.title, r.preview, when, pill, count, pin, state, disc, icon}}
	p.refresh = func() {
		c := r.conv
		ground.FillColor, ground.StrokeColor, ground.StrokeWidth = color.Transparent, color.Transparent, 0
		avatarGround, quiet := theme.Surface, theme.Muted
		switch {
		case r.selected:
			ground.FillColor = colorOf(r, theme.OwnBubble)
			avatarGround, quiet = theme.OwnBubble, theme.OwnMuted
		case r.hovered:
			ground.FillColor = colorOf(r, theme.QuietTint)
			avatarGround = theme.QuietTint
		}
		if r.focused {
			ground.StrokeColor, ground.StrokeWidth = colorOf(r, theme.Accent), 2
		}
		line.FillColor = colorOf(r, theme.Hairline)
		SetVisible(line, c.NewGroup)
		r.avatar.ground = avatarGround
		SetVisible(r.avatar, c.Icon == "")
		SetVisible(disc, c.Icon != "")
		SetVisible(icon, c.Icon != "")
		if c.Icon == "" {
			r.avatar.Refresh()
		} else {
			disc.FillColor = colorOf(r, theme.OwnBubble)
			setIcon(icon, c.Icon, colorOf(r, theme.Accent))
		}
		r.title.opts.Bold = c.Unread > 0
		r.title.Refresh()
		r.preview.opts.Color = quiet
		if c.Unread > 0 {
			r.preview.opts.Color = theme.Text
		}
		r.preview.Refresh()
		when.Text, when.TextSize, when.Color = c.Time, sizeOf(r, theme.SizeMeta), colorOf(r, quiet)
		when.Refresh()
		r.refreshMarks(pill, count, pin, state, quiet)
	}
	p.min = func() fyne.Size { return fyne.NewSize(160, theme.RowHeight*max(scaleOf(r), 1)) }
	p.layout = func(s fyne.Size) {
		place(line, theme.Space3, 0, s.Width-2*theme.Space3, 1)
		place(ground, 4, 2, s.Width-8, s.Height-4)
		place(r.avatar, theme.Space3, (s.Height-AvatarRow)/2, AvatarRow, AvatarRow)
		place(disc, theme.Space3, (s.Height-AvatarRow)/2, AvatarRow, AvatarRow)
		place(icon, theme.Space3+(AvatarRow-20)/2, (s.Height-20)/2, 20, 20)
		left := theme.Space3 + AvatarRow + theme.Space3
		right := s.Width - theme.Space4
		th, ph := lineHeight(sizeOf(r, theme.SizeTitle)), lineHeight(sizeOf(r, theme.SizeBody))
		top := (s.Height - th - ph) / 2
		wm := when.MinSize()
		place(when, right-wm.Width, top+(th-wm.Height)/2, wm.Width, wm.Height)
		place(r.title, left, top, right-wm.Width-theme.Space2-left, th)

		edge := right
		mid := top + th + ph/2
		if r.conv.Unread > 0 {
			cm := count.MinSize()
			w := max(cm.Width+10, 18)
			h := max(18, cm.Height+2)
			pill.CornerRadius = h / 2
			place(pill, edge-w, mid-h/2, w, h)
			place(count, edge-w+(w-cm.Width)/2, mid-cm.Height/2, cm.Width, cm.Height)
			edge -= w + theme.Space2
		}
		if r.conv.Pinned {
			place(pin, edge-14, mid-7, 14, 14)
			edge -= 14 + theme.Space2
		}
		x := left
		if state.Visible() {
			place(state, x, mid-7, 14, 14)
			x += 18
		}
		place(r.preview, x, top+th, edge-x, ph)
	}
	p.refresh()
	return p
}

func (r *ConversationRow) refreshMarks(pill *canvas.Rectangle, count *canvas.Text, pin, state *canvas.Image, quiet fyne.ThemeColorName) {
	c := r.conv
	SetVisible(pill, c.Unread > 0)
	SetVisible(count, c.Unread > 0)
	pill.FillColor, count.Color = colorOf(r, theme.Accent), colorOf(r, theme.OnAccent)
	if c.Muted {
		pill.FillColor, count.Color = colorOf(r, theme.Muted), colorOf(r, theme.Surface)
	}
	count.Text, count.TextSize = unreadLabel(c.Unread), sizeOf(r, theme.SizeTiny)
	count.Refresh()
	SetVisible(pin, c.Pinned)
	setIcon(pin, theme.IconPin, colorOf(r, quiet))
	name, ink := deliveryIcon(c.Delivery)
	SetVisible(state, name != "" && c.Draft == "")
	if name != "" {
		if ink == "" {
			ink = quiet
		}
		setIcon(state, name, colorOf(r, ink))
	}
}

func unreadLabel(n int) string {
	if n > 99 {
		return "99+"
	}
	return strconv.Itoa(n)
}
