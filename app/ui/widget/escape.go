package widget

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
	fynewidget "fyne.io/fyne/v2/widget"
)

// handUp gives a key that what has the keyboard has no use for to its window,
// which otherwise sees keys only while nothing has the keyboard.
func handUp(e *fyne.KeyEvent) {
	for _, w := range fyne.CurrentApp().Driver().AllWindows() {
		c, ok := w.Canvas().(desktop.Canvas)
		if !ok || w.Canvas().Focused() == nil {
			continue
		}
		if f := c.OnKeyDown(); f != nil {
			f(e)
			return
		}
	}
}

// List is the toolkit's list of rows of one height, that leaves Escape to the
// window.
type List struct{ fynewidget.List }

// NewList answers a list, as the toolkit's NewList.
func NewList(length func() int, create func() fyne.CanvasObject, update func(int, fyne.CanvasObject)) *List {
	l := &List{fynewidget.List{Length: length, CreateItem: create, UpdateItem: update}}
	l.ExtendBaseWidget(l)
	return l
}

// TypedKey implements fyne.Focusable.
func (l *List) TypedKey(e *fyne.KeyEvent) {
	if e.Name == fyne.KeyEscape {
		handUp(e)
		return
	}
	l.List.TypedKey(e)
}

// Tiles is the toolkit's grid of tiles of one size, that leaves Escape to the
// window.
type Tiles struct{ fynewidget.GridWrap }

// NewTiles answers a grid, as the toolkit's NewGridWrap.
func NewTiles(length func() int, create func() fyne.CanvasObject, update func(int, fyne.CanvasObject)) *Tiles {
	g := &Tiles{fynewidget.GridWrap{Length: length, CreateItem: create, UpdateItem: update}}
	g.ExtendBaseWidget(g)
	return g
}

// TypedKey implements fyne.Focusable.
func (g *Tiles) TypedKey(e *fyne.KeyEvent) {
	if e.Name == fyne.KeyEscape {
		handUp(e)
		return
	}
	g.GridWrap.TypedKey(e)
}
