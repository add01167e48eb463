package widget

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	fynewidget "fyne.io/fyne/v2/widget"

	"sotto/app/ui/theme"
)

// Trust is what the person has checked about a contact's identity.
type Trust int

// The states of an identity.
const (
	Unverified Trust = iota
	Verified
	Changed
)

// Person is what an avatar shows of somebody.
type Person struct {
	Name        string
	Fingerprint []byte // of the identity; decides the colour
	Bot         bool
	Trust       Trust
}

// Avatar shows initials on the colour of a fingerprint, with marks for bots,
// verified and changed identities.
type Avatar struct {
	fynewidget.BaseWidget
	person Person
	size   float32
	ground fyne.ThemeColorName
}

// Avatar sizes.
const (
	AvatarSmall float32 = 32
	AvatarRow   float32 = 40
	AvatarLarge float32 = 72
)

// NewAvatar answers an avatar of size by size units. ground is the colour it
// stands on, for the ring around its marks; "" means theme.Surface.
func NewAvatar(p Person, size float32, ground fyne.ThemeColorName) *Avatar {
	if ground == "" {
		ground = theme.Surface
	}
	a := &Avatar{person: p, size: size, ground: ground}
	a.ExtendBaseWidget(a)
	return a
}

// SetPerson shows somebody else.
func (a *Avatar) SetPerson(p Person) {
	a.person = p
	a.Refresh()
}

// SetGround changes the colour of the ring around the marks.
func (a *Avatar) SetGround(g fyne.ThemeColorName) {
	if a.ground != g {
		a.ground = g
		a.Refresh()
	}
}

// CreateRenderer implements fyne.Widget.
func (a *Avatar) CreateRenderer() fyne.WidgetRenderer {
	disc := canvas.NewCircle(color.Transparent)
	letters := canvas.NewText("", color.White)
	letters.TextStyle.Bold = true
	trustRing, trustDisc := canvas.NewCircle(color.Transparent), canvas.NewCircle(color.Transparent)
	trustMark := canvas.NewImageFromResource(nil)
	botRing := canvas.NewPolygon(6, color.Transparent)
	bot := canvas.NewPolygon(6, color.Transparent)
	botEyeLeft, botEyeRight := canvas.NewCircle(color.Transparent), canvas.NewCircle(color.Transparent)
	trustMark.FillMode = canvas.ImageFillContain

	p := &parts{owner: a, objects: []fyne.CanvasObject{disc, letters, trustRing, trustDisc, trustMark, botRing, bot, botEyeLeft, botEyeRight}}
	p.refresh = func() {
		disc.FillColor = theme.Hue(a.person.Fingerprint)
		letters.Text = Initials(a.person.Name)
		letters.TextSize = a.size * 0.36
		letters.Refresh()
		ground := colorOf(a, a.ground)
		trustRing.FillColor, botRing.FillColor = ground, ground
		marked := a.person.Trust != Unverified
		for _, o := range []fyne.CanvasObject{trustRing, trustDisc, trustMark} {
			SetVisible(o, marked)
		}
		for _, o := range []fyne.CanvasObject{botRing, bot, botEyeLeft, botEyeRight} {
			SetVisible(o, a.person.Bot)
		}
		mark, tone := theme.IconCheck, theme.Good
		if a.person.Trust == Changed {
			mark, tone = theme.IconChanged, theme.Danger
		}
		trustDisc.FillColor = colorOf(a, tone)
		setIcon(trustMark, mark, colorOf(a, theme.Surface))
		bot.FillColor = colorOf(a, theme.Text)
		botEyeLeft.FillColor, botEyeRight.FillColor = ground, ground
	}
	p.min = func() fyne.Size { return fyne.NewSquareSize(a.size) }
	p.layout = func(s fyne.Size) {
		x, y := (s.Width-a.size)/2, (s.Height-a.size)/2
		place(disc, x, y, a.size, a.size)
		m := letters.MinSize()
		place(letters, x+(a.size-m.Width)/2, y+(a.size-m.Height)/2-0.5, m.Width, m.Height)

		d := max(a.size*0.34, 12)
		bx, by := x+a.size-d+4, y+a.size-d+3
		place(trustRing, bx-2, by-2, d+4, d+4)
		place(trustDisc, bx, by, d, d)
		place(trustMark, bx+d*0.14, by+d*0.14, d*0.72, d*0.72)

		by = y - 2
		place(botRing, bx-2.5, by-2.5, d+5, d+5)
		place(bot, bx-0.5, by-0.5, d+1, d+1)
		eye := d * 0.19
		place(botEyeLeft, bx+d*0.32-eye/2, by+d/2-eye/2, eye, eye)
		place(botEyeRight, bx+d*0.68-eye/2, by+d/2-eye/2, eye, eye)
	}
	p.refresh()
	return p
}
