package ui

import (
	"strings"
	"testing"

	"fyne.io/fyne/v2"

	"sotto/app/messenger"
	"sotto/app/ui/screen"
	"sotto/app/ui/theme"
	"sotto/app/ui/widget"
	"sotto/chat"
)

func TestARequestIsAcceptedWithTheConsentsThatWereChosen(t *testing.T) {
	v := newWorld(t, theme.Light)
	ada := v.peer("Ada Lovelace")
	v.asks(ada, "I am Ada, from the reading society. See https://example.org")
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

func TestTheSheetKeepsItsButtonsInASmallWindow(t *testing.T) {
	v := newWorld(t, theme.Light)
	v.asks(v.peer("Ada"), "hello")
	v.resize(theme.WindowMinWidth, theme.WindowMinHeight)
	v.w.Open(screen.Place{Screen: screen.Requests})
	v.tap("Accept")
	v.until("the sheet is open", func() bool { return v.button("Not now") != nil })
	v.shoot("consents-small")
	o := v.button("Not now").(fyne.CanvasObject)
	at := fyne.CurrentApp().Driver().AbsolutePositionForObject(o)
	if bottom := at.Y + o.Size().Height; at.Y <= 0 || bottom > theme.WindowMinHeight {
		t.Errorf("the button ends at %v of %v", bottom, theme.WindowMinHeight)
	}
}

func TestClosingTheSheetAcceptsNobody(t *testing.T) {
	v := newWorld(t, theme.Light)
	ada := v.peer("Ada")
	v.asks(ada, "hello")
	v.tap("Look")
	v.tap("Accept")
	v.tap("Not now")
	c, err := v.me.Messenger.Contact(t.Context(), ada.Messenger.Self().ID)
	if err != nil || c.State != chat.ContactRequest {
		t.Fatalf("the contact is %v, %v", c.State, err)
	}
}

func TestARefusedRequestIsGone(t *testing.T) {
	v := newWorld(t, theme.Light)
	v.asks(v.peer("Ada"), "hello")
	v.tap("Look")
	v.tap("Refuse")
	v.tap("Refuse the request")
	v.until("nothing waits", func() bool { return v.text("No requests") })
}

func TestAContactIsVerifiedByComparing(t *testing.T) {
	v := newWorld(t, theme.Light)
	ada := v.friend("Ada Lovelace", "hello")
	v.openChat(ada)
	v.tap("Details")
	v.until("the number is shown", func() bool { return v.text("Safety number") })
	v.shoot("contact-panel")
	v.tap("The numbers are the same")
	v.tap("Mark as verified")
	v.until("the chip says so", func() bool { return v.button("Verified") != nil })
	v.shoot("verified")
	v.tap("Verified")
	v.until("it is explained", func() bool { return v.text("So nobody stands between you") })
	v.shoot("explained")
}

func TestATypedSafetyNumberThatDiffersVerifiesNobody(t *testing.T) {
	v := newWorld(t, theme.Light)
	ada := v.friend("Ada", "hello")
	v.openChat(ada)
	v.tap("Details")
	var entry *widget.Entry
	v.until("the field is there", func() bool {
		v.seen(func(o fyne.CanvasObject) {
			if e, ok := o.(*widget.Entry); ok && e.PlaceHolder == "60 digits, then Enter" {
				entry = e
			}
		})
		return entry != nil
	})
	entry.SetText(strings.Repeat("12345 ", 12))
	entry.OnSubmitted(entry.Text)
	v.until("it says that they differ", func() bool { return v.text("The numbers differ") })
	number, err := v.me.Messenger.SafetyNumber(t.Context(), ada.Messenger.Self().ID)
	if err != nil {
		t.Fatal(err)
	}
	if v.button("Verified") != nil {
		t.Fatal("a wrong number verified")
	}
	entry.SetText(strings.Join(number.Digits[:], " "))
	entry.OnSubmitted(entry.Text)
	v.until("the right one verifies", func() bool { return v.button("Verified") != nil })
}

func TestTheAddPageShowsAnUnknownRelayBeforeItConnects(t *testing.T) {
	v := newWorld(t, theme.Light)
	ada := v.peer("Ada")
	inv, _, err := ada.Messenger.Invite(t.Context(), messenger.InviteOptions{})
	if err != nil {
		t.Fatal(err)
	}
	v.w.Open(screen.Place{Screen: screen.Add, Link: inv.Link})
	v.until("the relay is shown", func() bool { return v.text("127.0.0.1") && v.text("this computer itself") })
	if c, _ := v.me.Messenger.Contacts(t.Context()); len(c) != 0 {
		t.Fatal("it added before it was asked to")
	}
	v.shoot("add")
	v.tap("Connect to this relay and send the request")
	v.until("the chat is open", func() bool { return v.composer() != nil })
	v.until("it says that Ada has not answered", func() bool { return v.text("has not answered yet") })
	v.shoot("pending")
}

func TestAMalformedLinkIsSaidBesideTheField(t *testing.T) {
	v := newWorld(t, theme.Light)
	v.w.Open(screen.Place{Screen: screen.Add, Link: "sotto:not-a-link"})
	v.until("it is said", func() bool { return v.text("cannot be read as what it should be") })
	if v.button("Send the request") != nil {
		t.Error("the request can be sent")
	}
}

func TestAnInvitationIsMadeAndWithdrawn(t *testing.T) {
	v := newWorld(t, theme.Light)
	v.shoot("home")
	v.w.Open(screen.Place{Screen: screen.Invite})
	v.until("it says how far it reaches", func() bool { return v.text("This computer only") })
	v.shoot("invite")
	v.tap("Make the invitation")
	v.until("it is there", func() bool { return v.text("sotto:") && v.button("Withdraw") != nil })
	v.shoot("invite-made")
	v.tap("Withdraw")
	v.tap("Withdraw the invitation")
	v.until("it is gone", func() bool { return v.button("Make the invitation") != nil && v.button("Withdraw") == nil })
}

func TestABlockedContactCannotBeWrittenTo(t *testing.T) {
	v := newWorld(t, theme.Light)
	ada := v.friend("Ada", "hello")
	v.openChat(ada)
	v.tap("Details")
	v.tap("Block Ada")
	v.tap("Block")
	v.until("the chat says so", func() bool { return v.text("You blocked Ada") })
	v.shoot("blocked")
	v.tap("Unblock")
	v.until("it can go on", func() bool { return !v.text("You blocked Ada") })
}

func TestARemovedContactLeavesTheList(t *testing.T) {
	v := newWorld(t, theme.Light)
	ada := v.friend("Ada", "hello")
	v.openChat(ada)
	v.tap("Details")
	v.tap("Remove Ada")
	v.tap("Remove")
	v.until("the list is empty", func() bool { return !v.listed("Ada") && v.w.open.top() == nil })
}
