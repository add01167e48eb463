package widget

import "unicode"

// The toolkit draws a text piece by piece from the left, a new piece at each change of script: within a piece Arabic and
// Hebrew are right, but sentences stand in the wrong order and a full stop on the wrong side. So lines with such letters
// are cut here into pieces that it draws right, and those are put in their places by the levels of the Unicode
// bidirectional algorithm (UAX 9), without explicit embeddings, which are stripped before.

// direction is what a rune says about direction.
type direction int8

const (
	neutral direction = iota
	leftward
	rightward
	number
)

// directionOf classifies a rune; marks go with what is before them.
func directionOf(r rune, before direction) direction {
	switch {
	case unicode.Is(unicode.Mn, r) || r == '\u200c' || r == '\u200d':
		return before
	case unicode.IsDigit(r):
		return number
	case r >= 0x0590 && r <= 0x08ff, r >= 0xfb1d && r <= 0xfdff, r >= 0xfe70 && r <= 0xfeff, r == '\u200f':
		return leftward
	case unicode.IsLetter(r):
		return rightward
	}
	return neutral
}

// hasRTL reports whether a text holds a letter that is written to the left.
func hasRTL(s string) bool {
	for _, r := range s {
		if r >= 0x0590 && directionOf(r, neutral) == leftward {
			return true
		}
	}
	return false
}

// leads answers for every rune whether it is written to the left in a line of that base.
func leads(text []rune, rtl bool) []bool {
	classes := make([]direction, len(text))
	before := neutral
	for i, r := range text {
		classes[i] = directionOf(r, before)
		before = classes[i]
	}
	base := rightward
	if rtl {
		base = leftward
	}
	strong := func(d direction) direction {
		if d == number {
			return rightward
		}
		return d
	}
	out := make([]bool, len(text))
	for i := 0; i < len(text); {
		if classes[i] != neutral {
			out[i] = classes[i] == leftward
			i++
			continue
		}
		end := i
		for end < len(text) && classes[end] == neutral {
			end++
		}
		left, right := base, base
		if i > 0 {
			left = strong(classes[i-1])
		}
		if end < len(text) {
			right = strong(classes[end])
		}
		to := base
		if left == right {
			to = left
		}
		for ; i < end; i++ {
			out[i] = to == leftward
		}
	}
	return out
}

// mirrored are the characters that are drawn the other way round in what is written to the left.
var mirrored = map[rune]rune{'(': ')', ')': '(', '[': ']', ']': '[', '{': '}', '}': '{', '<': '>', '>': '<', '«': '»', '»': '«'}

// kindOf says which runes written to the left may share a piece: letters with letters; signs stand alone.
func kindOf(r rune) int {
	switch {
	case unicode.IsSpace(r):
		return 0
	case r < 0x0300:
		return 1
	case directionOf(r, leftward) == leftward:
		return 2
	}
	return 3
}

// split cuts the runs of a line with letters written to the left into pieces that the toolkit draws right.
func (l *line) split(size float32) {
	var all []rune
	for _, r := range l.runs {
		all = append(all, []rune(r.text)...)
	}
	left := leads(all, l.rtl)
	var out []run
	at := 0
	for _, r := range l.runs {
		text := []rune(r.text)
		for from := 0; from < len(text); {
			end := from + 1
			for end < len(text) && left[at+end] == left[at+from] &&
				(!left[at+from] || kindOf(text[end]) == kindOf(text[from]) && kindOf(text[from]) != 1) {
				end++
			}
			piece := string(text[from:end])
			if m, ok := mirrored[text[from]]; ok && left[at+from] {
				piece = string(m)
			}
			out = append(out, run{text: piece, span: r.span, left: left[at+from], width: measure(piece, size, spanStyle(r.span))})
			from = end
		}
		at += len(text)
	}
	l.runs = out
}

// arrange puts the pieces of a line beside each other in the order in which they are seen.
func (l *line) arrange() {
	order := make([]int, len(l.runs))
	for i := range order {
		order[i] = i
	}
	flip := func(in []int) {
		for i, j := 0, len(in)-1; i < j; i, j = i+1, j-1 {
			in[i], in[j] = in[j], in[i]
		}
	}
	if l.rtl {
		flip(order)
	}
	for i := 0; i < len(order); { // what runs against the base is turned
		end := i + 1
		for end < len(order) && l.runs[order[end]].left == l.runs[order[i]].left {
			end++
		}
		if l.runs[order[i]].left != l.rtl {
			flip(order[i:end])
		}
		i = end
	}
	x := float32(0)
	for _, i := range order {
		l.runs[i].x = x
		x += l.runs[i].width
	}
	l.width = x
}
