package media

import (
	"image"
	"image/draw"
)

// scale returns the canvas of a picture at a size that is not larger, each pixel the mean of the area it covers. What of
// the canvas the picture leaves free is transparent. Memory beside the result: some lines.
func scale(src image.Image, canvas image.Rectangle, to image.Point) *image.RGBA {
	dst := image.NewRGBA(image.Rectangle{Max: to})
	if to == canvas.Size() {
		draw.Draw(dst, src.Bounds().Sub(canvas.Min), src, src.Bounds().Min, draw.Src)
		return dst
	}
	wide, high := uint64(canvas.Dx()), uint64(canvas.Dy())
	line := image.NewRGBA(image.Rect(canvas.Min.X, 0, canvas.Max.X, 1))
	row := make([]uint64, 4*to.X) // one line of the source, summed across
	sum := make([]uint64, 4*to.X) // and these summed down
	// One pixel of the source is as long as to.X in units of which one pixel of the result has canvas.Dx(), likewise down.
	filled, y := uint64(0), 0
	for sy := canvas.Min.Y; sy < canvas.Max.Y; sy++ {
		clear(line.Pix)
		draw.Draw(line, image.Rect(src.Bounds().Min.X, 0, src.Bounds().Max.X, 1).Intersect(inLine(src, sy)), src, image.Pt(src.Bounds().Min.X, sy), draw.Src)
		across(row, line.Pix, wide, uint64(to.X))
		rest := uint64(to.Y)
		for rest > 0 {
			part := min(rest, high-filled)
			for i, v := range row {
				sum[i] += v * part
			}
			rest -= part
			if filled += part; filled == high {
				out := dst.Pix[y*dst.Stride:]
				for i, v := range sum {
					out[i] = uint8((v + wide*high/2) / (wide * high))
				}
				clear(sum)
				filled, y = 0, y+1
			}
		}
	}
	return dst
}

// inLine is a line of one pixel where the picture has the line sy, and empty elsewhere.
func inLine(src image.Image, sy int) image.Rectangle {
	b := src.Bounds()
	if sy < b.Min.Y || sy >= b.Max.Y {
		return image.Rectangle{}
	}
	return image.Rect(b.Min.X, 0, b.Max.X, 1)
}

// across sums a line of RGBA pixels into fewer.
func across(row []uint64, pix []byte, wide, to uint64) {
	clear(row)
	filled, x := uint64(0), 0
	for i := 0; i < len(pix); i += 4 {
		p := pix[i : i+4 : i+4]
		rest := to
		for rest > 0 {
			part := min(rest, wide-filled)
			r := row[x : x+4 : x+4]
			r[0] += uint64(p[0]) * part
			r[1] += uint64(p[1]) * part
			r[2] += uint64(p[2]) * part
			r[3] += uint64(p[3]) * part
			rest -= part
			if filled += part; filled == wide {
				filled, x = 0, x+4
			}
		}
	}
}

// turn applies an orientation of Exif (section 4.6.5, tag 0x0112).
func turn(m *image.RGBA, orientation int) *image.RGBA {
	if !turned(orientation) {
		return m
	}
	w, h := m.Rect.Dx(), m.Rect.Dy()
	out := image.NewRGBA(image.Rect(0, 0, w, h))
	if orientation >= 5 {
		out = image.NewRGBA(image.Rect(0, 0, h, w))
	}
	for y := range h {
		for x := range w {
			tx, ty := x, y
			switch orientation {
			case 2:
				tx = w - 1 - x
			case 3:
				tx, ty = w-1-x, h-1-y
			case 4:
				ty = h - 1 - y
			case 5:
				tx, ty = y, x
			case 6:
				tx, ty = h-1-y, x
			case 7:
				tx, ty = h-1-y, w-1-x
			case 8:
				tx, ty = y, w-1-x
			}
			copy(out.Pix[ty*out.Stride+4*tx:][:4], m.Pix[y*m.Stride+4*x:][:4])
		}
	}
	return out
}
