package content

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

const nonJoiner, joiner = '\u200c', '\u200d'

// CleanName returns a name fit to be shown beside others: bidirectional controls (Unicode 9, UAX #9), other controls and
// invisible characters stripped, joiners only inside, white space collapsed, at most [MaxName] bytes. It may return the empty string.
func CleanName(s string) string {
	var b strings.Builder
	space := false
	for _, r := range s {
		switch {
		case unicode.IsSpace(r):
			space = b.Len() > 0
			continue
		case r == utf8.RuneError || unicode.IsControl(r) || hidden(r):
			continue
		case (r == joiner || r == nonJoiner) && b.Len() == 0:
			continue
		}
		size := utf8.RuneLen(r)
		if space {
			size++
		}
		if b.Len()+size > MaxName {
			break
		}
		if space {
			b.WriteByte(' ')
			space = false
		}
		b.WriteRune(r)
	}
	return strings.TrimRight(b.String(), string([]rune{joiner, nonJoiner, ' '}))
}

// hidden reports whether a rune shows nothing itself and can disguise a name: bidirectional controls and other formatting
// (general category Cf), and letters and marks without a glyph. The zero-width joiner and non-joiner stay: scripts and
// emoji need them.
func hidden(r rune) bool {
	switch {
	case r == joiner || r == nonJoiner:
		return false
	case unicode.Is(unicode.Cf, r), r == 0x034F, r == 0x2800, r == 0x3164, r == 0xFFA0:
		return true // grapheme joiner, blank Braille pattern, Hangul fillers
	case r == 0x115F, r == 0x1160, r == 0x17B4, r == 0x17B5, r >= 0x180B && r <= 0x180F, r >= 0xE0000 && r <= 0xE0FFF:
		return true // Hangul fillers, Khmer and Mongolian marks without a glyph, tags and supplementary selectors
	}
	return false
}
