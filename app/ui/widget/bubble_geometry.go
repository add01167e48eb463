package widget

import (
	"net/url"
	"strconv"

	"fyne.io/fyne/v2"

	"sotto/app/ui/theme"
)

const (
	bubblePadX  float32 = 12
	bubblePadY  float32 = 8
	groupGap    float32 = 12 // above the first bubble of a group
	bubbleGap   float32 = 2  // above the others
	metaGap     float32 = 6
	metaIcon    float32 = 14
	reactionGap float32 = 4
	moreMark    float32 = 24
)

// box is a rectangle inside a bubble's widget.
type box struct{ x, y, w, h float32 }

func (b box) pos() fyne.Position { return fyne.NewPos(b.x, b.y) }

func (b box) has(p fyne.Position) bool {
	return b.w > 0 && p.X >= b.x && p.X < b.x+b.w && p.Y >= b.y && p.Y < b.y+b.h
}

// bubbleGeometry is where everything of a bubble stands at one width.
type bubbleGeometry struct {
	width, height               float32
	bubble, author, quote, text box
	showAll, meta, more         box
	file                        fileBoxes
	reactions                   []box
	body                        block
	cut                         bool // more text than is shown
}

// lay answers the geometry at width.
func (b *Bubble) lay(width float32) *bubbleGeometry {
	if b.geo.width == width && width > 0 {
		return &b.geo
	}
	m := b.msg
	g := bubbleGeometry{width: width}
	size := sizeOf(b, theme.SizeBody)
	meta := lineHeight(sizeOf(b, theme.SizeMeta))
	most := min(width*0.82, size*0.52*theme.BubbleChars+2*bubblePadX) - 2*bubblePadX
	file := m.File != nil && m.Removed == ""
	if !file || m.Text != "" {
		wide := most
		if file {
			wide = b.captionWidth(most)
		}
		g.body = wrapText(b.spans, size, wide, bubbleLines)
	}
	g.cut = b.trimmed || g.body.cut

	inner := g.body.width
	y := bubblePadY
	if m.Author != "" && m.First {
		g.author = box{bubblePadX, y, 0, meta}
		inner = max(inner, min(most, measure(CleanName(m.Author), sizeOf(b, theme.SizeMeta), fyne.TextStyle{Bold: true})))
		y += meta + 2
	}
	if m.Quote != nil && m.Removed == "" {
		g.quote = box{bubblePadX, y, 0, 2 * meta}
		inner = max(inner, min(most, b.quoteWidth()))
		y += 2*meta + 6
	}
	if file {
		inner, y = b.layFile(&g, inner, most, y)
		if len(g.body.lines) > 0 {
			y += theme.Space2 - 2
		}
	}
	g.text = box{bubblePadX, y, 0, g.body.height()}
	y += g.body.height()
	if g.cut {
		g.showAll = box{bubblePadX, y, most, meta + 4}
		y += meta + 4
	}
	inner, y = b.layMeta(&g, inner, most, y)

	g.author.w, g.quote.w, g.text.w = inner, inner, inner
	below := bubblePadY
	if file {
		b.finishFile(&g.file, inner)
		if m.File.IsPicture() && g.file.room.y+g.file.room.h == y {
			below = pictureInset
		}
	}
	g.bubble = box{0, 0, inner + 2*bubblePadX, y + below}
	g.place(m, b)
	b.geo = g
	return &b.geo
}

// layMeta puts time and state behind the last line when they fit there, and
// under it otherwise. It answers the new inner width and bottom.
func (b *Bubble) layMeta(g *bubbleGeometry, inner, most, y float32) (float32, float32) {
	w := b.metaWidth()
	if w == 0 {
		return inner, y
	}
	h := lineHeight(sizeOf(b, theme.SizeTiny))
	last := line{}
	if n := len(g.body.lines); n > 0 {
		last = g.body.lines[n-1]
	}
	behind := last.width + theme.Space3 + w
	if len(g.body.lines) > 0 && !g.cut && !last.rtl && behind <= most {
		inner = max(inner, behind)
		g.meta = box{bubblePadX + inner - w, y - h, w, h}
		return inner, y + 2
	}
	if acts := g.file.acts; len(g.body.lines) == 0 && len(acts) > 0 && g.file.side+theme.Space1+w <= bubblePadX+inner {
		g.meta = box{bubblePadX + inner - w, y - h, w, h}
		return inner, y + 2
	}
	inner = max(inner, w)
	g.meta = box{bubblePadX + inner - w, y + 2, w, h}
	return inner, y + 2 + h
}

func (b *Bubble) metaWidth() float32 {
	m := b.msg
	if !m.Last && m.Delivery != Failed && m.Edited == "" || m.Removed != "" {
		return 0
	}
	w := float32(0)
	for _, word := range []string{m.Note, m.Edited, m.Time} {
		if word != "" {
			w += measure(word, sizeOf(b, theme.SizeTiny), fyne.TextStyle{}) + metaGap
		}
	}
	if name, _ := deliveryIcon(m.Delivery); name != "" {
		return w + metaIcon - 2
	}
	return max(w-metaGap, 0)
}

func (b *Bubble) quoteWidth() float32 {
	q, size := b.msg.Quote, sizeOf(b, theme.SizeMeta)
	author := measure(CleanName(q.Author), size, fyne.TextStyle{Bold: true})
	text := measure(CleanName(q.Text), size, fyne.TextStyle{})
	return max(author, text) + 11
}

// place moves everything to its side and adds reactions, gap and height.
func (g *bubbleGeometry) place(m Message, b *Bubble) {
	top := bubbleGap
	if m.First {
		top = groupGap
	}
	left := float32(0)
	if m.Own {
		left = g.width - g.bubble.w
	}
	for _, r := range []*box{&g.bubble, &g.author, &g.quote, &g.text, &g.showAll, &g.meta} {
		r.x += left
		r.y += top
	}
	g.file.move(left, top)
	g.height = g.bubble.y + g.bubble.h
	if m.Removed == "" && len(m.Reactions) > 0 {
		g.placeReactions(m, b)
	}
	g.more = box{g.bubble.x + g.bubble.w + 4, g.bubble.y + 4, moreMark, moreMark}
	if m.Own {
		g.more.x = g.bubble.x - 4 - moreMark
	}
}

// placeReactions hangs the pills on the lower edge, over the bubble's border.
func (g *bubbleGeometry) placeReactions(m Message, b *Bubble) {
	h := max(24, lineHeight(sizeOf(b, theme.SizeBody))+4)
	y := g.bubble.y + g.bubble.h - 6
	total := float32(0)
	widths := make([]float32, len(m.Reactions))
	for i, r := range m.Reactions {
		widths[i] = 16 + measure(reactionText(r.Emoji), sizeOf(b, theme.SizeBody), fyne.TextStyle{})
		if r.Count > 1 {
			widths[i] += 4 + measure(strconv.Itoa(r.Count), sizeOf(b, theme.SizeMeta), fyne.TextStyle{Bold: r.Mine})
		}
		total += widths[i] + reactionGap
	}
	x := g.bubble.x + 8
	if m.Own {
		x = max(g.bubble.x+g.bubble.w-8-total+reactionGap, 0)
	}
	for _, w := range widths {
		if x+w > g.width {
			break // what does not fit is reachable through the menu
		}
		g.reactions = append(g.reactions, box{x, y, w, h})
		x += w + reactionGap
	}
	g.height = y + h
}

// reactionText bounds what a peer can put into a pill: a few graphemes.
func reactionText(emoji string) string {
	out := ""
	for i, g := range graphemes(CleanName(emoji)) {
		if i == 2 {
			break
		}
		out += g
	}
	return out
}

// linkAt answers the link under pos, or nil.
func (g *bubbleGeometry) linkAt(pos fyne.Position) *url.URL {
	if !g.text.has(pos) {
		return nil
	}
	n := int((pos.Y - g.text.y) / g.body.lineHeight)
	if n >= len(g.body.lines) {
		return nil
	}
	l := g.body.lines[n]
	left := g.text.x
	if l.rtl {
		left += g.text.w - l.width
	}
	for _, r := range l.runs {
		if r.span.Link != nil && pos.X >= left+r.x && pos.X < left+r.x+r.width {
			return r.span.Link
		}
	}
	return nil
}
