package media

import (
	"bytes"
	"context"
	"errors"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"
	"math"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"sotto/app/apptest/alloc"
)

func decodeBytes(t testing.TB, data []byte, width, height int) (*image.RGBA, error) {
	t.Helper()
	return Decode(t.Context(), bytes.NewReader(data), int64(len(data)), width, height)
}

func TestAPictureIsDecodedByItsContentAtTheSizeAsked(t *testing.T) {
	for name, data := range seeds(t) {
		m, err := decodeBytes(t, data, 16, 16)
		if err != nil || max(m.Rect.Dx(), m.Rect.Dy()) != 16 || min(m.Rect.Dx(), m.Rect.Dy()) < 9 {
			t.Errorf("%s: %v, %v", name, m, err)
		}
	}
	for _, text := range []string{"", "not a picture", "%PDF-1.7", "II*\x00\x08\x00\x00\x00", "BM"} {
		if _, err := decodeBytes(t, []byte(text), 0, 0); !errors.Is(err, ErrNotPicture) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestScalingKeepsMeanAndAspect(t *testing.T) {
	m := image.NewNRGBA(image.Rect(0, 0, 301, 97))
	for i := range m.Pix {
		m.Pix[i] = byte(i * 7)
		if i%4 == 3 {
			m.Pix[i] = 255
		}
	}
	mean := func(m *image.RGBA) (sum float64) {
		for i := 0; i < len(m.Pix); i += 4 {
			sum += float64(m.Pix[i])
		}
		return sum / float64(len(m.Pix)/4)
	}
	one := scale(m, m.Rect, m.Rect.Size())
	for _, to := range []image.Point{{300, 96}, {150, 48}, {97, 31}, {1, 1}, {301, 1}, {1, 97}} {
		small := scale(m, m.Rect, to)
		if small.Rect.Size() != to || math.Abs(mean(small)-mean(one)) > 1.5 {
			t.Errorf("at %v the mean is %.1f, was %.1f", to, mean(small), mean(one))
		}
	}
	for _, c := range []struct{ w, h, turn, width, height, x, y int }{
		{3000, 2000, 1, 300, 300, 300, 200},
		{3000, 2000, 6, 300, 200, 200 * 3 / 2, 200},
		{3000, 2000, 6, 200, 300, 300, 200},
		{30, 20, 1, 300, 300, 30, 20},
		{10000, 1, 1, 100, 100, 100, 1},
		{1, 10000, 1, 100, 100, 1, 100},
		{9000, 9000, 1, 0, 0, MaxShown, MaxShown},
		{9000, 3000, 1, -1, 1 << 30, MaxShown, 1365},
	} {
		if got := (header{width: c.w, height: c.h, turn: c.turn}).fit(c.width, c.height); got != image.Pt(c.x, c.y) && c.turn != 6 {
			t.Errorf("%+v: %v", c, got)
		} else if c.turn == 6 && (got.X > c.height || got.Y > c.width) {
			t.Errorf("%+v: %v does not fit turned", c, got)
		}
	}
}

func TestAFrameSmallerThanItsCanvasKeepsItsPlace(t *testing.T) {
	frame := image.NewPaletted(image.Rect(2, 1, 4, 3), color.Palette{color.RGBA{200, 0, 0, 255}})
	var b bytes.Buffer
	if err := gif.EncodeAll(&b, &gif.GIF{Image: []*image.Paletted{frame}, Delay: []int{0}, Config: image.Config{Width: 8, Height: 4}}); err != nil {
		t.Fatal(err)
	}
	for _, side := range []int{8, 4} {
		m, err := decodeBytes(t, b.Bytes(), side, side)
		if err != nil {
			t.Fatal(err)
		}
		if m.RGBAAt(0, 0).A != 0 || m.RGBAAt(side*3/8, side*2/8).R == 0 {
			t.Errorf("at %v: %v", m.Rect, m.Pix)
		}
	}
}

func TestATinyFileOfHugeDimensionsIsRefusedBeforeItIsDecoded(t *testing.T) {
	progressive := seeds(t)["progressive.jpg"]
	for name, data := range map[string][]byte{
		"png":              pngOf(1<<31-1, 1<<31-1, 8, 6, 0),
		"png of lines":     pngOf(1<<31-1, 1, 16, 6, 1),
		"png of 16 bits":   pngOf(5000, 5000, 16, 6, 0),
		"interlaced png":   pngOf(5000, 5000, 8, 6, 1),
		"jpeg":             sized(progressive, 65500, 65500),
		"progressive jpeg": sized(progressive, 6000, 4000),
		"gif":              gifOf(t, 1, 65535),
		"vp8x and alpha":   riff("VP8X", vp8x(0x10, 46340, 46340), "ALPH", "\x00", "VP8 ", "\x10\x00\x00\x9d\x01\x2a\xb4\x75\xb4\x75"),
		"huge canvas":      riff("VP8X", vp8x(0x10, 20000, 10000), "ALPH", "\x00", "VP8 ", chunkOf(t, seeds(t)["alpha.webp"], "VP8 ")),
		"vp8":              riff("VP8 ", "\x10\x00\x00\x9d\x01\x2a\xff\x3f\xff\x3f"),
		"vp8l":             riff("VP8L", "\x2f\xff\xff\xff\x0f\x00\x00\x00\x00\x00"),
		"bomb":             pngBomb(t, 12000),
	} {
		var err error
		spent := alloc.Bytes(func() { _, err = decodeBytes(t, data, 64, 64) })
		if !errors.Is(err, ErrBudget) && !(len(data) < 1000 && strings.HasPrefix(string(data), "RIFF") && errors.Is(err, ErrBroken)) {
			t.Errorf("%s of %d bytes: %v", name, len(data), err)
		}
		if spent > 256<<10 {
			t.Errorf("%s: refused after allocating %d bytes", name, spent)
		}
	}
}

func TestTheHeaderForetellsWhatDecodingAllocates(t *testing.T) {
	files := seeds(t)
	big := image.NewRGBA(image.Rect(0, 0, 2000, 1500))
	for i := range big.Pix {
		big.Pix[i] = byte(i*i>>8) | 1
	}
	var j, p bytes.Buffer
	if err := errors.Join(jpeg.Encode(&j, big, nil), png.Encode(&p, big)); err != nil {
		t.Fatal(err)
	}
	files["big.jpg"], files["big.png"] = j.Bytes(), p.Bytes()
	files["big.gif"] = gifOf(t, 1, 2000)
	files["progressive big"] = sized(files["progressive.jpg"], 2000, 1500)
	files["interlaced big"] = pngOf(1500, 1500, 8, 6, 1)
	for name, data := range files {
		src := bytes.NewReader(data)
		h, err := readHeader(src, src.Size())
		if err != nil {
			t.Fatal(name, err)
		}
		var whole io.Reader = src
		if h.first != nil {
			whole = &planReader{src: src, pieces: h.first}
		}
		spent := alloc.Bytes(func() { _, err = h.decoder()(whole) })
		if err != nil && !strings.Contains(name, "big") {
			t.Error(name, err)
		}
		if int64(spent) > h.cost+512<<10 {
			t.Errorf("%s: %d bytes foretold, %d allocated", name, h.cost, spent)
		}
		if h.cost > 32<<20 && strings.HasPrefix(name, "big") && int64(spent) < h.cost/8 {
			t.Errorf("%s: %d bytes foretold, only %d allocated", name, h.cost, spent)
		}
	}
}

// endless is a picture whose reading never ends and tells nothing new, and makes its decoder keep memory if asked.
type endless struct {
	head  []byte
	grow  int
	keep  *[][]byte
	pause time.Duration
}

func (e endless) ReadAt(b []byte, off int64) (int, error) {
	if e.grow > 0 && off > int64(len(e.head)) {
		*e.keep = append(*e.keep, make([]byte, e.grow))
	}
	if e.pause > 0 && off > int64(len(e.head)) {
		time.Sleep(e.pause)
	}
	for i := range b {
		if at := off + int64(i); at < int64(len(e.head)) {
			b[i] = e.head[at]
		} else {
			b[i] = "\xff\xfe\x00\x04.."[(at-int64(len(e.head)))%6] // comments without end
		}
	}
	return len(b), nil
}

func TestDecodingEndsWithItsTime(t *testing.T) {
	slow := seeds(t)["progressive.jpg"]
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		_, err := Decode(t.Context(), endless{head: slow[:len(slow)-2], pause: time.Second}, 1<<30, 64, 64)
		if !errors.Is(err, ErrBudget) || time.Since(began) > MaxTime+2*time.Second {
			t.Errorf("%v after %v", err, time.Since(began))
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := Decode(ctx, endless{head: slow[:len(slow)-2], pause: time.Second}, 1<<30, 64, 64); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("with less time: %v", err)
		}
	})
}

func TestDecodingEndsWhenTheHeapGrows(t *testing.T) {
	var kept [][]byte
	slow := seeds(t)["progressive.jpg"]
	runtime.GC() // what other tests left does not count
	_, err := Decode(t.Context(), endless{head: slow[:len(slow)-2], grow: 8 << 20, keep: &kept}, 1<<40, 64, 64)
	if !errors.Is(err, ErrBudget) || len(kept) > 40 {
		t.Errorf("%v after %d MiB", err, 8*len(kept))
	}
	runtime.KeepAlive(kept)
}

func TestOnePictureIsDecodedAtATime(t *testing.T) {
	if cap(worker) != 1 {
		t.Errorf("%d are decoded at a time", cap(worker))
	}
	for range cap(worker) {
		worker <- struct{}{}
		defer func() { <-worker }()
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	data := seeds(t)["gray.jpg"]
	if _, err := Decode(ctx, bytes.NewReader(data), int64(len(data)), 8, 8); !errors.Is(err, context.Canceled) {
		t.Errorf("with the worker taken: %v", err)
	}
	if _, err := DecodeSmall(t.Context(), data, 8, 8); err != nil {
		t.Errorf("a thumbnail waits for others: %v", err)
	}
}

// failing has a picture's beginning and then fails, or panics.
type failing struct {
	data []byte
	err  error
}

func (f failing) ReadAt(b []byte, off int64) (int, error) {
	if off >= 300 || off > 0 && f.err == nil {
		if f.err == nil {
			panic("a decoder's mistake")
		}
		return 0, f.err
	}
	return bytes.NewReader(f.data).ReadAt(b, off)
}

func TestAPanicIsADamagedPictureAndAFailureOfTheSourceItself(t *testing.T) {
	data := seeds(t)["exif.jpg"]
	h, err := readHeader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.decode(t.Context(), failing{data: data}, 1<<20, 8, 8); !errors.Is(err, ErrBroken) {
		t.Errorf("after a panic: %v", err)
	}
	broken := errors.New("a disk's mistake")
	if _, err := h.decode(t.Context(), failing{data[:200], broken}, 1<<20, 8, 8); !errors.Is(err, broken) && !errors.Is(err, ErrBroken) {
		t.Errorf("after a failure: %v", err)
	}
	if _, err := h.decode(t.Context(), io.NewSectionReader(failing{err: broken}, 400, 10), 10, 8, 8); !errors.Is(err, broken) {
		t.Errorf("after a failure: %v", err)
	}
}

func TestASmallPictureIsAPlainJPEGAndNothingElse(t *testing.T) {
	s := seeds(t)
	for name, c := range map[string]struct {
		data []byte
		want error
	}{
		"jpeg":        {s["gray.jpg"], nil},
		"png":         {s["palette.png"], ErrBroken},
		"webp":        {s["plain.webp"], ErrBroken},
		"text":        {[]byte("text"), ErrBroken},
		"empty":       {nil, ErrBroken},
		"many bytes":  {append(bytes.Clone(s["gray.jpg"]), make([]byte, 64<<10)...), ErrBudget},
		"many pixels": {sized(s["gray.jpg"], 1281, 8), ErrBudget},
		"progressive": {s["progressive.jpg"], ErrBudget},
	} {
		if m, err := DecodeSmall(t.Context(), c.data, 24, 24); !errors.Is(err, c.want) || err == nil && m.Rect.Dx() != 24 {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
}

// chunkOf is the body of a chunk of a WebP file.
func chunkOf(t testing.TB, b []byte, name string) string {
	t.Helper()
	at := bytes.Index(b, []byte(name))
	if at < 0 {
		t.Fatal("no", name)
	}
	n := int(b[at+4]) | int(b[at+5])<<8
	return string(b[at+8 : at+8+n])
}

func TestOfAnAnimationTheFirstFrameIsShownInItsPlace(t *testing.T) {
	s := seeds(t)
	still := picture(t, s["lossless.webp"])
	frame := func(x, y byte, chunks ...string) string {
		inside := riff(chunks...)[12:]
		return string([]byte{x / 2, 0, 0, y / 2, 0, 0, 47, 0, 0, 31, 0, 0, 100, 0, 0, 0}) + string(inside)
	}
	pixels := chunkOf(t, s["lossless.webp"], "VP8L")
	moving := riff("VP8X", vp8x(0x12, 60, 40), "ANIM", "\x00\x00\x00\x00\x00\x00", "ANMF", frame(4, 6, "VP8L", pixels), "ANMF", frame(0, 0, "VP8L", pixels))
	m, err := decodeBytes(t, moving, 0, 0)
	if err != nil || m.Rect.Dx() != 60 || m.Rect.Dy() != 40 {
		t.Fatalf("%v, %v", m, err)
	}
	for y := range 40 {
		for x := range 60 {
			want := color.RGBA{}
			if image.Pt(x-4, y-6).In(still.Rect) {
				want = still.RGBAAt(x-4, y-6)
			}
			if got := m.RGBAAt(x, y); got != want {
				t.Fatalf("at %d, %d: %v, want %v", x, y, got, want)
			}
		}
	}
	clear := riff("VP8X", vp8x(0x12, 48, 32), "ANMF", frame(0, 0, "ALPH", chunkOf(t, s["alpha.webp"], "ALPH"), "VP8 ", chunkOf(t, s["alpha.webp"], "VP8 ")))
	if m, err := decodeBytes(t, clear, 0, 0); err != nil || !bytes.Equal(m.Pix, picture(t, s["alpha.webp"]).Pix) {
		t.Errorf("with transparency: %v", err)
	}
	for name, b := range map[string][]byte{
		"outside":       riff("VP8X", vp8x(2, 50, 32), "ANMF", frame(4, 0, "VP8L", pixels)),
		"another size":  riff("VP8X", vp8x(2, 60, 40), "ANMF", "\x00\x00\x00\x00\x00\x00\x10\x00\x00\x10\x00\x00\x00\x00\x00\x00"+string(riff("VP8L", pixels)[12:])),
		"no pixels":     riff("VP8X", vp8x(2, 60, 40), "ANMF", frame(0, 0)),
		"no canvas":     riff("ANMF", frame(0, 0, "VP8L", pixels)),
		"alpha, twice":  riff("VP8X", vp8x(2, 60, 40), "ANMF", frame(0, 0, "ALPH", "\x00", "ALPH", "\x00")),
		"frame too big": riff("VP8X", vp8x(2, 16383, 16383), "ANMF", "\x00\x00\x00\x00\x00\x00\xfe\x3f\x00\xfe\x3f\x00\x00\x00\x00\x00"+string(riff("VP8L", "\x2f\xfe\xbf\xff\x0f\x00\x00\x00\x00\x00")[12:])),
	} {
		if _, err := decodeBytes(t, b, 0, 0); !errors.Is(err, ErrBroken) && !errors.Is(err, ErrBudget) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
