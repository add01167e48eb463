package ui

import (
	"testing"
	"time"

	"sotto/app/messenger"
	"sotto/app/ui/theme"
)

func TestATimerShowsInTheChatAndCanBeChangedThere(t *testing.T) {
	for _, mode := range []struct {
		name string
		mode theme.Mode
	}{{"light", theme.Light}, {"dark", theme.Dark}} {
		t.Run(mode.name, func(t *testing.T) {
			v := newWorld(t, mode.mode)
			ada := v.friend("Ada", "hello")
			v.openChat(ada)
			conv := v.me.Messenger.ConversationWith(ada.Messenger.Self().ID)
			if err := ada.Messenger.SetTimer(t.Context(), conv, 24*time.Hour); err != nil {
				t.Fatal(err)
			}
			v.until("the chip", func() bool { return v.text("Disappears after 1 d") })
			v.until("the notice", func() bool { return v.text("Ada set messages to disappear after 1 day.") })
			v.write("Gone tomorrow")
			v.until("the message", func() bool { return v.bubble("Gone tomorrow") != nil })
			v.shoot("timer-chat-" + mode.name)

			v.tap("Disappears after 1 d")
			v.until("what it means", func() bool { return v.text("Messages disappear after 1 day") })
			v.tapTop("Change")
			v.until("the choice", func() bool { return v.text("New messages disappear on both sides") })
			v.tapTop("Another time")
			v.shoot("timer-choose-" + mode.name)
			v.tapTop("1 hour")
			v.tapTop("Set timer")
			timer := func(m *messenger.Messenger) time.Duration {
				d, err := m.Timer(t.Context(), conv)
				if err != nil {
					t.Fatal(err)
				}
				return d
			}
			v.until("it holds on both sides", func() bool {
				return timer(v.me.Messenger) == time.Hour && timer(ada.Messenger) == time.Hour
			})
			v.until("the chip follows", func() bool { return v.text("Disappears after 1 h") })
			v.until("the own notice", func() bool { return v.text("You set messages to disappear after 1 hour.") })
		})
	}
}

func TestAMessageThatEndsLeavesTheScreen(t *testing.T) {
	v := newWorld(t, theme.Light)
	ada := v.friend("Ada", "hello")
	v.openChat(ada)
	conv := v.me.Messenger.ConversationWith(ada.Messenger.Self().ID)
	if err := v.me.Messenger.SetTimer(t.Context(), conv, messenger.ShortestTimer); err != nil {
		t.Fatal(err)
	}
	v.write("Only for a moment")
	v.until("it is shown", func() bool { return v.bubble("Only for a moment") != nil })
	v.until("it is gone", func() bool { return v.bubble("Only for a moment") == nil })
	if v.bubble("hello") == nil {
		t.Error("what was there before went too")
	}
	v.says(ada, "still there")
	v.until("what comes after is shown", func() bool { return v.bubble("still there") != nil })
	v.until("the list does not show it either", func() bool {
		c, err := v.me.Messenger.Conversation(t.Context(), conv)
		return err == nil && c.Preview == "still there"
	})
}
