package widget

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	fynewidget "fyne.io/fyne/v2/widget"

	"sotto/app/ui/theme"
)

// ProgressRow shows how far long work has come, in words and a bar, and a way
// to stop it.
type ProgressRow struct {
	fynewidget.BaseWidget
	label  *Text
	detail *Text
	cancel *Button
	done   float32 // 0 to 1; below 0: not known
}

// NewProgressRow answers a row; cancelLabel names the act ("Stop the export").
func NewProgressRow(label, cancelLabel string, cancelled func()) *ProgressRow {
	p := &ProgressRow{done: -1}
	p.label = NewText(label, TextOptions{Cut: true})
	p.detail = NewText("", TextOptions{Size: theme.SizeMeta, Color: theme.Muted, Align: fyne.TextAlignTrailing})
	p.cancel = NewIconButton(theme.IconClose, cancelLabel, cancelled)
	SetVisible(p.cancel, cancelled != nil)
	p.ExtendBaseWidget(p)
	return p
}

// SetProgress shows how much is done (0 to 1, below 0 when not known) and words
// such as "1,204 of 5,000".
func (r *ProgressRow) SetProgress(done float32, words string) {
	r.done = min(done, 1)
	r.detail.content, r.detail.laidWidth = words, -1
	r.Refresh()
}

// CreateRenderer implements fyne.Widget.
func (r *ProgressRow) CreateRenderer() fyne.WidgetRenderer {
	track, bar := newRect(color.Transparent, 3), canvas.NewRectangle(color.Transparent)
	bar.CornerRadius = 3
	p := &parts{owner: r, objects: []fyne.CanvasObject{r.label, r.detail, track, bar, r.cancel}}
	p.refresh = func() {
		track.FillColor, bar.FillColor = colorOf(r, theme.Hairline), colorOf(r, theme.Accent)
		SetVisible(bar, r.done > 0)
		r.label.Refresh()
		r.detail.Refresh()
	}
	height := func() float32 { return lineHeight(sizeOf(r, theme.SizeBody)) + theme.Space2 + 6 }
	p.min = func() fyne.Size { return fyne.NewSize(200, max(height(), 36)) }
	p.layout = func(s fyne.Size) {
		w := s.Width
		if r.cancel.Visible() {
			w -= 36 + theme.Space2
			place(r.cancel, s.Width-36, (s.Height-36)/2, 36, 36)
		}
		lh := lineHeight(sizeOf(r, theme.SizeBody))
		top := (s.Height - height()) / 2
		dm := r.detail.MinSize()
		place(r.label, 0, top, w-dm.Width-theme.Space2, lh)
		place(r.detail, w-dm.Width, top, dm.Width, lh)
		place(track, 0, top+lh+theme.Space2, w, 6)
		place(bar, 0, top+lh+theme.Space2, max(w*max(r.done, 0), 6), 6)
	}
	p.refresh()
	return p
}
