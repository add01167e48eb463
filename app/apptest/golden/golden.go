package golden

import (
	"flag"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"os"
	"path/filepath"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/test"

	"sotto/app/ui/theme"
)

var update = flag.Bool("update", false, "write the golden images anew")

// Tolerances of [Match].
const (
	channelSlack = 40    // a channel of a pixel may differ so much (of 255)
	pixelShare   = 0.004 // so many of all pixels may differ more
)

// Looks are the two looks that every image exists in, by the suffix of its name.
var Looks = map[string]theme.Mode{"light": theme.Light, "dark": theme.Dark}

// App starts a test application in the given look and text scale.
func App(t testing.TB, mode theme.Mode, scale float32) fyne.App {
	t.Helper()
	a := test.NewTempApp(t)
	a.Settings().SetTheme(theme.New(theme.Options{Mode: mode, Scale: scale}))
	return a
}

// Render draws o at size on the page's background, 16 units from the edges.
func Render(t testing.TB, o fyne.CanvasObject, size fyne.Size) image.Image {
	t.Helper()
	const edge = 16
	ground := canvas.NewRectangle(theme.Color(fyne.CurrentApp().Settings().Theme(), theme.Background))
	holder := container.NewWithoutLayout(ground, o)
	w := test.NewTempWindow(t, holder)
	w.SetPadded(false)
	full := size.AddWidthHeight(2*edge, 2*edge)
	w.Resize(full)
	ground.Resize(full)
	o.Move(fyne.NewSquareOffsetPos(edge))
	o.Resize(size)
	o.Refresh()
	return w.Canvas().Capture()
}

// Match fails t when img differs from testdata/name.png: when more than 0.4 %
// of the pixels differ by more than 40 of 255 in a channel. The image drawn is
// then left in testdata/failed/.
func Match(t testing.TB, name string, img image.Image) {
	t.Helper()
	path := filepath.Join("testdata", name+".png")
	if *update {
		write(t, path, img)
		return
	}
	want := read(t, path)
	if want == nil {
		t.Errorf("no golden image %s; run the test with -update and look at it", path)
		return
	}
	share := difference(want, img)
	if share <= pixelShare {
		return
	}
	failed := filepath.Join("testdata", "failed", name+".png")
	write(t, failed, img)
	t.Errorf("%s: %.2f %% of the pixels differ, see %s", name, share*100, failed)
}

// difference answers the share of pixels that differ; images of two sizes
// differ wholly.
func difference(a, b image.Image) float64 {
	if a.Bounds().Size() != b.Bounds().Size() {
		return 1
	}
	x, y := rgba(a), rgba(b)
	bad := 0
	for i := 0; i < len(x.Pix); i += 4 {
		for c := range 4 {
			if d := int(x.Pix[i+c]) - int(y.Pix[i+c]); d > channelSlack || d < -channelSlack {
				bad++
				break
			}
		}
	}
	return float64(bad) / float64(max(len(x.Pix)/4, 1))
}

func rgba(i image.Image) *image.RGBA {
	out := image.NewRGBA(image.Rectangle{Max: i.Bounds().Size()})
	draw.Draw(out, out.Bounds(), image.NewUniform(color.Black), image.Point{}, draw.Src)
	draw.Draw(out, out.Bounds(), i, i.Bounds().Min, draw.Over)
	return out
}

func read(t testing.TB, path string) image.Image {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		return nil
	}
	defer f.Close()
	img, err := png.Decode(f)
	if err != nil {
		t.Fatalf("golden image %s: %v", path, err)
	}
	return img
}

func write(t testing.TB, path string, img image.Image) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(f, img); err != nil {
		t.Fatal(err)
	}
}
