package media

import (
	"bytes"
	"context"
	"image"
	"image/color"
	"image/draw"
	"image/jpeg"
	"io"

	"sotto/chat"
)

// Smalls are the small pictures of a picture, as JPEG, and its own size as it is shown.
type Smalls struct {
	Width, Height int
	Thumbnail     []byte // at most [chat.MaxThumbnail] bytes: travels inside the message
	Preview       []byte // at most [chat.MaxPreview] bytes: kept beside the file
}

// Sides in pixels and qualities that are tried in turn until the bytes suffice.
var (
	previewSides   = []int{smallSide, 960, 640, 400, 200}
	thumbnailSides = []int{320, 240, 160, 96, 64}
	qualities      = []int{85, 70, 50, 30}
)

// Small makes the small pictures of one, transparency on white. Errors as of [Decode].
func Small(ctx context.Context, src io.ReaderAt, size int64) (Smalls, error) {
	h, err := readHeader(src, size)
	if err != nil {
		return Smalls{}, err
	}
	m, err := Decode(ctx, src, size, previewSides[0], previewSides[0])
	if err != nil {
		return Smalls{}, err
	}
	flat := image.NewRGBA(m.Rect)
	draw.Draw(flat, flat.Rect, image.NewUniform(color.White), image.Point{}, draw.Src)
	draw.Draw(flat, flat.Rect, m, image.Point{}, draw.Over)
	var s Smalls
	s.Width, s.Height = h.shown()
	s.Preview = encodeWithin(flat, chat.MaxPreview, previewSides)
	s.Thumbnail = encodeWithin(flat, chat.MaxThumbnail, thumbnailSides)
	return s, ctx.Err()
}

// encodeWithin encodes the largest and best that fits a number of bytes; nil when none does.
func encodeWithin(m *image.RGBA, limit int, sides []int) []byte {
	var out bytes.Buffer
	for i, side := range sides {
		if i > 0 && side >= max(m.Rect.Dx(), m.Rect.Dy()) {
			continue // the first was no larger
		}
		smaller := scale(m, m.Rect, header{width: m.Rect.Dx(), height: m.Rect.Dy()}.fit(side, side))
		for _, q := range qualities {
			out.Reset()
			if err := jpeg.Encode(&out, smaller, &jpeg.Options{Quality: q}); err != nil {
				return nil
			}
			if out.Len() <= limit {
				return bytes.Clone(out.Bytes())
			}
		}
	}
	return nil
}
