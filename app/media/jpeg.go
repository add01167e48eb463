package media

import (
	"bytes"
	"encoding/binary"
	"strings"
)

// Markers of ITU-T T.81 table B.1.
const (
	jpegSOF0 = 0xc0
	jpegDHT  = 0xc4
	jpegJPG  = 0xc8
	jpegDAC  = 0xcc
	jpegRST0 = 0xd0
	jpegRST7 = 0xd7
	jpegSOI  = 0xd8
	jpegEOI  = 0xd9
	jpegSOS  = 0xda
	jpegDQT  = 0xdb
	jpegEXP  = 0xdf
	jpegAPP0 = 0xe0
	jpegAPPF = 0xef
	jpegCOM  = 0xfe
)

// stripJPEG plans a JPEG stream without metadata: frames, tables and scans stay as they are, of the application segments
// only JFIF without its thumbnail, colour profiles, Adobe's colour transform and the orientation.
func stripJPEG(s *scanner) plan {
	var p plan
	if s.byte() != 0xff || s.byte() != jpegSOI {
		s.fail()
	}
	p.keep(0, 2)
	for s.err == nil {
		at := s.at
		if s.byte() != 0xff {
			s.fail()
			break
		}
		marker := s.byte()
		for marker == 0xff && s.err == nil { // fill bytes may stand before any marker; one suffices
			at++
			marker = s.byte()
		}
		if marker == jpegEOI {
			p.keep(at, 2)
			if s.left() > 0 {
				p.drop(RemovedTrailing)
			}
			if p.width == 0 {
				s.fail()
			}
			return p
		}
		n := int64(binary.BigEndian.Uint16(s.peek(2)))
		if n < 2 || n > s.left() {
			s.fail()
			break
		}
		if !jpegSegment(s, &p, marker, at, n) {
			s.fail()
			break
		}
		s.skip(n)
		if marker == jpegSOS {
			from := s.at
			skipEntropy(s)
			p.keep(from, s.at-from)
		}
		if len(p.pieces) > maxPieces {
			s.fail()
		}
	}
	return p
}

// jpegSegment decides over one segment of n bytes after its marker, which stands at an offset. The scanner stands
// before the length. False: a marker that no picture of today has.
func jpegSegment(s *scanner, p *plan, marker byte, at, n int64) bool {
	keep := func() { p.keep(at, n+2) }
	switch {
	case marker == jpegDHT || marker == jpegDAC || marker >= jpegSOS && marker <= jpegEXP:
		keep()
	case marker >= jpegSOF0 && marker < jpegRST0 && marker != jpegJPG:
		if n < 8 || p.width != 0 {
			return false
		}
		h := s.peek(7)
		p.height, p.width = int(binary.BigEndian.Uint16(h[3:])), int(binary.BigEndian.Uint16(h[5:]))
		keep()
		return p.width != 0
	case marker == jpegCOM:
		p.drop(RemovedComment)
	case marker >= jpegAPP0 && marker <= jpegAPPF:
		jpegApplication(s, p, marker, at, n)
	default:
		return false
	}
	return true
}

// jpegApplication decides over an application segment.
func jpegApplication(s *scanner, p *plan, marker byte, at, n int64) {
	if n > scanWindow { // only what is never kept as a whole is read beyond the window
		jpegLong(s, p, marker, at, n)
		return
	}
	body := s.peek(int(n))[2:]
	has := func(magic string) bool { return strings.HasPrefix(string(body[:min(len(body), 64)]), magic) }
	switch {
	case marker == jpegAPP0 && has("JFIF\x00"):
		if n < 16 {
			s.fail()
			return
		}
		if n == 16 && body[12] == 0 && body[13] == 0 {
			p.keep(at, 18)
			return
		}
		p.drop(RemovedThumbnail)
		p.put(plainJFIF(body))
	case marker == jpegAPP0 && has("JFXX\x00"):
		p.drop(RemovedThumbnail)
	case marker == jpegAPP0+1 && has("Exif\x00"):
		jpegExif(p, body, at, n)
	case marker == jpegAPP0+1 && has("http://ns.adobe.com/"):
		p.drop(RemovedXMP)
	case marker == jpegAPP0+2 && has("ICC_PROFILE\x00"), marker == jpegAPP0+14 && has("Adobe") && n == 14:
		p.keep(at, n+2)
	case marker == jpegAPP0+14 && has("Adobe") && n > 14:
		p.drop(RemovedOther)
		p.put(plainAdobe(body))
	default:
		p.drop(jpegRemoved(marker, has))
	}
}

// jpegLong is jpegApplication for a segment longer than the window: of an Exif segment the orientation is found when it
// stands in the first window, as the standard has it; a colour profile is kept unseen.
func jpegLong(s *scanner, p *plan, marker byte, at, n int64) {
	body := s.peek(scanWindow)[2:]
	has := func(magic string) bool { return strings.HasPrefix(string(body[:64]), magic) }
	switch {
	case marker == jpegAPP0+2 && has("ICC_PROFILE\x00"):
		p.keep(at, n+2)
	case marker == jpegAPP0 && has("JFIF\x00"):
		p.drop(RemovedThumbnail)
		p.put(plainJFIF(body))
	case marker == jpegAPP0+1 && has("Exif\x00"):
		jpegExif(p, body, at, n)
	case marker == jpegAPP0+14 && has("Adobe"):
		p.drop(RemovedOther)
		p.put(plainAdobe(body))
	default:
		p.drop(jpegRemoved(marker, has))
	}
}

// plainJFIF is a segment of JFIF without its thumbnail (JFIF 1.02).
func plainJFIF(body []byte) []byte {
	return append([]byte{0xff, jpegAPP0, 0, 16}, append(bytes.Clone(body[:12]), 0, 0)...)
}

// plainAdobe is a segment that tells Adobe's colour transform and nothing else.
func plainAdobe(body []byte) []byte {
	return append([]byte{0xff, jpegAPP0 + 14, 0, 14}, body[:12]...)
}

// jpegRemoved names what an application segment is that is left out.
func jpegRemoved(marker byte, has func(string) bool) string {
	switch {
	case marker == jpegAPP0+1 && has("http://ns.adobe.com/"):
		return RemovedXMP
	case marker == jpegAPP0+2 && has("MPF\x00"):
		return RemovedPictures
	case marker == jpegAPP0+13:
		return RemovedIPTC
	}
	return RemovedOther
}

// jpegExif replaces Exif by the orientation where that turns the picture. The first that tells one counts.
func jpegExif(p *plan, body []byte, at, n int64) {
	turn, place := 0, false
	if len(body) > 6 {
		turn, place = exifOrientation(body[6:])
	}
	if place {
		p.drop(RemovedLocation)
	}
	if p.turn != 0 || !turned(turn) {
		p.drop(RemovedExif)
		return
	}
	p.turn = turn
	short := append([]byte("Exif\x00\x00"), minimalExif(turn)...)
	if bytes.Equal(body, short) {
		p.keep(at, n+2)
		return
	}
	p.drop(RemovedExif)
	p.put(append([]byte{0xff, jpegAPP0 + 1, 0, byte(len(short) + 2)}, short...))
}

// skipEntropy goes to the marker after a scan (T.81 section B.1.1.5).
func skipEntropy(s *scanner) {
	for s.err == nil {
		window := s.ahead()
		i := bytes.IndexByte(window, 0xff)
		switch {
		case len(window) == 0:
			s.fail() // a scan ends with a marker
			return
		case i < 0:
			s.skip(int64(len(window)))
			continue
		}
		s.skip(int64(i))
		if next := s.peek(2)[1]; next != 0 && (next < jpegRST0 || next > jpegRST7) {
			return
		}
		s.skip(2)
	}
}
