package widget

import (
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Span is a run of text of one style. A span with a Link is shown underlined
// and opens nothing by itself: a tap hands the link to the caller, who shows
// the real host first.
type Span struct {
	Text string
	Bold bool
	Code bool
	Link *url.URL
	Hit  bool // what was searched for: bold, in the accent colour
}

// linkSchemes are the only ones that become a link.
var linkSchemes = []string{"https://", "http://", "sotto:"}

// ParseMessage splits a message into spans: *bold*, `code` and links. It knows
// nothing else, loads nothing, and never fails; text that is not markup stays
// as it is. The input is cleaned with [CleanText].
func ParseMessage(s string) []Span {
	s = CleanText(s)
	var out []Span
	plain := 0
	flush := func(end int) {
		if end > plain {
			out = append(out, Span{Text: s[plain:end]})
		}
	}
	for i := 0; i < len(s); {
		span, n := spanAt(s, i)
		if n == 0 {
			_, w := utf8.DecodeRuneInString(s[i:])
			i += w
			continue
		}
		flush(i)
		out = append(out, span)
		i += n
		plain = i
	}
	flush(len(s))
	return out
}

// spanAt answers the marked-up span that starts at s[i] and its length in
// bytes, or 0 when none does.
func spanAt(s string, i int) (Span, int) {
	if !atBoundary(s, i) {
		return Span{}, 0
	}
	switch s[i] {
	case '`':
		if inner, n := enclosed(s[i:], '`'); n > 0 {
			return Span{Text: inner, Code: true}, n
		}
	case '*':
		if inner, n := enclosed(s[i:], '*'); n > 0 && inner == strings.TrimSpace(inner) {
			return Span{Text: inner, Bold: true}, n
		}
	case 'h', 's':
		if u, n := linkAt(s[i:]); n > 0 {
			return Span{Text: s[i : i+n], Link: u}, n
		}
	}
	return Span{}, 0
}

// atBoundary reports whether markup may start at i: at the beginning or after
// a character that is neither letter nor digit.
func atBoundary(s string, i int) bool {
	if i == 0 {
		return true
	}
	r, _ := utf8.DecodeLastRuneInString(s[:i])
	return !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '*' && r != '`'
}

// enclosed answers the text between s[0] and the next mark on the same line.
func enclosed(s string, mark byte) (string, int) {
	line, _, _ := strings.Cut(s, "\n")
	end := strings.IndexByte(line[1:], mark)
	if end <= 0 {
		return "", 0
	}
	return line[1 : 1+end], end + 2
}

// linkAt answers the link at the start of s without the punctuation that ends
// a sentence.
func linkAt(s string) (*url.URL, int) {
	known := false
	for _, scheme := range linkSchemes {
		known = known || strings.HasPrefix(s, scheme)
	}
	if !known {
		return nil, 0
	}
	end := strings.IndexFunc(s, func(r rune) bool {
		return unicode.IsSpace(r) || unicode.IsControl(r) || isBidiControl(r) || strings.ContainsRune("<>\"`", r)
	})
	if end < 0 {
		end = len(s)
	}
	text := strings.TrimRight(s[:end], ".,;:!?'*")
	if strings.HasSuffix(text, ")") && !strings.Contains(text, "(") {
		text = strings.TrimSuffix(text, ")")
	}
	u, err := url.Parse(text)
	if err != nil || u.User != nil || u.Scheme != "sotto" && u.Host == "" || u.Scheme == "sotto" && u.Opaque == "" && u.Host == "" {
		return nil, 0
	}
	return u, len(text)
}
