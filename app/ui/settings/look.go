package settings

import (
	"fyne.io/fyne/v2"

	"sotto/app/ui/form"
	"sotto/app/ui/i18n"
	"sotto/app/ui/prefs"
	"sotto/app/ui/theme"
	"sotto/app/ui/widget"
)

// modes and scales are what is offered, in the order shown.
var (
	modes  = []theme.Mode{theme.System, theme.Light, theme.Dark}
	scales = []float32{0.85, 1, 1.25, 1.5, 2}
)

func (p *Screen) lookSection() fyne.CanvasObject {
	app := fyne.CurrentApp()
	look := prefs.Look(app.Preferences())
	apply := func() {
		prefs.PutLook(app.Preferences(), look)
		app.Settings().SetTheme(theme.New(look))
	}
	mode := widget.NewChoice([]string{i18n.T("settings.mode.system"), i18n.T("settings.mode.light"), i18n.T("settings.mode.dark")},
		index(modes, look.Mode, 0), func(i int) { look.Mode = modes[i]; apply() })
	scale := widget.NewChoice([]string{
		i18n.T("settings.scale.small"), i18n.T("settings.scale.normal"), i18n.T("settings.scale.large"),
		i18n.T("settings.scale.larger"), i18n.T("settings.scale.largest"),
	}, index(scales, look.Scale, 1), func(i int) { look.Scale = scales[i]; apply() })
	return form.Section(i18n.T("settings.look"), i18n.T("settings.look.lead"),
		widget.NewField(i18n.T("settings.mode"), "", mode), widget.NewField(i18n.T("settings.scale"), "", scale))
}

func index[T comparable](all []T, one T, fallback int) int {
	for i, v := range all {
		if v == one {
			return i
		}
	}
	return fallback
}
