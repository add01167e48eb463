package media

import (
	"strings"

	"golang.org/x/text/unicode/norm"

	"sotto/chat"
)

// MaxSafeName bounds a safe name in bytes of UTF-8, and so in units of UTF-16. It leaves room for what others add below the
// 255 that file systems take: a browser's "(2)", an editor's ".bak".
const MaxSafeName = 200

// SafeName returns a name under which a file can be saved on every system at once: what [chat.CleanFileName] leaves, in
// Unicode's form C, without the characters that Windows or a shell give a meaning, streams of NTFS, names of devices,
// dots and white space at either end; 1 to [MaxSafeName] bytes, the extension kept. A safe name is its own safe name.
func SafeName(name string) string {
	name = norm.NFC.String(chat.CleanFileName(name))
	name = strings.Map(func(r rune) rune {
		if strings.ContainsRune(`<>:"/\|?*`, r) {
			return '_'
		}
		return r
	}, name)
	name = trimEnds(chat.CutFileName(trimEnds(name), MaxSafeName-1)) // -1: for the mark before a device or an option
	switch {
	case name == "":
		return chat.NoFileName
	case isDevice(name):
		return "_" + name
	case name[0] == '-' || name[0] == '~':
		return "_" + name[1:]
	}
	return name
}

// trimEnds takes off what hides a file, what Windows drops silently, and joiners without neighbours.
func trimEnds(name string) string { return strings.Trim(name, ". \u200c\u200d") }

// isDevice reports whether Windows takes a name for a device, whatever follows its first dot.
func isDevice(name string) bool {
	stem, _, _ := strings.Cut(name, ".")
	stem = strings.ToUpper(strings.TrimRight(stem, " "))
	switch stem {
	case "CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$", "CLOCK$":
		return true
	}
	digit, ok := strings.CutPrefix(stem, "COM")
	if !ok {
		digit, ok = strings.CutPrefix(stem, "LPT")
	}
	return ok && (len(digit) == 1 && digit[0] >= '0' && digit[0] <= '9' || digit == "¹" || digit == "²" || digit == "³")
}
