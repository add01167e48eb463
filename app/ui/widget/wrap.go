package widget

import (
	"strings"
	"unicode"

	"fyne.io/fyne/v2"
)

// run is a piece of one line drawn in one style.
type run struct {
	text  string
	span  *Span
	x     float32 // from the left edge of the text block
	width float32
	left  bool // it is written to the left
}

// line is one laid-out line.
type line struct {
	runs  []run
	width float32
	rtl   bool
}

// block is laid-out text. Lines are lineHeight apart.
type block struct {
	lines      []line
	width      float32 // of the widest line
	lineHeight float32
	cut        bool // more lines than the limit; the last one ends in an ellipsis
}

func (b block) height() float32 { return b.lineHeight * float32(len(b.lines)) }

const ellipsis = "…"

func spanStyle(s *Span) fyne.TextStyle {
	return fyne.TextStyle{Bold: s.Bold || s.Hit, Monospace: s.Code, Underline: s.Link != nil}
}

func measure(text string, size float32, style fyne.TextStyle) float32 {
	style.Underline = false
	return fyne.MeasureText(text, size, style).Width
}

func lineHeight(size float32) float32 {
	return fyne.MeasureText(" ", size, fyne.TextStyle{}).Height
}

// wrapper lays spans out greedily; a field per piece of its state.
type wrapper struct {
	size, width float32
	maxLines    int
	out         block
	cur         line
	pendingGap  float32 // width of white space before the next word
	gapText     string
	gapSpan     *Span
}

// wrapText lays out spans at most width wide in at most maxLines lines
// (0: any number). Words longer than a line are broken between graphemes.
func wrapText(spans []Span, size, width float32, maxLines int) block {
	w := &wrapper{size: size, width: max(width, size), maxLines: maxLines}
	w.out.lineHeight = lineHeight(size)
	for i := range spans {
		w.span(&spans[i])
		if w.out.cut {
			return w.out
		}
	}
	w.endLine()
	return w.out
}

func (w *wrapper) span(s *Span) {
	for text := s.Text; text != "" && !w.out.cut; {
		token, kind := nextToken(text)
		text = text[len(token):]
		switch kind {
		case tokenBreak:
			w.endLine()
		case tokenSpace:
			w.gapText, w.gapSpan = token, s
			w.pendingGap = measure(token, w.size, spanStyle(s))
		case tokenWord:
			w.word(token, s)
		}
	}
}

func (w *wrapper) word(word string, s *Span) {
	width := measure(word, w.size, spanStyle(s))
	if w.cur.width+w.pendingGap+width <= w.width {
		w.gap()
		w.add(word, s, width)
		return
	}
	if len(w.cur.runs) > 0 {
		w.endLine()
		if w.out.cut {
			return
		}
	}
	w.pendingGap = 0
	for width > w.width && !w.out.cut {
		head := fitPrefix(word, w.size, spanStyle(s), w.width)
		w.add(head, s, measure(head, w.size, spanStyle(s)))
		w.endLine()
		word = word[len(head):]
		width = measure(word, w.size, spanStyle(s))
	}
	if word != "" && !w.out.cut {
		w.add(word, s, width)
	}
}

func (w *wrapper) gap() {
	if w.pendingGap > 0 {
		w.add(w.gapText, w.gapSpan, w.pendingGap)
		w.pendingGap = 0
	}
}

func (w *wrapper) add(text string, s *Span, width float32) {
	if n := len(w.cur.runs); n > 0 && w.cur.runs[n-1].span == s {
		w.cur.runs[n-1].text += text
		w.cur.runs[n-1].width += width
	} else {
		w.cur.runs = append(w.cur.runs, run{text: text, span: s, x: w.cur.width, width: width})
	}
	w.cur.width += width
}

func (w *wrapper) endLine() {
	w.pendingGap = 0
	if w.maxLines > 0 && len(w.out.lines) == w.maxLines {
		w.cutLast()
		return
	}
	w.cur.finish(w.size)
	w.out.width = max(w.out.width, w.cur.width)
	w.out.lines = append(w.out.lines, w.cur)
	w.cur = line{}
}

// cutLast ends the last line in an ellipsis because more would have followed.
func (w *wrapper) cutLast() {
	w.out.cut = true
	last := &w.out.lines[len(w.out.lines)-1]
	if len(last.runs) == 0 {
		last.runs = []run{{text: ellipsis, span: &Span{}, width: measure(ellipsis, w.size, fyne.TextStyle{})}}
	} else {
		r := &last.runs[len(last.runs)-1]
		before := last.width - r.width
		r.text = cutToWidth(r.text+ellipsis, w.size, spanStyle(r.span), w.width-before)
		r.width = measure(r.text, w.size, spanStyle(r.span))
		last.width = before + r.width
		if last.rtl {
			last.arrange()
		}
	}
	w.out.width = max(w.out.width, last.width)
}

// finish puts the runs of a line with letters written to the left in their order.
func (l *line) finish(size float32) {
	text := ""
	for _, r := range l.runs {
		text += r.text
	}
	l.rtl = isRTL(text)
	if hasRTL(text) {
		l.split(size)
		l.arrange()
	}
}

type tokenKind int

const (
	tokenWord tokenKind = iota
	tokenSpace
	tokenBreak
)

// nextToken answers the first word, white space or line break of text. An
// ideograph is a word of its own: East Asian text breaks anywhere.
func nextToken(text string) (string, tokenKind) {
	if text[0] == '\n' {
		return text[:1], tokenBreak
	}
	kind := tokenWord
	for i, r := range text {
		space := unicode.IsSpace(r) && r != '\u00a0'
		switch {
		case i == 0 && space:
			kind = tokenSpace
		case i == 0 && isIdeograph(r):
			return text[:i+len(string(r))], tokenWord
		case i > 0 && (r == '\n' || space != (kind == tokenSpace) || isIdeograph(r)):
			return text[:i], kind
		}
	}
	return text, kind
}

func isIdeograph(r rune) bool {
	return unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana)
}

// graphemes splits s into user-perceived characters, near enough to UAX #29
// for cutting: marks, joiners, variation selectors, skin tones and pairs of
// regional indicators stay with what they belong to.
func graphemes(s string) []string {
	var out []string
	start, joined, flags := 0, false, 0
	for i, r := range s {
		regional := r >= 0x1F1E6 && r <= 0x1F1FF
		extends := joined || unicode.In(r, unicode.Mn, unicode.Me, unicode.Mc) ||
			r == '\u200d' || r >= 0xFE00 && r <= 0xFE0F || r >= 0x1F3FB && r <= 0x1F3FF ||
			regional && flags%2 == 1
		if i > 0 && !extends {
			out = append(out, s[start:i])
			start = i
		}
		joined = r == '\u200d'
		if regional {
			flags++
		} else {
			flags = 0
		}
	}
	if start < len(s) {
		out = append(out, s[start:])
	}
	return out
}

// fitPrefix answers the longest prefix of s that is at most width wide, at
// least one grapheme.
func fitPrefix(s string, size float32, style fyne.TextStyle, width float32) string {
	g := graphemes(s)
	lo, hi := 1, len(g)
	for lo < hi {
		mid := (lo + hi + 1) / 2
		if measure(strings.Join(g[:mid], ""), size, style) <= width {
			lo = mid
		} else {
			hi = mid - 1
		}
	}
	return strings.Join(g[:lo], "")
}

// cutToWidth answers s when it fits into width, and otherwise as much of it as
// fits with an ellipsis behind; an ellipsis at the end of s itself is not
// doubled.
func cutToWidth(s string, size float32, style fyne.TextStyle, width float32) string {
	if measure(s, size, style) <= width {
		return s
	}
	s = strings.TrimSuffix(s, ellipsis)
	room := width - measure(ellipsis, size, style)
	if room <= 0 {
		return ellipsis
	}
	return strings.TrimRightFunc(fitPrefix(s, size, style, room), unicode.IsSpace) + ellipsis
}
