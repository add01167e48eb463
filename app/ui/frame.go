package ui

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"sotto/app/ui/theme"
	"sotto/app/ui/widget"
)

// chatLeast is how wide a chat is at least beside a panel, at a text scale of 1.
const chatLeast float32 = 420

// frame lays out the list, the screen, and a panel beside it. Below 900 units the list and the screen share one column.
type frame struct {
	content    *fyne.Container
	list       fyne.CanvasObject
	main       *fyne.Container
	panel      *fyne.Container
	lines      [2]fyne.CanvasObject
	narrowList bool // nothing is open: a narrow frame shows the list
	whole      bool // the screen has all of the room

	width   float32
	changed func() // narrow or roomy changed
}

func newFrame(list fyne.CanvasObject, changed func()) *frame {
	f := &frame{list: list, main: container.NewStack(), panel: container.NewStack(), narrowList: true}
	f.lines = [2]fyne.CanvasObject{widget.NewDivider(), widget.NewDivider()}
	f.content = container.New(f, f.main, f.panel, f.list, f.lines[0], f.lines[1])
	f.changed = changed
	return f
}

func (f *frame) narrow() bool { return f.width > 0 && f.width < theme.NarrowBelow }

// roomy reports whether a panel fits beside list and chat. Larger text needs a page.
func (f *frame) roomy() bool {
	scale := max(theme.Size(fyne.CurrentApp().Settings().Theme(), theme.SizeBody)/14, 1)
	return f.width >= theme.ListWidth+(chatLeast+theme.PanelWidth)*scale
}

// show puts views in place; panel may be nil.
func (f *frame) show(main, panel fyne.CanvasObject) {
	put(f.main, main)
	put(f.panel, panel)
	f.content.Refresh()
}

func put(at *fyne.Container, o fyne.CanvasObject) {
	switch {
	case o == nil && len(at.Objects) == 0:
	case o == nil:
		at.Objects = nil
	case len(at.Objects) == 1 && at.Objects[0] == o:
	default:
		at.Objects = []fyne.CanvasObject{o}
	}
	at.Refresh()
}

// MinSize implements fyne.Layout.
func (f *frame) MinSize([]fyne.CanvasObject) fyne.Size {
	return fyne.NewSize(theme.WindowMinWidth, theme.WindowMinHeight)
}

// Layout implements fyne.Layout.
func (f *frame) Layout(_ []fyne.CanvasObject, s fyne.Size) {
	wasNarrow, wasRoomy, first := f.narrow(), f.roomy(), f.width == 0
	f.width = s.Width
	if !first && (wasNarrow != f.narrow() || wasRoomy != f.roomy()) && f.changed != nil {
		f.changed()
	}
	if f.narrow() || f.whole {
		f.layoutNarrow(s)
		return
	}
	left, right := theme.ListWidth, float32(0)
	if len(f.panel.Objects) > 0 {
		right = theme.PanelWidth
	}
	f.list.Show()
	f.main.Show()
	place(f.list, 0, 0, left, s.Height)
	place(f.lines[0], left, 0, 1, s.Height)
	place(f.main, left+1, 0, s.Width-left-1-right, s.Height)
	place(f.panel, s.Width-right, 0, right, s.Height)
	place(f.lines[1], s.Width-right, 0, 1, s.Height)
	f.lines[0].Show()
	widget.SetVisible(f.panel, right > 0)
	widget.SetVisible(f.lines[1], right > 0)
}

func (f *frame) layoutNarrow(s fyne.Size) {
	f.lines[0].Hide()
	f.lines[1].Hide()
	f.panel.Hide()
	widget.SetVisible(f.list, f.narrowList)
	widget.SetVisible(f.main, !f.narrowList)
	place(f.list, 0, 0, s.Width, s.Height)
	place(f.main, 0, 0, s.Width, s.Height)
}

func place(o fyne.CanvasObject, x, y, w, h float32) {
	o.Move(fyne.NewPos(x, y))
	o.Resize(fyne.NewSize(w, h))
}
