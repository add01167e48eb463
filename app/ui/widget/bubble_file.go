package widget

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"

	"sotto/app/ui/theme"
)

// Measures of files in bubbles.
const (
	pictureMost   float32 = 320 // either side of a picture, at most
	pictureLeastW float32 = 168 // room for a button and a line of words on it
	pictureLeastH float32 = 104
	pictureInset  float32 = 4 // between a picture and the edge of its bubble
	cardLeast     float32 = 248
	cardDisc      float32 = 40
	barHeight     float32 = 4
)

// fileBoxes is where the parts of a file stand in its bubble.
type fileBoxes struct {
	room         box // the picture, or the whole card
	disc         box // of a card, under the icon of its kind
	name, detail box
	bar          box
	acts         []box
	side         float32 // left edge of the room beside the acts of a card
}

// pictureSize answers the room of a picture of so many pixels in a bubble that
// may be most wide: never larger than it is, and with room for a button. One that
// is much longer than that does not fit whole; its middle is shown there.
func pictureSize(w, h int, most, scale float32) fyne.Size {
	width, height := float32(w), float32(h)
	widest := min(pictureMost, most+2*(bubblePadX-pictureInset))
	f := min(widest/width, pictureMost/height, 1)
	return fyne.NewSize(whole(min(max(width*f, pictureLeastW*scale), widest)), whole(max(height*f, pictureLeastH*scale)))
}

// whole keeps edges on pixels, so that what lies on a picture covers all of it.
func whole(f float32) float32 { return float32(int(f + 0.5)) }

// captionWidth is how wide a text may be beside the file of the message.
func (b *Bubble) captionWidth(most float32) float32 {
	if a := b.msg.File; a.IsPicture() {
		s := pictureSize(a.Width, a.Height, most, scaleOf(b))
		return max(s.Width-2*(bubblePadX-pictureInset), min(most, 240))
	}
	return most
}

// layFile puts the file at y and answers the new inner width and bottom.
func (b *Bubble) layFile(g *bubbleGeometry, inner, most, y float32) (float32, float32) {
	a := b.msg.File
	if !a.IsPicture() {
		return b.layCard(g, inner, most, y)
	}
	if y == bubblePadY {
		y = pictureInset
	}
	s := pictureSize(a.Width, a.Height, most, scaleOf(b))
	g.file.room = box{pictureInset, y, 0, s.Height}
	return max(inner, s.Width-2*(bubblePadX-pictureInset)), y + s.Height
}

func (b *Bubble) layCard(g *bubbleGeometry, inner, most, y float32) (float32, float32) {
	a := b.msg.File
	body, meta := lineHeight(sizeOf(b, theme.SizeBody)), lineHeight(sizeOf(b, theme.SizeMeta))
	lead := cardDisc + theme.Space3
	stem, ending := SplitFileName(a.Name)
	bold := fyne.TextStyle{Bold: true}
	name := measure(stem, sizeOf(b, theme.SizeBody), bold) + measure(ending, sizeOf(b, theme.SizeBody), bold) + 3
	acts := float32(0)
	for _, act := range a.Acts {
		acts += b.actSize(act).Width + theme.Space2
	}
	want := max(cardLeast*scaleOf(b), lead+min(name, 240*scaleOf(b)), lead+measure(a.Detail, sizeOf(b, theme.SizeMeta), fyne.TextStyle{}), acts+theme.Space1+b.metaWidth())
	inner = max(inner, min(most, want))

	head := max(cardDisc, body+meta)
	g.file.room = box{bubblePadX, y + 2, 0, head}
	g.file.disc = box{bubblePadX, y + 2 + (head-cardDisc)/2, cardDisc, cardDisc}
	top := y + 2 + (head-body-meta)/2
	g.file.name = box{bubblePadX + lead, top, -lead, body}
	g.file.detail = box{bubblePadX + lead, top + body, -lead, meta}
	y += 2 + head
	g.file.bar = box{bubblePadX, y + 6, 0, barHeight}
	y += 6 + barHeight + 8
	if len(a.Acts) == 0 {
		return inner, y
	}
	x, h := bubblePadX, float32(0)
	for _, act := range a.Acts {
		s := b.actSize(act)
		g.file.acts = append(g.file.acts, box{x, y, s.Width, s.Height})
		x += s.Width + theme.Space2
		h = s.Height
	}
	g.file.side = x
	return inner, y + h
}

// actSize is the size of the small button for an act.
func (b *Bubble) actSize(act FileAct) fyne.Size {
	w := measure(act.Label, sizeOf(b, theme.SizeBody), fyne.TextStyle{Bold: true}) + 2*theme.Space4 - theme.Space2
	if act.Icon != "" {
		w += 18 + theme.Space2
	}
	return fyne.NewSize(w, max(32, lineHeight(sizeOf(b, theme.SizeBody))+12))
}

// finishFile gives the parts of the file the width that the bubble has got, and
// puts what lies on a picture into its middle.
func (b *Bubble) finishFile(f *fileBoxes, inner float32) {
	a := b.msg.File
	if !a.IsPicture() {
		f.room.w, f.bar.w = inner, inner
		f.name.w += inner
		f.detail.w += inner
		return
	}
	f.room.w = inner + 2*(bubblePadX-pictureInset)
	meta := lineHeight(sizeOf(b, theme.SizeMeta))
	total := float32(0)
	var act fyne.Size
	if len(a.Acts) > 0 {
		act = b.actSize(a.Acts[0])
		total += act.Height
	}
	if a.Detail != "" {
		total += meta + theme.Space2 + theme.Space2
	}
	y := f.room.y + (f.room.h-total)/2
	if act.Width > 0 {
		act.Width = min(act.Width, f.room.w-theme.Space4)
		f.acts = []box{{f.room.x + (f.room.w-act.Width)/2, y, act.Width, act.Height}}
		y += act.Height + theme.Space2
	}
	if a.Detail != "" {
		w := min(measure(a.Detail, sizeOf(b, theme.SizeMeta), fyne.TextStyle{})+2*theme.Space3+1, f.room.w-theme.Space4)
		f.detail = box{f.room.x + (f.room.w-w)/2, y, w, meta + theme.Space2}
	}
	f.bar = box{f.room.x + theme.Space3, f.room.y + f.room.h - theme.Space3 - barHeight, f.room.w - 2*theme.Space3, barHeight}
}

// move shifts all parts.
func (f *fileBoxes) move(dx, dy float32) {
	for _, r := range []*box{&f.room, &f.disc, &f.name, &f.detail, &f.bar} {
		r.x += dx
		r.y += dy
	}
	for i := range f.acts {
		f.acts[i].x += dx
		f.acts[i].y += dy
	}
}

// fileParts are the objects that show a file; a bubble makes them when it first
// draws one.
type fileParts struct {
	picture    *Picture
	disc       *canvas.Circle
	icon       *canvas.Image
	name       *FileName
	detail     *Text
	pill       *canvas.Rectangle
	track, bar *canvas.Rectangle
	buttons    []*Button
}

func (b *Bubble) parts() *fileParts {
	if b.file != nil {
		return b.file
	}
	b.file = &fileParts{
		disc: canvas.NewCircle(color.Transparent), icon: newIcon(theme.IconFile, colorOf(b, theme.Accent)),
		name:   NewFileName("", theme.SizeBody, theme.Text, true),
		detail: NewText("", TextOptions{Size: theme.SizeMeta, Cut: true}),
		pill:   newRect(color.Transparent, theme.ControlRadius),
		track:  newRect(color.Transparent, barHeight/2), bar: newRect(color.Transparent, barHeight/2),
	}
	b.file.picture = NewPicture(PictureOptions{Icon: theme.IconPicture, Radius: theme.BubbleRadius - pictureInset}, func() {
		if a := b.msg.File; a != nil && a.Press != "" && b.actions.File != nil {
			b.actions.File(b.msg, a.Press)
		}
	})
	return b.file
}

// drawFile draws the file of the message.
func (v *bubbleView) drawFile(g *bubbleGeometry) {
	b, a, p := v.b, v.b.msg.File, v.b.parts()
	f := &g.file
	p.detail.opts.Color = v.mutedInk()
	switch {
	case a.Alarm:
		p.detail.opts.Color = theme.Danger
	case a.IsPicture():
		p.detail.opts.Color = theme.Text
	}
	p.detail.content, p.detail.laidWidth = a.Detail, -1
	if a.IsPicture() {
		v.drawPicture(f)
	} else {
		p.disc.FillColor = colorOf(b, theme.OwnBubble)
		if b.msg.Own {
			p.disc.FillColor = colorOf(b, theme.Surface)
		}
		placeAt(p.disc, f.disc)
		setIcon(p.icon, iconOr(a.Icon), colorOf(b, theme.Accent))
		place(p.icon, f.disc.x+9, f.disc.y+9, cardDisc-18, cardDisc-18)
		p.name.SetName(a.Name)
		p.name.Refresh()
		placeAt(p.name, f.name)
		placeAt(p.detail, f.detail)
		p.detail.opts.Align = fyne.TextAlignLeading
		v.objects = append(v.objects, p.disc, p.icon, p.name, p.detail)
	}
	p.detail.BaseWidget.Refresh()
	if a.Moving {
		v.drawBar(f)
	}
	v.drawActs(f)
}

func (v *bubbleView) drawPicture(f *fileBoxes) {
	b, a, p := v.b, v.b.msg.File, v.b.file
	p.picture.dim, p.picture.natural = a.Away, fyne.NewSize(float32(a.Width), float32(a.Height))
	p.picture.label = CleanName(a.Label + " " + fileNameOf(a))
	p.picture.off = a.Press == ""
	if b.actions.Picture != nil {
		p.picture.pixels = b.actions.Picture(b.msg)
	}
	p.picture.Refresh()
	placeAt(p.picture, f.room)
	v.objects = append(v.objects, p.picture)
	if a.Detail == "" {
		return
	}
	p.pill.FillColor = colorOf(b, theme.Raised)
	placeAt(p.pill, f.detail)
	place(p.detail, f.detail.x+theme.Space3, f.detail.y, f.detail.w-2*theme.Space3, f.detail.h)
	p.detail.opts.Align = fyne.TextAlignCenter
	v.objects = append(v.objects, p.pill, p.detail)
}

func (v *bubbleView) drawBar(f *fileBoxes) {
	b, a, p := v.b, v.b.msg.File, v.b.file
	p.track.FillColor, p.bar.FillColor = colorOf(b, theme.Hairline), colorOf(b, theme.Accent)
	placeAt(p.track, f.bar)
	done := f.bar
	done.w = max(f.bar.w*min(max(a.Done, 0), 1), barHeight)
	placeAt(p.bar, done)
	v.objects = append(v.objects, p.track)
	if a.Done >= 0 {
		v.objects = append(v.objects, p.bar)
	}
}

// drawActs shows a button for each act that has a place. The i-th button always
// does the i-th act of what is shown now.
func (v *bubbleView) drawActs(f *fileBoxes) {
	b, p := v.b, v.b.file
	for i, at := range f.acts {
		act := b.msg.File.Acts[i]
		if i == len(p.buttons) {
			p.buttons = append(p.buttons, NewSmallButton("", "", Secondary, func() {
				if a := b.msg.File; a != nil && i < len(a.Acts) && b.actions.File != nil {
					b.actions.File(b.msg, a.Acts[i].Key)
				}
			}))
		}
		button := p.buttons[i]
		button.text, button.label, button.icon = act.Label, act.Label, act.Icon
		button.Refresh()
		placeAt(button, at)
		v.objects = append(v.objects, button)
	}
}

// letGo takes the keyboard from the parts that showed another message, and drops
// its picture.
func (b *Bubble) letGo() {
	p := b.file
	if p == nil {
		return
	}
	p.picture.SetPixels(nil)
	for _, o := range p.controls() {
		if c := fyne.CurrentApp().Driver().CanvasForObject(o); c != nil && c.Focused() == o.(fyne.Focusable) {
			c.Unfocus()
		}
	}
}

func (p *fileParts) controls() []fyne.CanvasObject {
	out := []fyne.CanvasObject{p.picture}
	for _, button := range p.buttons {
		out = append(out, button)
	}
	return out
}

func placeAt(o fyne.CanvasObject, b box) { place(o, b.x, b.y, b.w, b.h) }
