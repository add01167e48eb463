package media

import (
	"bytes"
	"encoding/binary"
	"strings"
	"unicode/utf8"
)

// HeadSize is how many bytes of a file [Sniff] looks at; more do no harm.
const HeadSize = 36 << 10

// Class sorts types by what they can do to the one who opens them.
type Class string

// Classes. The empty one is not known, or harmless by all that is known.
const (
	ClassPicture    Class = "picture"
	ClassAudio      Class = "audio"
	ClassVideo      Class = "video"
	ClassText       Class = "text"
	ClassDocument   Class = "document"
	ClassArchive    Class = "archive"
	ClassExecutable Class = "executable"
	ClassScript     Class = "script"
	ClassInstaller  Class = "installer"
	ClassDiskImage  Class = "disk-image"
	ClassShortcut   Class = "shortcut"
	ClassActive     Class = "active" // HTML, SVG and the like: may run scripts and fetch from the network
)

// Type is what a file is by its content.
type Type struct {
	Media   string // media type; application/octet-stream: not known
	Class   Class
	Picture bool // [Decode] can try it
}

// Media types that are compared with elsewhere.
const (
	mediaUnknown = "application/octet-stream"
	mediaJPEG    = "image/jpeg"
	mediaPNG     = "image/png"
	mediaGIF     = "image/gif"
	mediaWebP    = "image/webp"
	mediaSVG     = "image/svg+xml"
	mediaHTML    = "text/html"
	mediaText    = "text/plain"
	mediaXML     = "application/xml"
	mediaPDF     = "application/pdf"
	mediaZIP     = "application/zip"
	mediaJAR     = "application/java-archive"
	mediaAPK     = "application/vnd.android.package-archive"
	mediaOLE     = "application/x-ole-storage"
	mediaMSI     = "application/x-msi"
	mediaDMG     = "application/x-apple-diskimage"
	mediaOOXML   = "application/vnd.openxmlformats-officedocument."
	mediaDOCX    = mediaOOXML + "wordprocessingml.document"
	mediaXLSX    = mediaOOXML + "spreadsheetml.sheet"
	mediaPPTX    = mediaOOXML + "presentationml.presentation"
	mediaODF     = "application/vnd.oasis.opendocument."
	mediaEPUB    = "application/epub+zip"
)

// signature is bytes at an offset that say what a file is.
type signature struct {
	at    int
	magic string
	typ   Type
}

var signatures = []signature{
	{0, "\xff\xd8\xff", Type{mediaJPEG, ClassPicture, true}},
	{0, "\x89PNG\r\n\x1a\n", Type{mediaPNG, ClassPicture, true}},
	{0, "GIF87a", Type{mediaGIF, ClassPicture, true}},
	{0, "GIF89a", Type{mediaGIF, ClassPicture, true}},
	{0, "II*\x00", Type{"image/tiff", ClassPicture, false}},
	{0, "MM\x00*", Type{"image/tiff", ClassPicture, false}},
	{0, "8BPS\x00\x01", Type{"image/vnd.adobe.photoshop", ClassPicture, false}},
	{0, "\x00\x00\x00\x0cJXL \r\n\x87\n", Type{"image/jxl", ClassPicture, false}},
	{0, "\x00\x00\x00\x0cjP  \r\n\x87\n", Type{"image/jp2", ClassPicture, false}},
	{0, "\x7fELF", Type{"application/x-elf", ClassExecutable, false}},
	{0, "\xfe\xed\xfa\xce", Type{"application/x-mach-binary", ClassExecutable, false}},
	{0, "\xfe\xed\xfa\xcf", Type{"application/x-mach-binary", ClassExecutable, false}},
	{0, "\xce\xfa\xed\xfe", Type{"application/x-mach-binary", ClassExecutable, false}},
	{0, "\xcf\xfa\xed\xfe", Type{"application/x-mach-binary", ClassExecutable, false}},
	{0, "dex\n03", Type{"application/vnd.android.dex", ClassExecutable, false}},
	{0, "!<arch>\ndebian-binary", Type{"application/vnd.debian.binary-package", ClassInstaller, false}},
	{0, "\xed\xab\xee\xdb", Type{"application/x-rpm", ClassInstaller, false}},
	{0, "xar!", Type{"application/x-xar", ClassInstaller, false}},
	{0, "L\x00\x00\x00\x01\x14\x02\x00", Type{"application/x-ms-shortcut", ClassShortcut, false}},
	{0, "book\x00\x00\x00\x00mark", Type{"application/x-apple-alias", ClassShortcut, false}},
	{0, "ITSF\x03\x00\x00\x00", Type{"application/vnd.ms-htmlhelp", ClassActive, false}},
	{0, "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", Type{mediaOLE, ClassDocument, false}},
	{0, "{\\rtf", Type{"application/rtf", ClassDocument, false}},
	{0, "PK\x05\x06", Type{mediaZIP, ClassArchive, false}},
	{0, "PK\x07\x08", Type{mediaZIP, ClassArchive, false}},
	{0, "7z\xbc\xaf\x27\x1c", Type{"application/x-7z-compressed", ClassArchive, false}},
	{0, "Rar!\x1a\x07", Type{"application/vnd.rar", ClassArchive, false}},
	{0, "\x1f\x8b\x08", Type{"application/gzip", ClassArchive, false}},
	{0, "\xfd7zXZ\x00", Type{"application/x-xz", ClassArchive, false}},
	{0, "\x28\xb5\x2f\xfd", Type{"application/zstd", ClassArchive, false}},
	{0, "\x04\x22\x4d\x18", Type{"application/x-lz4", ClassArchive, false}},
	{0, "MSCF\x00\x00\x00\x00", Type{"application/vnd.ms-cab-compressed", ClassArchive, false}},
	{257, "ustar", Type{"application/x-tar", ClassArchive, false}},
	{32769, "CD001", Type{"application/x-iso9660-image", ClassDiskImage, false}},
	{0, "vhdxfile", Type{"application/x-vhdx-disk", ClassDiskImage, false}},
	{0, "conectix", Type{"application/x-vhd-disk", ClassDiskImage, false}},
	{0, "KDMV", Type{"application/x-vmdk-disk", ClassDiskImage, false}},
	{0, "QFI\xfb", Type{"application/x-qemu-disk", ClassDiskImage, false}},
	{0, "ID3\x03", Type{"audio/mpeg", ClassAudio, false}},
	{0, "ID3\x04", Type{"audio/mpeg", ClassAudio, false}},
	{0, "ID3\x02", Type{"audio/mpeg", ClassAudio, false}},
	{0, "fLaC\x00", Type{"audio/flac", ClassAudio, false}},
	{0, "OggS\x00", Type{"application/ogg", ClassAudio, false}},
	{0, "MThd\x00\x00\x00\x06", Type{"audio/midi", ClassAudio, false}},
	{0, "\x1a\x45\xdf\xa3", Type{"video/x-matroska", ClassVideo, false}},
	{0, "FLV\x01", Type{"video/x-flv", ClassVideo, false}},
	{0, "\x00\x00\x01\xba", Type{"video/mpeg", ClassVideo, false}},
	{0, "\x00\x00\x01\xb3", Type{"video/mpeg", ClassVideo, false}},
	{0, "\x30\x26\xb2\x75\x8e\x66\xcf\x11", Type{"video/x-ms-asf", ClassVideo, false}},
	{0, "SQLite format 3\x00", Type{"application/vnd.sqlite3", "", false}},
}

// Sniff says what a file is by its first bytes, [HeadSize] of them or all when there are fewer. A name plays no part.
// What it does not know is application/octet-stream.
func Sniff(head []byte) Type {
	head = head[:min(len(head), HeadSize)]
	for _, s := range signatures {
		if len(head) >= s.at+len(s.magic) && string(head[s.at:s.at+len(s.magic)]) == s.magic {
			return s.typ
		}
	}
	for _, f := range []func([]byte) (Type, bool){sniffZIP, sniffRIFF, sniffFtyp, sniffProgram, sniffBitmap, sniffAudio, sniffPDF, sniffText} {
		if t, ok := f(head); ok {
			return t
		}
	}
	return Type{Media: mediaUnknown}
}

// sniffZIP tells the formats that are ZIP archives apart by the entries at their beginning.
func sniffZIP(head []byte) (Type, bool) {
	if !bytes.HasPrefix(head, []byte("PK\x03\x04")) {
		return Type{}, false
	}
	if len(head) >= 38 && string(head[30:38]) == "mimetype" {
		n := int64(binary.LittleEndian.Uint32(head[18:22]))
		at := int64(38) + int64(binary.LittleEndian.Uint16(head[28:30]))
		if n > 0 && n <= 100 && at+n <= int64(len(head)) {
			if media := string(head[at : at+n]); strings.HasPrefix(media, mediaODF) || media == mediaEPUB {
				return Type{media, ClassDocument, false}, true
			}
		}
	}
	return zipType(func(part string) bool { return bytes.Contains(head, []byte(part)) }), true
}

// zipType says what a ZIP archive is that has, or has not, entries with such parts in their names.
func zipType(has func(part string) bool) Type {
	switch {
	case has("AndroidManifest.xml"):
		return Type{mediaAPK, ClassInstaller, false}
	case has("[Content_Types].xml") && has("word/"):
		return Type{mediaDOCX, ClassDocument, false}
	case has("[Content_Types].xml") && has("xl/"):
		return Type{mediaXLSX, ClassDocument, false}
	case has("[Content_Types].xml") && has("ppt/"):
		return Type{mediaPPTX, ClassDocument, false}
	case has("META-INF/MANIFEST.MF"):
		return Type{mediaJAR, ClassExecutable, false}
	}
	return Type{mediaZIP, ClassArchive, false}
}

func sniffRIFF(head []byte) (Type, bool) {
	if len(head) < 12 || string(head[:4]) != "RIFF" {
		return Type{}, false
	}
	switch string(head[8:12]) {
	case "WEBP":
		return Type{mediaWebP, ClassPicture, true}, true
	case "WAVE":
		return Type{"audio/wav", ClassAudio, false}, true
	case "AVI ":
		return Type{"video/x-msvideo", ClassVideo, false}, true
	}
	return Type{}, false
}

// sniffFtyp reads the brand of an ISO base media file.
func sniffFtyp(head []byte) (Type, bool) {
	if len(head) < 12 || string(head[4:8]) != "ftyp" {
		return Type{}, false
	}
	switch string(head[8:12]) {
	case "heic", "heix", "heim", "heis", "hevc", "hevx", "mif1", "msf1":
		return Type{"image/heic", ClassPicture, false}, true
	case "avif", "avis":
		return Type{"image/avif", ClassPicture, false}, true
	case "M4A ", "M4B ":
		return Type{"audio/mp4", ClassAudio, false}, true
	case "qt  ":
		return Type{"video/quicktime", ClassVideo, false}, true
	case "crx ":
		return Type{"image/x-canon-cr3", ClassPicture, false}, true
	}
	return Type{"video/mp4", ClassVideo, false}, true
}

// sniffProgram knows programs whose magic bytes alone would take a text for one, or one for another.
func sniffProgram(head []byte) (Type, bool) {
	switch {
	case len(head) >= 8 && string(head[:4]) == "\xca\xfe\xba\xbe":
		if n := binary.BigEndian.Uint32(head[4:8]); n < 0x2d { // number of architectures; as a class file: its version
			return Type{"application/x-mach-binary", ClassExecutable, false}, true
		}
		return Type{"application/java-vm", ClassExecutable, false}, true
	case len(head) >= 2 && string(head[:2]) == "MZ" && !isText(head):
		return Type{"application/vnd.microsoft.portable-executable", ClassExecutable, false}, true
	}
	return Type{}, false
}

func sniffBitmap(head []byte) (Type, bool) {
	switch {
	case len(head) >= 18 && string(head[:2]) == "BM" && string(head[6:10]) == "\x00\x00\x00\x00":
		if n := binary.LittleEndian.Uint32(head[14:18]); n >= 12 && n <= 124 {
			return Type{"image/bmp", ClassPicture, false}, true
		}
	case len(head) >= 22 && string(head[:4]) == "\x00\x00\x01\x00" && head[4] > 0 && head[5] == 0 && head[9] == 0:
		return Type{"image/vnd.microsoft.icon", ClassPicture, false}, true
	}
	return Type{}, false
}

// sniffAudio knows a first frame of MPEG audio and of AAC without a tag before it.
func sniffAudio(head []byte) (Type, bool) {
	if len(head) < 4 || head[0] != 0xff || head[1]&0xe0 != 0xe0 {
		return Type{}, false
	}
	switch layer := head[1] >> 1 & 3; {
	case layer == 1 && head[1]>>3&3 != 1 && head[2]>>4 != 0xf && head[2]>>4 != 0 && head[2]>>2&3 != 3:
		return Type{"audio/mpeg", ClassAudio, false}, true
	case head[1]&0xf6 == 0xf0 && head[2]>>2&0xf < 13:
		return Type{"audio/aac", ClassAudio, false}, true
	}
	return Type{}, false
}

// sniffPDF allows what readers allow: other bytes before the header.
func sniffPDF(head []byte) (Type, bool) {
	at := bytes.Index(head[:min(len(head), 1024)], []byte("%PDF-"))
	return Type{mediaPDF, ClassDocument, false}, at == 0 || at > 0 && !isText(head[:at]) || at > 0 && bytes.Contains(head, []byte(" obj"))
}

// sniffText knows texts in UTF-8, and in UTF-16 with a byte order mark, and what runs among them.
func sniffText(head []byte) (Type, bool) {
	if len(head) >= 2 && (string(head[:2]) == "\xff\xfe" || string(head[:2]) == "\xfe\xff") {
		head = narrow(head)
	}
	head = bytes.TrimPrefix(head, []byte("\xef\xbb\xbf"))
	if len(head) == 0 || !isText(head) {
		return Type{}, false
	}
	if line, ok := bytes.CutPrefix(head, []byte("#!")); ok && bytes.HasPrefix(bytes.TrimLeft(line, " \t"), []byte("/")) {
		return Type{"text/x-script", ClassScript, false}, true
	}
	start := strings.ToLower(string(bytes.TrimLeft(head, " \t\r\n\f")[:min(512, len(bytes.TrimLeft(head, " \t\r\n\f")))]))
	for strings.HasPrefix(start, "<!--") {
		_, after, ok := strings.Cut(start, "-->")
		if !ok {
			break
		}
		start = strings.TrimLeft(after, " \t\r\n\f")
	}
	for _, t := range textStarts {
		if strings.HasPrefix(start, t.magic) {
			return t.typ, true
		}
	}
	if strings.HasPrefix(start, "<?xml") || strings.HasPrefix(start, "<!doctype svg") {
		return xmlType(head), true
	}
	return Type{mediaText, ClassText, false}, true
}

var textStarts = []signature{
	{0, "<!doctype html", Type{mediaHTML, ClassActive, false}},
	{0, "<html", Type{mediaHTML, ClassActive, false}},
	{0, "<head", Type{mediaHTML, ClassActive, false}},
	{0, "<body", Type{mediaHTML, ClassActive, false}},
	{0, "<script", Type{mediaHTML, ClassActive, false}},
	{0, "<iframe", Type{mediaHTML, ClassActive, false}},
	{0, "<svg", Type{mediaSVG, ClassActive, false}},
	{0, "<?php", Type{"text/x-php", ClassScript, false}},
	{0, "@echo off", Type{"text/x-bat", ClassScript, false}},
	{0, "windows registry editor version", Type{"text/x-ms-regedit", ClassScript, false}},
	{0, "regedit4", Type{"text/x-ms-regedit", ClassScript, false}},
	{0, "[desktop entry]", Type{"application/x-desktop", ClassShortcut, false}},
	{0, "[internetshortcut]", Type{"application/x-mswinurl", ClassShortcut, false}},
	{0, "[{000214a0-0000-0000-c000-000000000046}]", Type{"application/x-mswinurl", ClassShortcut, false}},
}

// xmlType looks for the documents of XML that a browser runs.
func xmlType(head []byte) Type {
	lower := bytes.ToLower(head[:min(len(head), 4096)])
	switch {
	case bytes.Contains(lower, []byte("<svg")):
		return Type{mediaSVG, ClassActive, false}
	case bytes.Contains(lower, []byte("<html")), bytes.Contains(lower, []byte("<?xml-stylesheet")):
		return Type{mediaHTML, ClassActive, false}
	}
	return Type{mediaXML, ClassText, false}
}

// narrow makes bytes of UTF-16 with a byte order mark: what is not ASCII becomes a question mark.
func narrow(head []byte) []byte {
	var order binary.ByteOrder = binary.LittleEndian
	if head[0] == 0xfe {
		order = binary.BigEndian
	}
	out := make([]byte, 0, len(head)/2)
	for i := 2; i+1 < len(head); i += 2 {
		switch c := order.Uint16(head[i:]); {
		case c == 0:
			return nil
		case c < 0x80:
			out = append(out, byte(c))
		default:
			out = append(out, '?')
		}
	}
	return out
}

// isText reports whether bytes are UTF-8 without controls but white space, backspace and escape, as far as the last
// character is whole.
func isText(b []byte) bool {
	for i := 0; i < len(b); {
		r, n := utf8.DecodeRune(b[i:])
		switch {
		case r == utf8.RuneError && n == 1:
			return len(b)-i < utf8.UTFMax && !utf8.FullRune(b[i:])
		case r < ' ' && !strings.ContainsRune("\t\n\v\f\r\b\x1b", r), r == 0x7f:
			return false
		}
		i += n
	}
	return true
}
