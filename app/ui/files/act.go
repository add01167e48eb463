package files

import (
	"context"
	"errors"

	"sotto/app/messenger"
	"sotto/app/ui/i18n"
	"sotto/app/ui/screen"
	"sotto/app/ui/theme"
	"sotto/app/ui/widget"
	"sotto/chat"
)

// Acts answers what can be done with the file of a message, by keys for [Act] and [Do].
func Acts(m chat.Message, s messenger.FileStatus) []string {
	switch s.State {
	case chat.FileOffered:
		return []string{Fetch}
	case chat.FileFetching:
		return []string{Cancel}
	case chat.FileFailed:
		return []string{Retry}
	}
	var out []string
	if s.State == chat.FileSending {
		out = append(out, Cancel)
	}
	if !s.Stored {
		return out
	}
	if IsPicture(m.File) {
		out = append(out, View)
	}
	return append(out, Open, Save)
}

// Do does one of the acts with the file of a message.
func Do(s screen.Services, m chat.Message, key string) {
	messages := s.Messenger()
	then := func(err error) { s.Nav.Fail(err) }
	switch key {
	case Fetch:
		s.Work.InOrder(func(ctx context.Context) error { return messages.FetchFile(ctx, m.ID) }, then)
	case Cancel:
		s.Work.InOrder(func(ctx context.Context) error {
			err := messages.CancelFile(ctx, m.ID)
			if errors.Is(err, chat.ErrNotFound) {
				return nil // it arrived, or went, just then
			}
			return err
		}, then)
	case Retry:
		s.Work.InOrder(func(ctx context.Context) error {
			if m.Direction == chat.In {
				return messages.FetchFile(ctx, m.ID)
			}
			return messages.Retry(ctx, m.ID)
		}, then)
	case View:
		s.Nav.Open(screen.Place{Screen: screen.Viewer, Conversation: m.Conversation, Message: m.ID})
	case Open:
		openCopy(s, m)
	case Save:
		saveAs(s, m)
	}
}

// Explained says why a file stopped, and offers to try again.
func Explained(s screen.Services, m chat.Message, f messenger.FileStatus, name string) {
	widget.NewMessageDialog(widget.MessageWords{
		Icon: theme.IconAlert, Tone: widget.Alarming, Title: Failure(f.Failure), Text: Explain(f.Failure, m.Direction == chat.Out, name),
		Act: i18n.T("chat.retry"), Cancel: i18n.T("chat.close"),
	}, nil, func() { Do(s, m, Retry) }).Open(s.Canvas())
}
