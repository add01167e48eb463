package widget

import (
	"image"
	"image/color"
	"net/url"
	"strconv"
	"unicode/utf8"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/desktop"
	fynewidget "fyne.io/fyne/v2/widget"

	"sotto/app/ui/theme"
)

// Bounds of what one bubble lays out at once, so that a message of the largest
// size does not hold up the window.
const (
	bubbleRunes = 1500
	bubbleLines = 40
)

// BubbleActions are called with the message as it is shown. Any may be nil.
type BubbleActions struct {
	Menu    func(m Message, at fyne.Position) // right click or the "more" mark; at is absolute
	Link    func(m Message, link *url.URL)    // show the real host, then open
	Quote   func(m Message)                   // go to the quoted message
	React   func(m Message, emoji string)     // toggle an existing reaction
	ShowAll func(m Message)                   // the text was cut, see ShowAllLabel
	Retry   func(m Message)                   // tap on the note of a message that failed
	File    func(m Message, act string)       // a FileAct of its file, or the press on its picture
	Picture func(m Message) image.Image       // what is there of it; nil: nothing yet, see [Timeline.Redraw]

	ShowAllLabel string // "Show all"
	MoreLabel    string // "More", for the mark beside the bubble
}

// Bubble shows one message.
type Bubble struct {
	fynewidget.BaseWidget
	actions *BubbleActions
	msg     Message
	spans   []Span
	trimmed bool // only the beginning of the text is laid out

	geo     bubbleGeometry
	file    *fileParts // nil before a file was drawn
	hovered bool
	pointer fyne.Position
}

// NewBubble answers a bubble for m.
func NewBubble(m Message, actions *BubbleActions) *Bubble {
	if actions == nil {
		actions = &BubbleActions{}
	}
	b := &Bubble{actions: actions}
	b.set(m)
	b.ExtendBaseWidget(b)
	return b
}

// Message answers what is shown.
func (b *Bubble) Message() Message { return b.msg }

// SetMessage shows another message.
func (b *Bubble) SetMessage(m Message) {
	b.set(m)
	b.Refresh()
}

// ShowRow implements [RowView].
func (b *Bubble) ShowRow(r Row) { b.set(r.(Message)) }

// Release implements [Releaser].
func (b *Bubble) Release() { b.letGo() }

func (b *Bubble) set(m Message) {
	if m.ID != b.msg.ID {
		b.letGo()
	}
	b.msg, b.hovered = m, false
	b.geo.width = 0
	text := m.Text
	b.trimmed = false
	if utf8.RuneCountInString(text) > bubbleRunes {
		text = string([]rune(text)[:bubbleRunes]) + ellipsis
		b.trimmed = true
	}
	switch {
	case m.Removed != "":
		b.spans = []Span{{Text: m.Removed}}
	case m.PlainText:
		b.spans = []Span{{Text: CleanText(text)}}
	default:
		b.spans = ParseMessage(text)
	}
}

// HeightFor implements flowing and [RowView].
func (b *Bubble) HeightFor(width float32) float32 { return b.lay(width).height }

// Refresh lays out anew, because the theme may have changed.
func (b *Bubble) Refresh() {
	b.geo.width = 0
	b.BaseWidget.Refresh()
}

// Tapped implements fyne.Tappable: links, quote, reactions and notes.
func (b *Bubble) Tapped(e *fyne.PointEvent) {
	if act := b.actionAt(e.Position); act != nil {
		act()
	}
}

// TappedSecondary implements fyne.SecondaryTappable.
func (b *Bubble) TappedSecondary(e *fyne.PointEvent) { b.menu(e.AbsolutePosition) }

func (b *Bubble) menu(at fyne.Position) {
	if b.actions.Menu != nil {
		b.actions.Menu(b.msg, at)
	}
}

// MouseIn implements desktop.Hoverable.
func (b *Bubble) MouseIn(e *desktop.MouseEvent) {
	b.hovered, b.pointer = true, e.Position
	b.BaseWidget.Refresh()
}

// MouseMoved implements desktop.Hoverable.
func (b *Bubble) MouseMoved(e *desktop.MouseEvent) { b.pointer = e.Position }

// MouseOut implements desktop.Hoverable.
func (b *Bubble) MouseOut() {
	b.hovered = false
	b.BaseWidget.Refresh()
}

// Cursor implements desktop.Cursorable.
func (b *Bubble) Cursor() desktop.Cursor {
	if b.actionAt(b.pointer) != nil {
		return desktop.PointerCursor
	}
	return desktop.DefaultCursor
}

// AccessibilityLabel implements fyne.Accessible.
func (b *Bubble) AccessibilityLabel() string {
	file := ""
	if b.msg.File != nil {
		file = fileNameOf(b.msg.File) + " " + b.msg.File.Detail
	}
	return CleanName(b.msg.Author+" "+file+" "+b.msg.Text) + " " + b.msg.Time
}

// AccessibilityRole implements fyne.Accessible.
func (b *Bubble) AccessibilityRole() fyne.AccessibleRole { return fyne.AccessibleRoleText }

// actionAt answers what a tap at pos does, or nil.
func (b *Bubble) actionAt(pos fyne.Position) func() {
	g := b.lay(b.Size().Width)
	a, m := b.actions, b.msg
	switch {
	case b.hovered && a.Menu != nil && g.more.has(pos):
		return func() {
			at := fyne.CurrentApp().Driver().AbsolutePositionForObject(b)
			b.menu(at.Add(pos))
		}
	case m.Quote != nil && a.Quote != nil && g.quote.has(pos):
		return func() { a.Quote(m) }
	case g.cut && a.ShowAll != nil && g.showAll.has(pos):
		return func() { a.ShowAll(m) }
	case m.Delivery == Failed && a.Retry != nil && g.meta.has(pos):
		return func() { a.Retry(m) }
	}
	for i, r := range g.reactions {
		if r.has(pos) && a.React != nil {
			return func() { a.React(m, m.Reactions[i].Emoji) }
		}
	}
	if u := g.linkAt(pos); u != nil && a.Link != nil {
		return func() { a.Link(m, u) }
	}
	return nil
}

// CreateRenderer implements fyne.Widget.
func (b *Bubble) CreateRenderer() fyne.WidgetRenderer {
	v := &bubbleView{b: b, ground: canvas.NewRectangle(color.Transparent)}
	p := &parts{owner: b, objects: []fyne.CanvasObject{v.ground}}
	p.min = func() fyne.Size { return fyne.NewSize(120, b.HeightFor(max(b.Size().Width, 120))) }
	p.layout = func(s fyne.Size) { p.objects = v.draw(b.lay(s.Width)) }
	return p
}

// bubbleView draws a bubble from its geometry.
type bubbleView struct {
	b       *Bubble
	ground  *canvas.Rectangle
	texts   []fyne.CanvasObject
	objects []fyne.CanvasObject
}

func (v *bubbleView) draw(g *bubbleGeometry) []fyne.CanvasObject {
	b, m := v.b, v.b.msg
	v.objects = v.objects[:0]
	v.drawGround(g)
	if m.Author != "" && m.First {
		v.text(CleanName(m.Author), theme.SizeMeta, theme.Accent, true, g.author)
	}
	if m.Quote != nil && m.Removed == "" {
		v.drawQuote(g)
	}
	if m.File != nil && m.Removed == "" {
		v.drawFile(g)
	}
	v.texts = drawBlock(v.texts, g.body, sizeOf(b, theme.SizeBody), v.inkOf, b)
	alignBlock(v.texts, g.body, g.text.pos(), g.text.w, fyne.TextAlignLeading)
	v.objects = append(v.objects, v.texts...)
	if g.cut {
		v.text(b.actions.ShowAllLabel, theme.SizeMeta, theme.Accent, true, g.showAll)
	}
	if g.meta.w > 0 {
		v.drawMeta(g)
	}
	for i, r := range g.reactions {
		v.drawReaction(m.Reactions[i], r)
	}
	if b.hovered && b.actions.Menu != nil {
		icon := newIcon(theme.IconMore, colorOf(b, theme.Muted))
		place(icon, g.more.x+2, g.more.y+2, g.more.w-4, g.more.h-4)
		v.objects = append(v.objects, icon)
	}
	return v.objects
}

func (v *bubbleView) inkOf(s *Span) fyne.ThemeColorName {
	switch {
	case s.Link != nil:
		return theme.Accent
	case v.b.msg.Removed != "":
		return v.mutedInk()
	}
	return theme.Text
}

func (v *bubbleView) mutedInk() fyne.ThemeColorName {
	if v.b.msg.Own {
		return theme.OwnMuted
	}
	return theme.Muted
}

func (v *bubbleView) drawGround(g *bubbleGeometry) {
	b, m, r := v.b, v.b.msg, v.ground
	r.FillColor = colorOf(b, theme.Surface)
	r.StrokeColor, r.StrokeWidth = colorOf(b, theme.Hairline), 1
	if m.Own {
		r.FillColor, r.StrokeWidth = colorOf(b, theme.OwnBubble), 0
	}
	if m.Found {
		r.StrokeColor, r.StrokeWidth = colorOf(b, theme.Accent), 2
	}
	top, bottom := theme.GroupedRadius, theme.GroupedRadius
	if m.First {
		top = theme.BubbleRadius
	}
	if m.Last {
		bottom = theme.BubbleRadius
	}
	r.TopLeftCornerRadius, r.BottomLeftCornerRadius = top, bottom
	r.TopRightCornerRadius, r.BottomRightCornerRadius = theme.BubbleRadius, theme.BubbleRadius
	if m.Own {
		r.TopLeftCornerRadius, r.TopRightCornerRadius = r.TopRightCornerRadius, r.TopLeftCornerRadius
		r.BottomLeftCornerRadius, r.BottomRightCornerRadius = r.BottomRightCornerRadius, r.BottomLeftCornerRadius
	}
	place(r, g.bubble.x, g.bubble.y, g.bubble.w, g.bubble.h)
	r.Refresh()
	v.objects = append(v.objects, r)
}

func (v *bubbleView) drawQuote(g *bubbleGeometry) {
	b, q := v.b, v.b.msg.Quote
	bar := newRect(colorOf(b, theme.Accent), 1.5)
	place(bar, g.quote.x, g.quote.y, 3, g.quote.h)
	v.objects = append(v.objects, bar)
	lh := lineHeight(sizeOf(b, theme.SizeMeta))
	inner := box{g.quote.x + 11, g.quote.y, g.quote.w - 11, lh}
	v.text(CleanName(q.Author), theme.SizeMeta, theme.Accent, true, inner)
	inner.y += lh
	v.text(CleanName(q.Text), theme.SizeMeta, v.mutedInk(), false, inner)
}

func (v *bubbleView) drawMeta(g *bubbleGeometry) {
	b, m := v.b, v.b.msg
	ink := v.mutedInk()
	note := ink
	if m.Delivery == Failed {
		note = theme.Danger
	}
	x := g.meta.x
	for i, word := range []string{m.Note, m.Edited, m.Time} {
		if word == "" {
			continue
		}
		c := ink
		if i == 0 {
			c = note
		}
		w := measure(word, sizeOf(b, theme.SizeTiny), fyne.TextStyle{})
		v.text(word, theme.SizeTiny, c, false, box{x, g.meta.y, w, g.meta.h})
		x += w + metaGap
	}
	name, c := deliveryIcon(m.Delivery)
	if name == "" {
		return
	}
	if c == "" {
		c = ink
	}
	icon := newIcon(name, colorOf(b, c))
	place(icon, g.meta.x+g.meta.w-metaIcon, g.meta.y+(g.meta.h-metaIcon)/2, metaIcon, metaIcon)
	v.objects = append(v.objects, icon)
}

func deliveryIcon(d Delivery) (theme.IconName, fyne.ThemeColorName) {
	switch d {
	case Queued:
		return theme.IconClock, ""
	case Sent:
		return theme.IconCheck, ""
	case Delivered:
		return theme.IconCheckCircle, ""
	case Read:
		return theme.IconChecks, theme.Accent
	case Failed:
		return theme.IconAlert, theme.Danger
	}
	return "", ""
}

func (v *bubbleView) drawReaction(r Reaction, at box) {
	b := v.b
	pill := newRect(colorOf(b, theme.Surface), at.h/2)
	pill.StrokeWidth, pill.StrokeColor = 1, colorOf(b, theme.Hairline)
	ink := theme.Muted
	if r.Mine {
		pill.StrokeWidth, pill.StrokeColor = 1.5, colorOf(b, theme.Accent)
		ink = theme.Accent
	}
	place(pill, at.x, at.y, at.w, at.h)
	v.objects = append(v.objects, pill)
	emoji := reactionText(r.Emoji)
	w := measure(emoji, sizeOf(b, theme.SizeBody), fyne.TextStyle{})
	v.text(emoji, theme.SizeBody, theme.Text, false, box{at.x + 8, at.y, w, at.h})
	if r.Count > 1 {
		v.text(strconv.Itoa(r.Count), theme.SizeMeta, ink, r.Mine, box{at.x + 8 + w + 4, at.y, at.w, at.h})
	}
}

// text draws s on one line in the vertical middle of at, cut to its width.
func (v *bubbleView) text(s string, size fyne.ThemeSizeName, c fyne.ThemeColorName, bold bool, at box) {
	px := sizeOf(v.b, size)
	style := fyne.TextStyle{Bold: bold}
	t := canvas.NewText(cutToWidth(s, px, style, at.w+0.5), colorOf(v.b, c))
	t.TextSize, t.TextStyle = px, style
	h := lineHeight(px)
	place(t, at.x, at.y+(at.h-h)/2, at.w, h)
	v.objects = append(v.objects, t)
}
