package conversation

import (
	"image"
	"sync"

	"fyne.io/fyne/v2"

	"sotto/app/messenger"
	"sotto/app/ui/files"
	"sotto/app/ui/i18n"
	"sotto/app/ui/pictures"
	"sotto/app/ui/screen"
	"sotto/app/ui/widget"
	"sotto/chat"
)

// bubblePixels is the longest side of a picture in a bubble, in pixels: its room on a screen of twice the density. Of a
// very long one the middle fills that room, see [widget.Picture].
const bubblePixels = 640

// transfers follows the files of a conversation: where they stand, how far they have come, and their pictures.
type transfers struct {
	v     *View
	shelf *pictures.Shelf
	stop  func() // ends the news of the messenger

	status map[chat.MessageID]messenger.FileStatus // of the rows that are held
	mu     sync.Mutex
	moved  map[chat.MessageID]messenger.FileStatus // not handed on yet
}

func newTransfers(v *View) *transfers {
	t := &transfers{v: v, status: map[chat.MessageID]messenger.FileStatus{}, moved: map[chat.MessageID]messenger.FileStatus{}}
	t.shelf = pictures.NewShelf(v.s.Work, files.Loader(v.s.Profile, bubblePixels), func(id chat.MessageID) { v.timeline.Redraw(id.String()) })
	t.stop = v.s.Messenger().WatchFiles(t.hear)
	return t
}

// hear takes news in, on the messenger's goroutine, and wakes the UI thread once for a bundle.
func (t *transfers) hear(f messenger.FileStatus) {
	t.mu.Lock()
	wake := len(t.moved) == 0
	t.moved[f.Message] = f
	t.mu.Unlock()
	if wake {
		t.v.s.Work.Do(t.tell)
	}
}

// tell shows the news of the rows that are held; all else is read when it is.
func (t *transfers) tell() {
	t.mu.Lock()
	moved := t.moved
	t.moved = map[chat.MessageID]messenger.FileStatus{}
	t.mu.Unlock()
	var changed []widget.Row
	for _, row := range t.v.timeline.Rows() {
		m, ok := row.(widget.Message)
		if !ok || m.File == nil {
			continue
		}
		id, _ := messageOf(row)
		f, ok := moved[id]
		if msg, held := t.v.known[id]; ok && held {
			t.status[id] = f
			m.File = files.Describe(msg, f, true)
			m.Revision = revision(m)
			changed = append(changed, m)
		}
	}
	if len(changed) > 0 {
		t.v.timeline.Update(changed...)
	}
}

// remember keeps where the files of a stretch stand.
func (t *transfers) remember(s stretch) {
	for id, f := range s.files {
		t.status[id] = f
	}
}

// picture answers what there is to show of a picture.
func (t *transfers) picture(m widget.Message) image.Image {
	id, err := chat.ParseMessageID(m.ID)
	if err != nil {
		return nil
	}
	revision := uint64(0)
	if t.status[id].Stored {
		revision = 1
	}
	return t.shelf.Get(id, revision)
}

func (t *transfers) close() {
	t.stop()
	t.shelf.Empty()
	clear(t.status)
}

// act does what a button of a file, or a press on its picture, asks for.
func (v *View) act(row widget.Message, key string) {
	v.withMessage(row, func(m chat.Message) {
		v.s.Nav.Active()
		files.Do(v.s, m, key)
	})
}

// fileItems answers what the menu of a message offers for its file.
func (v *View) fileItems(m chat.Message) []*fyne.MenuItem {
	if m.Kind != chat.KindAttachment || m.Deleted {
		return nil
	}
	f, known := v.transfers.status[m.ID]
	if !known {
		return nil
	}
	var items []*fyne.MenuItem
	for _, key := range files.Acts(m, f) {
		items = append(items, fyne.NewMenuItem(files.Act(key).Label, func() { files.Do(v.s, m, key) }))
	}
	return append(items, fyne.NewMenuItem(i18n.T("files.menu"), v.Gallery), fyne.NewMenuItemSeparator())
}

// Gallery shows all files of the conversation.
func (v *View) Gallery() { v.s.Nav.Open(screen.Place{Screen: screen.Files, Conversation: v.id}) }

// failedFile explains why a file stopped and offers to try again.
func (v *View) failedFile(m chat.Message) bool {
	f, ok := v.transfers.status[m.ID]
	if !ok || f.State != chat.FileFailed {
		return false
	}
	files.Explained(v.s, m, f, screen.NameOf(v.contact))
	return true
}
