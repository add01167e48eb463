package widget

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxName bounds what is shown of a name, in runes.
const maxName = 128

// isBidiControl reports the characters that change the direction of what
// follows (Unicode UAX #9 section 2) and so can disguise a name or a link.
func isBidiControl(r rune) bool {
	return r == '\u061c' || r == '\u200e' || r == '\u200f' ||
		r >= '\u202a' && r <= '\u202e' || r >= '\u2066' && r <= '\u2069'
}

// CleanName makes a peer's name or a file name safe to show on one line: bidi
// controls, other controls, invisible format characters and invalid UTF-8 are
// dropped, white space is folded, and at most 128 runes stay. Joiners stay
// because emoji and several scripts need them.
func CleanName(s string) string { return clean(s, maxName) }

// clean is CleanName for at most so many runes.
func clean(s string, most int) string {
	var b strings.Builder
	n, space := 0, false
	for _, r := range s {
		switch {
		case r == utf8.RuneError, isBidiControl(r):
			continue
		case unicode.IsSpace(r):
			space = b.Len() > 0
			continue
		case unicode.IsControl(r), unicode.Is(unicode.Cf, r) && r != '\u200c' && r != '\u200d':
			continue
		}
		if space {
			b.WriteByte(' ')
			space = false
		}
		b.WriteRune(r)
		if n++; n == most {
			break
		}
	}
	return b.String()
}

// CleanText makes a peer's text safe to show: controls other than line breaks
// and tabs, bidi embeddings, overrides and isolates, and invalid UTF-8 are
// dropped; tabs become four spaces. The marks LRM and RLM stay, right-to-left
// writers need them.
func CleanText(s string) string {
	s = strings.ReplaceAll(s, "\r\n", "\n")
	var b strings.Builder
	b.Grow(len(s))
	for _, r := range s {
		switch {
		case r == '\n' || r == '\u2028' || r == '\u2029' || r == '\r':
			b.WriteByte('\n')
		case r == '\t':
			b.WriteString("    ")
		case r == utf8.RuneError, unicode.IsControl(r):
		case r == '\u200e' || r == '\u200f':
			b.WriteRune(r)
		case isBidiControl(r):
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// Initials answers one or two letters for an avatar, upper case, "?" when the
// name has no letter or digit.
func Initials(name string) string {
	var out []rune
	for _, word := range strings.Fields(CleanName(name)) {
		for _, r := range word {
			if unicode.IsLetter(r) || unicode.IsDigit(r) {
				out = append(out, unicode.ToUpper(r))
				break
			}
		}
	}
	switch len(out) {
	case 0:
		return "?"
	case 1:
		return string(out)
	}
	return string([]rune{out[0], out[len(out)-1]})
}

// isRTL reports whether the first strong letter of s is right-to-left.
func isRTL(s string) bool {
	for _, r := range s {
		switch {
		case r == '\u200f', unicode.In(r, unicode.Hebrew, unicode.Arabic, unicode.Syriac, unicode.Thaana, unicode.Nko):
			return true
		case r == '\u200e', unicode.IsLetter(r):
			return false
		}
	}
	return false
}
