package theme

import (
	"image/color"

	"fyne.io/fyne/v2"
	fynetheme "fyne.io/fyne/v2/theme"
)

// Semantic colour names. They are asked for like Fyne's own:
// th.Color(theme.Surface, variant).
const (
	Background fyne.ThemeColorName = fynetheme.ColorNameBackground
	Text       fyne.ThemeColorName = fynetheme.ColorNameForeground
	Accent     fyne.ThemeColorName = fynetheme.ColorNamePrimary
	OnAccent   fyne.ThemeColorName = fynetheme.ColorNameForegroundOnPrimary

	Surface     fyne.ThemeColorName = "sotto.surface"     // columns, bubbles of others, fields
	Raised      fyne.ThemeColorName = "sotto.raised"      // cards, menus, dialogs; drawn with a shadow
	Muted       fyne.ThemeColorName = "sotto.muted"       // second-rank text
	Hairline    fyne.ThemeColorName = "sotto.hairline"    // decorative lines, not the edge of a control
	Outline     fyne.ThemeColorName = "sotto.outline"     // edge of a control, 3:1 against its ground
	OwnBubble   fyne.ThemeColorName = "sotto.ownBubble"   // own messages, and the selected row
	OwnMuted    fyne.ThemeColorName = "sotto.ownMuted"    // second-rank text on OwnBubble
	Good        fyne.ThemeColorName = "sotto.good"        //
	Caution     fyne.ThemeColorName = "sotto.caution"     //
	Danger      fyne.ThemeColorName = "sotto.danger"      //
	GoodTint    fyne.ThemeColorName = "sotto.goodTint"    // grounds of chips and banners, under
	CautionTint fyne.ThemeColorName = "sotto.cautionTint" // text of the colour they are named after
	DangerTint  fyne.ThemeColorName = "sotto.dangerTint"  //
	QuietTint   fyne.ThemeColorName = "sotto.quietTint"   // the same without a judgement
	OnDanger    fyne.ThemeColorName = "sotto.onDanger"    // text on a filled Danger button
	Hover       fyne.ThemeColorName = fynetheme.ColorNameHover
	Shade       fyne.ThemeColorName = "sotto.shade"       // soft shadow under raised things
	PictureVeil fyne.ThemeColorName = "sotto.pictureVeil" // over a small picture whose file is not here
)

func rgb(hex uint32) color.NRGBA {
	return color.NRGBA{R: uint8(hex >> 16), G: uint8(hex >> 8), B: uint8(hex), A: 0xff}
}

func rgba(hex uint32, alpha uint8) color.NRGBA {
	c := rgb(hex)
	c.A = alpha
	return c
}

type palette map[fyne.ThemeColorName]color.NRGBA

var light = palette{
	Background:  rgb(0xF7F6F3),
	Surface:     rgb(0xFFFFFF),
	Raised:      rgb(0xFFFFFF),
	Text:        rgb(0x1B1E21),
	Muted:       rgb(0x62686F),
	Hairline:    rgb(0xE3E1DB),
	Outline:     rgb(0x8B9096),
	Accent:      rgb(0x0F6E6E),
	OnAccent:    rgb(0xFFFFFF),
	OwnBubble:   rgb(0xDDF0EE),
	OwnMuted:    rgb(0x4F6462),
	Good:        rgb(0x2E7D4F),
	Caution:     rgb(0x9A6700),
	Danger:      rgb(0xB3261E),
	OnDanger:    rgb(0xFFFFFF),
	GoodTint:    rgb(0xEDF6F0),
	CautionTint: rgb(0xFFF6E0),
	DangerTint:  rgb(0xFCECEA),
	QuietTint:   rgb(0xF0EEE9),
	Hover:       rgba(0x1B1E21, 0x0D),
	Shade:       rgba(0x1B1E21, 0x24),
	PictureVeil: rgba(0xF7F6F3, 0x80),

	fynetheme.ColorNamePressed:             rgba(0x1B1E21, 0x1A),
	fynetheme.ColorNameFocus:               rgba(0x0F6E6E, 0x3D),
	fynetheme.ColorNameSelection:           rgba(0x0F6E6E, 0x3D),
	fynetheme.ColorNameScrollBar:           rgba(0x1B1E21, 0x59),
	fynetheme.ColorNameScrollBarBackground: rgba(0x1B1E21, 0x0A),
	fynetheme.ColorNameShadow:              rgba(0x1B1E21, 0x33),
	fynetheme.ColorNameDisabled:            rgb(0x9CA1A6),
	fynetheme.ColorNameDisabledButton:      rgb(0xECEAE5),
}

var dark = palette{
	Background:  rgb(0x14171A),
	Surface:     rgb(0x1C2024),
	Raised:      rgb(0x23282D),
	Text:        rgb(0xECEEF0),
	Muted:       rgb(0x98A1AA),
	Hairline:    rgb(0x2E343A),
	Outline:     rgb(0x6C757E),
	Accent:      rgb(0x4FB8B0),
	OnAccent:    rgb(0x06201F),
	OwnBubble:   rgb(0x16413F),
	OwnMuted:    rgb(0x9DBDBA),
	Good:        rgb(0x6CC18D),
	Caution:     rgb(0xE0B04C),
	Danger:      rgb(0xF2857D),
	OnDanger:    rgb(0x2A0A07),
	GoodTint:    rgb(0x1A2B22),
	CautionTint: rgb(0x2E281A),
	DangerTint:  rgb(0x33201F),
	QuietTint:   rgb(0x262B30),
	Hover:       rgba(0xECEEF0, 0x0F),
	Shade:       rgba(0x000000, 0x66),
	PictureVeil: rgba(0x14171A, 0x80),

	fynetheme.ColorNamePressed:             rgba(0xECEEF0, 0x1F),
	fynetheme.ColorNameFocus:               rgba(0x4FB8B0, 0x47),
	fynetheme.ColorNameSelection:           rgba(0x4FB8B0, 0x47),
	fynetheme.ColorNameScrollBar:           rgba(0xECEEF0, 0x59),
	fynetheme.ColorNameScrollBarBackground: rgba(0xECEEF0, 0x0A),
	fynetheme.ColorNameShadow:              rgba(0x000000, 0x80),
	fynetheme.ColorNameDisabled:            rgb(0x5F676F),
	fynetheme.ColorNameDisabledButton:      rgb(0x23282D),
}

// standard maps the names that Fyne's widgets ask for to ours.
var standard = map[fyne.ThemeColorName]fyne.ThemeColorName{
	fynetheme.ColorNameButton:              QuietTint,
	fynetheme.ColorNameError:               Danger,
	fynetheme.ColorNameForegroundOnError:   OnDanger,
	fynetheme.ColorNameForegroundOnSuccess: OnAccent,
	fynetheme.ColorNameForegroundOnWarning: OnAccent,
	fynetheme.ColorNameHeaderBackground:    Surface,
	fynetheme.ColorNameHyperlink:           Accent,
	fynetheme.ColorNameInputBackground:     Surface,
	fynetheme.ColorNameInputBorder:         Outline,
	fynetheme.ColorNameMenuBackground:      Raised,
	fynetheme.ColorNameOverlayBackground:   Raised,
	fynetheme.ColorNamePlaceHolder:         Muted,
	fynetheme.ColorNameSeparator:           Hairline,
	fynetheme.ColorNameSuccess:             Good,
	fynetheme.ColorNameWarning:             Caution,
}

func (p palette) color(n fyne.ThemeColorName) (color.NRGBA, bool) {
	if own, ok := standard[n]; ok {
		n = own
	}
	c, ok := p[n]
	return c, ok
}
