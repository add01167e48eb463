package ui

import (
	"testing"

	"fyne.io/fyne/v2"

	"sotto/app/messenger"
	"sotto/app/ui/i18n"
	"sotto/app/ui/screen"
	"sotto/app/ui/theme"
	"sotto/app/ui/widget"
)

// typeInColumn types into the search field of the left column.
func (v *world) typeInColumn(text string) *widget.SearchField {
	v.t.Helper()
	v.w.open.column.FocusSearch()
	f, ok := v.w.win.Canvas().Focused().(*widget.SearchField)
	if !ok {
		v.t.Fatal("the search field of the list does not take the keyboard")
	}
	f.SetText(text)
	return f
}

func TestTheSearchFieldOfTheListLeadsToTheMessages(t *testing.T) {
	v := newWorld(t, theme.Light)
	ada := v.friend("Ada", "hello")
	id := v.me.Messenger.ConversationWith(ada.Messenger.Self().ID)
	if _, err := v.me.Messenger.Send(t.Context(), id, "a zebra in the garden", messenger.SendOptions{}); err != nil {
		t.Fatal(err)
	}
	v.until("Ada is listed", func() bool { return v.listed("Ada") })
	f := v.typeInColumn("zebra")
	v.until("no conversation is called so, and the messages are offered", func() bool {
		return v.text(i18n.T("chats.none-found")) && v.text("Search messages") && v.text("for “zebra”")
	})
	f.TypedKey(&fyne.KeyEvent{Name: fyne.KeyReturn})
	s := v.onSearch()
	v.until("the hit is listed", func() bool { return len(s.Items()) == 1 && hits(s.Items())[0] == "Ada|You: a [zebra] in the garden" })
	if f.Text != "" || v.text(i18n.T("chats.none-found")) {
		t.Error("the list stays narrowed")
	}
}

func TestEnterOpensTheFirstConversationAndTheArrowsReachTheMessages(t *testing.T) {
	v := newWorld(t, theme.Dark)
	ada := v.friend("Ada", "hello")
	id := v.me.Messenger.ConversationWith(ada.Messenger.Self().ID)
	v.until("Ada is listed", func() bool { return v.listed("Ada") })
	f := v.typeInColumn("ada")
	v.until("both are offered", func() bool { return v.listed("Ada") && v.text("Search messages") })
	f.TypedKey(&fyne.KeyEvent{Name: fyne.KeyDown})
	list := v.w.win.Canvas().Focused()
	list.TypedKey(&fyne.KeyEvent{Name: fyne.KeyEnd})
	list.TypedKey(&fyne.KeyEvent{Name: fyne.KeyReturn})
	if top := v.w.open.top(); top == nil || top.at.Screen != screen.Search || top.at.Text != "ada" {
		t.Fatalf("the last row leads to %+v", top)
	}
	f = v.typeInColumn("ada")
	f.TypedKey(&fyne.KeyEvent{Name: fyne.KeyReturn})
	if v.w.open.chat() != id {
		t.Error("Enter does not open the conversation")
	}
}
