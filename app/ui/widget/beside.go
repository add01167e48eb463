package widget

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
)

// beside puts two things next to each other, or below where there is no room.
type beside struct {
	lead, gap, width float32
}

// NewBeside puts first, lead units wide, left of second, which gets the rest of
// the width; where less than 300 units would be left, second stands below.
func NewBeside(lead, gap float32, first, second fyne.CanvasObject) *fyne.Container {
	return container.New(&beside{lead: lead, gap: gap}, first, second)
}

func (b *beside) fits(width float32) bool { return width-b.lead-b.gap >= 300 }

func (b *beside) heightFor(objs []fyne.CanvasObject, width float32) float32 {
	if !b.fits(width) {
		return HeightFor(objs[0], min(b.lead, width)) + b.gap + HeightFor(objs[1], width)
	}
	return max(HeightFor(objs[0], b.lead), HeightFor(objs[1], width-b.lead-b.gap))
}

func (b *beside) MinSize(objs []fyne.CanvasObject) fyne.Size {
	w := max(objs[0].MinSize().Width, objs[1].MinSize().Width)
	return fyne.NewSize(w, b.heightFor(objs, max(w, b.width)))
}

func (b *beside) Layout(objs []fyne.CanvasObject, s fyne.Size) {
	b.width = s.Width
	if !b.fits(s.Width) {
		w := min(b.lead, s.Width)
		h := HeightFor(objs[0], w)
		place(objs[0], (s.Width-w)/2, 0, w, h)
		place(objs[1], 0, h+b.gap, s.Width, HeightFor(objs[1], s.Width))
		return
	}
	place(objs[0], 0, 0, b.lead, HeightFor(objs[0], b.lead))
	rest := s.Width - b.lead - b.gap
	place(objs[1], b.lead+b.gap, 0, rest, HeightFor(objs[1], rest))
}
