package media

import (
	"bytes"
	"errors"
	"image"
	"image/jpeg"
	"slices"
	"testing"
	"testing/iotest"

	"sotto/app/apptest/alloc"
)

const untransformed = "\xff\xee\x00\x0eAdobe\x00\x64\x00\x00\x00\x00\x00"

// flatJPEG returns a JPEG of one colour.
func flatJPEG(t *testing.T, side int) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, image.NewRGBA(image.Rect(0, 0, side, side)), nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// behind puts something behind the pixels of a JPEG.
func behind(picture []byte, late string) []byte {
	end := len(picture) - 2
	return slices.Concat(picture[:end], []byte(late), picture[end:])
}

// TestWhatStandsBehindThePixelsCostsNothingUnseen: a decoder believes Adobe's transform wherever it stands before the end,
// and then converts the whole picture once more.
func TestWhatStandsBehindThePixelsCostsNothingUnseen(t *testing.T) {
	sides := map[int][]byte{1000: flatJPEG(t, 1000), 1280: flatJPEG(t, 1280), 6000: flatJPEG(t, 6000)}
	for name, late := range map[string]string{
		"adobe":                   untransformed,
		"adobe behind a comment":  "\xff\xfe\x00\x04hi" + untransformed,
		"adobe behind fill bytes": "\xff\xff" + untransformed,
		"adobe behind extra data": "\x12\x34" + untransformed,
		"twice":                   untransformed + untransformed,
	} {
		for side, want := range map[int]error{1000: nil, 6000: ErrBudget} { // 4 MB and 144 MB more, beside 1.5 and 54
			data := behind(sides[side], late)
			var err error
			spent := alloc.Bytes(func() { _, err = decodeBytes(t, data, 64, 64) })
			if !errors.Is(err, want) {
				t.Errorf("%s, %d pixels a side: %v, want %v", name, side, err, want)
			}
			if spent > MaxMemory {
				t.Errorf("%s, %d pixels a side: %d bytes allocated", name, side, spent)
			}
		}
		data := behind(sides[1280], late)
		if spent := alloc.Bytes(func() {
			if _, err := DecodeSmall(t.Context(), data, 64, 64); !errors.Is(err, ErrBudget) {
				t.Errorf("%s: a small picture: %v", name, err)
			}
		}); spent > smallMemory {
			t.Errorf("%s: a small picture took %d bytes", name, spent)
		}
	}
	if _, err := decodeBytes(t, behind(sides[6000], "\xff\xfe\x00\x04hi"), 64, 64); err != nil {
		t.Errorf("a comment behind the pixels: %v", err)
	}
	r := &lateReader{src: iotest.OneByteReader(bytes.NewReader([]byte("\xff\xee..\xff\xee"))), from: 2}
	if n, err := r.Read(make([]byte, 1)); n != 1 || err != nil {
		t.Error("before the pixels:", err)
	}
	var err error
	for range 5 {
		if err == nil {
			_, err = r.Read(make([]byte, 1))
		}
	}
	if !errors.Is(err, ErrBudget) {
		t.Error("a byte at a time:", err)
	}
}
