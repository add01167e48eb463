package media

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"image"
	"image/gif"
	"io"
	"slices"
	"strings"
	"testing"
)

// stripped returns what Prepare sends of a picture.
func stripped(t testing.TB, name string, data []byte) (*Outgoing, []byte) {
	t.Helper()
	out, err := PrepareBytes(t.Context(), name, data, Options{})
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	r, err := out.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	b, err := io.ReadAll(r)
	if err != nil || int64(len(b)) != out.Size {
		t.Fatalf("%s: %d bytes read of %d, %v", name, len(b), out.Size, err)
	}
	return out, b
}

// picture decodes a picture as it lies in the file, without its orientation.
func picture(t testing.TB, data []byte) *image.RGBA {
	t.Helper()
	src := bytes.NewReader(data)
	h, err := readHeader(src, src.Size())
	if err != nil {
		t.Fatal(err)
	}
	h.turn = 0
	m, err := h.decode(t.Context(), src, src.Size(), 0, 0)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestMetadataIsRemovedAndThePixelsStay(t *testing.T) {
	planted := 0
	for name, data := range seeds(t) {
		planted += bytes.Count(data, []byte("PLANTED"))
		_, b := stripped(t, name, data)
		if bytes.Contains(b, []byte("PLANTED")) || bytes.Contains(b, []byte("GPS")) || bytes.Contains(b, []byte("xpacket")) {
			t.Errorf("%s keeps metadata", name)
		}
		if before, after := picture(t, data), picture(t, b); before.Rect != after.Rect || !bytes.Equal(before.Pix, after.Pix) {
			t.Errorf("%s: other pixels than before", name)
		}
		before, err := Decode(t.Context(), bytes.NewReader(data), int64(len(data)), 0, 0)
		if err != nil {
			t.Fatal(err)
		}
		after, err := Decode(t.Context(), bytes.NewReader(b), int64(len(b)), 0, 0)
		if err != nil || before.Rect != after.Rect || !bytes.Equal(before.Pix, after.Pix) {
			t.Errorf("%s: shown otherwise than before: %v %v, %v", name, before.Rect, after.Rect, err)
		}
	}
	if planted < 20 {
		t.Errorf("only %d planted words", planted)
	}
}

func TestStrippingTwiceChangesNothingMore(t *testing.T) {
	for name, data := range seeds(t) {
		_, once := stripped(t, name, data)
		out, twice := stripped(t, name, once)
		if !bytes.Equal(once, twice) || len(out.Removed) > 0 {
			t.Errorf("%s: the second time removes %v, %d bytes of %d stay", name, out.Removed, len(twice), len(once))
		}
	}
}

func TestWhatIsRemovedIsSaid(t *testing.T) {
	s := seeds(t)
	film := append(bytes.Clone(s["gray.jpg"]), "\x00\x00\x00\x18ftypmp42PLANTED-film"...)
	pictures := jpegWith(s["gray.jpg"], 0xe2, "MPF\x00PLANTED-mpf")
	other := jpegWith(s["gray.jpg"], 0xeb, "JP\x00\x00PLANTED-c2pa")
	for name, c := range map[string]struct {
		data []byte
		want []string
	}{
		"exif.jpg":      {s["exif.jpg"], []string{RemovedComment, RemovedExif, RemovedIPTC, RemovedLocation, RemovedXMP}},
		"text.png":      {s["text.png"], []string{RemovedExif, RemovedLocation, RemovedText, RemovedTime, RemovedXMP}},
		"animated.gif":  {s["animated.gif"], []string{RemovedComment, RemovedXMP}},
		"animated.png":  {s["animated.png"], []string{RemovedXMP}},
		"lossy.webp":    {s["lossy.webp"], []string{RemovedExif, RemovedLocation, RemovedXMP}},
		"animated.webp": {s["animated.webp"], []string{RemovedExif, RemovedLocation, RemovedXMP}},
		"plain.webp":    {s["plain.webp"], nil},
		"gray.jpg":      {s["gray.jpg"], nil},
		"film.jpg":      {film, []string{RemovedTrailing}},
		"pictures.jpg":  {pictures, []string{RemovedPictures}},
		"other.jpg":     {other, []string{RemovedOther}},
		"thumbnail.jpg": {jpegWith(s["gray.jpg"], 0xe0, "JFXX\x00\x10PLANTED"), []string{RemovedThumbnail}},
	} {
		out, b := stripped(t, name, c.data)
		slices.Sort(out.Removed)
		if !slices.Equal(out.Removed, c.want) || out.Kept != "" {
			t.Errorf("%s: removed %v, want %v; kept %q", name, out.Removed, c.want, out.Kept)
		}
		if c.want == nil && !bytes.Equal(b, c.data) {
			t.Errorf("%s: nothing to remove, and the bytes differ", name)
		}
	}
}

func TestAnEmbeddedThumbnailInTheJFIFSegmentIsCutOut(t *testing.T) {
	body := "JFIF\x00\x01\x02\x00\x00\x01\x00\x01\x02\x02" + strings.Repeat("TNL", 4)
	data := jpegWith(seeds(t)["gray.jpg"], 0xe0, body)
	out, b := stripped(t, "a.jpg", data)
	if bytes.Contains(b, []byte("TNL")) || !slices.Equal(out.Removed, []string{RemovedThumbnail}) || !bytes.Contains(b, []byte("JFIF\x00\x01\x02\x00\x00\x01\x00\x01\x00\x00")) {
		t.Errorf("removed %v", out.Removed)
	}
}

func TestAnimationsKeepTheirFrames(t *testing.T) {
	data := seeds(t)["animated.gif"]
	_, b := stripped(t, "a.gif", data)
	before, err := gif.DecodeAll(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	after, err := gif.DecodeAll(bytes.NewReader(b))
	if err != nil || len(after.Image) != 3 || after.LoopCount != before.LoopCount || before.LoopCount == 0 || !slices.Equal(before.Delay, after.Delay) {
		t.Fatalf("%d frames, %d loops of %d, %v", len(after.Image), after.LoopCount, before.LoopCount, err)
	}
	for i := range before.Image {
		if !bytes.Equal(before.Image[i].Pix, after.Image[i].Pix) {
			t.Errorf("frame %d differs", i)
		}
	}
	for name, parts := range map[string][]string{"animated.png": {"acTL", "fcTL", "fdAT"}, "animated.webp": {"ANIM", "ANMF", "VP8X"}} {
		data := seeds(t)[name]
		_, b := stripped(t, name, data)
		for _, part := range parts {
			if n := bytes.Count(data, []byte(part)); n == 0 || bytes.Count(b, []byte(part)) != n {
				t.Errorf("%s: %d %s before, %d after", name, n, part, bytes.Count(b, []byte(part)))
			}
		}
	}
}

func TestForeignChunksInsideAFrameAreRemoved(t *testing.T) {
	frame := strings.Repeat("\x00", 16) + "VP8L\x04\x00\x00\x00pixlHIDE\x07\x00\x00\x00PLANTED\x00"
	data := riff("VP8X", vp8x(0x02, 4, 4), "ANIM", "\x00\x00\x00\x00\x00\x00", "ANMF", frame)
	_, b := stripped(t, "a.webp", data)
	want := riff("VP8X", vp8x(0x02, 4, 4), "ANIM", "\x00\x00\x00\x00\x00\x00", "ANMF", frame[:28])
	if !bytes.Equal(b, want) {
		t.Errorf("%q", b)
	}
}

func TestOrientationStaysAndIsApplied(t *testing.T) {
	for name, want := range map[string]image.Point{
		"exif.jpg": {32, 48}, "progressive.jpg": {32, 48}, "text.png": {32, 48}, "lossy.webp": {32, 48}, "restart.jpg": {48, 32},
	} {
		data := seeds(t)[name]
		out, b := stripped(t, name, data)
		m, err := Decode(t.Context(), bytes.NewReader(b), int64(len(b)), 0, 0)
		if err != nil || m.Rect.Size() != want || out.Width != want.X || out.Height != want.Y {
			t.Errorf("%s is shown with %v pixels and said to have %d x %d, %v", name, m.Rect.Size(), out.Width, out.Height, err)
		}
		if want.X == 32 && !bytes.Contains(b, []byte("MM\x00*")) {
			t.Errorf("%s lost its orientation", name)
		}
	}
}

func TestEveryOrientationTurnsThePictureUpright(t *testing.T) {
	// A picture of 2 x 3 pixels, numbered as they are to be seen:  1 2 / 3 4 / 5 6. stored[o] is how a camera stores it.
	stored := map[int][]string{
		1: {"12", "34", "56"}, 2: {"21", "43", "65"}, 3: {"65", "43", "21"}, 4: {"56", "34", "12"},
		5: {"135", "246"}, 6: {"246", "135"}, 7: {"642", "531"}, 8: {"531", "642"},
	}
	for orientation, lines := range stored {
		m := image.NewRGBA(image.Rect(0, 0, len(lines[0]), len(lines)))
		for y, line := range lines {
			for x, c := range []byte(line) {
				m.Pix[m.PixOffset(x, y)] = c
			}
		}
		seen := turn(m, orientation)
		got := ""
		for y := range seen.Rect.Dy() {
			for x := range seen.Rect.Dx() {
				got += string(seen.Pix[seen.PixOffset(x, y)])
			}
		}
		if got != "123456" || seen.Rect.Dx() != 2 {
			t.Errorf("orientation %d shows %s", orientation, got)
		}
	}
}

func TestAPictureThatCannotBeFollowedIsNotSentUnlessAsked(t *testing.T) {
	s := seeds(t)
	for name, data := range map[string][]byte{
		"cut.jpg":        s["exif.jpg"][:len(s["exif.jpg"])-2],
		"cut.png":        s["text.png"][:len(s["text.png"])-12],
		"cut.gif":        s["animated.gif"][:len(s["animated.gif"])-1],
		"cut.webp":       s["lossy.webp"][:len(s["lossy.webp"])-10],
		"marker.jpg":     jpegWith(s["gray.jpg"], 0xf3, "unknown"),
		"critical.png":   slices.Concat(s["text.png"][:33], pngChunk("CgBI", []byte("PLANTED")), s["text.png"][33:]),
		"introducer.gif": append(bytes.Clone(s["animated.gif"][:len(s["animated.gif"])-1]), 0x99, 0x3b),
		"beginning.jpg":  []byte("\xff\xd8\xff"),
	} {
		if _, err := PrepareBytes(t.Context(), name, data, Options{}); err != ErrStructure {
			t.Errorf("%s: %v, want %v", name, err, ErrStructure)
		}
		out, err := PrepareBytes(t.Context(), name, data, Options{KeepMetadata: true})
		if err != nil || out.Size != int64(len(data)) || out.Kept != KeptAsked {
			t.Errorf("%s as it is: %+v, %v", name, out, err)
		}
	}
}

func TestWhatKeepsItsMetadataIsSaid(t *testing.T) {
	for name, c := range map[string]struct{ data, kept string }{
		"a.heic": {"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00", KeptFormat},
		"a.pdf":  {"%PDF-1.7\n", KeptFormat},
		"a.tiff": {"II*\x00\x08\x00\x00\x00", KeptFormat},
		"a.mp4":  {"\x00\x00\x00\x18ftypisom", KeptFormat},
		"a.docx": {"PK\x03\x04....[Content_Types].xml word/document.xml", KeptFormat},
		"a.svg":  {"<svg xmlns='http://www.w3.org/2000/svg'/>", KeptFormat},
		"a.txt":  {"a text", ""},
		"a.bin":  {"\x00\x01\x02", ""},
		"empty":  {"", ""},
	} {
		out, err := PrepareBytes(t.Context(), name, []byte(c.data), Options{})
		if err != nil || out.Kept != c.kept || out.Size != int64(len(c.data)) || out.Removed != nil || out.Name != name {
			t.Errorf("%s: %+v, %v", name, out, err)
		}
	}
}

func TestSmallPicturesFitTheirBounds(t *testing.T) {
	noise := image.NewRGBA(image.Rect(0, 0, 1500, 1100))
	x := uint32(1)
	for i := range noise.Pix {
		x = x*1664525 + 1013904223
		noise.Pix[i] = byte(x >> 24)
	}
	var loud bytes.Buffer
	if err := pngEncode(&loud, noise); err != nil {
		t.Fatal(err)
	}
	files := seeds(t)
	files["noise.png"] = loud.Bytes()
	for name, data := range files {
		s, err := Small(t.Context(), bytes.NewReader(data), int64(len(data)))
		if err != nil || len(s.Thumbnail) == 0 || len(s.Preview) == 0 || len(s.Thumbnail) > 8<<10 || len(s.Preview) > 64<<10 {
			t.Errorf("%s: %d and %d bytes, %v", name, len(s.Thumbnail), len(s.Preview), err)
			continue
		}
		if _, err := DecodeSmall(t.Context(), s.Preview, 0, 0); err != nil {
			t.Errorf("%s: its preview: %v", name, err)
		}
		m, err := DecodeSmall(t.Context(), s.Thumbnail, 0, 0)
		if err != nil || fmt.Sprint(m.Rect.Dx() > m.Rect.Dy()) != fmt.Sprint(s.Width > s.Height) {
			t.Errorf("%s: thumbnail %v of a picture of %d x %d, %v", name, m, s.Width, s.Height, err)
		}
	}
}

// jpegPlaces are the offsets of the markers of a JPEG after its first, found by lengths and, in scans, by looking.
func jpegPlaces(b []byte) (places []int) {
	for at := 2; at+4 <= len(b); {
		places = append(places, at)
		scan := b[at+1] == 0xda
		at += 2 + int(b[at+2])<<8 + int(b[at+3])
		for scan && (b[at] != 0xff || b[at+1] == 0 || b[at+1] >= 0xd0 && b[at+1] <= 0xd7) {
			at++
		}
	}
	return append(places, len(b)-2)
}

func TestWhatIsPlantedAnywhereIsRemoved(t *testing.T) {
	s := seeds(t)
	insert := func(b []byte, at int, part string) []byte {
		return slices.Concat(b[:at], []byte(part), b[at:])
	}
	check := func(name string, clean, planted []byte) {
		t.Helper()
		out, b := stripped(t, name, planted)
		if bytes.Contains(b, []byte("PLANTED")) || len(out.Removed) == 0 {
			t.Errorf("%s keeps what was planted", name)
		}
		if _, want := stripped(t, name, clean); !bytes.Equal(b, want) {
			t.Errorf("%s: %d bytes, without what was planted %d", name, len(b), len(want))
		}
	}
	n := 0
	for _, name := range []string{"exif.jpg", "progressive.jpg", "restart.jpg", "cmyk.jpg"} {
		for _, at := range jpegPlaces(s[name]) {
			for marker := byte(0xe0); marker <= 0xf0; marker++ {
				if marker == 0xf0 {
					marker = 0xfe
				}
				check(fmt.Sprintf("%s, %#x at %d", name, marker, at), s[name], insert(s[name], at, "\xff"+string([]byte{marker})+"\x00\x0bPLANTED.."))
				n++
			}
		}
	}
	for _, name := range []string{"text.png", "palette.png", "animated.png", "interlaced.png"} {
		b := s[name]
		for at := 33; at < len(b); { // after the header
			for _, kind := range []string{"tEXt", "zTXt", "iTXt", "tIME", "eXIf", "priV", "caBX", "dSIG"} {
				check(fmt.Sprintf("%s, %s at %d", name, kind, at), b, insert(b, at, string(pngChunk(kind, []byte("PLANTED")))))
				n++
			}
			at += 12 + int(b[at])<<24 + int(b[at+1])<<16 + int(b[at+2])<<8 + int(b[at+3])
		}
	}
	for _, name := range []string{"lossy.webp", "alpha.webp", "lossless.webp", "animated.webp", "plain.webp"} {
		b := s[name]
		for at := 12; at <= len(b); {
			if at > 12 { // VP8X comes first
				for _, kind := range []string{"EXIF", "XMP ", "priv", "META"} {
					p := insert(b, at, kind+"\x07\x00\x00\x00PLANTED\x00")
					binary.LittleEndian.PutUint32(p[4:], uint32(len(p)-8))
					check(fmt.Sprintf("%s, %s at %d", name, kind, at), b, p)
					n++
				}
			}
			if at == len(b) {
				break
			}
			size := int(binary.LittleEndian.Uint32(b[at+4:]))
			at += 8 + size + size&1
		}
	}
	b := s["animated.gif"]
	for _, label := range []string{"\xfe", "\x01", "\xff", "\x77"} {
		at := 13 + int(gifTable(b[10]))
		check(fmt.Sprintf("animated.gif, %q", label), b, insert(b, at, "\x21"+label+"\x07PLANTED\x00"))
		check(fmt.Sprintf("animated.gif, %q at its end", label), b, insert(b, len(b)-1, "\x21"+label+"\x0bPLANTED-app\x07PLANTED\x00"))
		n += 2
	}
	if n < 1000 {
		t.Errorf("only %d places", n)
	}
}
