package media

import (
	"bytes"
	"image"
	"image/jpeg"
	"testing"
)

// photo is a JPEG of 12 megapixels with the detail of one.
func photo(b *testing.B) []byte {
	b.Helper()
	m := image.NewYCbCr(image.Rect(0, 0, 4000, 3000), image.YCbCrSubsampleRatio420)
	x := uint32(1)
	for i := range m.Y {
		x = x*1664525 + 1013904223
		m.Y[i] = byte(i/16) + byte(x>>28)
	}
	for i := range m.Cb {
		m.Cb[i], m.Cr[i] = byte(i/64), byte(i/512)
	}
	var out bytes.Buffer
	if err := jpeg.Encode(&out, m, &jpeg.Options{Quality: 90}); err != nil {
		b.Fatal(err)
	}
	return out.Bytes()
}

func BenchmarkStrip(b *testing.B) {
	data := photo(b)
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := strip(bytes.NewReader(data), int64(len(data)), mediaJPEG); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkDecode(b *testing.B) {
	data := photo(b)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Decode(b.Context(), bytes.NewReader(data), int64(len(data)), 1280, 1280); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkPrepare(b *testing.B) {
	data := photo(b)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := PrepareBytes(b.Context(), "a.jpg", data, Options{}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkThumbnail(b *testing.B) {
	small, err := Small(b.Context(), bytes.NewReader(photo(b)), int64(len(photo(b))))
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := DecodeSmall(b.Context(), small.Thumbnail, 0, 0); err != nil {
			b.Fatal(err)
		}
	}
}
