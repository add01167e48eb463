package widget

import (
	"image"
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	fynewidget "fyne.io/fyne/v2/widget"

	"sotto/app/ui/theme"
)

// Thumbnail is a picture in a grid: it fills its room, and takes no taps and no
// keyboard, which are the grid's.
type Thumbnail struct {
	fynewidget.BaseWidget
	pixels image.Image
	icon   theme.IconName
	name   string
	dim    bool
}

// NewThumbnail answers an empty one.
func NewThumbnail() *Thumbnail {
	t := &Thumbnail{}
	t.ExtendBaseWidget(t)
	return t
}

// Set shows img, or the icon while it is nil; dim: the file itself is not here.
func (t *Thumbnail) Set(img image.Image, icon theme.IconName, name string, dim bool) {
	t.pixels, t.icon, t.name, t.dim = img, icon, name, dim
	t.Refresh()
}

// Pixels answers what is shown, or nil.
func (t *Thumbnail) Pixels() image.Image { return t.pixels }

// AccessibilityLabel implements fyne.Accessible.
func (t *Thumbnail) AccessibilityLabel() string { return CleanName(t.name) }

// AccessibilityRole implements fyne.Accessible.
func (t *Thumbnail) AccessibilityRole() fyne.AccessibleRole { return fyne.AccessibleRoleText }

// CreateRenderer implements fyne.Widget.
func (t *Thumbnail) CreateRenderer() fyne.WidgetRenderer {
	ground, veil := newRect(color.Transparent, theme.ControlRadius), newRect(color.Transparent, theme.ControlRadius)
	icon := newIcon(iconOr(t.icon), colorOf(t, theme.Muted))
	shown := &canvas.Image{FillMode: canvas.ImageFillCover, ScaleMode: canvas.ImageScaleFastest, CornerRadius: theme.ControlRadius}
	shown.Hide()
	v := &parts{owner: t, objects: []fyne.CanvasObject{ground, shown, veil, icon}}
	v.refresh = func() {
		ground.FillColor, veil.FillColor = colorOf(t, theme.QuietTint), colorOf(t, theme.PictureVeil)
		setIcon(icon, iconOr(t.icon), colorOf(t, theme.Muted))
		if t.dim {
			setIcon(icon, theme.IconDownload, colorOf(t, theme.Text))
		}
		if shown.Image != t.pixels {
			shown.Image = t.pixels
			if t.pixels != nil {
				shown.Refresh()
			}
		}
		SetVisible(shown, t.pixels != nil)
		SetVisible(veil, t.dim && t.pixels != nil)
		SetVisible(icon, t.pixels == nil || t.dim)
	}
	v.min = func() fyne.Size { return fyne.NewSize(132, 132) }
	v.layout = func(s fyne.Size) {
		for _, o := range []fyne.CanvasObject{ground, shown, veil} {
			place(o, 0, 0, s.Width, s.Height)
		}
		place(icon, (s.Width-28)/2, (s.Height-28)/2, 28, 28)
	}
	v.refresh()
	return v
}
