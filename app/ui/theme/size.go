package theme

import (
	"fyne.io/fyne/v2"
	fynetheme "fyne.io/fyne/v2/theme"
)

// Text sizes. They grow with the text scale; ask for them with [Size].
const (
	SizeTiny    fyne.ThemeSizeName = "sotto.text.tiny"    // 11: time inside a bubble, badges
	SizeMeta    fyne.ThemeSizeName = "sotto.text.meta"    // 12
	SizeBody    fyne.ThemeSizeName = "sotto.text.body"    // 14
	SizeTitle   fyne.ThemeSizeName = "sotto.text.title"   // 16: composer, titles of rows and cards
	SizeScreen  fyne.ThemeSizeName = "sotto.text.screen"  // 20
	SizeWelcome fyne.ThemeSizeName = "sotto.text.welcome" // 28
)

// Spacing steps of the grid, in Fyne units. They do not grow with the text.
const (
	Space1 float32 = 4
	Space2 float32 = 8
	Space3 float32 = 12
	Space4 float32 = 16
	Space6 float32 = 24
	Space8 float32 = 32
)

// Measures of the window.
const (
	BubbleRadius  float32 = 14
	GroupedRadius float32 = 4 // corner shared with the neighbour of a group
	ControlRadius float32 = 8
	CardRadius    float32 = 12

	WindowWidth     float32 = 1100
	WindowHeight    float32 = 720
	WindowMinWidth  float32 = 760
	WindowMinHeight float32 = 480
	NarrowBelow     float32 = 900 // list and chat share one column
	ListWidth       float32 = 300
	PanelWidth      float32 = 320
	ChatWidth       float32 = 760
	FormWidth       float32 = 420
	HeaderHeight    float32 = 56
	RowHeight       float32 = 64
	BubbleChars             = 64 // longest line of a bubble
)

var textSizes = map[fyne.ThemeSizeName]float32{
	SizeTiny:    11,
	SizeMeta:    12,
	SizeBody:    14,
	SizeTitle:   16,
	SizeScreen:  20,
	SizeWelcome: 28,

	fynetheme.SizeNameText:           14,
	fynetheme.SizeNameCaptionText:    12,
	fynetheme.SizeNameSubHeadingText: 16,
	fynetheme.SizeNameHeadingText:    20,
}

var fixedSizes = map[fyne.ThemeSizeName]float32{
	fynetheme.SizeNamePadding:            4,
	fynetheme.SizeNameInnerPadding:       8,
	fynetheme.SizeNameLineSpacing:        4,
	fynetheme.SizeNameInlineIcon:         20,
	fynetheme.SizeNameSeparatorThickness: 1,
	fynetheme.SizeNameScrollBar:          10,
	fynetheme.SizeNameScrollBarSmall:     4,
	fynetheme.SizeNameScrollBarRadius:    5,
	fynetheme.SizeNameInputBorder:        1,
	fynetheme.SizeNameInputRadius:        ControlRadius,
	fynetheme.SizeNameButtonRadius:       ControlRadius,
	fynetheme.SizeNameSelectionRadius:    4,
	fynetheme.SizeNameCardRadius:         CardRadius,
	fynetheme.SizeNameDialogRadius:       CardRadius,
	fynetheme.SizeNamePopupRadius:        ControlRadius,
	fynetheme.SizeNameMenuRadius:         ControlRadius,
}

// Size answers th's size for name, and the unscaled one where th is not ours
// (Fyne's test themes), so that a widget never draws text of size zero.
func Size(th fyne.Theme, name fyne.ThemeSizeName) float32 {
	if s := th.Size(name); s > 0 {
		return s
	}
	return textSizes[name]
}
