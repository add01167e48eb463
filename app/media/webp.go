package media

import (
	"bytes"
	"encoding/binary"
)

// Flags of a VP8X chunk (RFC 9649 section 2.7).
const (
	webpXMP   = 0x04
	webpEXIF  = 0x08
	webpAlpha = 0x10
)

// stripWebP plans a WebP file without metadata: frames, transparency, colour profile and animation stay.
func stripWebP(s *scanner) plan {
	var p plan
	head := s.peek(12)
	if string(head[:4]) != "RIFF" || string(head[8:]) != "WEBP" {
		s.fail()
	}
	end := int64(binary.LittleEndian.Uint32(head[4:])) + 8
	switch {
	case s.err != nil:
		return p
	case end > s.end || end < 20:
		s.fail()
		return p
	case end < s.end:
		p.drop(RemovedTrailing)
	}
	s.end = end
	s.skip(12)
	extended, pictures, exif := -1, 0, false
	header := bytes.Clone(head)
	p.put(header)
	for s.left() > 0 && s.err == nil {
		at := s.at
		kind, n := webpChunk(s)
		if s.err != nil {
			break
		}
		switch kind {
		case "VP8X":
			if n < 10 || extended >= 0 || pictures > 0 {
				s.fail()
				break
			}
			body := bytes.Clone(s.peek(10))
			p.width, p.height = 1+int(uint24(body[4:])), 1+int(uint24(body[7:]))
			extended = len(p.pieces)
			p.put(append([]byte("VP8X\x0a\x00\x00\x00"), body...))
		case "VP8 ", "VP8L":
			pictures++
			if extended < 0 {
				p.width, p.height = webpSize(s, kind, n)
			}
			p.keep(at, 8+n+n&1)
		case "ALPH", "ICCP", "ANIM":
			p.keep(at, 8+n+n&1)
		case "ANMF":
			pictures++
			webpFrame(s, &p, at, n)
		case "EXIF":
			exif = webpExif(s, &p, at, n, extended >= 0) || exif
		case "XMP ":
			p.drop(RemovedXMP)
		default:
			p.drop(RemovedOther)
		}
		s.at = at
		s.skip(8 + n + n&1)
		if len(p.pieces) > maxPieces {
			s.fail()
		}
	}
	if pictures == 0 || p.size < 20 {
		s.fail()
		return p
	}
	binary.LittleEndian.PutUint32(header[4:], uint32(p.size-8))
	if extended >= 0 {
		flags := &p.pieces[extended].insert[8]
		*flags &^= webpXMP | webpEXIF
		if exif {
			*flags |= webpEXIF
		}
	}
	return p
}

// webpChunk takes the header of a chunk of n bytes, with the byte of padding in what is left.
func webpChunk(s *scanner) (kind string, n int64) {
	h := s.peek(8)
	kind, n = string(h[:4]), int64(binary.LittleEndian.Uint32(h[4:]))
	s.skip(8)
	if n+n&1 > s.left() {
		s.fail()
	}
	return kind, n
}

// webpFrame keeps a frame of an animation, without the chunks in it that are neither pixels nor transparency.
func webpFrame(s *scanner, p *plan, at, n int64) {
	const fixed = 16
	if n < fixed || n&1 != 0 {
		s.fail()
		return
	}
	outer := s.end
	defer func() { s.end = outer }()
	s.end = s.at + n
	s.skip(fixed)
	kept, inner := int64(fixed), plan{}
	for s.left() > 0 && s.err == nil {
		from := s.at
		kind, m := webpChunk(s)
		s.skip(m + m&1)
		switch kind {
		case "VP8 ", "VP8L", "ALPH":
			inner.keep(from, 8+m+m&1)
		default:
			p.drop(RemovedOther)
		}
		if len(inner.pieces) > maxPieces {
			s.fail()
		}
	}
	if kept += inner.size; kept == n {
		p.keep(at, 8+n)
		return
	}
	p.put(binary.LittleEndian.AppendUint32([]byte("ANMF"), uint32(kept)))
	p.keep(at+8, fixed)
	for _, q := range inner.pieces {
		p.keep(q.at, q.n)
	}
}

// webpExif replaces an EXIF chunk by the orientation where that turns the picture, and reports that it did. A file without
// VP8X has no place for one.
func webpExif(s *scanner, p *plan, at, n int64, extended bool) bool {
	body := s.peek(int(min(n, 8<<10)))
	turn, place := exifOrientation(bytes.TrimPrefix(body, []byte("Exif\x00\x00")))
	if place {
		p.drop(RemovedLocation)
	}
	if p.turn != 0 || !turned(turn) || !extended {
		p.drop(RemovedExif)
		return false
	}
	p.turn = turn
	short := minimalExif(turn)
	if bytes.Equal(body, short) {
		p.keep(at, 8+n)
		return true
	}
	p.drop(RemovedExif)
	p.put(append(binary.LittleEndian.AppendUint32([]byte("EXIF"), uint32(len(short))), short...))
	return true
}

// webpSize reads the size of a picture in its own chunk; 0 when that is damaged. The scanner stands behind the chunk's header.
func webpSize(s *scanner, kind string, n int64) (width, height int) {
	if n < 10 {
		return 0, 0
	}
	b := s.peek(10)
	switch {
	case kind == "VP8L" && b[0] == 0x2f:
		bits := binary.LittleEndian.Uint32(b[1:])
		return int(bits&0x3fff) + 1, int(bits>>14&0x3fff) + 1
	case kind == "VP8 " && string(b[3:6]) == "\x9d\x01\x2a":
		return int(binary.LittleEndian.Uint16(b[6:]) & 0x3fff), int(binary.LittleEndian.Uint16(b[8:]) & 0x3fff)
	}
	return 0, 0
}

func uint24(b []byte) uint32 { return uint32(b[0]) | uint32(b[1])<<8 | uint32(b[2])<<16 }
