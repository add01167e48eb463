package ui

import (
	"bytes"
	"io"
	"testing"

	"fyne.io/fyne/v2"

	"sotto/app/messenger"
	"sotto/app/profile"
	"sotto/app/ui/conversation"
	"sotto/app/ui/screen"
	"sotto/app/ui/theme"
	"sotto/app/ui/viewer"
	"sotto/chat"
)

// claims lets a peer send bytes as a picture of a size that they do not have.
func (v *world) claims(p *profile.Profile, name string, data []byte, w, h int) chat.Message {
	v.t.Helper()
	m, err := p.Messenger.SendFile(v.t.Context(), p.Messenger.ConversationWith(v.me.Messenger.Self().ID), messenger.FileToSend{
		Name: name, Type: "image/jpeg", Size: int64(len(data)), Width: w, Height: h,
		Open: func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(data)), nil },
	}, messenger.SendOptions{}, nil)
	if err != nil {
		v.t.Fatal(err)
	}
	return m
}

// arrived waits until a message is here.
func (v *world) arrived(id chat.MessageID) {
	v.t.Helper()
	v.until("the message is here", func() bool { _, err := v.me.Messenger.Message(v.t.Context(), id); return err == nil })
}

// view opens the viewer at a message.
func (v *world) view(p *profile.Profile, id chat.MessageID) *viewer.View {
	v.t.Helper()
	v.w.Open(screen.Place{Screen: screen.Viewer, Conversation: v.me.Messenger.ConversationWith(p.Messenger.Self().ID), Message: id})
	view, ok := v.w.open.top().view.(*viewer.View)
	if !ok {
		v.t.Fatal("no viewer was opened")
	}
	return view
}

func TestTheViewerGoesThroughThePicturesOfTheConversation(t *testing.T) {
	v := newWorld(t, theme.Light)
	ada := v.friend("Ada", "hello")
	v.openChat(ada)
	var ids []chat.MessageID
	for _, name := range []string{"one.jpg", "two.jpg", "three.jpg"} {
		ids = append(ids, v.sends(ada, diskFile(t, name, photo(t, 300, 200)), "").ID)
		v.sends(ada, diskFile(t, name+".txt", []byte("between")), "")
	}
	for _, id := range ids {
		v.arrived(id)
		if err := v.me.Messenger.FetchFile(t.Context(), id); err != nil {
			t.Fatal(err)
		}
		v.until("it is fetched", func() bool { return state(t, v.me, id).State == chat.FileHere })
	}
	zoom := zoomOf(v.view(ada, ids[1]))
	shows := func(name string) {
		t.Helper()
		v.until(name+" is shown", func() bool { return zoom.AccessibilityLabel() == name && zoom.Pixels() != nil })
	}
	key := func(k fyne.KeyName) { zoom.TypedKey(&fyne.KeyEvent{Name: k}); v.q.Drain() }
	shows("two.jpg")
	key(fyne.KeyRight)
	shows("three.jpg")
	key(fyne.KeyRight)
	shows("three.jpg")
	if v.enabled("Next picture") {
		t.Error("there is one after the newest")
	}
	key(fyne.KeyLeft)
	key(fyne.KeyLeft)
	shows("one.jpg")
	v.tap("Show in the conversation")
	if _, ok := v.w.open.top().view.(*conversation.View); !ok {
		t.Errorf("it leads to %v", v.w.open.top().at)
	}
}

func TestAPictureThatIsNoneIsSaidSoAndCanBeSaved(t *testing.T) {
	v := newWorld(t, theme.Light)
	ada := v.friend("Ada", "hello")
	v.openChat(ada)
	m := v.claims(ada, "lake.jpg", bytes.Repeat([]byte("no picture "), 50), 800, 600)
	v.arrived(m.ID)
	v.view(ada, m.ID)
	v.until("it says that it is not here", func() bool { return v.text("This picture is not here yet") })
	v.tap("Download")
	v.until("it says what is wrong", func() bool { return v.text("it is damaged or of a kind that is not shown here") })
	v.shoot("viewer-fault")
	if v.enabled("Enlarge") {
		t.Error("nothing can be enlarged")
	}
	v.w.Escape()
	if v.w.open.top().at.Screen != screen.Chat {
		t.Errorf("Escape leads to %v", v.w.open.top().at)
	}
}

func TestAClaimOfAHugePictureCostsNothing(t *testing.T) {
	v := newWorld(t, theme.Light)
	ada := v.friend("Ada", "hello")
	v.openChat(ada)
	m := v.claims(ada, "wide.jpg", []byte("x"), 65535, 65535)
	v.until("it is offered", func() bool { return v.offers("wide.jpg", "Download") })
	v.tap("Download")
	v.until("it is here", func() bool { return state(t, v.me, m.ID).State == chat.FileHere })
	v.view(ada, m.ID)
	v.until("it says what is wrong", func() bool { return v.text("it is damaged or of a kind that is not shown here") })
}

func TestTheViewerClosesWithThePictureThatWasDeleted(t *testing.T) {
	v := newWorld(t, theme.Light)
	ada := v.friend("Ada", "hello")
	v.openChat(ada)
	m := v.sends(ada, diskFile(t, "lake.jpg", photo(t, 300, 200)), "")
	v.arrived(m.ID)
	v.view(ada, m.ID)
	v.until("its name is said", func() bool { return v.fileNamed("lake.jpg") })
	if _, err := v.me.Eraser.DeleteMessages(t.Context(), m.ID); err != nil {
		t.Fatal(err)
	}
	v.w.Changed()
	v.until("the chat is back", func() bool { return v.w.open.top().at.Screen == screen.Chat })
}

func TestAFileOfTheGalleryLeadsToItsMessageAndBack(t *testing.T) {
	v := newWorld(t, theme.Light)
	ada := v.friend("Ada", "hello")
	c := v.openChat(ada)
	m := v.sends(ada, diskFile(t, "report.pdf", []byte("%PDF-1.7\nnothing")), "")
	v.arrived(m.ID)
	c.Gallery()
	v.until("the gallery is open", func() bool { return v.choice() != nil })
	v.choice().Choose(1)
	v.until("it is listed", func() bool { return v.fileNamed("report.pdf") })
	v.selectFile(0)
	v.until("it is asked what to do", func() bool { return v.button("Show in the conversation") != nil })
	v.shoot("gallery-menu")
	v.tap("Show in the conversation")
	v.until("its message is shown", func() bool { return v.fileBubble("report.pdf") != nil })
	v.w.Back()
	v.until("Back leads to the gallery", func() bool { return v.w.open.top().at.Screen == screen.Files && v.fileNamed("report.pdf") })
}
