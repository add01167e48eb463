package media

import (
	"encoding/binary"
	"strings"
)

// Introducers and labels of GIF89a.
const (
	gifExtension   = 0x21
	gifImage       = 0x2c
	gifTrailer     = 0x3b
	gifPlainText   = 0x01
	gifControl     = 0xf9
	gifComment     = 0xfe
	gifApplication = 0xff
)

// stripGIF plans a GIF without comments, texts and metadata; frames, their controls, the number of loops and a colour
// profile stay.
func stripGIF(s *scanner) plan {
	var p plan
	head := s.peek(13)
	if !strings.HasPrefix(string(head), "GIF8") {
		s.fail()
	}
	p.width, p.height = int(binary.LittleEndian.Uint16(head[6:])), int(binary.LittleEndian.Uint16(head[8:]))
	s.skip(13 + gifTable(head[10]))
	p.keep(0, s.at)
	for s.err == nil {
		at := s.at
		switch s.byte() {
		case gifTrailer:
			p.keep(at, 1)
			if s.left() > 0 {
				p.drop(RemovedTrailing)
			}
			return p
		case gifImage:
			flags := s.peek(9)[8]
			s.skip(9 + gifTable(flags) + 1) // and the size of the codes
			gifBlocks(s)
			p.keep(at, s.at-at)
		case gifExtension:
			gifExtended(s, &p, at)
		default:
			s.fail()
		}
		if len(p.pieces) > maxPieces {
			s.fail()
		}
	}
	return p
}

// gifExtended decides over an extension; the scanner stands at its label.
func gifExtended(s *scanner, p *plan, at int64) {
	label := s.byte()
	name := ""
	if n := int(s.peek(1)[0]); label == gifApplication && n == 11 {
		name = string(s.peek(12)[1:])
	}
	removed := RemovedOther
	switch label {
	case gifControl:
		if s.peek(1)[0] != 4 {
			s.fail()
		}
		removed = ""
	case gifComment:
		removed = RemovedComment
	case gifPlainText:
		removed = RemovedText
	case gifApplication:
		switch name {
		case "XMP DataXMP":
			removed = RemovedXMP
		case "ICCRGBG1012":
			removed = ""
		case "NETSCAPE2.0", "ANIMEXTS1.0":
			s.skip(12)
			gifLoop(s, p, at)
			return
		}
	}
	gifBlocks(s)
	if removed == "" {
		p.keep(at, s.at-at)
		return
	}
	p.drop(removed)
}

// gifLoop keeps the number of loops and drops what follows it in its extension.
func gifLoop(s *scanner, p *plan, at int64) {
	if n := s.peek(1)[0]; n != 3 || s.peek(2)[1] != 1 {
		gifBlocks(s)
		p.drop(RemovedOther)
		return
	}
	s.skip(4)
	p.keep(at, s.at-at)
	end := s.at
	gifBlocks(s)
	if s.at == end+1 {
		p.keep(end, 1)
		return
	}
	p.put([]byte{0})
	p.drop(RemovedOther)
}

// gifTable is the size of a table of colours in bytes.
func gifTable(flags byte) int64 {
	if flags&0x80 == 0 {
		return 0
	}
	return 3 << (flags&7 + 1)
}

// gifBlocks skips data blocks up to the empty one.
func gifBlocks(s *scanner) {
	for s.err == nil {
		n := s.byte()
		s.skip(int64(n))
		if n == 0 {
			return
		}
	}
}
