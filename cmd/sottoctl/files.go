package main

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"sotto/app/messenger"
	"sotto/chat"
)

// fileObject is the file of a message and where its bytes are.
type fileObject struct {
	Name    string `json:"name"`
	Type    string `json:"type"`   // media type as its author said; empty: not said
	Size    int64  `json:"size"`   // bytes
	Width   int    `json:"width"`  // of a picture in pixels; 0: none, or not said
	Height  int    `json:"height"` //
	State   string `json:"state"`  // offered, fetching, sending, here, failed
	Failure string `json:"failure"`
	Done    int64  `json:"done"`  // bytes that were moved, while it is on its way
	Total   int64  `json:"total"` // bytes to move; more than the size, it is padded
}

func newFile(f chat.File) *fileObject {
	return &fileObject{Name: f.Name, Type: f.Type, Size: f.Size, Width: f.Width, Height: f.Height}
}

// words is a file as a person reads it.
func (f *fileObject) words() string {
	text := fmt.Sprintf("[%s, %s", plain(f.Name), amount(f.Size))
	switch chat.FileState(f.State) {
	case chat.FileOffered:
		text += ", not fetched"
	case chat.FileFetching, chat.FileSending:
		text += fmt.Sprintf(", %s %d %%", f.State, percent(f.Done, f.Total))
		if f.Failure != "" {
			text += ", waits: " + f.why()
		}
	case chat.FileFailed:
		text += ", failed: " + f.why()
	case chat.FileHere:
	}
	return text + "]"
}

// reasons are words for what stopped a file, or what it waits for.
var reasons = map[string]string{
	messenger.FailureFileGone: "not on the relay any more", messenger.FailureFileDamaged: "not what was sent",
	messenger.FailureFileLeftOut: "not in the export", messenger.FailureFileSize: "too large for the relay", messenger.FailureFileRefused: "the relay takes no files",
	messenger.FailureQuota: "the relay is full", messenger.FailureDiskFull: "the disk is full", "offline": "the relay is not reached",
}

func (f *fileObject) why() string {
	if words := reasons[f.Failure]; words != "" {
		return words
	}
	return plain(f.Failure)
}

// newMessages returns the objects of messages with the state of their files. authors are the names of who wrote them, as a
// person reads them.
func newMessages(ctx context.Context, m *messenger.Messenger, rows []chat.Message, author func(chat.Message) string) (messageList, error) {
	var with []chat.MessageID
	list := make(messageList, 0, len(rows))
	for _, row := range rows {
		list = append(list, newMessage(row, author(row)))
		if !row.File.IsZero() {
			with = append(with, row.ID)
		}
	}
	if len(with) == 0 {
		return list, nil
	}
	states, err := m.FileStatus(ctx, with...)
	if err != nil {
		return nil, err
	}
	by := map[chat.MessageID]messenger.FileStatus{}
	for _, s := range states {
		by[s.Message] = s
	}
	for i, row := range rows {
		if s, known := by[row.ID]; known && list[i].File != nil {
			f := list[i].File
			f.State, f.Failure, f.Done, f.Total = string(s.State), s.Failure, s.Done, s.Total
		}
	}
	return list, nil
}

// messageNow returns the object of one message with the state of its file.
func messageNow(ctx context.Context, m *messenger.Messenger, msg chat.Message, author string) (messageObject, error) {
	list, err := newMessages(ctx, m, []chat.Message{msg}, func(chat.Message) string { return author })
	if err != nil {
		return messageObject{}, err
	}
	return list[0], nil
}

// messageByName is messageNow under the name that its author has here.
func messageByName(ctx context.Context, m *messenger.Messenger, msg chat.Message) (messageObject, error) {
	author := "" // of an own message, or of somebody who is no contact any more
	if msg.Direction == chat.In {
		c, err := m.Contact(ctx, msg.Author)
		if err != nil && !errors.Is(err, chat.ErrNotFound) {
			return messageObject{}, err
		}
		author = c.Name
	}
	return messageNow(ctx, m, msg, author)
}

type filesVerb struct {
	Contact string `arg:"" help:"Name, id or prefix."`
	Limit   int    `default:"50" placeholder:"N" help:"At most so many, the newest (default 50)."`
	Before  string `placeholder:"ID" help:"Only those before this message."`
}

func (v *filesVerb) do(ctx context.Context, d *desk) (any, error) {
	oldestFirst := func(m *messenger.Messenger, ctx context.Context, conv chat.ConversationID, before int64, limit int) ([]chat.Message, error) {
		rows, err := m.Files(ctx, conv, before, limit)
		slices.Reverse(rows)
		return rows, err
	}
	return pageOf(ctx, d, v.Contact, v.Before, v.Limit, oldestFirst)
}
