package media

import (
	"bytes"
	"encoding/binary"
	"image"
	"io"
)

// header is what a picture says of itself before it is decoded.
type header struct {
	media  string
	width  int // as stored
	height int
	turn   int   // orientation of Exif, 1 to 8; 0: not said
	cost   int64 // bytes that decoding it allocates, an upper estimate but for the tables of a lossless WebP

	progressive bool // JPEG, or of a rarer kind: pixels may come in several scans

	pixels int64 // of a JPEG: where its first scan begins, behind which it may still ask for more
	late   int64 // bytes that it costs more then, see lateReader; 0: nothing
	small  bool  // it is given smallMemory only

	first []piece     // of an animated WebP: a still one made of its first frame
	place image.Point // of that frame on the canvas
}

// shown is the size with the orientation applied.
func (h header) shown() (width, height int) {
	if h.turn >= 5 {
		return h.height, h.width
	}
	return h.width, h.height
}

// readHeader reads as little of a picture as tells its size, orientation and cost. Errors: [ErrNotPicture], [ErrBroken],
// those of src.
func readHeader(src io.ReaderAt, size int64) (header, error) {
	typ, err := sniffFile(src, size)
	if err != nil {
		return header{}, err
	}
	s := newScanner(src, size)
	h := header{media: typ.Media}
	switch typ.Media {
	case mediaJPEG:
		jpegHeader(s, &h)
	case mediaPNG:
		pngHeader(s, &h)
	case mediaGIF:
		gifHeader(s, &h)
	case mediaWebP:
		webpHeader(s, &h)
	default:
		return header{}, ErrNotPicture
	}
	switch {
	case s.err != nil && s.err != ErrStructure: //nolint:errorlint // the scanner's own value
		return header{}, s.err
	case s.err != nil || h.width <= 0 || h.height <= 0:
		return header{}, ErrBroken
	}
	return h, nil
}

// jpegHeader goes to the first scan. A frame's cost is its samples, four times as much again for the coefficients of a
// progressive one, and a converted copy where there are not three components of luminance and colour.
func jpegHeader(s *scanner, h *header) {
	s.skip(2)
	converted := false
	defer func() {
		copied := 4 * int64(h.width) * int64(h.height)
		if converted {
			h.cost += copied
		} else {
			h.pixels, h.late = s.at, copied
		}
	}()
	for s.err == nil {
		if s.byte() != 0xff {
			s.fail()
			return
		}
		marker := s.byte()
		for marker == 0xff && s.err == nil {
			marker = s.byte()
		}
		n := int64(binary.BigEndian.Uint16(s.peek(2)))
		switch {
		case n < 2 || n > s.left() || marker == jpegEOI:
			s.fail()
			return
		case marker == jpegSOS:
			return
		case marker == jpegAPP0+1 && h.turn == 0 && n > 8:
			body := s.peek(int(min(n, scanWindow)))[2:]
			if bytes.HasPrefix(body, []byte("Exif\x00")) {
				h.turn, _ = exifOrientation(body[6:])
			}
		case marker >= jpegSOF0 && marker < jpegRST0 && marker != jpegDHT && marker != jpegJPG && marker != jpegDAC:
			if h.width != 0 || n < 11 || n > 8+3*4 {
				s.fail()
				return
			}
			converted = jpegFrame(h, marker, s.peek(int(n))[2:]) || converted
		case marker == jpegAPP0+14 && n >= 14:
			converted = s.peek(14)[13] == 0 || converted // Adobe's transform: none
		}
		s.skip(n)
	}
}

// jpegFrame reads a frame's header and reports whether its components are those that are converted.
func jpegFrame(h *header, marker byte, body []byte) (converted bool) {
	h.height, h.width = int(binary.BigEndian.Uint16(body[1:])), int(binary.BigEndian.Uint16(body[3:]))
	parts := body[6:]
	var wide, high, blocks int64 = 1, 1, 0
	for i := 0; i+2 < len(parts); i += 3 {
		x, y := int64(parts[i+1]>>4), int64(parts[i+1]&15)
		wide, high, blocks = max(wide, x), max(high, y), blocks+x*y
	}
	units := ((int64(h.width) + 8*wide - 1) / (8 * wide)) * ((int64(h.height) + 8*high - 1) / (8 * high))
	h.cost = units * blocks * 64
	if h.progressive = marker != jpegSOF0; h.progressive {
		h.cost *= 5
	}
	return len(parts) == 12 || len(parts) == 9 && parts[0] == 'R' && parts[3] == 'G' && parts[6] == 'B'
}

// pngHeader goes to the first pixels.
func pngHeader(s *scanner, h *header) {
	s.skip(int64(len(pngSignature)))
	b := s.peek(8 + 13)
	if string(b[4:8]) != "IHDR" || binary.BigEndian.Uint32(b) != 13 {
		s.fail()
		return
	}
	w, t := int64(binary.BigEndian.Uint32(b[8:])), int64(binary.BigEndian.Uint32(b[12:]))
	if w > 1<<24 || t > 1<<24 { // more than any bound here allows, and no overflow below
		w, t = 1<<24, 1<<24
	}
	h.width, h.height = int(w), int(t)
	depth, colour, interlaced := b[16], b[17], b[20] != 0
	transparent := false
	for kind := ""; kind != "IDAT" && kind != "IEND" && s.err == nil; {
		c := s.peek(8)
		n := int64(binary.BigEndian.Uint32(c))
		kind = string(c[4:])
		s.skip(8)
		switch {
		case kind == "tRNS":
			transparent = true
		case kind == "eXIf" && h.turn == 0 && n <= s.left():
			h.turn, _ = exifOrientation(s.peek(int(min(n, 8<<10))))
		}
		if kind != "IDAT" {
			s.skip(n + 4)
		}
	}
	each := int64(4)
	switch {
	case depth == 16 && colour == 0 && !transparent:
		each = 2
	case depth == 16:
		each = 8
	case colour == 3, colour == 0 && !transparent:
		each = 1
	}
	h.cost = each*w*t + 2*8*w // and two lines
	if interlaced {
		h.cost += each * w * t // its passes
	}
}

func gifHeader(s *scanner, h *header) {
	b := s.peek(13)
	h.width, h.height = int(binary.LittleEndian.Uint16(b[6:])), int(binary.LittleEndian.Uint16(b[8:]))
	h.cost = 2 * int64(h.width) * int64(h.height) // an interlaced frame is put in order in a copy
}

// treesOfWebP is what the decoder allocates for the most groups of codes that it takes, before it reads them.
const treesOfWebP = 8 << 20

// webpHeader takes the larger of canvas and frame, so that neither can hide behind the other.
func webpHeader(s *scanner, h *header) {
	s.skip(12)
	for s.err == nil {
		kind, n := webpChunk(s)
		switch {
		case s.err != nil:
			return
		case kind == "VP8X" && n >= 10:
			b := s.peek(10)
			h.width, h.height = 1+int(uint24(b[4:])), 1+int(uint24(b[7:]))
		case kind == "ANMF":
			webpFirst(s, h, n)
			s.skip(n + n&1)
			webpTurn(s, h)
			return
		case kind == "VP8 " || kind == "VP8L":
			w, t := webpSize(s, kind, n)
			if h.width != 0 && (h.width != w || h.height != t) {
				s.fail()
				return
			}
			h.width, h.height = w, t
			h.cost = 12*int64(w+15)*int64(t+15) + treesOfWebP // samples, transparency and its decoding
			s.skip(n + n&1)
			webpTurn(s, h)
			return
		}
		s.skip(n + n&1)
	}
}

// webpFirst makes a still picture of the first frame of an animation (RFC 9649 section 2.7.1.1), because the decoder knows no
// others. The scanner stays where it is.
func webpFirst(s *scanner, h *header, n int64) {
	const fixed = 16
	at, end := s.at, s.end
	defer func() { s.at, s.end = at, end }()
	if n < fixed || h.width == 0 {
		s.fail()
		return
	}
	b := bytes.Clone(s.peek(fixed))
	h.place = image.Pt(2*int(uint24(b)), 2*int(uint24(b[3:])))
	wide, high := 1+int(uint24(b[6:])), 1+int(uint24(b[9:]))
	if h.place.X+wide > h.width || h.place.Y+high > h.height {
		s.fail()
		return
	}
	s.end = s.at + n
	s.skip(fixed)
	var p plan
	for s.left() > 0 && s.err == nil {
		from := s.at
		kind, m := webpChunk(s)
		switch {
		case kind == "ALPH" && p.pieces == nil:
			p.keep(from, 8+m+m&1)
		case kind == "VP8 " || kind == "VP8L":
			if w, t := webpSize(s, kind, m); w != wide || t != high {
				s.fail()
			}
			flags := byte(0)
			if p.pieces != nil {
				flags = webpAlpha
			}
			p.keep(from, 8+m+m&1)
			h.first = append([]piece{{insert: webpStill(p.size, flags, b[6:12]), n: 30}}, p.pieces...)
			h.cost = 12*int64(wide+15)*int64(high+15) + treesOfWebP
			return
		}
		s.skip(m + m&1)
	}
	s.fail()
}

// webpStill is the beginning of a still picture: the header of the file and that of its features.
func webpStill(size int64, flags byte, extent []byte) []byte {
	b := binary.LittleEndian.AppendUint32([]byte("RIFF"), uint32(size+22))
	b = append(b, "WEBPVP8X\x0a\x00\x00\x00"...)
	return append(append(b, flags, 0, 0, 0), extent...)
}

// webpTurn looks for the orientation behind the pixels; damage there does not matter.
func webpTurn(s *scanner, h *header) {
	if s.err != nil {
		return
	}
	for h.turn == 0 && s.left() >= 8 && s.err == nil {
		kind, n := webpChunk(s)
		if kind == "EXIF" && s.err == nil {
			h.turn, _ = exifOrientation(bytes.TrimPrefix(s.peek(int(min(n, 8<<10))), []byte("Exif\x00\x00")))
		}
		s.skip(n + n&1)
	}
	if s.err == ErrStructure { //nolint:errorlint // the scanner's own value
		s.err = nil
	}
}
