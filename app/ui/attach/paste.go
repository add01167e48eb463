package attach

import (
	"context"
	"errors"

	"sotto/app/platform"
	"sotto/app/ui/i18n"
	"sotto/app/ui/screen"
	"sotto/app/ui/theme"
	"sotto/app/ui/widget"
	"sotto/chat"
)

// Clipboard reads the picture of the clipboard, as [platform.ReadClipboardPicture] does.
type Clipboard func(context.Context) ([]byte, error)

// Paste takes a picture from the clipboard and opens the sheet with it; it says so when there is none, and what to do where
// this desktop hands none over. read is nil for the one of this computer.
func Paste(s screen.Services, to To, read Clipboard) {
	if read == nil {
		read = platform.ReadClipboardPicture
	}
	screen.Run(s.Work, read, func(data []byte, err error) {
		switch {
		case err == nil:
			Open(s, to, Bytes(i18n.T("attach.pasted", i18n.Args{"Time": s.Now().Format("2006-01-02 15.04.05")}), data))
		case errors.Is(err, platform.ErrNoPicture):
			s.Nav.Toast(theme.IconInfo, i18n.T("attach.paste.none"))
		case errors.Is(err, platform.ErrUnsupported):
			say(s, i18n.T("attach.paste.cannot"))
		case errors.Is(err, chat.ErrTooLarge):
			say(s, i18n.T("attach.paste.large"))
		default:
			s.Nav.Fail(err)
		}
	})
}

func say(s screen.Services, text string) {
	widget.NewMessageDialog(widget.MessageWords{
		Icon: theme.IconInfo, Title: i18n.T("attach.paste.title"), Text: text, Cancel: i18n.T("chat.close"),
	}, nil, nil).Open(s.Canvas())
}
