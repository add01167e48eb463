package media

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"unicode/utf16"
)

// Bounds of looking into documents.
const (
	maxSectors = 256      // of the directory of an OLE file
	maxPDF     = 16 << 20 // bytes of a PDF
)

// oleWarnings looks through the directory of an OLE compound file (MS-CFB sections 2.2, 2.3 and 2.6) and says what it is.
// A workbook may hold macros of the old kind, which are not found here; one whose directory cannot be followed may hold
// anything.
func oleWarnings(src io.ReaderAt, size int64, found map[Warning]bool) (Type, error) {
	typ := Type{mediaOLE, ClassDocument, false}
	err := oleDirectory(src, size, func(name string, class []byte) {
		switch name {
		case "Root Entry":
			// {000C1084-0000-0000-C000-000000000046} and its neighbours: packages, transforms and patches of Windows Installer
			if class[0] >= 0x82 && class[0] <= 0x86 && bytes.Equal(class[1:], []byte("\x10\x0c\x00\x00\x00\x00\x00\xc0\x00\x00\x00\x00\x00\x00\x46")) {
				typ = Type{mediaMSI, ClassInstaller, false}
			}
		case "VBA", "_VBA_PROJECT", "_VBA_PROJECT_CUR", "Macros":
			found[WarnMacro] = true
		case "Workbook", "Book":
			found[WarnMacro] = true
			typ.Media = "application/vnd.ms-excel"
		case "WordDocument":
			typ.Media = "application/msword"
		case "PowerPoint Document":
			typ.Media = "application/vnd.ms-powerpoint"
		}
	})
	if errors.Is(err, ErrStructure) {
		found[WarnMacro] = true
		return typ, nil
	}
	return typ, err
}

// oleDirectory calls entry with the name and class of each entry.
func oleDirectory(src io.ReaderAt, size int64, entry func(name string, class []byte)) error {
	if size < 512 {
		return ErrStructure
	}
	var header [512]byte
	if _, err := src.ReadAt(header[:], 0); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	shift := binary.LittleEndian.Uint16(header[30:])
	if shift != 9 && shift != 12 {
		return ErrStructure
	}
	sector := make([]byte, 1<<shift)
	read := func(b []byte, at int64) error {
		n, err := src.ReadAt(b, at)
		switch {
		case n == len(b):
			return nil
		case errors.Is(err, io.EOF):
			return ErrStructure
		}
		return err
	}
	next := binary.LittleEndian.Uint32(header[48:])
	for range maxSectors {
		if err := read(sector, (int64(next)+1)<<shift); err != nil {
			return err
		}
		for i := 0; i < len(sector); i += 128 {
			if e := sector[i : i+128]; e[66] != 0 {
				entry(oleName(e), e[80:96])
			}
		}
		per := uint32(len(sector) / 4)
		if next/per >= 109 { // listed outside of the header: a file of more than 7 MB, its directory that late
			return ErrStructure
		}
		table := binary.LittleEndian.Uint32(header[76+4*(next/per):])
		var link [4]byte
		if err := read(link[:], (int64(table)+1)<<shift+4*int64(next%per)); err != nil {
			return err
		}
		if next = binary.LittleEndian.Uint32(link[:]); next == 0xfffffffe {
			return nil
		}
	}
	return ErrStructure
}

// oleName is the name of a directory entry.
func oleName(e []byte) string {
	n := min(int(binary.LittleEndian.Uint16(e[64:])), 64)
	units := make([]uint16, 0, 32)
	for i := 0; i+2 < n; i += 2 { // the last is zero
		units = append(units, binary.LittleEndian.Uint16(e[i:]))
	}
	return string(utf16.Decode(units))
}

// pdfWarnings looks for scripts and programs to be started in the parts of a PDF that are not compressed.
func pdfWarnings(src io.ReaderAt, size int64, found map[Warning]bool) error {
	s := newScanner(src, min(size, maxPDF))
	const longest = 12
	for s.left() > 0 && s.err == nil {
		window := s.ahead()
		for _, word := range []string{"/JavaScript", "/Launch", "/RichMedia"} {
			for rest := window; ; {
				i := bytes.Index(rest, []byte(word))
				if i < 0 || i+len(word) >= len(rest) {
					break
				}
				if rest = rest[i+len(word):]; bytes.IndexByte([]byte(" \t\r\n\f/<([>"), rest[0]) >= 0 {
					found[WarnActive] = true
				}
			}
		}
		if s.left() <= int64(len(window)) {
			break
		}
		s.skip(int64(len(window) - longest))
		s.window = s.window[:0] // the last bytes again, with what follows them
		s.start = s.at
	}
	return s.err
}
