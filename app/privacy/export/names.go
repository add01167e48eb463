package export

import (
	"io/fs"
	"path"
	"strings"
	"unicode"
	"unicode/utf8"

	"sotto/chat"
)

// attachmentsFolder holds the files of messages.
const attachmentsFolder = "attachments"

// harmless are the endings of names with which a system opens a file as a document, a picture, sound or text, and a
// browser runs nothing of it. Every other name gets [inert] behind it, so that a click runs nothing.
var harmless = endings(`7z aac avi avif bmp bz2 csv doc docx epub flac gif gz heic heif ics jpeg jpg json log m4a m4v md mkv mov mp3
	mp4 mpeg mpg odg odp ods odt oga ogg ogv opus pdf png ppt pptx rar rtf tar tif tiff txt vcf wav webm webp xls xlsx xz zip zst`)

func endings(list string) map[string]bool {
	out := map[string]bool{}
	for _, ending := range strings.Fields(list) {
		out["."+ending] = true
	}
	return out
}

const (
	inert       = ".bin"
	maxFileName = 120 // bytes, of a name inside an export, what it begins with included
)

// fileName returns the name of a file in an export: some digits of its message's id, so that the same file has the same name
// in every export, and what of its own name every system can store. The true name stands in the line of the message. A
// picture ends as its content says.
func fileName(id, own string, kind picture) string {
	own = chat.CleanFileName(own)
	ending := path.Ext(own)
	stem := own[:len(own)-len(ending)]
	ending = strings.ToLower(ending) // after the cut: in lower case it may be longer
	switch {
	case kind != "" && kind.ends(ending):
	case kind != "":
		stem, ending = own, kind.ending()
	case !harmless[ending] && ending != inert:
		stem, ending = own, inert
	}
	stem = strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsMark(r) || unicode.IsDigit(r) || r == '-' || r == '_' || r == '.' {
			return r
		}
		return '_'
	}, stem)
	for len(id)+len(stem)+len(ending) >= maxFileName {
		_, size := utf8.DecodeLastRuneInString(stem)
		stem = stem[:len(stem)-size]
	}
	return attachmentsFolder + "/" + id + "-" + stem + ending
}

// suggestedName returns the name that a page suggests for a file: its own, with the ending that the file has in the export
// where that is another. What was made inert stays so wherever it is saved.
func suggestedName(own, stored string) string {
	if ending := path.Ext(stored); !strings.EqualFold(path.Ext(own), ending) {
		return own + ending
	}
	return own
}

// picture is a media type of pictures that browsers show and cannot run, as the content says.
type picture string

// pictureOf looks at the first bytes of a file: PNG, JPEG, GIF or WebP, else "". A name says nothing.
func pictureOf(head []byte) picture {
	s := string(head)
	switch {
	case strings.HasPrefix(s, "\x89PNG\r\n\x1a\n"):
		return "image/png"
	case strings.HasPrefix(s, "\xff\xd8\xff"):
		return "image/jpeg"
	case strings.HasPrefix(s, "GIF87a"), strings.HasPrefix(s, "GIF89a"):
		return "image/gif"
	case len(s) >= 12 && s[:4] == "RIFF" && s[8:12] == "WEBP":
		return "image/webp"
	}
	return ""
}

// headOfPicture is how many bytes pictureOf wants.
const headOfPicture = 12

func (p picture) ending() string {
	if p == "image/jpeg" {
		return ".jpg"
	}
	return "." + strings.TrimPrefix(string(p), "image/")
}

func (p picture) ends(ending string) bool {
	return ending == p.ending() || p == "image/jpeg" && ending == ".jpeg"
}

// devices are names that open a device on Windows, whatever stands behind their first dot.
var devices = map[string]bool{"con": true, "prn": true, "aux": true, "nul": true, "conin$": true, "conout$": true}

// validPath reports whether a path inside an export is one that this program could have written and every system can: no
// way out, no device, nothing that a system reads in another way.
func validPath(name string) bool {
	if !fs.ValidPath(name) || name == "." || len(name) > maxPath || strings.ContainsAny(name, `\:*?"<>|`) ||
		strings.ContainsFunc(name, unicode.IsControl) {
		return false
	}
	for _, part := range strings.Split(name, "/") {
		stem, _, _ := strings.Cut(strings.ToLower(part), ".")
		stem = strings.TrimRight(stem, " ")
		if part[len(part)-1] == '.' || part[len(part)-1] == ' ' || devices[stem] {
			return false
		}
		if port, ok := strings.CutPrefix(stem, "com"); ok && isPort(port) {
			return false
		}
		if port, ok := strings.CutPrefix(stem, "lpt"); ok && isPort(port) {
			return false
		}
	}
	return true
}

// isPort reports whether s is the number of a device, a superscript digit included.
func isPort(s string) bool {
	return len(s) == 1 && s >= "0" && s <= "9" || s == "¹" || s == "²" || s == "³"
}
