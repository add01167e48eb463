package media

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"image"
	"image/png"
	"io"
	"strings"
	"testing"
	"time"

	"sotto/app/apptest/alloc"
)

// damaged calls f with every way in which a picture is damaged systematically: cut at steps, bytes turned over, fields of
// four bytes made extreme, parts repeated, left out and swapped; a PNG also with right checksums.
func damaged(name string, data []byte, f func(name string, data []byte)) {
	each := func(how string, b []byte) {
		f(name+" "+how, b)
		if strings.HasSuffix(name, ".png") {
			f(name+" "+how+", checksums right", fixPNG(b))
		}
	}
	step := max(1, len(data)/40)
	for at := 0; at < len(data); at += step {
		each(fmt.Sprintf("cut at %d", at), data[:at])
		b := bytes.Clone(data)
		b[at] ^= 0xff
		each(fmt.Sprintf("turned over at %d", at), b)
		each(fmt.Sprintf("without %d bytes at %d", step, at), append(bytes.Clone(data[:at]), data[min(len(data), at+step):]...))
		each(fmt.Sprintf("repeated from %d", at), append(bytes.Clone(data[:at]), data[at/2:]...))
	}
	for at := 0; at < min(64, len(data)); at++ { // headers, byte by byte
		for _, v := range []byte{0, 1, 0x7f, 0x80, 0xff} {
			b := bytes.Clone(data)
			b[at] = v
			each(fmt.Sprintf("%#x at %d", v, at), b)
		}
	}
	for at := 0; at+4 <= len(data); at += max(4, step) {
		for _, v := range []uint32{0, 1, 0x7fffffff, 0xffffffff} {
			b := bytes.Clone(data)
			binary.BigEndian.PutUint32(b[at:], v)
			each(fmt.Sprintf("%#x in four bytes at %d", v, at), b)
		}
	}
}

// nasty are pictures made by hand to cost more than they seem.
func nasty(t testing.TB) map[string][]byte {
	s := seeds(t)
	frames := gifOf(t, 5000, 16)
	out := map[string][]byte{
		"many scans":            scansOf(s["flat.jpg"], 3000),
		"many scans cut":        scansOf(s["flat.jpg"], 3000)[:20_000],
		"many frames":           frames,
		"many frames, huge":     gifOf(t, 50, 8000),
		"square of one colour":  pngBomb(t, 3000),
		"line":                  sized(s["gray.jpg"], 65535, 1),
		"column":                sized(s["gray.jpg"], 1, 65535),
		"no pixels":             sized(s["gray.jpg"], 0, 0),
		"fill bytes":            append(append([]byte{0xff, 0xd8}, bytes.Repeat([]byte{0xff}, 1<<20)...), s["gray.jpg"][2:]...),
		"fill bytes only":       append([]byte{0xff, 0xd8}, bytes.Repeat([]byte{0xff}, 1<<20)...),
		"empty segments":        append(append([]byte{0xff, 0xd8}, bytes.Repeat([]byte{0xff, 0xfe, 0, 2}, 1<<18)...), s["gray.jpg"][2:]...),
		"kept and dropped":      append(append([]byte{0xff, 0xd8}, bytes.Repeat([]byte{0xff, 0xdd, 0, 4, 0, 0, 0xff, 0xfe, 0, 2}, 1<<16)...), s["gray.jpg"][2:]...),
		"exif turned on itself": jpegWith(s["gray.jpg"], 0xe1, "Exif\x00\x00II*\x00\x08\x00\x00\x00\xff\xff\x69\x87\x04\x00\x01\x00\x00\x00\x08\x00\x00\x00"),
		"exif outside":          jpegWith(s["gray.jpg"], 0xe1, "Exif\x00\x00II*\x00\xff\xff\xff\xff"),
		"exif far":              jpegWith(s["gray.jpg"], 0xe1, "Exif\x00\x00MM\x00*\x7f\xff\xff\xff"),
		"two headers":           append(bytes.Clone(s["gray.jpg"][:len(s["gray.jpg"])-2]), s["progressive.jpg"][2:]...),
		"png without pixels":    append(append([]byte(pngSignature), pngOf(8, 8, 8, 2, 0)[8:33]...), pngChunk("IEND", nil)...),
		"png in depth 16":       pngOf(2000, 2000, 16, 6, 1),
		"png of a palette":      pngOf(11000, 11000, 1, 3, 1),
		"empty chunks":          append(pngOf(8, 8, 8, 2, 0)[:33], bytes.Repeat(pngChunk("tEXt", nil), 1<<16)...),
		"chunks of nothing":     append(pngOf(8, 8, 8, 2, 0)[:33], bytes.Repeat(pngChunk("IDAT", nil), 1<<16)...),
		"gif of comments":       append(append(bytes.Clone(frames[:13]), bytes.Repeat([]byte{0x21, 0xfe, 0}, 1<<18)...), 0x3b),
		"gif without end":       append(bytes.Clone(frames[:13]), bytes.Repeat([]byte{0x21, 0xff, 1}, 1<<18)...),
		"gif of a huge canvas":  append(append([]byte("GIF89a\x00\x20\x00\x20\x00\x00\x00"), "\x2c\x00\x00\x00\x00\x00\x20\x00\x20\x40\x08"...), bytes.Repeat([]byte{2, 0, 1}, 100)...),
		"webp of other chunks":  riff("VP8X", vp8x(0, 8, 8), "junk", strings.Repeat("x", 1<<20), "VP8 ", "\x10\x00\x00\x9d\x01\x2a\x08\x00\x08\x00"),
		"webp of alpha":         riff("VP8X", vp8x(0x10, 3000, 3000), "ALPH", "\x00", "VP8 ", "\x10\x00\x00\x9d\x01\x2a\xb8\x0b\xb8\x0b"),
		"webp that lies":        riff("VP8X", vp8x(0x10, 8, 8), "VP8 ", "\x10\x00\x00\x9d\x01\x2a\xff\x3f\xff\x3f"),
		"webp on a huge canvas": riff("VP8X", vp8x(0x10, 20000, 10000), "ALPH", "\x00", "VP8 ", chunkOf(t, s["alpha.webp"], "VP8 ")),
		"webp in two sizes":     riff("VP8X", vp8x(0x10, 16384, 16384), "VP8L", "\x2f\x07\xc0\x01\x00\x00\x00\x00\x00\x00"),
		"webp without picture":  riff("VP8X", vp8x(0, 8, 8)),
		"webp of nothing":       riff(),
		"webp of frames":        riff("VP8X", vp8x(2, 8, 8), "ANMF", strings.Repeat("\x00", 16), "ANMF", "short"),
	}
	for _, b := range [][]byte{s["lossless.webp"], s["plain.webp"]} { // large, with little to show it
		big := bytes.Clone(b)
		if at := bytes.Index(big, []byte("VP8L")); at > 0 {
			binary.LittleEndian.PutUint32(big[at+9:], 2999|2999<<14)
			if x := bytes.Index(big, []byte("VP8X")); x > 0 {
				copy(big[x+8:], vp8x(0, 3000, 3000))
			}
			out["webp, lossless and large"] = big
		} else if at := bytes.Index(big, []byte("\x9d\x01\x2a")); at > 0 {
			binary.LittleEndian.PutUint16(big[at+3:], 3000)
			binary.LittleEndian.PutUint16(big[at+5:], 3000)
			out["webp, lossy and large"] = big
		}
	}
	return out
}

// slowest is the time that a picture of the corpus may take; those that reach MaxTime are refused by [Decode] itself.
const slowest = MaxTime + 5*time.Second

// overBudget says how a function exceeds what a picture of the corpus may cost; empty: it does not. What its header claims is
// allowed only within the bounds of [Decode].
func overBudget(data []byte, limit time.Duration, f func()) string {
	src := bytes.NewReader(data)
	allowed := uint64(8*len(data) + 1<<20)
	if h, err := readHeader(src, src.Size()); err == nil && h.affordable() {
		allowed += uint64(h.cost)
	}
	began := time.Now()
	spent := alloc.Bytes(f)
	switch took := time.Since(began); {
	case spent > allowed && alloc.Bytes(f) > allowed:
		return fmt.Sprintf("allocates %d bytes, more than %d", spent, allowed)
	case took > limit:
		return fmt.Sprintf("takes %v", took)
	}
	return ""
}

func TestMalformedPicturesStayWithinTheBudget(t *testing.T) {
	n, shown, refused := 0, 0, 0
	try := func(name string, data []byte) {
		n++
		if over := overBudget(data, slowest, func() {
			m, err := Decode(t.Context(), bytes.NewReader(data), int64(len(data)), 64, 64)
			switch {
			case err == nil && m.Rect.Dx() > 0 && m.Rect.Dx() <= 64 && m.Rect.Dy() > 0 && m.Rect.Dy() <= 64:
				shown++
			case err == ErrBroken || err == ErrBudget || err == ErrNotPicture:
				refused++
			default:
				t.Errorf("%s: %v, %v", name, m, err)
			}
		}); over != "" {
			t.Errorf("decoding %s %s", name, over)
		}
		if over := overBudget(data, slowest, func() { mustFollow(t, name, data) }); over != "" {
			t.Errorf("stripping %s %s", name, over)
		}
	}
	for name, data := range nasty(t) {
		try(name, data)
	}
	for name, data := range seeds(t) {
		if name == "flat.jpg" {
			continue // it is there for its scans
		}
		damaged(name, data, try)
	}
	if n < 5000 || shown < n/20 || refused < n/20 {
		t.Errorf("%d pictures, %d shown, %d refused: the corpus says little", n, shown, refused)
	}
	t.Logf("%d pictures, %d shown, %d refused", n, shown, refused)
}

// mustFollow strips a picture and checks what holds whatever it is: a plan reads as many bytes as it says, no more than a
// little above the original, and stripping the result changes nothing more.
func mustFollow(t testing.TB, name string, data []byte) {
	t.Helper()
	typ := Sniff(data)
	if !typ.Picture {
		return
	}
	p, err := strip(bytes.NewReader(data), int64(len(data)), typ.Media)
	if err != nil {
		if err != ErrStructure {
			t.Errorf("%s: %v", name, err)
		}
		return
	}
	var once bytes.Buffer
	once.Grow(int(p.size))
	if n, err := io.Copy(&once, &planReader{src: bytes.NewReader(data), pieces: p.pieces}); err != nil || n != p.size || n > int64(len(data)+64) {
		t.Errorf("%s: %d bytes of %d, %v; it had %d", name, n, p.size, err, len(data))
		return
	}
	q, err := strip(bytes.NewReader(once.Bytes()), p.size, typ.Media)
	if err != nil || q.size != p.size || len(q.removed) > 0 {
		t.Errorf("%s: the second time %d bytes of %d, removed %v, %v", name, q.size, p.size, q.removed, err)
	}
}

func TestTheBudgetOfTheCorpusCanBeExceeded(t *testing.T) {
	bomb := pngOf(6000, 6000, 16, 6, 0)
	if overBudget(bomb, slowest, func() { _, _ = png.Decode(bytes.NewReader(bomb)) }) == "" {
		t.Error("a decoder that believes the header passes")
	}
	if overBudget(bomb, slowest, func() { _, _ = Decode(context.Background(), bytes.NewReader(bomb), int64(len(bomb)), 8, 8) }) != "" {
		t.Error("one that does not fails")
	}
	if overBudget(nil, 0, func() { _ = image.NewRGBA(image.Rect(0, 0, 8, 8)) }) == "" {
		t.Error("no time at all suffices")
	}
}
