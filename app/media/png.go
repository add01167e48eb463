package media

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"strings"
)

const pngSignature = "\x89PNG\r\n\x1a\n"

// pngKept are the chunks that a stripped picture keeps: pixels, colours, transparency, size and animation.
var pngKept = map[string]bool{
	"IHDR": true, "PLTE": true, "IDAT": true, "IEND": true,
	"tRNS": true, "gAMA": true, "cHRM": true, "sRGB": true, "iCCP": true, "sBIT": true, "bKGD": true, "hIST": true, "pHYs": true,
	"cICP": true, "mDCV": true, "mDCv": true, "cLLI": true, "cLLi": true,
	"acTL": true, "fcTL": true, "fdAT": true,
}

// pngRemoved names what is left out; what is not here is [RemovedOther].
var pngRemoved = map[string]string{
	"tEXt": RemovedText, "zTXt": RemovedText, "iTXt": RemovedText, "tIME": RemovedTime, "eXIf": RemovedExif,
}

// stripPNG plans a PNG without metadata.
func stripPNG(s *scanner) plan {
	var p plan
	if string(s.peek(len(pngSignature))) != pngSignature {
		s.fail()
	}
	s.skip(int64(len(pngSignature)))
	p.keep(0, s.at)
	for first := true; s.err == nil; first = false {
		at := s.at
		head := s.peek(8)
		n, kind := int64(binary.BigEndian.Uint32(head)), string(head[4:])
		if s.err != nil || n > s.left()-12 || !isChunkName(kind) || first != (kind == "IHDR") {
			s.fail()
			break
		}
		s.skip(8)
		switch {
		case first && n == 13:
			size := s.peek(8)
			p.width, p.height = int(binary.BigEndian.Uint32(size)), int(binary.BigEndian.Uint32(size[4:]))
		case first, kind == "IEND" && n != 0:
			s.fail()
		case kind == "eXIf":
			pngExif(s, &p, at, n)
		case !pngKept[kind]:
			if kind[0]&0x20 == 0 { // needed for showing the picture, and unknown
				s.fail()
			}
			removed := pngRemoved[kind]
			if removed == "" {
				removed = RemovedOther
			}
			if kind == "iTXt" && n > 20 && strings.HasPrefix(string(s.peek(20)), "XML:com.adobe.xmp") {
				removed = RemovedXMP
			}
			p.drop(removed)
		}
		if pngKept[kind] {
			p.keep(at, n+12)
		}
		s.skip(n + 4)
		if kind == "IEND" && s.err == nil {
			if s.left() > 0 {
				p.drop(RemovedTrailing)
			}
			return p
		}
		if len(p.pieces) > maxPieces {
			s.fail()
		}
	}
	return p
}

// pngExif replaces an eXIf chunk by the orientation where that turns the picture.
func pngExif(s *scanner, p *plan, at, n int64) {
	head := s.peek(int(min(n, 8<<10)))
	turn, place := exifOrientation(head)
	if place {
		p.drop(RemovedLocation)
	}
	if p.turn != 0 || !turned(turn) {
		p.drop(RemovedExif)
		return
	}
	p.turn = turn
	short := minimalExif(turn)
	if bytes.Equal(head, short) {
		p.keep(at, n+12)
		return
	}
	p.drop(RemovedExif)
	p.put(pngChunk("eXIf", short))
}

// pngChunk is a chunk with its length and checksum.
func pngChunk(kind string, body []byte) []byte {
	b := binary.BigEndian.AppendUint32(nil, uint32(len(body)))
	b = append(append(b, kind...), body...)
	return binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(b[4:]))
}

func isChunkName(kind string) bool {
	for _, c := range []byte(kind) {
		if c|0x20 < 'a' || c|0x20 > 'z' {
			return false
		}
	}
	return true
}
