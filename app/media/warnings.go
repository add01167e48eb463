package media

import (
	"errors"
	"io"
	"slices"
	"strings"
	"unicode"

	"sotto/chat"
)

// Warning is the code of a reason to be careful with a file.
type Warning string

// Warnings, the gravest first. The same file may give several.
const (
	WarnExecutable        Warning = "executable"         // runs as a program
	WarnScript            Warning = "script"             // runs as a script
	WarnInstaller         Warning = "installer"          // installs something
	WarnShortcut          Warning = "shortcut"           // starts what it points at
	WarnMacro             Warning = "macro"              // office document with macros, or that may hold them
	WarnActive            Warning = "active"             // HTML, SVG, PDF with scripts, documents with parts elsewhere: may run or fetch them
	WarnDiskImage         Warning = "disk-image"         // shows its contents without the marks of what came from others
	WarnArchiveExecutable Warning = "archive-executable" // archive with one of the kinds above inside
	WarnBomb              Warning = "bomb"               // archive that claims to grow beyond all measure
	WarnEncrypted         Warning = "encrypted"          // archive whose contents cannot be looked at: encrypted, damaged, of too many entries
	WarnArchive           Warning = "archive"            // archive: look at what is inside before opening it
	WarnDoubleExtension   Warning = "double-extension"   // report.pdf.exe
	WarnHiddenCharacters  Warning = "hidden-characters"  // the name holds characters that show nothing or turn its direction
	WarnTypeDiffers       Warning = "type-differs"       // the content is not what the name or the sender says
)

// order is the order of severity.
var order = []Warning{
	WarnExecutable, WarnScript, WarnInstaller, WarnShortcut, WarnMacro, WarnActive, WarnDiskImage, WarnArchiveExecutable,
	WarnBomb, WarnEncrypted, WarnArchive, WarnDoubleExtension, WarnHiddenCharacters, WarnTypeDiffers,
}

// Warnings says why to be careful with a file that came from someone, by its name as it was sent, the media type it was
// sent with, and its content; src is nil when the content is not here yet. An ordinary photo, PDF or text gets none. It
// reads the beginning, the directory of a ZIP or OLE file within bounds, and a PDF up to 16 MiB. What cannot be read is
// judged by the rest; the error is that of src.
func Warnings(name, claimed string, src io.ReaderAt, size int64) ([]Warning, error) {
	found := map[Warning]bool{}
	extension := nameWarnings(name, found)
	var err error
	if src != nil && size > 0 {
		err = contentWarnings(extension, claimed, src, size, found)
	}
	return slices.DeleteFunc(slices.Clone(order), func(w Warning) bool { return !found[w] }), err
}

// nameWarnings judges the name alone and returns its extension in lower case without the dot.
func nameWarnings(name string, found map[Warning]bool) string {
	for _, r := range name {
		if chat.Invisible(r) || unicode.IsControl(r) {
			found[WarnHiddenCharacters] = true
		}
	}
	clean := strings.ToLower(strings.TrimRight(chat.CleanFileName(name), ". ")) // Windows drops these
	stem, extension := "", ""
	if dot := strings.LastIndexByte(clean, '.'); dot >= 0 {
		stem, extension = strings.TrimRight(clean[:dot], ". "), strings.TrimSpace(clean[dot+1:])
	}
	danger, ok := dangers[extension]
	if !ok {
		return extension
	}
	found[danger] = true
	if dot := strings.LastIndexByte(stem, '.'); dot > 0 && harmlessLooking(strings.TrimSpace(stem[dot+1:])) {
		found[WarnDoubleExtension] = true
	}
	return extension
}

// harmlessLooking reports whether an extension before the last one is there to deceive.
func harmlessLooking(extension string) bool {
	if _, known := expected[extension]; known {
		_, danger := dangers[extension]
		return !danger
	}
	return false
}

// classWarnings are what the class of a content warns of.
var classWarnings = map[Class]Warning{
	ClassExecutable: WarnExecutable, ClassScript: WarnScript, ClassInstaller: WarnInstaller, ClassShortcut: WarnShortcut,
	ClassActive: WarnActive, ClassDiskImage: WarnDiskImage, ClassArchive: WarnArchive,
}

func contentWarnings(extension, claimed string, src io.ReaderAt, size int64, found map[Warning]bool) error {
	typ, err := sniffFile(src, size)
	if err != nil {
		return err
	}
	switch {
	case strings.HasPrefix(typ.Media, "application/vnd.oasis."), typ.Media == mediaEPUB, isZIP(typ.Media):
		typ, err = zipWarnings(src, size, typ, found)
	case typ.Media == mediaOLE:
		typ, err = oleWarnings(src, size, found)
	case typ.Media == mediaPDF:
		err = pdfWarnings(src, size, found)
	case isDMG(src, size):
		typ = Type{mediaDMG, ClassDiskImage, false}
	}
	if w, ok := classWarnings[typ.Class]; ok {
		found[w] = true
	}
	if differs(extension, claimed, typ) {
		found[WarnTypeDiffers] = true
	}
	return err
}

// differs reports whether a content is another than its name or its sender says. A content that is not known contradicts
// only a type that always can be known.
func differs(extension, claimed string, typ Type) bool {
	if media, ok := expected[extension]; ok && !fits(media, typ) {
		return true
	}
	claimed, _, _ = strings.Cut(strings.ToLower(claimed), ";")
	claimed = strings.TrimSpace(claimed)
	for _, known := range []string{mediaJPEG, mediaPNG, mediaGIF, mediaWebP, mediaPDF} {
		if claimed == known && typ.Media != known {
			return true
		}
	}
	return strings.HasPrefix(claimed, "text/") && (typ.Class == ClassExecutable || typ.Class == ClassInstaller)
}

// fits reports whether a content is one of those that a name announces.
func fits(media []string, typ Type) bool {
	for _, m := range media {
		switch {
		case m == typ.Media, strings.HasSuffix(m, "*") && strings.HasPrefix(typ.Media, m[:len(m)-1]):
			return true
		case m == mediaText && (typ.Media == mediaUnknown || typ.Class == ClassText):
			return true // texts have other encodings, too
		}
	}
	return false
}

func isZIP(media string) bool {
	return media == mediaZIP || media == mediaJAR || media == mediaAPK || strings.HasPrefix(media, mediaOOXML)
}

// isDMG looks for the block at the end of an Apple disk image.
func isDMG(src io.ReaderAt, size int64) bool {
	var b [4]byte
	if size < 512 {
		return false
	}
	_, err := src.ReadAt(b[:], size-512)
	return (err == nil || errors.Is(err, io.EOF)) && string(b[:]) == "koly"
}
