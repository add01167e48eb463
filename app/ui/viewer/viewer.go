package viewer

import (
	"context"
	"errors"
	"image"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"sotto/app/messenger"
	"sotto/app/ui/files"
	"sotto/app/ui/i18n"
	"sotto/app/ui/screen"
	"sotto/app/ui/theme"
	"sotto/app/ui/widget"
	"sotto/chat"
)

// Sides in pixels of what is decoded: for the whole picture, and for one that is enlarged. The pixels of the latter take
// at most 32 MiB.
const (
	leastSide  = 1024
	mostPixels = 8 << 20
)

// View shows one picture of a conversation at a time.
type View struct {
	s    screen.Services
	conv chat.ConversationID

	all  []chat.Message // the pictures that were listed, the newest first
	more bool           // older ones may follow
	at   int            // the one that is shown, among all
	want chat.MessageID // to be shown once it is listed

	status  messenger.FileStatus
	work    *screen.Work // of the picture that is shown
	detail  bool         // all of its pixels are shown, or being read
	pixels  int          // how many are shown
	zoom    *widget.Zoom
	name    *widget.FileName
	about   *widget.Text
	percent *widget.Text
	before  *widget.Button
	after   *widget.Button
	zooms   []*widget.Button
	keep    *widget.Button
	left    bool // it was closed from here
	fault   *fyne.Container
	content fyne.CanvasObject
}

var (
	_ screen.Screen   = (*View)(nil)
	_ screen.Listener = (*View)(nil)
	_ screen.Reader   = (*View)(nil)
)

// New answers the viewer at a place of kind screen.Viewer.
func New(s screen.Services, at screen.Place) screen.Screen {
	v := &View{s: s, conv: at.Conversation, want: at.Message, more: true, at: -1}
	v.zoom = widget.NewZoom()
	v.zoom.Step, v.zoom.Escape, v.zoom.Changed = v.step, s.Nav.Back, v.zoomed
	v.name = widget.NewFileName("", theme.SizeTitle, theme.Text, true)
	v.about = widget.NewText("", widget.TextOptions{Size: theme.SizeMeta, Color: theme.Muted, Cut: true})
	v.percent = widget.NewText("", widget.TextOptions{Size: theme.SizeMeta, Color: theme.Muted, Align: fyne.TextAlignCenter})
	v.fault = container.NewStack()
	v.fault.Hide()
	v.content = widget.NewGround(theme.Background, widget.NewStack(1, v.bar(), container.NewStack(v.zoom, v.fault)))
	v.disable()
	return v
}

// bar is the name and the acts, over the picture.
func (v *View) bar() fyne.CanvasObject {
	button := func(icon theme.IconName, key string, act func()) *widget.Button {
		return widget.NewIconButton(icon, i18n.T(key), act)
	}
	v.before = button(theme.IconChevronLeft, "viewer.before", func() { v.step(-1) })
	v.after = button(theme.IconChevronRight, "viewer.after", func() { v.step(1) })
	v.keep = button(theme.IconSave, "file.save", func() { v.act(files.Save) })
	v.zooms = []*widget.Button{
		button(theme.IconZoomOut, "viewer.out", v.zoom.Out), button(theme.IconZoomIn, "viewer.in", v.zoom.In),
		button(theme.IconFit, "viewer.fit", v.zoom.Fit), button(theme.IconOriginal, "viewer.original", v.zoom.Original),
	}
	title := widget.NewColumn(0, v.name, v.about)
	row := widget.NewRow(theme.Space1, 1,
		button(theme.IconBack, "back", v.s.Nav.Back), widget.NewInset(0, theme.Space2, 0, theme.Space1, title),
		v.before, v.after, v.zooms[0], container.NewGridWrap(fyne.NewSize(52, 24), v.percent), v.zooms[1], v.zooms[2], v.zooms[3], v.keep,
		button(theme.IconChat, "viewer.show", v.show))
	return widget.NewGround(theme.Surface, widget.NewInset(theme.Space2, theme.Space2, theme.Space2, theme.Space2, row))
}

// Content implements screen.Screen.
func (v *View) Content() fyne.CanvasObject { return v.content }

// Shown implements screen.Screen.
func (v *View) Shown() {
	v.s.Canvas().Focus(v.zoom)
	if v.at < 0 {
		v.list()
	}
}

// Closed implements screen.Screen.
func (v *View) Closed() {
	v.drop()
	v.all = nil
}

// Heard implements screen.Listener: the file of the picture that is shown may come, or go.
func (v *View) Heard(events []messenger.Event) {
	m, ok := v.shown()
	if !ok {
		return
	}
	for _, e := range events {
		if e.Message != m.ID {
			continue
		}
		switch e.Type {
		case messenger.EventFile:
			v.open()
		case messenger.EventDelete:
			v.leave()
			return
		}
	}
}

// Reread implements screen.Reader: a picture that was deleted meanwhile is not shown any longer.
func (v *View) Reread() {
	m, ok := v.shown()
	if !ok {
		return
	}
	messages := v.s.Messenger()
	screen.Run(v.s.Work, func(ctx context.Context) (chat.Message, error) { return messages.Message(ctx, m.ID) }, func(now chat.Message, err error) {
		if errors.Is(err, chat.ErrNotFound) || err == nil && now.Deleted {
			v.leave()
		}
	})
}

// leave closes the viewer, once.
func (v *View) leave() {
	if !v.left {
		v.left = true
		v.drop()
		v.s.Nav.Back()
	}
}

func (v *View) shown() (chat.Message, bool) {
	if v.at < 0 || v.at >= len(v.all) {
		return chat.Message{}, false
	}
	return v.all[v.at], true
}

// page is how many messages with files are read at once.
const page = 100

// list reads the pictures of the conversation, from the newest on, until the one that is wanted is among them.
func (v *View) list() {
	before := int64(0)
	if n := len(v.all); n > 0 {
		before = v.all[n-1].Position
	}
	type listed struct {
		all  []chat.Message
		more bool
	}
	messages, conv, want := v.s.Messenger(), v.conv, v.want
	screen.Run(v.s.Work, func(ctx context.Context) (out listed, err error) {
		for out.more = true; out.more; {
			found, err := messages.Files(ctx, conv, before, page)
			if err != nil {
				return out, err
			}
			out.more = len(found) == page
			there := false
			for _, m := range found {
				before = m.Position
				if files.IsPicture(m.File) && !m.Deleted {
					out.all = append(out.all, m)
					there = there || m.ID == want
				}
			}
			if there || want.IsZero() && len(out.all) > 0 {
				break
			}
		}
		return out, nil
	}, func(out listed, err error) {
		if err != nil {
			v.s.Nav.Fail(err)
			return
		}
		from := len(v.all)
		v.all, v.more = append(v.all, out.all...), out.more
		for i, m := range v.all {
			if m.ID == v.want || v.want.IsZero() && i == from {
				v.at = i
				v.open()
				return
			}
		}
		if v.at < 0 {
			v.say(i18n.T("viewer.gone"), nil)
			return
		}
		v.disable()
	})
}

// step shows the picture before (-1) or after (1), in the order of the conversation.
func (v *View) step(n int) {
	v.s.Nav.Active()
	next := v.at - n
	switch {
	case v.at < 0 || next < 0:
	case next < len(v.all):
		v.at = next
		v.open()
	case v.more:
		v.want = chat.MessageID{}
		v.list()
	}
}

// drop lets go of the picture that is shown, and ends what is read of it.
func (v *View) drop() {
	if v.work != nil {
		v.work.End()
		v.work = nil
	}
	v.zoom.SetPicture(nil, 0, 0, "")
	v.pixels, v.detail = 0, false
}

// open shows the picture at v.at: first what is small, then the picture itself.
func (v *View) open() {
	m, ok := v.shown()
	if !ok {
		return
	}
	v.drop()
	v.fault.Hide()
	v.work = v.s.Work.Child()
	v.name.SetName(m.File.Name)
	v.describe(m)
	v.disable()
	core, messages, side := v.s.Profile, v.s.Messenger(), v.side()
	type first struct {
		small  image.Image
		status []messenger.FileStatus
	}
	work := v.work
	screen.Run(work, func(ctx context.Context) (f first, err error) {
		if f.status, err = messages.FileStatus(ctx, m.ID); err != nil {
			return f, err
		}
		f.small, _ = files.Loader(core, side)(ctx, m.ID) // there may be none
		return f, nil
	}, func(f first, err error) {
		switch {
		case err != nil:
			v.s.Nav.Fail(err)
			return
		case len(f.status) == 0:
			v.say(i18n.T("file.missing"), nil)
			return
		}
		v.status = f.status[0]
		if f.small != nil {
			v.put(m, f.small)
		}
		if !v.status.Stored {
			v.away(m)
			return
		}
		v.disable()
		v.read(m, side)
	})
}

// read decodes the picture itself.
func (v *View) read(m chat.Message, side int) {
	messages := v.s.Messenger()
	screen.Run(v.work, func(ctx context.Context) (image.Image, error) { return files.Whole(ctx, messages, m.ID, side) }, func(img image.Image, err error) {
		if err != nil {
			v.say(files.Unshown(err), func() { v.act(files.Save) })
			return
		}
		v.put(m, img)
	})
}

// put shows pixels, unless more of them are shown already.
func (v *View) put(m chat.Message, img image.Image) {
	b := img.Bounds()
	n := b.Dx() * b.Dy()
	if n < v.pixels {
		return
	}
	first := v.pixels == 0
	v.pixels = n
	if first {
		v.zoom.SetPicture(img, m.File.Width, m.File.Height, files.Name(m.File))
	} else {
		v.zoom.SetPixels(img)
	}
	v.disable()
}

// zoomed follows the zoom: who looks closely gets all pixels.
func (v *View) zoomed(percent int) {
	v.percent.SetContent(i18n.T("percent", i18n.Args{"Number": percent}))
	m, ok := v.shown()
	if !ok || v.detail || !v.status.Stored || !v.zoom.Enlarged() {
		return
	}
	if side := fullSide(m.File); side > v.side() {
		v.detail = true
		v.read(m, side)
	}
}

// side is how many pixels the window shows of a picture that is not enlarged.
func (v *View) side() int {
	c := v.s.Canvas()
	return max(int(max(c.Size().Width, c.Size().Height)*c.Scale()), leastSide)
}

// fullSide is the longer side at which a picture has all its pixels, or as many as are shown at most.
func fullSide(f chat.File) int {
	w, h := f.Width, f.Height
	for w*h > mostPixels {
		w, h = w*9/10, h*9/10
	}
	return max(w, h, 1)
}

func (v *View) describe(m chat.Message) {
	v.about.SetContent(i18n.T("viewer.about", i18n.Args{
		"Size": i18n.Bytes(m.File.Size), "Width": i18n.Number(m.File.Width), "Height": i18n.Number(m.File.Height), "Time": v.s.Format.Full(m.DisplayTime()),
	}))
}

// disable lets what makes sense now be pressed.
func (v *View) disable() {
	set := func(b *widget.Button, on bool) {
		if on {
			b.Enable()
		} else {
			b.Disable()
		}
	}
	for _, b := range v.zooms {
		set(b, v.pixels > 0)
	}
	set(v.after, v.at > 0)
	set(v.before, v.at >= 0 && (v.at < len(v.all)-1 || v.more))
	set(v.keep, v.at >= 0 && v.status.Stored)
}

func (v *View) act(key string) {
	if m, ok := v.shown(); ok {
		files.Do(v.s, m, key)
	}
}

// show goes to the message in its conversation.
func (v *View) show() {
	if m, ok := v.shown(); ok {
		v.s.Nav.Open(screen.Place{Screen: screen.Chat, Conversation: m.Conversation, Message: m.ID})
	}
}
