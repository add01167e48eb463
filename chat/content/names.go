package content

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// CleanName returns a name fit to be shown beside others: bidirectional controls (Unicode 9, UAX #9), other controls and
// invisible formatting stripped, white space collapsed, at most [MaxName] bytes. It may return the empty string.
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
	return b.String()
}

// hidden reports whether a rune shows nothing itself and can disguise a name. The zero-width joiner and non-joiner stay:
// scripts and emoji need them.
func hidden(r rune) bool {
	switch {
	case r == 0x061C, r == 0x200E, r == 0x200F, r >= 0x202A && r <= 0x202E, r >= 0x2066 && r <= 0x2069:
		return true // bidirectional controls
	case r == 0x00AD, r == 0x200B, r == 0x2060, r == 0xFEFF, r >= 0xE0000 && r <= 0xE007F:
		return true // soft hyphen, zero-width space, word joiner, byte order mark, tags
	}
	return false
}
