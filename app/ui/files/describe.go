package files

import (
	"errors"
	"path"
	"strings"

	"sotto/app/media"
	"sotto/app/messenger"
	"sotto/app/ui/i18n"
	"sotto/app/ui/theme"
	"sotto/app/ui/widget"
	"sotto/app/ui/words"
	"sotto/chat"
)

// Keys of what can be done with a file.
const (
	Fetch  = "fetch"
	Cancel = "cancel"
	Retry  = "retry"
	Open   = "open"
	Save   = "save"
	View   = "view"
)

// Act answers the button for a key.
func Act(key string) widget.FileAct {
	icons := map[string]theme.IconName{
		Fetch: theme.IconDownload, Cancel: theme.IconClose, Retry: theme.IconRefresh, Open: theme.IconOpen, Save: theme.IconSave, View: theme.IconPicture,
	}
	return widget.FileAct{Key: key, Label: i18n.T("file." + key), Icon: icons[key]}
}

// IsPicture reports whether the author says that it is a picture; only decoding it shows whether that is so.
func IsPicture(f chat.File) bool { return f.Width > 0 && f.Height > 0 }

// endings tells kinds by the ending of a name, for the mark on a card alone.
var endings = map[string]theme.IconName{
	".pdf": theme.IconDocument, ".txt": theme.IconDocument, ".md": theme.IconDocument, ".doc": theme.IconDocument, ".docx": theme.IconDocument,
	".odt": theme.IconDocument, ".rtf": theme.IconDocument, ".epub": theme.IconDocument,
	".xls": theme.IconTable, ".xlsx": theme.IconTable, ".ods": theme.IconTable, ".csv": theme.IconTable,
	".zip": theme.IconArchive, ".7z": theme.IconArchive, ".rar": theme.IconArchive, ".gz": theme.IconArchive, ".xz": theme.IconArchive,
	".zst": theme.IconArchive, ".bz2": theme.IconArchive, ".tar": theme.IconArchive,
}

// Icon answers the mark of a kind of file, by what its author says.
func Icon(f chat.File) theme.IconName {
	kind, _, _ := strings.Cut(f.Type, "/")
	switch {
	case IsPicture(f), kind == "image":
		return theme.IconPicture
	case kind == "audio":
		return theme.IconSound
	case kind == "video":
		return theme.IconFilm
	}
	if icon, ok := endings[strings.ToLower(path.Ext(f.Name))]; ok {
		return icon
	}
	if kind == "text" {
		return theme.IconDocument
	}
	return theme.IconFile
}

// Name answers the name of a file on one line; its ending stays.
func Name(f chat.File) string {
	stem, ending := widget.SplitFileName(f.Name)
	return stem + ending
}

// Line says a message with a file on one line: its caption, else "Photo" or the name.
func Line(m chat.Message) string {
	switch {
	case m.Text != "":
		return m.Text
	case IsPicture(m.File):
		return i18n.T("file.photo")
	}
	return Name(m.File)
}

// Describe answers the file of a message as a bubble shows it. known is false when nothing is kept of the file any more.
func Describe(m chat.Message, s messenger.FileStatus, known bool) *widget.Attachment {
	a := &widget.Attachment{Name: m.File.Name, Icon: Icon(m.File), Width: m.File.Width, Height: m.File.Height}
	a.Detail = i18n.Bytes(m.File.Size)
	if !known {
		a.Away, a.Detail = true, i18n.T("file.missing")
		return a
	}
	here := s.Stored && s.State != chat.FileFetching
	switch s.State {
	case chat.FileOffered:
		a.Acts = []widget.FileAct{Act(Fetch)}
	case chat.FileFetching, chat.FileSending:
		a.Moving, a.Done = true, -1
		a.Detail = moving(m, s)
		if s.Failure == "" && s.Total > 0 {
			a.Done = float32(s.Done) / float32(s.Total)
		}
		a.Acts = []widget.FileAct{Act(Cancel)}
	case chat.FileFailed:
		a.Detail, a.Alarm = Failure(s.Failure), true
		a.Acts = []widget.FileAct{Act(Retry)}
	case chat.FileHere:
		a.Acts = []widget.FileAct{Act(Open), Act(Save)}
	}
	if !a.IsPicture() {
		return a
	}
	a.Away = !here
	if here {
		a.Press, a.Label = View, i18n.T("file.view")
	}
	if s.State == chat.FileHere {
		a.Acts, a.Detail = nil, ""
	}
	return a
}

// moving says how far a file has come, or what it waits for. Done and Total count ciphertext; people are told of the file.
func moving(m chat.Message, s messenger.FileStatus) string {
	size := i18n.Args{"Size": i18n.Bytes(m.File.Size)}
	switch {
	case s.Failure == messenger.FailureQuota:
		return i18n.T("file.waits.room", size)
	case s.Failure != "":
		return i18n.T("file.waits.connection", size)
	case s.Done <= 0 || s.Total <= 0:
		return i18n.T("file.waits", size)
	}
	done := int64(float64(m.File.Size) * min(float64(s.Done)/float64(s.Total), 1))
	return i18n.T("file.moving", i18n.Args{"Done": i18n.Bytes(done), "Size": i18n.Bytes(m.File.Size)})
}

// failures are the codes that have words of their own.
var failures = map[string]bool{
	messenger.FailureFileGone: true, messenger.FailureFileDamaged: true, messenger.FailureFileSize: true,
	messenger.FailureFileRefused: true, messenger.FailureDiskFull: true, messenger.FailureQuota: true,
	messenger.FailureFileLeftOut: true,
}

// Knows reports whether a code is one of why a file stopped.
func Knows(code string) bool { return failures[code] }

// Failure says in a few words why a file stopped.
func Failure(code string) string {
	if !failures[code] {
		return i18n.T("file.failed")
	}
	return i18n.T("file.failed." + code)
}

// Explain says in sentences why a file stopped, what is kept, and what to do.
func Explain(code string, own bool, name string) string {
	side := "in"
	if own {
		side = "out"
	}
	if !failures[code] {
		return i18n.T("file.why", i18n.Args{"Name": name})
	}
	return i18n.T("file.why."+code+"."+side, i18n.Args{"Name": name})
}

// Unshown says why a picture cannot be shown, and what can be done with its file.
func Unshown(err error) string {
	switch {
	case errors.Is(err, media.ErrBudget):
		return i18n.T("file.unshown.large")
	case errors.Is(err, media.ErrNotPicture), errors.Is(err, media.ErrBroken):
		return i18n.T("file.unshown")
	}
	return words.Error(err)
}
