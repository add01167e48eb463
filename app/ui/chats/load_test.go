package chats

import (
	"testing"
	"time"

	"sotto/app/messenger"
	"sotto/app/ui/i18n"
	"sotto/app/ui/screen"
	"sotto/chat"
)

func TestMain(m *testing.M) {
	if err := i18n.Load(); err != nil {
		panic(err)
	}
	m.Run()
}

func TestAConversationIsFoundByTheBeginningsOfItsNames(t *testing.T) {
	e := Entry{Contact: chat.Contact{Name: "Ada Lovelace", ProfileName: "The Countess"}}
	for typed, want := range map[string]bool{
		"": true, "ada": true, "love": true, "LOVE ad": true, "count": true, "da": false, "ada x": false, "  ada  ": true,
	} {
		if e.Matches(typed) != want {
			t.Errorf("%q: %v", typed, !want)
		}
	}
}

func TestTheSecondLineSaysWhatMattersMost(t *testing.T) {
	s := screen.Services{
		Now: func() time.Time { return time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC) }, Format: i18n.NewFormat("en-GB", time.UTC),
	}
	accepted := chat.Contact{Name: "Ada", State: chat.ContactAccepted}
	for _, c := range []struct {
		name   string
		entry  Entry
		typing bool
		want   string
	}{
		{"their words", Entry{chat.Conversation{Preview: "hello"}, accepted}, false, "hello"},
		{"own words", Entry{chat.Conversation{Preview: "hello", PreviewOut: true}, accepted}, false, "You: hello"},
		{"a draft", Entry{chat.Conversation{Preview: "hello", Draft: "well"}, accepted}, false, "Draft: well"},
		{"writing", Entry{chat.Conversation{Preview: "hello", Draft: "well"}, accepted}, true, "is writing"},
		{"no answer yet", Entry{chat.Conversation{}, chat.Contact{State: chat.ContactPending}}, false, "Has not answered yet"},
		{"first words without an answer", Entry{chat.Conversation{Preview: "hello", PreviewOut: true}, chat.Contact{State: chat.ContactPending}}, false, "You: hello"},
		{"blocked", Entry{chat.Conversation{Preview: "hello"}, chat.Contact{State: chat.ContactBlocked}}, false, "Blocked"},
	} {
		r := c.entry.row(s, c.typing)
		got := r.Preview
		if r.Draft != "" {
			got = r.Draft + " " + got
		}
		if got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

func TestTheConnectionIsSaidInAWord(t *testing.T) {
	type relay = messenger.RelayStatus
	for _, c := range []struct {
		status messenger.Status
		home   bool
		want   string
	}{
		{messenger.Status{}, false, "No relay yet"},
		{messenger.Status{}, true, "Ready"},
		{messenger.Status{Relays: []relay{{Online: true}, {Online: true}}}, true, "Connected"},
		{messenger.Status{Relays: []relay{{Online: true}, {}}}, true, "Some relays do not answer"},
		{messenger.Status{Relays: []relay{{}}}, true, "No connection"},
		{messenger.Status{Relays: []relay{{}}, Waiting: 3}, true, "No connection, 3 waiting"},
		{messenger.Status{Relays: []relay{{Online: true}, {Error: "pin-mismatch"}}}, true, "A relay is not the one it was"},
	} {
		if _, _, got := connection(c.status, c.home); got != c.want {
			t.Errorf("%+v: %q, want %q", c.status, got, c.want)
		}
	}
}
