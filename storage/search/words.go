package search

import (
	"unicode"
	"unicode/utf8"
)

// class is how a rune takes part in the words of the index.
type class uint8

const (
	apart  class = iota // between words
	letter              // in a word of letters, digits and their marks
	dense               // of a script without spaces between words
	symbol              // a word of its own: emoji, signs
)

func classOf(r rune) class {
	switch {
	case r < utf8.RuneSelf:
		if 'a' <= r && r <= 'z' || '0' <= r && r <= '9' {
			return letter
		}
		return apart
	case r == 0x30fc || unicode.In(r, spaceless...):
		return dense
	case unicode.In(r, unicode.L, unicode.N, unicode.M):
		return letter
	case unicode.In(r, unicode.So, unicode.Sc, unicode.Sk):
		return symbol
	}
	return apart
}

// spaceless are the scripts whose words are not set apart.
var spaceless = []*unicode.RangeTable{
	unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Bopomofo, unicode.Yi, unicode.Thai, unicode.Lao,
	unicode.Khmer, unicode.Myanmar, unicode.Tibetan,
}

// A word is indexed whole up to maxWord bytes. Of a longer one, parts of at most maxWord bytes are, each overlapping the
// next by maxPiece: so what is at most maxPiece bytes long and stands in a word stands in one entry of the index.
const (
	maxWord  = 64
	maxPiece = 32
)

// words calls f with every entry of the index for a folded text: words, pairs and last characters of runs without
// spaces, symbols. f must not keep its argument.
func words(text []byte, f func([]byte)) {
	for i := 0; i < len(text); {
		r, n := utf8.DecodeRune(text[i:])
		switch classOf(r) {
		case letter:
			end := i + run(text[i:], letter)
			long(text[i:end], f)
			i = end
		case dense:
			end := i + run(text[i:], dense)
			pairs(text[i:end], f)
			i = end
		case symbol:
			f(text[i : i+n])
			i += n
		default:
			i += n
		}
	}
}

// run returns the length of the run of one class that the text begins with.
func run(text []byte, c class) int {
	for i := 0; i < len(text); {
		r, n := utf8.DecodeRune(text[i:])
		if classOf(r) != c {
			return i
		}
		i += n
	}
	return len(text)
}

func long(word []byte, f func([]byte)) {
	for len(word) > maxWord {
		f(word[:before(word, maxWord)])
		word = word[before(word, maxWord-maxPiece):]
	}
	f(word)
}

// before returns the last boundary of runes not after n.
func before(word []byte, n int) int {
	for n > 0 && !utf8.RuneStart(word[n]) {
		n--
	}
	return n
}

func pairs(text []byte, f func([]byte)) {
	for i := 0; i < len(text); {
		_, n := utf8.DecodeRune(text[i:])
		_, m := utf8.DecodeRune(text[i+n:])
		f(text[i : i+n+m])
		i += n
	}
}

// piece is what an entry of the index must hold for a message to be looked at.
type piece struct {
	text  string
	begin bool // only where the entry begins
}

// pieces returns the pieces of a folded term: a message that has the term has, for each piece, an entry that holds it.
func pieces(term []byte) []piece {
	var out []piece
	for i := 0; i < len(term); {
		r, n := utf8.DecodeRune(term[i:])
		switch classOf(r) {
		case letter:
			end := i + run(term[i:], letter)
			lonely := lonely(term)
			for word := term[i:end]; len(word) > 0; {
				cut := len(word)
				if cut > maxPiece {
					cut = before(word, maxPiece)
				}
				out = append(out, piece{string(word[:cut]), lonely || i > 0 && cut == end-i})
				word = word[cut:]
			}
			i = end
		case dense:
			end := i + run(term[i:], dense)
			out = append(out, piecesOfRun(term[i:end])...)
			i = end
		case symbol:
			out = append(out, piece{string(term[i : i+n]), true})
			i += n
		default:
			i += n
		}
	}
	return out
}

// lonely reports whether a term is a single letter of an alphabet, which nearly every text has somewhere: it matches only
// where a word begins.
func lonely(term []byte) bool {
	r, n := utf8.DecodeRune(term)
	return n == len(term) && classOf(r) == letter && !unicode.Is(unicode.Hangul, r)
}

// piecesOfRun returns the pairs of a run without spaces; one character begins a pair or ends a run.
func piecesOfRun(text []byte) []piece {
	if utf8.RuneCount(text) == 1 {
		return []piece{{string(text), true}}
	}
	var out []piece
	pairs(text, func(b []byte) {
		if utf8.RuneCount(b) == 2 {
			out = append(out, piece{string(b), true})
		}
	})
	return out
}
