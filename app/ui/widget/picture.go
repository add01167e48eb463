package widget

import (
	"image"
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"

	"sotto/app/ui/theme"
)

// Picture shows a picture, or the mark of its kind while there is none, with
// round corners. Pressing it calls back. It decodes nothing: it gets pixels.
type Picture struct {
	control
	pixels image.Image
	icon   theme.IconName
	radius float32
	cover  bool // fills the whole room, what is over is cut
	dim    bool
	// natural is the size that it is not enlarged over; zero: any. Of one that is
	// much longer than its room the middle is shown.
	natural fyne.Size
}

// PictureOptions say how a picture looks.
type PictureOptions struct {
	Label  string         // what pressing does, for those who do not see it
	Icon   theme.IconName // while there are no pixels
	Radius float32
	Cover  bool // fill the room and cut what is over, as in a grid
}

// NewPicture answers a picture without pixels; tapped may be nil.
func NewPicture(o PictureOptions, tapped func()) *Picture {
	p := &Picture{icon: o.Icon, radius: o.Radius, cover: o.Cover}
	p.label, p.onTap = o.Label, tapped
	p.ExtendBaseWidget(p)
	return p
}

// SetPixels shows img; nil takes what is shown away.
func (p *Picture) SetPixels(img image.Image) {
	if p.pixels == img {
		return
	}
	p.pixels = img
	p.Refresh()
}

// Pixels answers what is shown, or nil.
func (p *Picture) Pixels() image.Image { return p.pixels }

// CreateRenderer implements fyne.Widget.
func (p *Picture) CreateRenderer() fyne.WidgetRenderer {
	ground, veil, over := newRect(color.Transparent, p.radius), newRect(color.Transparent, p.radius), newRect(color.Transparent, p.radius)
	ring := newFocusRing(p.radius + 3)
	icon := newIcon(iconOr(p.icon), colorOf(p, theme.Muted))
	shown := &canvas.Image{FillMode: canvas.ImageFillContain, ScaleMode: canvas.ImageScaleFastest, CornerRadius: p.radius}
	shown.Hide()
	v := &parts{owner: p, objects: []fyne.CanvasObject{ground, icon, shown, veil, over, ring}}
	v.refresh = func() {
		ground.FillColor = colorOf(p, theme.QuietTint)
		ground.CornerRadius, veil.CornerRadius, over.CornerRadius = p.radius, p.radius, p.radius
		if shown.FillMode = canvas.ImageFillContain; p.cover || !p.natural.IsZero() {
			shown.FillMode = canvas.ImageFillCover
		}
		setIcon(icon, iconOr(p.icon), colorOf(p, theme.Muted))
		SetVisible(icon, p.pixels == nil)
		if shown.Image != p.pixels {
			shown.Image = p.pixels
			if p.pixels != nil {
				shown.Refresh()
			}
		}
		SetVisible(shown, p.pixels != nil)
		veil.FillColor = colorOf(p, theme.PictureVeil)
		SetVisible(veil, p.dim && p.pixels != nil)
		over.FillColor = colorOf(p, theme.Hover)
		SetVisible(over, p.hovered && !p.Disabled())
		ring.StrokeColor = colorOf(p, theme.Accent)
		SetVisible(ring, p.focused)
	}
	v.min = func() fyne.Size { return fyne.NewSize(48, 48) }
	v.layout = func(s fyne.Size) {
		at := p.within(s)
		shown.CornerRadius = min(p.radius, at.Width/4, at.Height/4)
		place(shown, (s.Width-at.Width)/2, (s.Height-at.Height)/2, at.Width, at.Height)
		for _, o := range []fyne.CanvasObject{ground, veil, over} {
			place(o, 0, 0, s.Width, s.Height)
		}
		side := min(s.Width, s.Height, 32)
		place(icon, (s.Width-side)/2, (s.Height-side)/2, side, side)
		place(ring, -3, -3, s.Width+6, s.Height+6)
	}
	v.refresh()
	return v
}

// within is how much of a room the picture takes: all of it, unless it is smaller.
func (p *Picture) within(room fyne.Size) fyne.Size {
	n := p.natural
	if n.IsZero() {
		return room
	}
	f := min(max(room.Width/n.Width, room.Height/n.Height), 1)
	return fyne.NewSize(min(n.Width*f, room.Width), min(n.Height*f, room.Height))
}
