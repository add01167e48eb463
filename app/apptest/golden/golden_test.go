package golden

import (
	"image"
	"image/color"
	"testing"
)

func filled(c color.Color) *image.RGBA {
	i := image.NewRGBA(image.Rect(0, 0, 50, 50))
	for x := range 50 {
		for y := range 50 {
			i.Set(x, y, c)
		}
	}
	return i
}

func TestDifferenceSeesAMarkAndForgivesAnEdge(t *testing.T) {
	base := filled(color.White)
	if d := difference(base, filled(color.White)); d != 0 {
		t.Errorf("equal images differ by %v", d)
	}
	if d := difference(base, filled(color.Gray{0xf0})); d != 0 {
		t.Errorf("a slight shade counts as %v", d)
	}
	marked := filled(color.White)
	for x := range 10 {
		marked.Set(x, 25, color.Black)
	}
	if d := difference(base, marked); d != 10.0/2500 {
		t.Errorf("ten marked pixels of 2500 count as %v", d)
	}
	if d := difference(base, image.NewRGBA(image.Rect(0, 0, 50, 51))); d != 1 {
		t.Errorf("another size counts as %v", d)
	}
}
