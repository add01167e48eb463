package search

import (
	"bytes"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"sotto/chat"
)

// term is one word or quoted phrase of a query, folded.
type term struct {
	text  []byte
	begin bool // only where a word begins
}

// parse reads the text of a query. It returns ErrMalformed for text that is too long or has too many terms; no terms
// when there is nothing in it that an index could find. What a person typed is data: no character but the space and the
// double quote has a meaning, and a quote that is not closed reaches to the end.
func parse(text string) (terms []term, found []piece, err error) {
	if len(text) > chat.MaxQuery {
		return nil, nil, chat.ErrMalformed
	}
	f := &folder{}
	for _, part := range split(text) {
		f.fold(part)
		folded := bytes.TrimRight(f.text, " ")
		p := pieces(folded)
		if len(folded) == 0 {
			continue
		}
		if len(terms) == chat.MaxTerms {
			return nil, nil, chat.ErrMalformed
		}
		terms = append(terms, term{bytes.Clone(folded), lonely(folded)})
		for _, p := range p {
			if !slices.Contains(found, p) {
				found = append(found, p)
			}
		}
	}
	return terms, found, nil
}

// quotes are what people type and what their keyboards make of it.
const quotes = "\"“”„‟«»"

// split returns the words and quoted phrases of a text.
func split(text string) (parts []string) {
	for text != "" {
		r, n := utf8.DecodeRuneInString(text)
		switch {
		case strings.ContainsRune(quotes, r):
			text = text[n:]
			end := strings.IndexAny(text, quotes)
			if end < 0 {
				return append(parts, text)
			}
			parts = append(parts, text[:end])
			_, n = utf8.DecodeRuneInString(text[end:])
			text = text[end+n:]
		case unicode.IsSpace(r):
			text = text[n:]
		default:
			end := strings.IndexFunc(text, func(r rune) bool { return unicode.IsSpace(r) || strings.ContainsRune(quotes, r) })
			if end < 0 {
				return append(parts, text)
			}
			parts = append(parts, text[:end])
			text = text[end:]
		}
	}
	return parts
}

// mostRanges bounds how many places are marked in one text.
const mostRanges = 256

// match returns the places of all terms in the text of a message and in the name of its file, as half-open ranges of
// bytes, ascending and apart; ok is false when a term is in neither.
func (f *folder) match(terms []term, text, name string) (ranges, named [][2]int, ok bool) {
	var in [chat.MaxTerms]bool
	ranges = f.places(terms, text, &in)
	if name != "" {
		named = f.places(terms, name, &in)
	}
	for i := range terms {
		if !in[i] {
			return nil, nil, false
		}
	}
	return united(ranges), united(named), true
}

// places returns where the terms stand in a text, and notes which of them do.
func (f *folder) places(terms []term, text string, in *[chat.MaxTerms]bool) (ranges [][2]int) {
	f.trace = true
	f.fold(text)
	for k, t := range terms {
		n := 0
		for at := 0; n < mostRanges; {
			i := bytes.Index(f.text[at:], t.text)
			if i < 0 {
				break
			}
			from := at + i
			if t.begin && !f.begins(from) {
				_, size := utf8.DecodeRune(f.text[from:])
				at = from + size
				continue
			}
			to := from + len(t.text)
			ranges = append(ranges, [2]int{int(f.from[from]), int(f.to[to-1])})
			n++
			at = to
		}
		in[k] = in[k] || n > 0
	}
	return ranges
}

// begins reports whether a word begins at a place of the folded text.
func (f *folder) begins(at int) bool {
	r, n := utf8.DecodeLastRune(f.text[:at])
	return n == 0 || classOf(r) != letter
}

// united sorts ranges and joins those that touch.
func united(ranges [][2]int) [][2]int {
	slices.SortFunc(ranges, func(a, b [2]int) int { return a[0] - b[0] })
	out := ranges[:0]
	for _, r := range ranges {
		if n := len(out); n > 0 && r[0] <= out[n-1][1] {
			out[n-1][1] = max(out[n-1][1], r[1])
			continue
		}
		out = append(out, r)
	}
	return out[:min(len(out), mostRanges)]
}
