package ui

import (
	"bytes"
	"context"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/storage"

	"sotto/app/messenger"
	"sotto/app/platform"
	"sotto/app/profile"
	"sotto/app/ui/screen"
	"sotto/app/ui/theme"
	"sotto/app/ui/viewer"
	"sotto/app/ui/widget"
	"sotto/chat"
)

// photo is a JPEG of w times h pixels that a camera wrote a place into.
func photo(t *testing.T, w, h int) []byte {
	t.Helper()
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			img.SetRGBA(x, y, color.RGBA{uint8(x), uint8(y), 160, 255})
		}
	}
	var out bytes.Buffer
	if err := jpeg.Encode(&out, img, nil); err != nil {
		t.Fatal(err)
	}
	plain := out.Bytes()
	exif := append([]byte("Exif\x00\x00"), placed...)
	segment := append([]byte{0xff, 0xe1, byte((len(exif) + 2) >> 8), byte(len(exif) + 2)}, exif...)
	return append(append(append([]byte{}, plain[:2]...), segment...), plain[2:]...)
}

// placed is a TIFF whose only entry points to a GPS directory with a reference of latitude.
var placed = []byte{
	'M', 'M', 0, 42, 0, 0, 0, 8,
	0, 1, 0x88, 0x25, 0, 4, 0, 0, 0, 1, 0, 0, 0, 26, 0, 0, 0, 0,
	0, 1, 0, 1, 0, 2, 0, 0, 0, 2, 'N', 0, 0, 0, 0, 0, 0, 0,
}

// diskFile writes a file that can be sent.
func diskFile(t *testing.T, name string, data []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// sends lets a peer send a file to the window's profile.
func (v *world) sends(p *profile.Profile, path, caption string) chat.Message {
	v.t.Helper()
	m, err := p.SendFile(v.t.Context(), p.Messenger.ConversationWith(v.me.Messenger.Self().ID), path, profile.FileOptions{Caption: caption}, nil)
	if err != nil {
		v.t.Fatal(err)
	}
	return m
}

// fileBubble answers the visible bubble of a file.
func (v *world) fileBubble(name string) *widget.Message {
	for _, m := range bubbles(v.w.win.Canvas().Content()) {
		if m.File != nil && m.File.Name == name {
			return &m
		}
	}
	return nil
}

// offers reports whether the bubble of a file offers an act.
func (v *world) offers(name, label string) bool {
	m := v.fileBubble(name)
	if m == nil {
		return false
	}
	for _, a := range m.File.Acts {
		if a.Label == label {
			return true
		}
	}
	return false
}

// drop drops files onto the window.
func (v *world) drop(paths ...string) {
	v.t.Helper()
	var items []fyne.URI
	for _, p := range paths {
		items = append(items, storage.NewFileURI(p))
	}
	v.w.dropped(fyne.NewPos(500, 300), items)
	v.q.Drain()
}

// enabled reports whether a button is there and can be pressed.
func (v *world) enabled(label string) bool {
	b, ok := v.button(label).(fyne.Disableable)
	return ok && !b.Disabled()
}

// state answers where the file of a message stands at a profile.
func state(t *testing.T, p *profile.Profile, id chat.MessageID) messenger.FileStatus {
	t.Helper()
	all, err := p.Messenger.FileStatus(t.Context(), id)
	if err != nil || len(all) != 1 {
		return messenger.FileStatus{}
	}
	return all[0]
}

// newest answers the newest message between two profiles, as the first has it.
func newest(t *testing.T, p, q *profile.Profile) chat.Message {
	t.Helper()
	all, err := p.Messenger.Messages(t.Context(), p.Messenger.ConversationWith(q.Messenger.Self().ID), 0, 1)
	if err != nil || len(all) == 0 {
		return chat.Message{}
	}
	return all[0]
}

func TestAPictureThatCameIsFetchedOnlyWhenAskedForAndThenViewed(t *testing.T) {
	v := newWorld(t, theme.Light)
	ada := v.friend("Ada Lovelace", "hello")
	v.openChat(ada)
	m := v.sends(ada, diskFile(t, "lake.jpg", photo(t, 900, 600)), "The lake, early.")
	v.until("it is offered", func() bool { return v.offers("lake.jpg", "Download") })
	b := v.fileBubble("lake.jpg")
	if !b.File.Away || b.File.Width != 900 || b.File.Height != 600 || b.Text != "The lake, early." {
		t.Errorf("it is offered as %+v with %q", b.File, b.Text)
	}
	if state(t, v.me, m.ID).Stored {
		t.Error("it was fetched without being asked for")
	}
	v.shoot("picture-offered")
	v.tap("Download")
	v.until("it is here", func() bool { b := v.fileBubble("lake.jpg"); return b != nil && !b.File.Away && b.File.Press != "" })
	v.tap("View lake.jpg")
	view, ok := v.w.open.top().view.(*viewer.View)
	if !ok {
		t.Fatalf("pressing it opened %v", v.w.open.top().at)
	}
	zoom := zoomOf(view)
	v.until("it is shown", func() bool { return zoom.Pixels() != nil })
	v.until("its name and size are said", func() bool { return v.text("900 × 600") })
	v.until("the whole window is its", func() bool { return zoom.Size().Width > theme.WindowWidth-40 })
	v.shoot("viewer")
	zoom.TypedKey(&fyne.KeyEvent{Name: fyne.KeyEscape})
	v.q.Drain()
	if v.w.open.top().at.Screen != screen.Chat {
		t.Errorf("Escape leads to %v", v.w.open.top().at)
	}
	if !v.text("Ada") || v.composer() == nil {
		t.Error("the chat is not back")
	}
	v.shoot("picture-here")
}

func zoomOf(view *viewer.View) *widget.Zoom {
	var found *widget.Zoom
	walk(view.Content(), func(o fyne.CanvasObject) {
		if z, ok := o.(*widget.Zoom); ok {
			found = z
		}
	})
	return found
}

func TestDroppedFilesAreSentAfterASheetThatSaysWhatLeaves(t *testing.T) {
	v := newWorld(t, theme.Light)
	ada := v.friend("Ada", "hello")
	v.openChat(ada)
	folder := t.TempDir()
	v.composer().SetText("Both from Sunday")
	v.drop(diskFile(t, "lake.jpg", photo(t, 640, 480)), diskFile(t, "notes.txt", []byte("notes of Sunday")), folder)
	v.until("what is taken out is said", func() bool { return v.text("place and camera data are removed") })
	v.until("a folder is refused in words", func() bool { return v.text("This is a folder.") })
	v.until("two can be sent", func() bool { return v.enabled("Send 2 files") })
	v.shoot("attach")
	v.tap("Send 2 files")
	v.until("both are in the conversation", func() bool { return v.fileBubble("lake.jpg") != nil && v.fileBubble("notes.txt") != nil })
	if first := v.fileBubble("lake.jpg"); first.Text != "Both from Sunday" || v.fileBubble("notes.txt").Text != "" {
		t.Errorf("captions are %q and %q", first.Text, v.fileBubble("notes.txt").Text)
	}
	if v.composer().Text() != "" {
		t.Error("the caption is still in the composer")
	}
	v.until("Ada is offered both", func() bool { return newest(t, ada, v.me).File.Name == "notes.txt" })
	all, err := ada.Messenger.Files(t.Context(), ada.Messenger.ConversationWith(v.me.Messenger.Self().ID), 0, 10)
	if err != nil || len(all) != 2 {
		t.Fatalf("Ada has %d: %v", len(all), err)
	}
	if err := ada.Messenger.FetchFile(t.Context(), all[1].ID); err != nil {
		t.Fatal(err)
	}
	v.until("Ada fetched the picture", func() bool { return state(t, ada, all[1].ID).State == chat.FileHere })
	var got bytes.Buffer
	if err := ada.WriteFile(t.Context(), all[1].ID, &got, nil); err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(got.Bytes(), []byte("Exif")) {
		t.Error("the place went along")
	}
	v.until("the own one is delivered to the relay", func() bool { m := v.fileBubble("lake.jpg"); return m != nil && m.Delivery >= widget.Sent })
}

func TestTheKeyboardReachesWhatAFileOffers(t *testing.T) {
	v := newWorld(t, theme.Light)
	ada := v.friend("Ada", "hello")
	v.openChat(ada)
	m := v.sends(ada, diskFile(t, "lake.jpg", photo(t, 400, 300)), "")
	v.until("it is offered", func() bool { return v.offers("lake.jpg", "Download") })
	c := v.w.win.Canvas()
	reach := func(label string) fyne.Focusable {
		t.Helper()
		for range 60 {
			c.FocusNext()
			if a, ok := c.Focused().(fyne.Accessible); ok && a.AccessibilityLabel() == label {
				return c.Focused()
			}
		}
		t.Fatalf("Tab never reaches %q", label)
		return nil
	}
	reach("Download").TypedKey(&fyne.KeyEvent{Name: fyne.KeyReturn})
	v.until("it is fetched", func() bool { return state(t, v.me, m.ID).State == chat.FileHere })
	v.until("it can be viewed", func() bool { b := v.fileBubble("lake.jpg"); return b != nil && b.File.Press != "" })
	reach("View lake.jpg").TypedKey(&fyne.KeyEvent{Name: fyne.KeySpace})
	v.q.Drain()
	if v.w.open.top().at.Screen != screen.Viewer {
		t.Errorf("it leads to %v", v.w.open.top().at)
	}
}

func TestTheSwitchKeepsWhatTheCameraWrote(t *testing.T) {
	v := newWorld(t, theme.Light)
	ada := v.friend("Ada", "hello")
	v.openChat(ada)
	v.drop(diskFile(t, "lake.jpg", photo(t, 640, 480)))
	v.until("what is taken out is said", func() bool { return v.text("place and camera data are removed") })
	v.tap("Remove place and camera data from pictures")
	v.until("that it goes along is said", func() bool { return v.text("its place and camera data go along") })
	v.until("it can be sent", func() bool { return v.enabled("Send 1 file") })
	v.tap("Send 1 file")
	v.until("Ada is offered it", func() bool { return newest(t, ada, v.me).File.Name == "lake.jpg" })
	id := newest(t, ada, v.me).ID
	if err := ada.Messenger.FetchFile(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	v.until("Ada fetched it", func() bool { return state(t, ada, id).State == chat.FileHere })
	var got bytes.Buffer
	if err := ada.WriteFile(t.Context(), id, &got, nil); err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(got.Bytes(), []byte("Exif")) {
		t.Error("it was taken out all the same")
	}
}

func TestACancelledSheetSendsNothingAndKeepsWhatWasWritten(t *testing.T) {
	v := newWorld(t, theme.Light)
	ada := v.friend("Ada", "hello")
	v.openChat(ada)
	v.composer().SetText("not yet")
	v.drop(diskFile(t, "notes.txt", []byte("n")))
	v.until("the sheet is open", func() bool { return v.button("Send 1 file") != nil })
	v.tap("Leave out notes.txt")
	v.until("it is off the sheet", func() bool { return v.text("No files are left here.") })
	v.tapTop("Cancel")
	if v.w.win.Canvas().Overlays().Top() != nil || v.composer().Text() != "not yet" {
		t.Errorf("the sheet is open, or %q is left", v.composer().Text())
	}
	if m := newest(t, v.me, ada); m.Kind == chat.KindAttachment {
		t.Error("it was sent")
	}
}

func TestAPictureOfTheClipboardIsPastedAndWhereItCannotItIsSaid(t *testing.T) {
	v := newWorld(t, theme.Light)
	ada := v.friend("Ada", "hello")
	data, fault := pngOf(t, 320, 200), error(nil)
	v.w.o.Picture = func(context.Context) ([]byte, error) { return data, fault }
	v.openChat(ada)
	paste := func() {
		a := fyne.CurrentApp()
		a.Clipboard().SetContent("")
		v.composer().Focus().(fyne.Shortcutable).TypedShortcut(&fyne.ShortcutPaste{Clipboard: a.Clipboard()})
		v.q.Drain()
	}
	fault = platform.ErrUnsupported
	paste()
	v.until("it is said what is missing", func() bool { return v.text("hands no pictures of the clipboard to Sotto") })
	v.tapTop("Close")
	fault = nil
	paste()
	v.until("the sheet is open", func() bool { return v.enabled("Send 1 file") })
	v.tap("Send 1 file")
	v.until("Ada is offered it", func() bool { return strings.HasPrefix(newest(t, ada, v.me).File.Name, "Pasted picture") })
	if f := newest(t, ada, v.me).File; f.Width != 320 || f.Height != 200 || !strings.HasSuffix(f.Name, ".png") {
		t.Errorf("it is offered as %+v", f)
	}
}

func TestNoFileGoesToOneWhoHasNotAccepted(t *testing.T) {
	v := newWorld(t, theme.Light)
	ada := v.peer("Ada")
	inv, _, err := ada.Messenger.Invite(t.Context(), messenger.InviteOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := v.me.Messenger.Add(t.Context(), inv.Link, messenger.AddOptions{Message: "may I?", ConfirmRelay: true}); err != nil {
		t.Fatal(err)
	}
	v.until("Ada is listed", func() bool { return len(v.w.open.column.Entries()) > 0 })
	v.openChat(ada)
	v.drop(diskFile(t, "notes.txt", []byte("n")))
	v.until("it is said why not", func() bool { return v.text("has not accepted you yet") })
	if v.text("Send to") {
		t.Error("the sheet is open all the same")
	}
}

func TestWhatRunsIsNotOpenedAndWhatDeceivesIsNamed(t *testing.T) {
	v := newWorld(t, theme.Light)
	var opened []string
	v.w.o.OpenFile = func(path string) error { opened = append(opened, path); return nil }
	ada := v.friend("Ada", "hello")
	v.openChat(ada)
	v.sends(ada, diskFile(t, "invoice.pdf.exe", append([]byte("MZ"), make([]byte, 600)...)), "")
	v.until("it is offered", func() bool { return v.offers("invoice.pdf.exe", "Download") })
	v.tap("Download")
	v.until("it is here", func() bool { return v.offers("invoice.pdf.exe", "Open") })
	v.tap("Open")
	v.until("it is refused", func() bool { return v.text("invoice.pdf.exe is not opened from here") })
	for _, s := range []string{"It is a program", "Its name has two endings", "does not start what others sent"} {
		if !v.text(s) {
			t.Errorf("%q is not said", s)
		}
	}
	v.shoot("open-refused")
	v.tapTop("Cancel")
	if len(opened) > 0 {
		t.Errorf("%v was opened", opened)
	}
	v.tap("Save as")
	v.until("saving warns, too", func() bool { return v.text("Before you save invoice.pdf.exe") })
	v.tapTop("Save as")
	v.until("it is asked where to", func() bool { return v.text("Where to save it?") })
}

func TestAReadableCopyIsOpenedAfterItWasSaidAndGoesWithTheLock(t *testing.T) {
	v := newWorld(t, theme.Light)
	var opened []string
	v.w.o.OpenFile = func(path string) error { opened = append(opened, path); return nil }
	ada := v.friend("Ada", "hello")
	v.openChat(ada)
	v.sends(ada, diskFile(t, "notes.txt", []byte("what we agreed")), "")
	v.until("it is offered", func() bool { return v.offers("notes.txt", "Download") })
	v.tap("Download")
	v.until("it is here", func() bool { return v.offers("notes.txt", "Open") })
	v.tap("Open")
	v.until("it is said first", func() bool { return v.text("A readable copy is made in a temporary place") })
	v.tap("Open a copy")
	v.until("it is handed over", func() bool { return len(opened) == 1 })
	if data, err := os.ReadFile(opened[0]); err != nil || string(data) != "what we agreed" {
		t.Fatalf("the copy holds %q: %v", data, err)
	}
	v.lock()
	if _, err := os.Stat(opened[0]); !os.IsNotExist(err) {
		t.Errorf("after the lock the copy is there: %v", err)
	}
}

func TestAFileIsSavedWhereOneWantsAndNeverOverAnother(t *testing.T) {
	v := newWorld(t, theme.Light)
	ada := v.friend("Ada", "hello")
	v.openChat(ada)
	v.sends(ada, diskFile(t, "notes.txt", []byte("what we agreed")), "")
	v.until("it is offered", func() bool { return v.offers("notes.txt", "Download") })
	v.tap("Download")
	v.until("it is here", func() bool { return v.offers("notes.txt", "Save as") })
	folder := t.TempDir()
	save := func() {
		v.tap("Save as")
		v.until("it is asked where to", func() bool { return v.text("Where to save it?") })
		v.entryWith(func(s string) bool { return strings.HasPrefix(s, "/") }).SetText(folder)
		v.tapTop("Save")
	}
	save()
	v.until("it is there", func() bool {
		data, err := os.ReadFile(filepath.Join(folder, "notes.txt"))
		return err == nil && string(data) == "what we agreed"
	})
	v.until("it is said", func() bool { return v.w.win.Canvas().Overlays().Top() == nil })
	save()
	v.until("another is not overwritten", func() bool { return v.text("There is a file of that name already.") })
}

// entryWith answers the visible entry whose text fits.
func (v *world) entryWith(fits func(string) bool) *widget.Entry {
	var found *widget.Entry
	v.seen(func(o fyne.CanvasObject) {
		if e, ok := o.(*widget.Entry); ok && fits(e.Text) {
			found = e
		}
	})
	return found
}

func TestTheListTheReplyAndTheDialogNameAFile(t *testing.T) {
	v := newWorld(t, theme.Light)
	ada := v.friend("Ada", "hello")
	c := v.openChat(ada)
	v.sends(ada, diskFile(t, "report.pdf", []byte("%PDF-1.7\nnothing")), "")
	v.until("the list names the file", func() bool { return v.listedAs("report.pdf") })
	v.sends(ada, diskFile(t, "IMG_2041.png", pngOf(t, 200, 120)), "")
	v.until("the list says photo", func() bool { return v.listedAs("Photo") })
	v.until("it is shown", func() bool { return v.fileBubble("IMG_2041.png") != nil })
	items := c.MessageItems(*v.fileBubble("IMG_2041.png"))
	act(t, items, "Reply")
	v.q.Drain()
	if b := v.composer().Banner(); b == nil || b.Text != "Photo" {
		t.Errorf("the reply is to %+v", b)
	}
	v.write("lovely")
	v.until("the reply quotes it", func() bool { m := v.bubble("lovely"); return m != nil && m.Quote != nil && m.Quote.Text == "Photo" })
	act(t, c.MessageItems(*v.fileBubble("report.pdf")), "Delete from this computer")
	v.until("the file is named", func() bool { return v.text("The file report.pdf goes from this computer") })
	v.tap("Delete the message")
	v.until("it is gone", func() bool { return v.fileBubble("report.pdf") == nil })
}

func act(t *testing.T, items []*fyne.MenuItem, label string) {
	t.Helper()
	for _, i := range items {
		if i.Label == label {
			i.Action()
			return
		}
	}
	t.Fatalf("no %q in the menu", label)
}

func pngOf(t *testing.T, w, h int) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := png.Encode(&out, image.NewRGBA(image.Rect(0, 0, w, h))); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func (v *world) listedAs(preview string) bool {
	for _, e := range v.w.open.column.Entries() {
		if e.Conversation.Preview == preview {
			return true
		}
	}
	return false
}

func TestTheGalleryShowsPicturesAndFilesAndLeadsBackToThem(t *testing.T) {
	v := newWorld(t, theme.Light)
	ada := v.friend("Ada", "hello")
	c := v.openChat(ada)
	c.Gallery()
	v.until("it says that there is nothing", func() bool { return v.text("No pictures yet") })
	v.w.Back()
	v.sends(ada, diskFile(t, "lake.jpg", photo(t, 600, 400)), "")
	v.sends(ada, diskFile(t, "hill.jpg", photo(t, 400, 600)), "")
	v.sends(ada, diskFile(t, "report.pdf", []byte("%PDF-1.7\nnothing")), "")
	v.until("all came", func() bool { return v.fileBubble("report.pdf") != nil })
	c.Gallery()
	v.until("both pictures are shown, small", func() bool { return len(v.thumbnails()) == 2 && v.thumbnails()[0].Pixels() != nil })
	v.shoot("gallery")
	v.choice().Choose(1)
	v.until("the file is listed", func() bool { return v.fileNamed("report.pdf") })
	v.shoot("gallery-files")
}

func (v *world) thumbnails() (all []*widget.Thumbnail) {
	v.seen(func(o fyne.CanvasObject) {
		if t, ok := o.(*widget.Thumbnail); ok {
			all = append(all, t)
		}
	})
	return all
}

func (v *world) choice() (found *widget.Choice) {
	v.seen(func(o fyne.CanvasObject) {
		if c, ok := o.(*widget.Choice); ok {
			found = c
		}
	})
	return found
}

func (v *world) fileNamed(name string) bool {
	found := false
	v.seen(func(o fyne.CanvasObject) {
		if f, ok := o.(*widget.FileName); ok && f.Content() == name {
			found = true
		}
	})
	return found
}

// selectFile chooses the i-th file of the list of the gallery.
func (v *world) selectFile(i int) {
	v.t.Helper()
	v.seen(func(o fyne.CanvasObject) {
		if l, ok := o.(*widget.List); ok {
			l.Select(i)
		}
	})
	v.q.Drain()
}
