//go:build e2e

package main

import (
	"bytes"
	"context"
	"image"
	"image/color"
	"image/jpeg"
	"math"
	"os"
	"path/filepath"
	"time"

	"sotto/app/profile"
	"sotto/chat"
)

// landscape draws a picture: a sky, a sun, hills.
func landscape(g *gallery, w, h int, hue uint8) []byte {
	g.t.Helper()
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			u, v := float64(x)/float64(w), float64(y)/float64(h)
			c := color.RGBA{uint8(250 - 90*v), uint8(190 + 30*v), uint8(150 + 90*(1-v)), 255}
			if math.Hypot((u-0.7)*float64(w)/float64(h), v-0.32) < 0.12 {
				c = color.RGBA{255, 236, 190, 255}
			}
			for i, base := range []float64{0.55, 0.68, 0.82} {
				if v > base+0.07*math.Sin(u*(7-2*float64(i))+float64(i)*1.7) {
					c = color.RGBA{hue - uint8(20*i), uint8(120 - 25*i), uint8(110 - 20*i), 255}
				}
			}
			img.SetRGBA(x, y, c)
		}
	}
	var out bytes.Buffer
	if err := jpeg.Encode(&out, img, &jpeg.Options{Quality: 85}); err != nil {
		g.t.Fatal(err)
	}
	return out.Bytes()
}

// taken is a picture with what a camera writes into it: a place.
func taken(plain []byte) []byte {
	tiff := "MM\x00*\x00\x00\x00\x08\x00\x01\x88%\x00\x04\x00\x00\x00\x01\x00\x00\x00\x1a\x00\x00\x00\x00" +
		"\x00\x01\x00\x01\x00\x02\x00\x00\x00\x02N\x00\x00\x00\x00\x00\x00\x00"
	exif := "\xff\xe1\x00" + string(rune(2+6+len(tiff))) + "Exif\x00\x00" + tiff
	return append(append(append([]byte{}, plain[:2]...), exif...), plain[2:]...)
}

// put writes a file into the home of the pictures.
func (g *gallery) put(name string, data []byte) string {
	g.t.Helper()
	path := filepath.Join(g.home, "Documents", name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		g.t.Fatal(err)
	}
	if err := os.WriteFile(path, data, 0o600); err != nil {
		g.t.Fatal(err)
	}
	return path
}

// filed takes files: offered, fetched, viewed, sent, listed, refused.
func filed(g *gallery) {
	g.t.Helper()
	ctx, cancel := context.WithTimeout(g.t.Context(), 10*time.Minute)
	defer cancel()
	l := live(g)
	ada := l.people[len(l.people)-1]
	sends := func(from *profile.Profile, name string, data []byte, caption string) chat.MessageID {
		g.t.Helper()
		own := from.Messenger.ConversationWith(ownID(ctx, g, from))
		m, err := from.SendFile(ctx, own, g.put(name, data), profile.FileOptions{Caption: caption}, nil)
		if err != nil {
			g.t.Fatal(err)
		}
		return m.ID
	}
	unlock(g, l)
	sends(ada, "Programme of the concert on Thursday evening, with the notes of the conductor on the second movement.pdf", append([]byte("%PDF-1.7\n"), make([]byte, 2_400_000)...), "The programme. Page four has the mistake.")
	sends(ada, "lake.jpg", landscape(g, 1600, 1200, 90), "From the path above the lake")
	sends(ada, "tower.jpg", landscape(g, 900, 1400, 140), "")
	g.clickUntilItShows(g.row("Ada Lindqvist"))
	g.text("tower.jpg")
	g.take("80-files-offered")
	g.press("Download")
	g.button("View lake.jpg")
	g.take("81-picture-here")
	g.clickUntilItShows(g.button("View lake.jpg"))
	g.text("1,600 × 1,200")
	g.take("82-viewer")
	g.key("plus", "plus", "plus", "plus")
	g.take("83-viewer-enlarged")
	g.key("Escape")
	g.entry("Write to Ada Lindqvist")

	g.put("garden.jpg", taken(landscape(g, 1200, 800, 60)))
	g.key("ctrl+o")
	g.text("Which file?")
	g.fill("File", filepath.Join(g.home, "Documents", "garden.jpg"))
	g.take("84-pick")
	g.key("Return")
	g.text("place and camera data are removed")
	g.fill("Caption", "The garden, as promised")
	g.take("85-attach")
	g.press("Send 1 file")
	g.button("View garden.jpg")
	g.take("86-sent")

	sends(ada, "invoice.pdf.exe", append([]byte("MZ"), make([]byte, 4000)...), "")
	g.text("invoice.pdf.exe")
	g.key("ctrl+g")
	g.text("Pictures and files with")
	time.Sleep(time.Second) // the small pictures come one after the other
	g.take("87-gallery")
	g.key("Right")
	g.text("invoice.pdf.exe")
	g.take("88-gallery-files")
	g.key("Escape")
	g.entry("Write to Ada Lindqvist")
	g.pressLowest("Download")
	g.pressLowest("Open")
	g.text("is not opened from here")
	g.take("89-open-refused")
	g.key("Escape")
	g.gone("is not opened from here")
	sends(ada, "تقرير المسح النهائي للمحطات.xlsx", append([]byte("PK\x03\x04"), make([]byte, 18_000)...), "")
	g.text("xlsx")
	g.run("xdotool", "windowsize", "--sync", g.id, "760", "507")
	time.Sleep(time.Second)
	g.take("90-files-narrow")
	g.key("ctrl+o")
	g.text("Which file?")
	g.fill("File", filepath.Join(g.home, "Documents", "lake.jpg"))
	g.key("Return")
	g.button("Send 1 file")
	for _, name := range []string{"tower.jpg", "garden.jpg", "invoice.pdf.exe"} {
		g.press("Add another")
		g.text("Which file?")
		g.fill("File", filepath.Join(g.home, "Documents", name))
		g.key("Return")
		g.text("Caption of the first file")
	}
	g.button("Send 4 files")
	g.take("91-attach-narrow")
	g.key("Escape")
	g.gone("Caption of the first file")
	sends(ada, "range.jpg", landscape(g, 4000, 200, 200), "The whole range")
	g.text("The whole range")
	g.take("92-panorama")
	g.close()
}

// ownID answers who the profile of the pictures is for one who knows nobody else.
func ownID(ctx context.Context, g *gallery, from *profile.Profile) chat.ContactID {
	g.t.Helper()
	all, err := from.Messenger.Contacts(ctx)
	if err != nil || len(all) == 0 {
		g.t.Fatalf("no contact: %v", err)
	}
	return all[0].ID
}

// pressLowest clicks on the lowest of several buttons of a name: that of the newest message.
func (g *gallery) pressLowest(name string) {
	g.t.Helper()
	lowest := g.button(name)
	all, err := g.see()
	if err != nil {
		g.t.Fatal(err)
	}
	for _, s := range all {
		if s.Kind == "button" && s.Name == name && s.Y > lowest.Y {
			lowest = s
		}
	}
	g.clickUntilItShows(lowest)
}
