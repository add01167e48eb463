package chat

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// MaxFileName bounds the name of a file in bytes of UTF-8.
const MaxFileName = 255

// NoFileName is the name of a file that has none left after cleaning.
const NoFileName = "file"

const (
	nonJoiner, joiner = '\u200c', '\u200d'
	maxExtension      = 32 // bytes, its dot included; what is longer is no extension
)

// CleanFileName returns a name fit to be shown and stored: what stands behind the last separator of any system, without
// controls, bidirectional controls and what shows nothing ([Invisible]), joiners only inside, white space collapsed, 1 to
// [MaxFileName] bytes of valid UTF-8 with the extension kept when the name is cut. It is no name for a disk: that is
// made by app/media. Cleaning twice changes nothing more.
func CleanFileName(name string) string {
	var b strings.Builder
	space := false
	for _, r := range name[strings.LastIndexAny(name, `/\`)+1:] {
		switch {
		case unicode.IsSpace(r):
			space = b.Len() > 0
			continue
		case r == utf8.RuneError || unicode.IsControl(r) || Invisible(r):
			continue
		case (r == joiner || r == nonJoiner) && b.Len() == 0:
			continue
		}
		if space {
			b.WriteByte(' ')
			space = false
		}
		b.WriteRune(r)
	}
	s := trimName(CutFileName(trimName(b.String()), MaxFileName))
	if strings.Trim(s, ".") == "" {
		return NoFileName
	}
	return s
}

// CutFileName shortens a name to at most limit bytes at a border of characters, and keeps its extension when that has
// at most 32 bytes and fits.
func CutFileName(name string, limit int) string {
	if len(name) <= limit {
		return name
	}
	extension := ""
	if dot := strings.LastIndexByte(name, '.'); dot > 0 && len(name)-dot <= min(maxExtension, limit-1) {
		extension = name[dot:]
	}
	n := limit - len(extension)
	for n > 0 && !utf8.RuneStart(name[n]) {
		n--
	}
	return name[:n] + extension
}

// Invisible reports whether a character shows nothing itself and can disguise a name: bidirectional controls and other
// formatting (Unicode's general category Cf), and letters and marks without a glyph. The zero-width joiner and
// non-joiner are none of them: scripts and emoji need them.
func Invisible(r rune) bool {
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

func trimName(s string) string { return strings.Trim(s, string([]rune{joiner, nonJoiner, ' '})) }
