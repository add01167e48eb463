package content

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"sotto/chat"
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
		case r == utf8.RuneError || unicode.IsControl(r) || chat.Invisible(r):
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
