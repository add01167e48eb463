package messenger

import (
	"bytes"
	"errors"
	"testing"
	"time"

	"sotto/app/apptest/alloc"
	"sotto/chat"
	"sotto/chat/content"
)

func FuzzDecodePlaintext(f *testing.F) {
	text := content.Content{ID: chat.MessageID{1}, Conv: chat.ConversationID{2}, Seq: 3, Sent: time.Unix(1_700_000_000, 0), Body: content.Text{Text: "hello"}}
	encoded, err := text.Encode()
	if err != nil {
		f.Fatal(err)
	}
	padded, err := pad(nil, encoded, headSize, 40)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(padded)
	f.Add(padded[:len(padded)-1])
	f.Add([]byte{0, 0, 0, 0})
	f.Add([]byte{0xff, 0xff, 0xff, 0xff, 1})
	f.Add([]byte{0, 0})
	f.Fuzz(func(t *testing.T, plaintext []byte) {
		alloc.Check(t, len(plaintext), func() { _, _ = decodePlaintext(plaintext) })
		inner, err := unpad(plaintext)
		if err != nil {
			if !errors.Is(err, chat.ErrMalformed) {
				t.Fatalf("error without its sentinel: %v", err)
			}
			return
		}
		if len(inner)+lengthSize > len(plaintext) || !bytes.Equal(plaintext[lengthSize:lengthSize+len(inner)], inner) {
			t.Error("the content is not what follows its length")
		}
		if _, err := decodePlaintext(plaintext); err != nil && !errors.Is(err, chat.ErrMalformed) {
			t.Errorf("error without its sentinel: %v", err)
		}
	})
}
