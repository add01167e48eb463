package passphrase

import (
	"math"

	"sotto/app/ui/i18n"
	"sotto/app/ui/widget"
)

// guesses per second of someone with a copy of the files and a thousand computers; the vault makes each guess take about
// a second.
const guesses = 1000

// Enough is the lowest level that a profile is made with.
const Enough = 2

// Best is the highest level, which a generated passphrase has.
const Best = 4

// Rate answers level and words for widget.NewPassphraseField.
func Rate(s string, related ...string) widget.Strength {
	if s == "" {
		return widget.Strength{Words: i18n.T("passphrase.empty")}
	}
	bits := Bits(s, related...)
	level := levelOf(bits)
	return widget.Strength{Level: level, Words: sentence(level, bits)}
}

func levelOf(bits float64) int {
	switch {
	case bits < 32:
		return 1
	case bits < 42:
		return 2
	case bits < 52:
		return 3
	}
	return 4
}

func sentence(level int, bits float64) string {
	time := i18n.Args{"Time": span(math.Exp2(bits-1) / guesses)}
	switch level {
	case 1:
		return i18n.T("passphrase.weak", time)
	case 2:
		return i18n.T("passphrase.fair", time)
	case 3:
		return i18n.T("passphrase.good", time)
	}
	return i18n.T("passphrase.strong", time)
}

// span names a time by its order only: an estimate has no digits.
func span(seconds float64) string {
	const day = 86400.0
	switch {
	case seconds < 60:
		return i18n.T("span.seconds")
	case seconds < 3600:
		return i18n.T("span.minutes")
	case seconds < day:
		return i18n.T("span.hours")
	case seconds < 60*day:
		return i18n.T("span.days")
	case seconds < 730*day:
		return i18n.T("span.months")
	case seconds < 200*365*day:
		return i18n.T("span.years")
	}
	return i18n.T("span.centuries")
}
