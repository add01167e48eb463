package media

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"

	"sotto/app/apptest/alloc"
)

func FuzzSniff(f *testing.F) {
	for _, s := range signatures {
		f.Add([]byte(strings.Repeat("\x00", s.at) + s.magic))
	}
	f.Add([]byte("\xff\xfe<\x00s\x00v\x00g\x00"))
	f.Add([]byte("PK\x03\x04" + strings.Repeat("\x00", 26) + "mimetype" + mediaEPUB))
	f.Fuzz(func(t *testing.T, head []byte) {
		var typ Type
		alloc.Check(t, len(head), func() { typ = Sniff(head) })
		if typ.Media == "" || typ.Picture && typ.Class != ClassPicture {
			t.Errorf("%+v", typ)
		}
		if len(head) > HeadSize && Sniff(head[:HeadSize]) != typ {
			t.Error("more than the head plays a part")
		}
	})
}

// FuzzStrip feeds every planner, whatever the bytes begin with.
func FuzzStrip(f *testing.F) {
	for _, data := range seeds(f) {
		f.Add(data)
	}
	f.Add(riff("VP8X", vp8x(2, 8, 8), "ANMF", strings.Repeat("\x00", 16)))
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, media := range []string{mediaJPEG, mediaPNG, mediaGIF, mediaWebP} {
			alloc.CheckBesides(t, len(data), scanWindow, func() {
				if _, err := strip(bytes.NewReader(data), int64(len(data)), media); err != nil && !errors.Is(err, ErrStructure) {
					t.Error(err)
				}
			})
		}
		mustFollow(t, "fuzz", data)
	})
}

// FuzzDecode lets pictures that cost more than a few megabytes be: those are refused or foretold by their header.
func FuzzDecode(f *testing.F) {
	for name, data := range seeds(f) {
		if name != "flat.jpg" {
			f.Add(data)
		}
	}
	for _, data := range nasty(f) {
		if len(data) < 4<<10 {
			f.Add(data)
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		src := bytes.NewReader(data)
		h, err := readHeader(src, src.Size())
		if err == nil && h.affordable() && h.cost > 4<<20+treesOfWebP {
			return
		}
		garbage := uint64(1 << 20) // tables of decoders, of the lines and of the small picture
		if err == nil && h.affordable() {
			garbage += uint64(h.cost)
		}
		alloc.CheckBesides(t, len(data), garbage, func() {
			m, err := Decode(t.Context(), src, src.Size(), 32, 32)
			switch {
			case err == nil && (m.Rect.Dx() < 1 || m.Rect.Dx() > 32 || m.Rect.Dy() < 1 || m.Rect.Dy() > 32):
				t.Errorf("%v", m.Rect)
			case err != nil && !errors.Is(err, ErrBroken) && !errors.Is(err, ErrBudget) && !errors.Is(err, ErrNotPicture):
				t.Error(err)
			}
		})
		alloc.CheckBesides(t, len(data), smallMemory+1<<20, func() {
			if m, err := DecodeSmall(t.Context(), data, 0, 0); err == nil && (m.Rect.Dx() > smallSide || m.Rect.Dy() > smallSide) {
				t.Errorf("%v", m.Rect)
			}
		})
	})
}

func FuzzWarnings(f *testing.F) {
	f.Add("a.docm", "", zipOf(f, "[Content_Types].xml", "word/vbaProject.bin"))
	f.Add("a.msi", "application/pdf", oleOf(msiClass, "VBA"))
	f.Add("a\u202e.pdf", "text/plain", []byte("%PDF-1.7 /Launch("))
	f.Add("a.odt", "", odfOf(f, mediaODF+"text", "Basic/x"))
	f.Add("a.zip", "", withZIP(zipOf(f, "a"), func(e []byte) { copy(e[28:], "\xff\xff\xff\xff\xff\xff") }))
	f.Fuzz(func(t *testing.T, name, claimed string, data []byte) {
		var got []Warning
		size := 2*len(name) + len(claimed) + len(data)
		alloc.CheckBesides(t, size, 2*scanWindow+2*HeadSize+64<<10, func() {
			var err error
			if got, err = Warnings(name, claimed, bytes.NewReader(data), int64(len(data))); err != nil {
				t.Error(err)
			}
		})
		byName, err := Warnings(name, claimed, nil, 0)
		if err != nil {
			t.Error(err)
		}
		for _, w := range byName {
			if !slices.Contains(got, w) {
				t.Errorf("with the content %v, with the name alone %v", got, byName)
			}
		}
	})
}

func FuzzSafeName(f *testing.F) {
	for _, name := range []string{"a.txt", "CON .txt", "..", "\u202e", "e\u0301\u0338>", "a\u200d.", strings.Repeat("\u1100\u1161", 90) + ".zip", "-\u0338~"} {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, name string) {
		var got string
		alloc.Check(t, len(name), func() { got = SafeName(name) })
		if why := unsafe(got); why != "" {
			t.Errorf("%q becomes %q: %s", name, got, why)
		}
	})
}
