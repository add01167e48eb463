package ui

import (
	"strings"
	"testing"

	"fyne.io/fyne/v2"

	"sotto/app/messenger"
	"sotto/app/ui/conversation"
	"sotto/app/ui/screen"
	"sotto/app/ui/searchpage"
	"sotto/app/ui/theme"
	"sotto/app/ui/widget"
	"sotto/chat"
)

// hits answers the listed hits, what matched in brackets.
func hits(items []widget.Conversation) []string {
	var out []string
	for _, c := range items {
		var b strings.Builder
		for _, s := range c.Found {
			if s.Hit {
				b.WriteString("[" + s.Text + "]")
			} else {
				b.WriteString(s.Text)
			}
		}
		out = append(out, c.Title+"|"+b.String())
	}
	return out
}

func (v *world) onSearch() *searchpage.View {
	v.t.Helper()
	s, ok := v.w.open.top().view.(*searchpage.View)
	if !ok {
		v.t.Fatalf("the search is not shown but %T", v.w.open.top().view)
	}
	return s
}

func TestSearchFindsMarksAndGoesToTheMessageAndBack(t *testing.T) {
	v := newWorld(t, theme.Light)
	ada := v.friend("Ada", "hello")
	id := v.me.Messenger.ConversationWith(ada.Messenger.Self().ID)
	for _, text := range []string{"the Straße is wet", "nothing to see", "東京に行く <b>now</b>"} {
		if _, err := v.me.Messenger.Send(t.Context(), id, text, messenger.SendOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	v.w.opens(screen.Search)()
	s := v.onSearch()
	v.until("the field has the keyboard", func() bool { _, ok := v.w.win.Canvas().Focused().(*widget.SearchField); return ok })
	if len(s.Items()) != 0 {
		t.Errorf("hits before anything was typed: %v", hits(s.Items()))
	}
	s.Type("strasse")
	v.until("the hit is listed", func() bool { return len(s.Items()) == 1 })
	if got := hits(s.Items()); got[0] != "Ada|You: the [Straße] is wet" {
		t.Errorf("hit %q", got)
	}
	s.Type("京")
	v.until("the next hit is listed", func() bool {
		return len(s.Items()) == 1 && hits(s.Items())[0] == "Ada|You: 東[京]に行く <b>now</b>"
	})
	s.Type("absent")
	v.until("nothing is listed", func() bool { return len(s.Items()) == 0 })

	s.Type("strasse")
	v.until("the hit is listed again", func() bool { return len(s.Items()) == 1 })
	key := s.Items()[0].Key
	s.Choose(key)
	chatView, ok := v.w.open.top().view.(*conversation.View)
	if !ok || chatView.Conversation() != id {
		t.Fatalf("%T is shown, want the chat", v.w.open.top().view)
	}
	v.until("the message is framed", func() bool { return v.framed() == key })
	v.w.Escape()
	if v.onSearch() != s || len(s.Items()) != 1 {
		t.Error("Back does not return to the hits")
	}
	v.w.Escape()
	v.until("Escape empties the field", func() bool { return len(s.Items()) == 0 })
	v.w.Escape()
	if top := v.w.open.top(); top != nil && top.at.Screen == screen.Search {
		t.Error("a second Escape leaves the search open")
	}
}

// framed answers the id of the message that is framed.
func (v *world) framed() (id string) {
	v.seen(func(o fyne.CanvasObject) {
		if b, ok := o.(*widget.Bubble); ok && b.Message().Found {
			id = b.Message().ID
		}
	})
	return id
}

func TestSearchInOneConversationKeepsToIt(t *testing.T) {
	v := newWorld(t, theme.Dark)
	first, second := v.friend("Ada", "hello").Messenger.Self(), v.friend("Bo", "hello").Messenger.Self()
	for _, c := range []chat.ContactID{first.ID, second.ID} {
		if _, err := v.me.Messenger.Send(t.Context(), v.me.Messenger.ConversationWith(c), "tea", messenger.SendOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	v.w.Open(screen.Place{Screen: screen.Chat, Conversation: v.me.Messenger.ConversationWith(second.ID)})
	v.w.searchHere()
	s := v.onSearch()
	s.Type("tea")
	v.until("one hit is listed", func() bool { return len(s.Items()) == 1 && s.Items()[0].Title == "Bo" })
}
