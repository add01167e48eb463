package media

import (
	"compress/flate"
	"encoding/binary"
	"encoding/xml"
	"errors"
	"io"
	"strings"
)

// Bounds of looking into the relations of a document.
const (
	maxRelations = 256       // files of them
	maxRelation  = 256 << 10 // bytes of one, unpacked
)

// zipped is an entry of a ZIP archive: where its own header stands, and how it is packed.
type zipped struct {
	at, packed int64
	method     uint16
}

// fetches reports whether a part of an Office document with relations (ECMA-376 part 2 section 6.5) names a template, an
// object, a page or a picture elsewhere, which is fetched from there when the document is opened. A link that waits for a
// click is none. What cannot be followed counts as one.
func (e zipped) fetches(src io.ReaderAt, size int64) bool {
	var h [30]byte
	if e.at < 0 || e.at > size-int64(len(h)) {
		return true
	}
	if _, err := src.ReadAt(h[:], e.at); err != nil && !errors.Is(err, io.EOF) || string(h[:4]) != "PK\x03\x04" {
		return true
	}
	from := e.at + 30 + int64(binary.LittleEndian.Uint16(h[26:])) + int64(binary.LittleEndian.Uint16(h[28:]))
	if e.packed > maxRelation || from > size-e.packed {
		return true
	}
	var in io.Reader = io.NewSectionReader(src, from, e.packed)
	switch e.method {
	case 0:
	case 8:
		in = flate.NewReader(in)
	default:
		return true
	}
	limited := &io.LimitedReader{R: in, N: maxRelation}
	d := xml.NewDecoder(limited)
	for {
		token, err := d.Token()
		if err != nil {
			return !errors.Is(err, io.EOF) || limited.N == 0
		}
		start, ok := token.(xml.StartElement)
		if !ok || start.Name.Local != "Relationship" {
			continue
		}
		kind, outside := "", false
		for _, a := range start.Attr {
			switch a.Name.Local {
			case "Type":
				kind = a.Value[strings.LastIndexByte(a.Value, '/')+1:]
			case "TargetMode":
				outside = strings.EqualFold(strings.TrimSpace(a.Value), "External")
			}
		}
		if outside && !strings.EqualFold(strings.TrimSpace(kind), "hyperlink") {
			return true
		}
	}
}
