package chat_test

import (
	"encoding"
	"errors"
	"strings"
	"testing"

	"sotto/app/apptest/alloc"
	"sotto/chat"
)

func FuzzParseIDs(f *testing.F) {
	f.Add(strings.Repeat("0a", 32))
	f.Add(strings.Repeat("ff", 16))
	f.Add(strings.Repeat("01", 8))
	f.Add(strings.Repeat("AB", 32))
	f.Add("")
	f.Add("0\x00")
	f.Fuzz(func(t *testing.T, s string) {
		same := func(text string, err error) {
			if err == nil && text != strings.ToLower(s) {
				t.Errorf("%q is read as %q", s, text)
			}
			if err != nil && !errors.Is(err, chat.ErrMalformed) {
				t.Errorf("error without its sentinel: %v", err)
			}
		}
		alloc.Check(t, len(s), func() {
			_, _ = chat.ParseContactID(s)
			_, _ = chat.ParseConversationID(s)
			_, _ = chat.ParseMessageID(s)
		})
		contact, err := chat.ParseContactID(s)
		same(contact.String(), err)
		conversation, err := chat.ParseConversationID(s)
		same(conversation.String(), err)
		message, err := chat.ParseMessageID(s)
		same(message.String(), err)
		for _, id := range []interface {
			encoding.TextMarshaler
			encoding.TextUnmarshaler
		}{new(chat.ContactID), new(chat.ConversationID), new(chat.DeviceID), new(chat.MailboxID), new(chat.MessageID)} {
			err := id.UnmarshalText([]byte(s))
			text, wrong := id.MarshalText()
			same(string(text), errors.Join(err, wrong))
		}
	})
}
