package search

import (
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// folder brings text into the form that is compared: lower case, without diacritics, compatibility forms made plain,
// invisible characters dropped, white space as one space. It is used again for the next text.
type folder struct {
	text []byte
	// With trace, the source of every byte of text: the half-open range of the bytes it came from.
	trace    bool
	from, to []int32
	last     int // where the last rune of text begins
}

// fold replaces what the folder holds by the folded form of s.
func (f *folder) fold(s string) {
	f.text, f.from, f.to, f.last = f.text[:0], f.from[:0], f.to[:0], 0
	for i := 0; i < len(s); {
		c := s[i]
		if c < utf8.RuneSelf {
			f.ascii(c, i)
			i++
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		if plain(r) {
			f.put(r, i, i+size)
		} else if d := norm.NFKD.PropertiesString(s[i:]).Decomposition(); d != nil {
			for len(d) > 0 {
				part, n := utf8.DecodeRune(d)
				f.lower(part, i, i+size)
				d = d[n:]
			}
		} else {
			f.lower(r, i, i+size)
		}
		i += size
	}
}

// plain reports whether a rune stays as it is: the ideographs, kana and syllables that make up most text beyond the
// alphabets.
func plain(r rune) bool {
	return r >= 0x3041 && r <= 0x3096 || r >= 0x30a1 && r <= 0x30fa || r >= 0x4e00 && r <= 0x9fff || r >= 0xac00 && r <= 0xd7a3
}

func (f *folder) ascii(c byte, at int) {
	switch {
	case 'A' <= c && c <= 'Z':
		c += 'a' - 'A'
	case c <= ' ' || c == 0x7f:
		f.space(at, at+1)
		return
	}
	f.last = len(f.text)
	f.text = append(f.text, c)
	if f.trace {
		f.from, f.to = append(f.from, int32(at)), append(f.to, int32(at+1))
	}
}

// letters are those that Unicode does not take apart and that people type without their stroke or as two.
var letters = map[rune]string{
	'ß': "ss", 'æ': "ae", 'œ': "oe", 'ø': "o", 'ł': "l", 'đ': "d", 'ħ': "h", 'ı': "i", 'ς': "σ",
}

func (f *folder) lower(r rune, from, to int) {
	switch {
	case unicode.IsSpace(r):
		f.space(from, to)
		return
	case dropped(r):
		f.extend(to)
		return
	}
	r = unicode.ToLower(r)
	if as, ok := letters[r]; ok {
		for _, r := range as {
			f.put(r, from, to)
		}
		return
	}
	if joins(r) && len(f.text) > 0 {
		f.join(r, to)
		return
	}
	f.put(r, from, to)
}

// dropped reports whether a rune has no part in comparing: diacritics of the alphabets (not the vowel signs of other
// scripts) and invisible format characters.
func dropped(r rune) bool {
	if unicode.Is(unicode.Mn, r) {
		return !joins(r) && unicode.In(r, unicode.Inherited, unicode.Hebrew, unicode.Arabic)
	}
	return unicode.Is(unicode.Cf, r)
}

// joins reports whether a rune completes the one before it: sound marks of kana, and parts of Hangul syllables.
func joins(r rune) bool {
	return r == 0x3099 || r == 0x309a || r >= 0x1161 && r <= 0x1175 || r >= 0x11a8 && r <= 0x11c2
}

func (f *folder) join(r rune, to int) {
	whole := norm.NFC.Bytes(utf8.AppendRune(append([]byte(nil), f.text[f.last:]...), r))
	from := 0
	if f.trace {
		from = int(f.from[f.last])
	}
	at := f.last
	f.text = f.text[:at]
	if f.trace {
		f.from, f.to = f.from[:at], f.to[:at]
	}
	for len(whole) > 0 {
		r, n := utf8.DecodeRune(whole)
		f.put(r, from, to)
		whole = whole[n:]
	}
}

func (f *folder) put(r rune, from, to int) {
	f.last = len(f.text)
	f.text = utf8.AppendRune(f.text, r)
	if f.trace {
		for range len(f.text) - f.last {
			f.from, f.to = append(f.from, int32(from)), append(f.to, int32(to))
		}
	}
}

// space adds a space where the text does not begin and none precedes.
func (f *folder) space(from, to int) {
	if n := len(f.text); n > 0 && f.text[n-1] != ' ' {
		f.put(' ', from, to)
	}
}

// extend lets the source of the last rune reach up to a place.
func (f *folder) extend(to int) {
	if f.trace {
		for i := f.last; i < len(f.to); i++ {
			f.to[i] = int32(to)
		}
	}
}
