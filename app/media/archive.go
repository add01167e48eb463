package media

import (
	"bytes"
	"encoding/binary"
	"io"
	"path"
	"strings"
)

// Bounds of looking into an archive.
const (
	maxEntries   = 1 << 14 // entries of a ZIP directory that are looked at
	maxExpansion = 1 << 30 // bytes that an archive may claim to hold if that is also more than bombRatio times its size
	bombRatio    = 100
)

// zipWarnings goes through the directory of a ZIP archive (APPNOTE.TXT 6.3 section 4.3.12) and says what it is by that. An
// archive whose directory cannot be followed counts as one that cannot be looked at.
func zipWarnings(src io.ReaderAt, size int64, typ Type, found map[Warning]bool) (Type, error) {
	s, before, err := zipDirectory(src, size)
	if err != nil {
		return typ, err
	}
	if s == nil {
		found[WarnEncrypted] = true
		return typ, nil
	}
	parts := map[string]bool{}
	var claimed uint64
	looked, outside := 0, false // at relations, and whether one leads out
	for n := 0; n < maxEntries && s.left() >= 46; n++ {
		h := s.peek(46)
		if string(h[:4]) != "PK\x01\x02" {
			break
		}
		if h[8]&1 != 0 {
			found[WarnEncrypted] = true
		}
		claimed += uint64(binary.LittleEndian.Uint32(h[24:]))
		length := int(binary.LittleEndian.Uint16(h[28:]))
		rest := int64(binary.LittleEndian.Uint16(h[30:])) + int64(binary.LittleEndian.Uint16(h[32:]))
		e := zipped{
			at: before + int64(binary.LittleEndian.Uint32(h[42:])), packed: int64(binary.LittleEndian.Uint32(h[20:])),
			method: binary.LittleEndian.Uint16(h[10:]),
		}
		s.skip(46)
		name := string(s.peek(min(length, 1024)))
		zipEntry(name, parts, found, typ)
		if strings.HasSuffix(strings.ToLower(name), ".rels") && !outside && s.err == nil {
			looked++
			outside = looked > maxRelations || e.fetches(src, size)
		}
		s.skip(int64(length) + rest)
		if s.err != nil {
			break
		}
	}
	if s.err != nil && s.err != ErrStructure { //nolint:errorlint // the scanner's own value
		return typ, s.err
	}
	if s.left() > 0 { // damaged, or more than is looked at
		found[WarnEncrypted] = true
	}
	if claimed > maxExpansion && claimed > bombRatio*uint64(size) {
		found[WarnBomb] = true
	}
	if typ.Media == mediaZIP {
		typ = zipType(func(part string) bool { return parts[part] })
	}
	if outside && typ.Class == ClassDocument {
		found[WarnActive] = true
	}
	if typ.Class != ClassArchive {
		delete(found, WarnArchiveExecutable)
	}
	return typ, nil
}

// zipEntry judges one name in an archive, and notes what tells formats apart.
func zipEntry(name string, parts map[string]bool, found map[Warning]bool, typ Type) {
	switch {
	case name == "AndroidManifest.xml", name == "[Content_Types].xml", name == "META-INF/MANIFEST.MF":
		parts[name] = true
	case strings.HasPrefix(name, "word/"), strings.HasPrefix(name, "xl/"), strings.HasPrefix(name, "ppt/"):
		parts[name[:strings.IndexByte(name, '/')+1]] = true
	}
	base := strings.ToLower(path.Base(strings.ReplaceAll(name, `\`, "/")))
	if base == "vbaproject.bin" || strings.HasPrefix(name, "Basic/") && strings.HasPrefix(typ.Media, mediaODF) ||
		strings.HasPrefix(name, "Scripts/") && strings.HasPrefix(typ.Media, mediaODF) || strings.HasPrefix(name, "xl/macrosheets/") {
		found[WarnMacro] = true
	}
	if strings.HasSuffix(name, "/") {
		return
	}
	inside := map[Warning]bool{}
	nameWarnings(base, inside)
	for _, w := range []Warning{WarnExecutable, WarnScript, WarnInstaller, WarnShortcut, WarnMacro, WarnDiskImage} {
		if inside[w] {
			found[WarnArchiveExecutable] = true
		}
	}
}

// zipDirectory finds the directory by the record at the end (section 4.3.16, and 4.3.14 for the 64-bit form); nil when there
// is none within 64 KiB, or it does not lie where the record says. before is how many bytes stand before the archive.
func zipDirectory(src io.ReaderAt, size int64) (s *scanner, before int64, err error) {
	const record, locator, record64 = 22, 20, 56
	if size < record {
		return nil, 0, nil
	}
	tail := make([]byte, min(size, record+locator+record64+64<<10))
	from := size - int64(len(tail))
	s = newScanner(src, size)
	s.skip(from)
	for at := 0; at < len(tail) && s.err == nil; {
		n := min(scanWindow, len(tail)-at)
		at += copy(tail[at:], s.peek(n))
		s.skip(int64(n))
	}
	if s.err != nil {
		return nil, 0, s.err
	}
	at := bytes.LastIndex(tail[:len(tail)-record+4], []byte("PK\x05\x06"))
	if at < 0 {
		return nil, 0, nil
	}
	r := tail[at : at+record]
	length, start := int64(binary.LittleEndian.Uint32(r[12:])), int64(binary.LittleEndian.Uint32(r[16:]))
	if l := at - locator; l >= record64 && string(tail[l:l+4]) == "PK\x06\x07" && string(tail[l-record64:l-record64+4]) == "PK\x06\x06" {
		at = l - record64
		r = tail[at:l]
		length, start = int64(binary.LittleEndian.Uint64(r[40:])), int64(binary.LittleEndian.Uint64(r[48:]))
	}
	end := from + int64(at)
	if start < 0 || length < 0 || start > end || length > end-start {
		return nil, 0, nil
	}
	before = end - length - start
	start += before
	d := newScanner(src, start+length)
	d.skip(start)
	return d, before, nil
}
