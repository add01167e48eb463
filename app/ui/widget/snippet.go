package widget

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Bounds of a snippet, in runes: what stands before the first hit, and all of it.
const (
	snippetLead = 24
	snippetMost = 400
)

// Snippet answers one line of a peer's text around what was found in it: lead and the text from shortly before the first
// hit on. Hits are ranges of bytes of the text, ascending. Nothing in the text is interpreted; white space is folded and
// characters that disguise are dropped, as in names.
func Snippet(lead, text string, hits [][2]int) []Span {
	from := 0
	if len(hits) > 0 {
		from = snippetStart(text, hits[0][0])
	}
	if from > 0 {
		lead += ellipsis
	}
	var out []Span
	if lead != "" {
		out = append(out, Span{Text: lead})
	}
	left := snippetMost
	add := func(part string, hit bool) {
		if part = fold(part, &left); part != "" {
			out = append(out, Span{Text: part, Hit: hit})
		}
	}
	for _, h := range hits {
		if h[0] < from || h[1] < h[0] || h[1] > len(text) {
			continue
		}
		add(text[from:h[0]], false)
		add(text[h[0]:h[1]], true)
		from = h[1]
	}
	add(text[from:], false)
	return out
}

// snippetStart is where a snippet begins: at the beginning, or at a word shortly before the hit.
func snippetStart(text string, hit int) int {
	at := hit
	for range snippetLead {
		_, n := utf8.DecodeLastRuneInString(text[:at])
		at -= n
	}
	if at == 0 {
		return 0
	}
	if i := strings.IndexFunc(text[at:hit], unicode.IsSpace); i >= 0 {
		return at + i
	}
	return at
}

// fold is CleanName for a part of a text, at most left runes long: white space at its edges stays, as one space.
func fold(s string, left *int) string {
	var b strings.Builder
	space := false
	for _, r := range s {
		switch {
		case *left == 0:
			return b.String()
		case unicode.IsSpace(r):
			if !space {
				b.WriteByte(' ')
			}
			space = true
			continue
		case r == utf8.RuneError, isBidiControl(r), unicode.IsControl(r), unicode.Is(unicode.Cf, r) && r != '\u200c' && r != '\u200d':
			continue
		}
		space = false
		b.WriteRune(r)
		*left--
	}
	return b.String()
}
