package theme

import (
	"image/color"
	"math"

	"fyne.io/fyne/v2"
)

// Contrast answers the WCAG 2.2 contrast ratio (1 to 21) of two opaque colours.
func Contrast(a, b color.Color) float64 {
	la, lb := luminance(a), luminance(b)
	if la < lb {
		la, lb = lb, la
	}
	return (la + 0.05) / (lb + 0.05)
}

func luminance(c color.Color) float64 {
	r, g, b, _ := c.RGBA()
	return 0.2126*linear(r) + 0.7152*linear(g) + 0.0722*linear(b)
}

func linear(v uint32) float64 {
	s := float64(v) / 0xffff
	if s <= 0.04045 {
		return s / 12.92
	}
	return math.Pow((s+0.055)/1.055, 2.4)
}

// Pairing is a foreground that the window draws on a ground.
type Pairing struct {
	Fore, Ground fyne.ThemeColorName
	Least        float64 // 4.5 for text, 3 for edges and icons (WCAG 1.4.3, 1.4.11)
}

// Pairings lists every pairing of text, icon or control edge with its ground.
func Pairings() []Pairing {
	const text, edge = 4.5, 3.0
	var out []Pairing
	add := func(least float64, fore fyne.ThemeColorName, grounds ...fyne.ThemeColorName) {
		for _, g := range grounds {
			out = append(out, Pairing{fore, g, least})
		}
	}
	add(text, Text, Background, Surface, Raised, OwnBubble, QuietTint, GoodTint, CautionTint, DangerTint)
	add(text, Muted, Background, Surface, Raised, QuietTint)
	add(text, OwnMuted, OwnBubble)
	add(text, Accent, Background, Surface, Raised, OwnBubble)
	add(text, Good, Background, Surface, Raised, GoodTint)
	add(text, Caution, Surface, Raised, CautionTint)
	add(text, Danger, Background, Surface, Raised, OwnBubble, DangerTint)
	add(text, OnAccent, Accent)
	add(text, OnDanger, Danger)
	add(edge, Outline, Surface, Raised)
	return out
}
