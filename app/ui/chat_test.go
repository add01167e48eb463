package ui

import (
	"fmt"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"fyne.io/fyne/v2"

	"sotto/app/messenger"
	"sotto/app/platform"
	"sotto/app/ui/screen"
	"sotto/app/ui/theme"
	"sotto/app/ui/widget"
	"sotto/chat"
)

func TestAMessageIsSentReceivedAndItsStateFollows(t *testing.T) {
	v := newWorld(t, theme.Light)
	ada := v.friend("Ada Lovelace", "Good morning, it is me.")
	v.openChat(ada)
	v.until("the first words are shown", func() bool { return v.bubble("Good morning, it is me.") != nil })
	v.write("Good morning, Ada")
	v.until("the message is sent", func() bool {
		m := v.bubble("Good morning, Ada")
		return m != nil && m.Own && m.Delivery >= widget.Sent
	})
	v.says(ada, "Did the parcel arrive?")
	v.until("the answer is shown", func() bool { return v.bubble("Did the parcel arrive?") != nil })
	v.until("it counts as read", v.nothingUnread)
	v.shoot("chat")
}

func TestReceiptsOfTheOtherSideShowAsDeliveredAndRead(t *testing.T) {
	v := newWorld(t, theme.Light)
	ada := v.friend("Ada", "hello")
	allow(t, ada, chat.DeliveryReceipts, chat.ReadReceipts)
	v.openChat(ada)
	v.write("are you there")
	v.until("it is delivered", func() bool { m := v.bubble("are you there"); return m != nil && m.Delivery == widget.Delivered })
	if err := ada.Messenger.Read(t.Context(), ada.Messenger.ConversationWith(v.me.Messenger.Self().ID), 0); err != nil {
		t.Fatal(err)
	}
	v.until("it is read", func() bool { m := v.bubble("are you there"); return m.Delivery == widget.Read })
}

func TestNothingIsReadWhileTheWindowIsNotAtTheFront(t *testing.T) {
	v := newWorld(t, theme.Light)
	ada := v.friend("Ada", "hello")
	v.openChat(ada)
	v.until("the first words are read", v.nothingUnread)
	v.w.SetFocused(false)
	v.says(ada, "psst")
	v.until("it is shown", func() bool { return v.bubble("psst") != nil })
	v.until("it is listed as unread", func() bool { return !v.nothingUnread() })
	v.until("the desktop says so, in constant words", func() bool {
		select {
		case k := <-v.notes.shown:
			return k == platform.NewMessages
		default:
			return false
		}
	})
	v.w.SetFocused(true)
	v.until("it is read", v.nothingUnread)
	v.until("the notification goes", func() bool { return len(v.notes.cleared) > 0 })
}

func TestEditReplyReactAndDeleteFromThisComputer(t *testing.T) {
	v := newWorld(t, theme.Light)
	ada := v.friend("Ada Lovelace", "hello")
	c := v.openChat(ada)
	v.write("a frist message")
	v.until("it is there", func() bool { return v.bubble("a frist message") != nil })

	field := v.composer().Focus()
	field.TypedKey(&fyne.KeyEvent{Name: fyne.KeyUp})
	if v.composer().Text() != "a frist message" {
		t.Fatalf("Up brought %q", v.composer().Text())
	}
	v.composer().SetText("a first message")
	field.TypedKey(&fyne.KeyEvent{Name: fyne.KeyReturn})
	v.until("it is edited", func() bool { m := v.bubble("a first message"); return m != nil && m.Edited != "" })

	v.choose(c, "hello", "Reply")
	v.write("indeed")
	v.until("the reply quotes", func() bool { m := v.bubble("indeed"); return m != nil && m.Quote != nil && m.Quote.Text == "hello" })
	v.choose(c, "hello", "React", "👍")
	v.until("the reaction shows", func() bool { m := v.bubble("hello"); return len(m.Reactions) == 1 && m.Reactions[0].Mine })
	v.shoot("edited")

	v.choose(c, "a first message", "Delete from this computer")
	v.until("it asks first", func() bool { return v.text("What Ada Lovelace has is not touched by this.") })
	v.shoot("delete")
	v.tap("Delete the message")
	v.until("it is gone", func() bool { return v.bubble("a first message") == nil })
	conv := ada.Messenger.ConversationWith(v.me.Messenger.Self().ID)
	v.until("the other side has its own, edited", func() bool {
		theirs, err := ada.Messenger.Messages(t.Context(), conv, 0, 50)
		return err == nil && slices.ContainsFunc(theirs, func(m chat.Message) bool { return m.Text == "a first message" && !m.Deleted })
	})
}

func TestTheTwoWaysToDeleteAreDifferentActs(t *testing.T) {
	v := newWorld(t, theme.Light)
	ada := v.friend("Ada", "hello")
	c := v.openChat(ada)
	v.write("please forget this")
	v.until("Ada has it", func() bool { return has(ada, v.me, "please forget this") })
	v.choose(c, "please forget this", "Ask Ada to delete")
	v.tap("Ask Ada")
	v.until("Ada deleted it", func() bool { return !has(ada, v.me, "please forget this") })
	if m := v.bubble("please forget this"); m == nil || m.Removed != "" {
		t.Error("asking deleted the own copy")
	}
}

func TestDraftsAreKeptOverALockAndAnotherConversation(t *testing.T) {
	v := newWorld(t, theme.Light)
	ada, ben := v.friend("Ada", "hello"), v.friend("Ben", "good day")
	v.openChat(ada)
	v.composer().SetText("what I wanted to say")
	v.openChat(ben)
	v.until("the list shows the draft", func() bool { return v.text("what I wanted to say") })
	v.openChat(ada)
	v.until("the draft is back", func() bool { return v.composer() != nil && v.composer().Text() == "what I wanted to say" })
	v.composer().SetText("what I wanted to say, in full")
	v.lock()
	v.unlock()
	v.openChat(ada)
	v.until("the draft outlived the lock", func() bool { return v.composer().Text() == "what I wanted to say, in full" })
}

func TestALongConversationPagesBothWays(t *testing.T) {
	v := newWorld(t, theme.Light)
	ada := v.friend("Ada", "message 0")
	conv := v.me.Messenger.ConversationWith(ada.Messenger.Self().ID)
	for i := 1; i <= 150; i++ {
		if _, err := v.me.Messenger.Send(t.Context(), conv, fmt.Sprintf("message %d", i), messenger.SendOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	v.openChat(ada)
	v.until("the newest is shown", func() bool { return v.bubble("message 150") != nil })
	line := v.timeline()
	v.until("the oldest is reached", func() bool {
		line.TypedKey(&fyne.KeyEvent{Name: fyne.KeyHome})
		return v.bubble("message 0") != nil
	})
	v.says(ada, "late answer")
	v.until("the new one is not dragged in while reading far above", func() bool {
		return slices.ContainsFunc(v.w.open.column.Entries(), func(e entryOf) bool { return e.Conversation.Preview == "late answer" })
	})
	if v.bubble("message 0") == nil {
		t.Error("the reader lost the place")
	}
	v.until("the end is reached", func() bool {
		line.TypedKey(&fyne.KeyEvent{Name: fyne.KeyEnd})
		return v.bubble("late answer") != nil
	})
	keys := map[string]bool{}
	for _, r := range line.Rows() {
		if keys[r.RowKey()] {
			t.Errorf("row %s is there twice", r.RowKey())
		}
		keys[r.RowKey()] = true
	}
}

func TestAFailureIsSaidInWordsAndTheTextIsKept(t *testing.T) {
	v := newWorld(t, theme.Light)
	ada := v.friend("Ada", "hello")
	v.openChat(ada)
	torn := "half of a letter: \xc3"
	v.composer().Submit(torn)
	v.until("it says why", func() bool { return v.text("cannot be read as what it should be") })
	v.shoot("fault")
	v.tap("Close")
	if v.composer().Text() != torn {
		t.Error("the text is gone")
	}
}

func TestTypingShowsWithConsentAndEndsWithTheMessage(t *testing.T) {
	v := newWorld(t, theme.Light)
	ada := v.friend("Ada", "hello")
	allow(t, ada, chat.TypingNotices)
	v.openChat(ada)
	conv := ada.Messenger.ConversationWith(v.me.Messenger.Self().ID)
	if err := ada.Messenger.Typing(t.Context(), conv, true); err != nil {
		t.Fatal(err)
	}
	v.until("it shows", func() bool { return v.text("Ada is writing") && v.text("is writing") })
	v.shoot("typing")
	v.says(ada, "there")
	v.until("it ends", func() bool { return v.bubble("there") != nil && !v.text("is writing") })
}

func TestAMessageThatIsRefusedIsKeptExplainedAndDiscarded(t *testing.T) {
	v := newWorld(t, theme.Light)
	ada := v.friend("Ada", "hello")
	c := v.openChat(ada)
	if err := ada.Messenger.Block(t.Context(), v.me.Messenger.Self().ID); err != nil {
		t.Fatal(err)
	}
	text := ""
	for n := 0; ; n++ { // until the relay has learned of it, messages are still taken
		text = fmt.Sprintf("are you there, %d", n)
		v.write(text)
		v.until("it is sent or refused", func() bool { m := v.bubble(text); return m != nil && m.Delivery != widget.Queued })
		if v.bubble(text).Delivery == widget.Failed {
			break
		}
	}
	if v.bubble(text).Note != "Not taken" {
		t.Errorf("the reason is %q", v.bubble(text).Note)
	}
	v.shoot("failed")
	v.tap("1 not sent")
	v.tap("Close")
	v.choose(c, text, "Discard")
	v.until("it is gone", func() bool { return v.bubble(text) == nil })
}

func TestAnAwayPeerShowsAsWaiting(t *testing.T) {
	v := newWorld(t, theme.Light)
	dir := filepath.Join(t.TempDir(), "ada")
	ada := newProfile(t, dir, "Ada")
	v.asks(ada, "hello")
	if _, err := v.me.Messenger.Accept(t.Context(), ada.Messenger.Self().ID); err != nil {
		t.Fatal(err)
	}
	v.until("Ada is listed", func() bool { return v.listed("Ada") })
	v.openChat(ada)
	id := ada.Messenger.Self().ID
	v.until("the acceptance went out", func() bool {
		s, err := v.me.Messenger.Security(t.Context(), id)
		return err == nil && s.Waiting == 0
	})
	if err := ada.Close(); err != nil {
		t.Fatal(err)
	}
	v.write("are you there")
	v.until("the head of the chat says so", func() bool { return v.button("Offline: 1 waiting") != nil })
	v.shoot("waiting")
	v.tap("Offline: 1 waiting")
	if !v.text("Ada cannot be reached now") {
		t.Error("it is not explained")
	}
}

func TestALinkShowsItsRealHostBeforeItIsFollowed(t *testing.T) {
	v := newWorld(t, theme.Light)
	for raw, letters := range map[string]bool{"https://www.example.org@evil.test/a": false, "https://exаmple.org/": true} { // the second has a Cyrillic a
		link, err := url.Parse(raw)
		if err != nil {
			t.Fatal(err)
		}
		v.w.Follow(link)
		if !v.text("Open " + link.Host + "?") {
			t.Errorf("%s does not show its host", raw)
		}
		if v.text("letters that can look like others") != letters {
			t.Errorf("%s: warning about letters is %v", raw, !letters)
		}
		v.tap("Cancel")
	}
}

func TestAQuoteLeadsToTheMessageItAnswers(t *testing.T) {
	v := newWorld(t, theme.Light)
	ada := v.friend("Ada", "the first of all")
	c := v.openChat(ada)
	v.choose(c, "the first of all", "Reply")
	v.write("an answer to it")
	conv := v.me.Messenger.ConversationWith(ada.Messenger.Self().ID)
	for i := range 90 {
		if _, err := v.me.Messenger.Send(t.Context(), conv, fmt.Sprintf("message %d", i), messenger.SendOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	all, err := v.me.Messenger.Messages(t.Context(), conv, 0, 500)
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(all, func(m chat.Message) bool { return m.Text == "the first of all" })
	v.w.Open(screen.Place{Screen: screen.Chat, Conversation: conv, Message: all[i].ID})
	v.until("it is shown, in the middle of the history", func() bool {
		return v.bubble("the first of all") != nil && v.bubble("message 89") == nil
	})
	line := v.timeline()
	v.until("the newest is found from there", func() bool {
		line.TypedKey(&fyne.KeyEvent{Name: fyne.KeyEnd})
		return v.bubble("message 89") != nil
	})
}

func TestAnotherConversationCannotBeQuotedIntoView(t *testing.T) {
	v := newWorld(t, theme.Light)
	ada, ben := v.friend("Ada", "a secret for Ada alone"), v.friend("Ben", "good day")
	ctx := t.Context()
	secret, err := v.me.Messenger.Messages(ctx, v.me.Messenger.ConversationWith(ada.Messenger.Self().ID), 0, 10)
	if err != nil || len(secret) != 1 {
		t.Fatal(secret, err)
	}
	conv := ben.Messenger.ConversationWith(v.me.Messenger.Self().ID)
	if _, err := ben.Messenger.Send(ctx, conv, "look", messenger.SendOptions{ReplyTo: secret[0].ID}); err != nil {
		t.Fatal(err)
	}
	v.openChat(ben)
	v.until("it came", func() bool { return v.bubble("look") != nil })
	if q := v.bubble("look").Quote; q == nil || strings.Contains(q.Text, "secret") {
		t.Errorf("the quote is %+v", q)
	}
}

func TestAMutedConversationDoesNotNotify(t *testing.T) {
	v := newWorld(t, theme.Light)
	ada, ben := v.friend("Ada", "hello"), v.friend("Ben", "good day")
	conv := v.me.Messenger.ConversationWith(ada.Messenger.Self().ID)
	if err := v.me.Messenger.SetMuted(t.Context(), conv, true); err != nil {
		t.Fatal(err)
	}
	v.w.SetFocused(false)
	v.says(ada, "quiet")
	v.until("it came", func() bool { return v.text("quiet") })
	v.says(ben, "loud")
	v.until("the other one is told", func() bool { return len(v.notes.shown) > 0 })
	if n := len(v.notes.shown); n != 1 {
		t.Errorf("%d notifications", n)
	}
}

func TestNamesThatDisguiseAndLongNamesStayInTheirPlace(t *testing.T) {
	for name, mode := range map[string]theme.Mode{"light": theme.Light, "dark": theme.Dark} {
		t.Run(name, func(t *testing.T) { showNames(t, name, mode) })
	}
}

func showNames(t *testing.T, name string, mode theme.Mode) {
	v := newWorld(t, mode)
	long := "Wilhelmina Featherstonehaugh-Cholmondeley of the Northern Reading Society"
	w := v.friend(long, "A first word that is rather long, so that the preview in the list has to be cut somewhere before its end.")
	v.friend("שרה לוי", "שלום, מה שלומך? נפגש מחר בשמונה.")
	evil := v.friend("Ada\u202egnp.exe", "hello")
	v.openChat(w)
	v.says(w, "https://example.org/"+strings.Repeat("a-very-long-path/", 8))
	v.write("A reply with *weight*, `code` and an emoji 🎉")
	v.write("And a second line of the same group.")
	v.until("all is there", func() bool { return v.bubble("And a second line of the same group.") != nil })
	v.shoot("long-" + name)
	v.resize(760, 480)
	v.shoot("long-narrow-" + name)
	v.resize(1100, 720)
	v.openChat(evil)
	v.tap("Details")
	v.until("the number is shown", func() bool { return v.text("Safety number") })
	v.shoot("disguise-" + name)
	v.seen(func(o fyne.CanvasObject) {
		if x, ok := o.(*widget.Text); ok && strings.ContainsRune(x.Content(), '\u202e') {
			t.Errorf("%q is on screen", x.Content())
		}
	})
}
