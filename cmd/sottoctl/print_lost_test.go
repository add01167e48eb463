package main

import (
	"bytes"
	"strings"
	"testing"

	"sotto/chat"
)

func TestRowsGoneFromTheFilesAreAGapInTheList(t *testing.T) {
	gone := func(id byte, missing int) messageObject {
		return newMessage(chat.Message{
			ID: chat.MessageID{id}, Direction: chat.In, Kind: chat.KindNotice, Notice: chat.NoticeLost, Missing: missing,
		}, "")
	}
	text := func(id byte, s string) messageObject {
		return newMessage(chat.Message{ID: chat.MessageID{id}, Direction: chat.In, Kind: chat.KindText, Text: s}, "Bo")
	}
	var out bytes.Buffer
	messageList{text(1, "before"), gone(2, 2), gone(3, 0), text(4, "after")}.print(&page{out: &out})
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	if len(lines) != 4 || !strings.HasSuffix(lines[2], "(2 messages gone from the files)") {
		t.Errorf("printed\n%s", out.String())
	}
}
