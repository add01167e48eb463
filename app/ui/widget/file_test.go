package widget_test

import (
	"image"
	"image/color"
	"strings"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

	"sotto/app/apptest/golden"
	"sotto/app/ui/theme"
	"sotto/app/ui/widget"
)

// scene is a picture with a sky and hills, so that its size and corners are seen.
func scene(w, h int) image.Image {
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			c := color.RGBA{uint8(120 + 90*y/h), uint8(170 + 40*y/h), 225, 255}
			if hill := h*6/10 - (x%max(w/3, 1))*(w/3-x%max(w/3, 1))*h/(w*w/9+1); y > hill {
				c = color.RGBA{70, uint8(110 + 60*x/w), 80, 255}
			}
			img.SetRGBA(x, y, c)
		}
	}
	return img
}

func sceneActions() *widget.BubbleActions {
	return &widget.BubbleActions{
		ShowAllLabel: "Show all",
		Picture: func(m widget.Message) image.Image {
			if m.File.Name == "unread.jpg" {
				return nil
			}
			f := 1
			for m.File.Width/f > 640 {
				f *= 2
			}
			return scene(max(m.File.Width/f, 1), max(m.File.Height/f, 1))
		},
	}
}

func bubblesOf(all []widget.Message) fyne.CanvasObject {
	column := widget.NewColumn(0)
	for _, m := range all {
		column.Add(widget.NewBubble(m, sceneActions()))
	}
	return column
}

func fileCards() []widget.Message {
	download := widget.FileAct{Key: "fetch", Label: "Download", Icon: theme.IconDownload}
	cancel := widget.FileAct{Key: "cancel", Label: "Cancel", Icon: theme.IconClose}
	retry := widget.FileAct{Key: "retry", Label: "Try again", Icon: theme.IconRefresh}
	here := []widget.FileAct{{Key: "open", Label: "Open", Icon: theme.IconOpen}, {Key: "save", Label: "Save as", Icon: theme.IconSave}}
	card := func(own bool, text string, a widget.Attachment) widget.Message {
		return widget.Message{
			ID: a.Name + a.Detail, Own: own, First: true, Last: true, Time: "14:03", Text: text, File: &a,
			Delivery: map[bool]widget.Delivery{true: widget.Read}[own],
		}
	}
	long := "Minutes of the extraordinary meeting of the Northern Reading Society, second revised version with the remarks of the treasurer.tar.gz"
	return []widget.Message{
		card(false, "", widget.Attachment{Name: "survey-2026.pdf", Icon: theme.IconDocument, Detail: "2.4 MB · not downloaded", Acts: []widget.FileAct{download}}),
		card(false, "The appendix you asked for.", widget.Attachment{Name: long, Icon: theme.IconArchive, Detail: "12 of 40 MB", Moving: true, Done: 0.3, Acts: []widget.FileAct{cancel}}),
		card(true, "", widget.Attachment{Name: "تقرير المسح النهائي.xlsx", Icon: theme.IconTable, Detail: "Waiting for the connection · 18 kB", Moving: true, Done: -1, Acts: []widget.FileAct{cancel}}),
		card(false, "", widget.Attachment{Name: "talk.mp3", Icon: theme.IconSound, Detail: "The relay does not have it any more", Alarm: true, Acts: []widget.FileAct{retry}}),
		card(true, "As promised, with everything that we spoke about on Thursday, and a little more.", widget.Attachment{Name: "score.pdf", Icon: theme.IconDocument, Detail: "340 kB", Acts: here}),
	}
}

func filePictures() []widget.Message {
	picture := func(own bool, name string, w, h int, text string, f func(*widget.Attachment)) widget.Message {
		a := &widget.Attachment{Name: name, Icon: theme.IconPicture, Width: w, Height: h, Press: "view", Label: "View"}
		if f != nil {
			f(a)
		}
		return widget.Message{ID: name, Own: own, Time: "14:03", Text: text, File: a, First: true, Last: true}
	}
	away := func(act widget.FileAct, detail string) func(*widget.Attachment) {
		return func(a *widget.Attachment) {
			a.Away, a.Acts, a.Detail, a.Press = true, []widget.FileAct{act}, detail, ""
		}
	}
	group := []widget.Message{
		picture(true, "one.jpg", 4000, 3000, "", nil),
		picture(true, "two.jpg", 1600, 2400, "", nil),
		picture(true, "three.jpg", 900, 300, "The lake, early.", nil),
	}
	group[0].Last, group[1].First, group[1].Last, group[2].First = false, false, false, false
	group[2].Delivery = widget.Delivered
	moving := picture(true, "up.jpg", 1200, 900, "", away(widget.FileAct{Key: "cancel", Label: "Cancel", Icon: theme.IconClose}, "1.2 of 2.4 MB"))
	moving.File.Moving, moving.File.Done = true, 0.5
	failed := picture(false, "gone.jpg", 1200, 900, "", away(widget.FileAct{Key: "retry", Label: "Try again", Icon: theme.IconRefresh}, "The relay does not have it any more"))
	failed.File.Alarm = true
	return append([]widget.Message{
		picture(false, "offered.jpg", 3000, 2000, "", away(widget.FileAct{Key: "fetch", Label: "Download", Icon: theme.IconDownload}, "2.4 MB")),
		moving, failed,
		picture(false, "unread.jpg", 300, 300, "", nil),
		picture(false, "tiny.png", 16, 16, "", nil),
		picture(false, "banner.png", 4000, 60, "A very wide one, and a caption that has to wrap under it because it is long.", nil),
	}, group...)
}

func TestTheEndingOfAFileNameStaysInSight(t *testing.T) {
	golden.App(t, theme.Light, 1)
	for name, want := range map[string][2]string{
		"report.pdf":            {"report", ".pdf"},
		"photo.jpg.exe":         {"photo.jpg", ".exe"},
		"fdp\u202efdp.exe":      {"fdpfdp", ".exe"},
		".profile":              {".profile", ""},
		"README":                {"README", ""},
		"ends with a dot.":      {"ends with a dot.", ""},
		"a. sentence of words":  {"a. sentence of words", ""},
		"x.averyverylongending": {"x.averyverylongending", ""},
		strings.Repeat("long", 50) + "\u202e.exe": {strings.Repeat("long", 50), ".exe"},
	} {
		stem, ending := widget.SplitFileName(name)
		if stem != want[0] || ending != want[1] {
			t.Errorf("%q is split into %q and %q", name, stem, ending)
		}
	}
	f := widget.NewFileName(strings.Repeat("long ", 40)+"and then.exe", theme.SizeBody, theme.Text, true)
	f.Resize(fyne.NewSize(120, 20))
	drawn := test.WidgetRenderer(f).Objects()
	end := drawn[1]
	if end.Position().X+end.Size().Width > 120.5 || end.Size().Width < end.MinSize().Width {
		t.Errorf("the ending lies at %v, %v wide", end.Position(), end.Size())
	}
}

func TestTheRoomOfAPictureIsKnownBeforeItIsThere(t *testing.T) {
	golden.App(t, theme.Light, 1)
	for _, m := range filePictures() {
		empty := widget.NewBubble(m, nil)
		full := widget.NewBubble(m, sceneActions())
		for _, width := range []float32{260, 420, 700} {
			full.Resize(fyne.NewSize(width, full.HeightFor(width)))
			_ = test.WidgetRenderer(full).Objects()
			if a, b := empty.HeightFor(width), full.HeightFor(width); a != b {
				t.Errorf("%s at %v: %v before, %v after", m.ID, width, a, b)
			}
		}
	}
}

func TestAFileCardKeepsItsHeightWhileTheFileMoves(t *testing.T) {
	golden.App(t, theme.Light, 1)
	offered := fileCards()[0]
	heights := map[float32]bool{}
	for _, f := range []func(*widget.Attachment){
		func(*widget.Attachment) {},
		func(a *widget.Attachment) { a.Moving, a.Done, a.Detail = true, 0.5, "1.2 of 2.4 MB" },
		func(a *widget.Attachment) { a.Alarm, a.Detail = true, strings.Repeat("a long reason ", 30) },
		func(a *widget.Attachment) { a.Acts = append(a.Acts, widget.FileAct{Key: "x", Label: "Save as"}) },
	} {
		a := *offered.File
		f(&a)
		m := offered
		m.File = &a
		heights[widget.NewBubble(m, nil).HeightFor(500)] = true
	}
	if len(heights) != 1 {
		t.Errorf("the card jumps between %v", heights)
	}
}

func TestPicturesAreNeverLargerThanTheirColumn(t *testing.T) {
	golden.App(t, theme.Light, 1)
	for _, m := range filePictures() {
		for _, width := range []float32{240, 300, 760} {
			b := widget.NewBubble(m, sceneActions())
			b.Resize(fyne.NewSize(width, b.HeightFor(width)))
			for _, o := range test.WidgetRenderer(b).Objects() {
				p, ok := o.(*widget.Picture)
				if !ok {
					continue
				}
				if s := p.Size(); s.Width > 336 || s.Height > 321 || p.Position().X < 0 || p.Position().X+s.Width > width {
					t.Errorf("%s in %v: %v at %v", m.ID, width, s, p.Position())
				}
			}
		}
	}
}

func TestAFileIsActedOnByButtonAndByPicture(t *testing.T) {
	golden.App(t, theme.Light, 1)
	var got []string
	act := &widget.BubbleActions{File: func(m widget.Message, key string) { got = append(got, m.ID+":"+key) }}
	press := func(m widget.Message) {
		b := widget.NewBubble(m, act)
		b.Resize(fyne.NewSize(500, b.HeightFor(500)))
		for _, o := range test.WidgetRenderer(b).Objects() {
			if f, ok := o.(fyne.Focusable); ok {
				f.TypedKey(&fyne.KeyEvent{Name: fyne.KeyReturn})
			}
		}
	}
	offered := fileCards()[0]
	offered.ID = "card"
	press(offered)
	press(filePictures()[0])
	press(filePictures()[6])
	if want := "card:fetch offered.jpg:fetch one.jpg:view"; strings.Join(got, " ") != want {
		t.Errorf("acts are %v, wanted %s", got, want)
	}
}

func TestAPictureOutOfSightIsLetGo(t *testing.T) {
	golden.App(t, theme.Light, 1)
	src := &archive{}
	for i := range 40 {
		m := archived(i)
		m.File = &widget.Attachment{Name: "p.jpg", Width: 400, Height: 300, Press: "view"}
		src.rows = append(src.rows, m)
	}
	made := map[*widget.Bubble]bool{}
	tl := widget.NewTimeline(src, func(r widget.Row) widget.RowView {
		b := widget.NewBubble(r.(widget.Message), sceneActions())
		made[b] = true
		return b
	})
	w := test.NewTempWindow(t, tl)
	w.Resize(fyne.NewSize(600, 500))
	tl.Reset()
	for range 30 {
		tl.ScrollBy(-300)
	}
	held, seen := 0, 0
	for _, o := range test.WidgetRenderer(tl).Objects() {
		if _, ok := o.(*widget.Bubble); ok {
			seen++
		}
	}
	for b := range made {
		for _, o := range test.WidgetRenderer(b).Objects() {
			if p, ok := o.(*widget.Picture); ok && p.Pixels() != nil {
				held++
			}
		}
	}
	if seen == 0 || held > seen {
		t.Errorf("%d pictures are held, %d are in sight", held, seen)
	}
}
