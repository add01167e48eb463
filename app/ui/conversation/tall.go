package conversation

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
)

// tall keeps what it holds at a height.
type tall struct{ height float32 }

func newTall(o fyne.CanvasObject, height float32) fyne.CanvasObject {
	return container.New(&tall{height}, o)
}

func (t *tall) MinSize(objs []fyne.CanvasObject) fyne.Size {
	return fyne.NewSize(objs[0].MinSize().Width, t.height)
}

func (t *tall) Layout(objs []fyne.CanvasObject, s fyne.Size) { objs[0].Resize(s) }
