package main

import (
	"bytes"
	"strings"
	"testing"

	"sotto/chat"
)

func TestWhatWasFoundIsMarkedInTextAndInTheNameOfAFile(t *testing.T) {
	text := newMessage(chat.Message{ID: chat.MessageID{1}, Direction: chat.In, Kind: chat.KindText, Text: "ab京cd ef"}, "Bo")
	file := newMessage(chat.Message{
		ID: chat.MessageID{2}, Direction: chat.In, Kind: chat.KindAttachment, Text: "a plan", File: chat.File{Name: "plan\x1b.pdf", Size: 4},
	}, "Bo")
	var out bytes.Buffer
	hitList{
		{messageObject: text, Hits: codePoints(text.Text, [][2]int{{2, 5}, {8, 9}})},
		{messageObject: file, Hits: [][2]int{{2, 6}}, NameHits: codePoints(file.File.Name, [][2]int{{0, 4}, {4, 6}})},
	}.print(&page{out: &out})
	for _, want := range []string{"ab*京*cd *e*f", "*plan**\uFFFD.*pdf", "a *plan*"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is not in\n%s", want, out.String())
		}
	}
	if file.File.Name != "plan\x1b.pdf" {
		t.Error("printing changed the message")
	}
}
