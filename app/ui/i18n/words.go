package i18n

import (
	"fmt"

	"fyne.io/fyne/v2/lang"

	"sotto/assets"
)

// Args are the values that a translation names, as in {{.Name}}.
type Args map[string]any

// Load reads the translations. main calls it once, before the first window.
func Load() error {
	if err := lang.AddTranslationsFS(assets.Translations, assets.TranslationsDir); err != nil {
		return fmt.Errorf("load translations: %w", err)
	}
	return nil
}

// SystemLocale answers the locale of the user as a tag such as "en-GB".
func SystemLocale() string { return string(lang.SystemLocale()) }

// T answers the words for key. An unknown key answers itself, so that it is seen.
func T(key string, args ...Args) string {
	if len(args) == 0 {
		return lang.X(key, key)
	}
	return lang.X(key, key, args[0])
}

// N answers the words for n things; the translation names n as {{.Count}}.
func N(key string, n int, args ...Args) string {
	all := Args{"Count": Number(n)}
	for _, a := range args {
		for k, v := range a {
			all[k] = v
		}
	}
	return lang.XN(key, key, n, all)
}
