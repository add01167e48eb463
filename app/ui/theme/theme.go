package theme

import (
	"image/color"

	"fyne.io/fyne/v2"
	fynetheme "fyne.io/fyne/v2/theme"
)

// Mode says which of the two looks to use.
type Mode int

// The looks.
const (
	System Mode = iota // follow the desktop
	Light
	Dark
)

// Text scales offered in the settings; [New] clamps to their range.
const (
	MinScale float32 = 0.85
	MaxScale float32 = 2
)

// Options are what a person can choose about the look.
type Options struct {
	Mode  Mode
	Scale float32 // factor on every text size; 0 means 1
}

// Theme is Sotto's fyne.Theme. It is immutable and safe for concurrent use.
type Theme struct {
	mode  Mode
	scale float32
}

var _ fyne.Theme = (*Theme)(nil)

// New answers the theme for o, its scale clamped to [MinScale] and [MaxScale].
func New(o Options) *Theme {
	s := o.Scale
	if s == 0 {
		s = 1
	}
	return &Theme{mode: o.Mode, scale: min(max(s, MinScale), MaxScale)}
}

// Scale answers the factor on text sizes.
func (t *Theme) Scale() float32 { return t.scale }

// Mode answers the chosen look.
func (t *Theme) Mode() Mode { return t.mode }

// Color implements fyne.Theme.
func (t *Theme) Color(n fyne.ThemeColorName, v fyne.ThemeVariant) color.Color {
	switch t.mode {
	case Light:
		v = fynetheme.VariantLight
	case Dark:
		v = fynetheme.VariantDark
	}
	p := dark
	if v == fynetheme.VariantLight {
		p = light
	}
	if c, ok := p.color(n); ok {
		return c
	}
	return fynetheme.DefaultTheme().Color(n, v)
}

// Size implements fyne.Theme.
func (t *Theme) Size(n fyne.ThemeSizeName) float32 {
	if s, ok := textSizes[n]; ok {
		return s * t.scale
	}
	if s, ok := fixedSizes[n]; ok {
		return s
	}
	return fynetheme.DefaultTheme().Size(n)
}

// Font implements fyne.Theme with the fonts that Fyne bundles (Noto Sans,
// DejaVu Sans Mono); colour emoji come from its fallback font.
func (t *Theme) Font(s fyne.TextStyle) fyne.Resource {
	return fynetheme.DefaultTheme().Font(s)
}

// Icon implements fyne.Theme for the standard widgets.
func (t *Theme) Icon(n fyne.ThemeIconName) fyne.Resource {
	return fynetheme.DefaultTheme().Icon(n)
}

// Color answers th's colour for name in the variant now in force. A theme that
// does not know our names (Fyne's own) gets the light palette's, so that a
// widget never draws in nothing.
func Color(th fyne.Theme, name fyne.ThemeColorName) color.Color {
	v := fynetheme.VariantLight
	if a := fyne.CurrentApp(); a != nil {
		v = a.Settings().ThemeVariant()
	}
	if c := th.Color(name, v); c != nil && c != color.Transparent {
		return c
	}
	c, _ := light.color(name)
	return c
}
