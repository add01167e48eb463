package screen

import (
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"sotto/app/messenger"
	"sotto/app/ui/i18n"
)

// RelayName is the part of a relay address that a person can compare: host and port, without scheme and pin.
func RelayName(address string) string {
	_, rest, found := strings.Cut(address, "://")
	if !found {
		rest = address
	}
	rest, _, _ = strings.Cut(rest, "#")
	return strings.TrimSuffix(rest, "/")
}

// ReachWords says how far a relay reaches, in one sentence.
func ReachWords(r messenger.Reach) string {
	switch r {
	case messenger.ReachComputer:
		return i18n.T("reach.computer")
	case messenger.ReachNetwork:
		return i18n.T("reach.network")
	}
	return i18n.T("reach.anywhere")
}

// tall keeps what it holds at a height.
type tall struct{ height float32 }

// Tall gives o a fixed height: for scrolling parts of dialogs.
func Tall(o fyne.CanvasObject, height float32) fyne.CanvasObject {
	return container.New(&tall{height}, o)
}

func (t *tall) MinSize(objs []fyne.CanvasObject) fyne.Size {
	return fyne.NewSize(objs[0].MinSize().Width, t.height)
}

func (t *tall) Layout(objs []fyne.CanvasObject, s fyne.Size) { objs[0].Resize(s) }
