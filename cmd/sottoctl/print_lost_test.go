package main

import (
	"bytes"
	"strings"
	"testing"

	"sotto/chat"
)

func TestRowsGoneFromTheFilesAreAGapInTheList(t *testing.T) {
	standsIn := func(id byte, notice string, missing int) messageObject {
		return newMessage(chat.Message{
			ID: chat.MessageID{id}, Direction: chat.In, Kind: chat.KindNotice, Notice: notice, Missing: missing,
		}, "")
	}
	gone := func(id byte, missing int) messageObject { return standsIn(id, chat.NoticeLost, missing) }
	damaged := func(id byte, missing int) messageObject { return standsIn(id, chat.NoticeDamaged, missing) }
	text := func(id byte, s string) messageObject {
		return newMessage(chat.Message{ID: chat.MessageID{id}, Direction: chat.In, Kind: chat.KindText, Text: s}, "Bo")
	}
	var out bytes.Buffer
	messageList{text(1, "before"), gone(2, 2), gone(3, 0), text(4, "after"), damaged(5, 1)}.print(&page{out: &out})
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	if len(lines) != 5 || !strings.HasSuffix(lines[2], "(2 messages gone from the files)") ||
		!strings.HasSuffix(lines[4], "(1 message damaged in the files, not shown)") {
		t.Errorf("printed\n%s", out.String())
	}
}
