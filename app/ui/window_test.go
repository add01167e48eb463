package ui

import (
	"testing"

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
	v.until("it counts as read", func() bool {
		for _, e := range v.w.open.column.Entries() {
			if e.Conversation.Unread != 0 {
				return false
			}
		}
		return true
	})
	v.shoot("chat")
}

func TestARequestIsAcceptedWithTheConsentsThatWereChosen(t *testing.T) {
	v := newWorld(t, theme.Light)
	ada := v.peer("Ada Lovelace")
	v.asks(ada, "I am Ada, from the reading society. See https://example.org")
	v.until("the column says so", func() bool { return v.button("Look") != nil })
	v.tap("Look")
	v.until("the request is shown", func() bool { return v.button("Accept") != nil })
	v.shoot("requests")
	v.tap("Accept")
	v.until("the sheet is open", func() bool { return v.button("Say when a message arrived") != nil })
	v.shoot("consents")
	v.tap("Say when a message arrived")
	v.tap("Keep these answers as my default")
	v.tap("Accept")
	v.until("the chat is open", func() bool { return v.composer() != nil })
	id := ada.Messenger.Self().ID
	for p, want := range map[chat.Purpose]bool{chat.DeliveryReceipts: true, chat.ReadReceipts: false, chat.TypingNotices: false} {
		if v.consent(id, p) != want {
			t.Errorf("consent to %s is %v for the contact", p, !want)
		}
		if v.consent(chat.ContactID{}, p) != want {
			t.Errorf("consent to %s is %v by default", p, !want)
		}
	}
}

func TestScreens(t *testing.T) {
	v := newWorld(t, theme.Light)
	v.shoot("home")
	v.w.Open(screen.Place{Screen: screen.Invite})
	v.until("reach", func() bool { return v.text("This computer only") })
	v.shoot("invite")
	v.tap("Make the invitation")
	v.until("link", func() bool { return v.button("Make another one") != nil })
	v.shoot("invite-made")
	v.w.Open(screen.Place{Screen: screen.Add})
	v.shoot("add")
}
