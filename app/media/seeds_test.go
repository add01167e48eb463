package media

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/color"
	"image/gif"
	"image/png"
	"os"
	"path/filepath"
	"testing"
)

// seeds are the pictures of testdata, by name.
func seeds(t testing.TB) map[string][]byte {
	t.Helper()
	out := map[string][]byte{}
	for _, kind := range []string{"jpg", "png", "gif", "webp"} {
		paths, err := filepath.Glob("testdata/*." + kind)
		if err != nil || len(paths) == 0 {
			t.Fatal(err, "no pictures")
		}
		for _, p := range paths {
			b, err := os.ReadFile(p)
			if err != nil {
				t.Fatal(err)
			}
			out[filepath.Base(p)] = b
		}
	}
	return out
}

// jpegWith puts segments behind the beginning of a JPEG.
func jpegWith(b []byte, marker byte, body string) []byte {
	segment := append([]byte{0xff, marker, byte((len(body) + 2) >> 8), byte(len(body) + 2)}, body...)
	return append(append(bytes.Clone(b[:2]), segment...), b[2:]...)
}

// pngOf makes a PNG that claims a size and holds little.
func pngOf(width, height uint32, depth, colour, interlace byte) []byte {
	ihdr := binary.BigEndian.AppendUint32(nil, width)
	ihdr = append(binary.BigEndian.AppendUint32(ihdr, height), depth, colour, 0, 0, interlace)
	b := append([]byte(pngSignature), pngChunk("IHDR", ihdr)...)
	if colour == 3 {
		b = append(b, pngChunk("PLTE", []byte{1, 2, 3})...)
	}
	b = append(b, pngChunk("IDAT", []byte("\x78\x9c\x03\x00\x00\x00\x00\x01"))...)
	return append(b, pngChunk("IEND", nil)...)
}

// pngBomb is a well-formed PNG of one colour.
func pngBomb(t testing.TB, side int) []byte {
	t.Helper()
	var b bytes.Buffer
	e := png.Encoder{CompressionLevel: png.BestCompression}
	if err := e.Encode(&b, image.NewPaletted(image.Rect(0, 0, side, side), color.Palette{color.Black})); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// gifOf is a GIF of many frames of one pixel on a canvas.
func gifOf(t testing.TB, frames, side int) []byte {
	t.Helper()
	g := gif.GIF{Config: image.Config{Width: side, Height: side}}
	for range frames {
		g.Image = append(g.Image, image.NewPaletted(image.Rect(0, 0, 1, 1), color.Palette{color.White, color.Black}))
		g.Delay = append(g.Delay, 1)
	}
	var b bytes.Buffer
	if err := gif.EncodeAll(&b, &g); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// riff is a WebP file of chunks, each its name and body.
func riff(chunks ...string) []byte {
	var body []byte
	for i := 0; i < len(chunks); i += 2 {
		body = append(body, chunks[i]...)
		body = binary.LittleEndian.AppendUint32(body, uint32(len(chunks[i+1])))
		body = append(body, chunks[i+1]...)
		if len(chunks[i+1])%2 == 1 {
			body = append(body, 0)
		}
	}
	b := binary.LittleEndian.AppendUint32([]byte("RIFF"), uint32(len(body)+4))
	return append(append(b, "WEBP"...), body...)
}

// vp8x is the body of a VP8X chunk.
func vp8x(flags byte, width, height uint32) string {
	w, h := width-1, height-1
	return string([]byte{flags, 0, 0, 0, byte(w), byte(w >> 8), byte(w >> 16), byte(h), byte(h >> 8), byte(h >> 16)})
}

// sized is a JPEG that claims another size.
func sized(b []byte, width, height uint16) []byte {
	sof := max(bytes.Index(b, []byte{0xff, 0xc2}), bytes.Index(b, []byte{0xff, 0xc0}))
	b = bytes.Clone(b)
	binary.BigEndian.PutUint16(b[sof+5:], height)
	binary.BigEndian.PutUint16(b[sof+7:], width)
	return b
}

// scansOf is a progressive JPEG with its second scan repeated.
func scansOf(b []byte, times int) []byte {
	first := bytes.Index(b, []byte{0xff, 0xda})
	second := first + 2 + bytes.Index(b[first+2:], []byte{0xff, 0xda})
	third := second + 2 + bytes.Index(b[second+2:], []byte{0xff, 0xda})
	scan := b[second:third]
	if tables := bytes.Index(scan, []byte{0xff, 0xc4}); tables > 0 {
		scan = scan[:tables]
	}
	return append(append(bytes.Clone(b[:second]), bytes.Repeat(scan, times)...), b[second:]...)
}

// fixPNG makes the checksums of a damaged PNG right again, so that the damage gets past them.
func fixPNG(b []byte) []byte {
	b = bytes.Clone(b)
	for at := 8; at+12 <= len(b); {
		n := int64(binary.BigEndian.Uint32(b[at:]))
		if n > int64(len(b)-at-12) {
			break
		}
		end := at + 8 + int(n)
		binary.BigEndian.PutUint32(b[end:], crc32.ChecksumIEEE(b[at+4:end]))
		at = end + 4
	}
	return b
}

func pngEncode(b *bytes.Buffer, m image.Image) error { return png.Encode(b, m) }
