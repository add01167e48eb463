package widget

import (
	"fmt"
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	fynewidget "fyne.io/fyne/v2/widget"

	"github.com/boombuler/barcode/qr"
)

// QR shows a QR code (ISO/IEC 18004, error correction M) in black on white in
// both looks, because scanners expect that, with the quiet zone of four modules.
type QR struct {
	fynewidget.BaseWidget
	raster *canvas.Raster
	size   float32
}

const quietZone = 4

// NewQR answers a code of size by size units for content. It fails when content
// is too long for a QR code (2,331 bytes).
func NewQR(content string, size float32) (*QR, error) {
	code, err := qr.Encode(content, qr.M, qr.Auto)
	if err != nil {
		return nil, fmt.Errorf("encode QR code: %w", err)
	}
	n := code.Bounds().Dx()
	total := n + 2*quietZone
	q := &QR{size: size}
	q.raster = canvas.NewRasterWithPixels(func(x, y, w, h int) color.Color {
		scale := max(min(w, h)/total, 1) // whole pixels per module keep it sharp
		ox, oy := (w-n*scale)/2, (h-n*scale)/2
		if x < ox || y < oy || x >= ox+n*scale || y >= oy+n*scale {
			return color.White
		}
		if r, _, _, _ := code.At((x-ox)/scale, (y-oy)/scale).RGBA(); r == 0 {
			return color.Black
		}
		return color.White
	})
	q.ExtendBaseWidget(q)
	return q, nil
}

// CreateRenderer implements fyne.Widget.
func (q *QR) CreateRenderer() fyne.WidgetRenderer {
	ground := newRect(color.White, 12)
	return &parts{
		owner:   q,
		objects: []fyne.CanvasObject{ground, q.raster},
		min:     func() fyne.Size { return fyne.NewSquareSize(q.size) },
		layout: func(s fyne.Size) {
			d := min(s.Width, s.Height)
			x, y := (s.Width-d)/2, (s.Height-d)/2
			place(ground, x, y, d, d)
			place(q.raster, x+4, y+4, d-8, d-8)
		},
	}
}
