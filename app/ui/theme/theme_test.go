package theme_test

import (
	"image/color"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"
	fynetheme "fyne.io/fyne/v2/theme"

	"sotto/app/ui/theme"
	"sotto/assets"
)

var variants = map[string]*theme.Theme{
	"light": theme.New(theme.Options{Mode: theme.Light}),
	"dark":  theme.New(theme.Options{Mode: theme.Dark}),
}

func TestEveryPairingReachesAA(t *testing.T) {
	for name, th := range variants {
		for _, p := range theme.Pairings() {
			fore, ground := th.Color(p.Fore, 0), th.Color(p.Ground, 0)
			if got := theme.Contrast(fore, ground); got < p.Least {
				t.Errorf("%s: %s on %s is %.2f, wanted %.1f", name, p.Fore, p.Ground, got, p.Least)
			}
		}
	}
}

func TestContrastAgreesWithKnownRatios(t *testing.T) {
	white, black := color.White, color.Black
	if got := theme.Contrast(white, black); got < 20.99 || got > 21.01 {
		t.Errorf("black on white is %.3f, wanted 21", got)
	}
	// #767676 on white is the textbook edge of AA.
	if got := theme.Contrast(color.NRGBA{0x76, 0x76, 0x76, 0xff}, white); got < 4.5 || got > 4.6 {
		t.Errorf("#767676 on white is %.3f, wanted 4.54", got)
	}
}

func TestEveryAvatarHueCarriesWhiteTextAndIsDistinct(t *testing.T) {
	seen := map[color.NRGBA]byte{}
	for b := range byte(12) {
		h := theme.Hue([]byte{b})
		if got := theme.Contrast(h, color.White); got < 4.5 {
			t.Errorf("hue %d: %.2f against white, wanted 4.5", b, got)
		}
		if other, dup := seen[h]; dup {
			t.Errorf("hues %d and %d are equal", b, other)
		}
		seen[h] = b
	}
	if theme.Hue([]byte{7, 1}) != theme.Hue([]byte{7, 2}) {
		t.Error("the hue must depend on the first byte only")
	}
	if theme.Hue(nil) != theme.Hue([]byte{0}) {
		t.Error("a missing fingerprint must have the first hue")
	}
}

func TestThemeDefinesEveryColourOfFyne(t *testing.T) {
	for name, th := range variants {
		test.AssertAllColorNamesDefined(t, th, name)
	}
}

func TestLightAndDarkDoNotFollowTheDesktop(t *testing.T) {
	for name, th := range variants {
		a := th.Color(theme.Background, fynetheme.VariantLight)
		b := th.Color(theme.Background, fynetheme.VariantDark)
		if a != b {
			t.Errorf("%s changes with the desktop's variant", name)
		}
	}
	sys := theme.New(theme.Options{})
	if sys.Color(theme.Background, fynetheme.VariantLight) == sys.Color(theme.Background, fynetheme.VariantDark) {
		t.Error("System must follow the desktop's variant")
	}
}

func TestScaleGrowsTextOnlyAndIsClamped(t *testing.T) {
	for _, c := range []struct {
		in, scale float32
	}{{0, 1}, {1.5, 1.5}, {9, theme.MaxScale}, {0.1, theme.MinScale}, {-1, theme.MinScale}} {
		th := theme.New(theme.Options{Scale: c.in})
		if th.Scale() != c.scale {
			t.Errorf("scale %v became %v, wanted %v", c.in, th.Scale(), c.scale)
		}
		if got := th.Size(theme.SizeBody); got != 14*c.scale {
			t.Errorf("body text at %v is %v", c.in, got)
		}
		if got := th.Size(fynetheme.SizeNamePadding); got != 4 {
			t.Errorf("padding at %v is %v, wanted 4", c.in, got)
		}
	}
}

func TestSizeNeverAnswersZeroUnderAForeignTheme(t *testing.T) {
	test.NewTempApp(t)
	for _, n := range []fyne.ThemeSizeName{theme.SizeTiny, theme.SizeMeta, theme.SizeBody, theme.SizeTitle, theme.SizeScreen, theme.SizeWelcome} {
		if theme.Size(test.NewTheme(), n) <= 0 {
			t.Errorf("%s is zero", n)
		}
	}
}

func TestIconIsDrawnInTheAskedColour(t *testing.T) {
	red := color.NRGBA{R: 0xff, A: 0xff}
	r := theme.Icon(theme.IconCheck, red)
	if got := string(r.Content()); !strings.Contains(got, "#ff0000") || strings.Contains(got, "currentColor") {
		t.Errorf("icon is not coloured: %s", got)
	}
	if theme.Icon(theme.IconCheck, red) != r {
		t.Error("the same icon must be the same resource")
	}
	if theme.Icon(theme.IconCheck, color.Black).Name() == r.Name() {
		t.Error("icons of two colours share a name, so Fyne would share their raster")
	}
}

func TestEveryIconHasAConstantAndAFile(t *testing.T) {
	src, err := os.ReadFile(filepath.Join("icon.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range assets.IconNames() {
		if !strings.Contains(string(src), `"`+name+`"`) {
			t.Errorf("icon %s has no constant", name)
		}
	}
	n := strings.Count(string(src), "IconName = \"")
	if n != len(assets.IconNames()) {
		t.Errorf("%d constants for %d files", n, len(assets.IconNames()))
	}
}
