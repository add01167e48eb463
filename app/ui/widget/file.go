package widget

import (
	"strings"
	"unicode/utf8"

	"sotto/app/ui/theme"
)

// Attachment is the file of a message as its bubble shows it: a card, or where
// it has a width and a height, a picture. All words come from the caller; the
// name comes as the author wrote it.
type Attachment struct {
	Name   string
	Icon   theme.IconName // of its kind
	Detail string         // size, state or failure in a few words
	Alarm  bool           // the detail says a failure
	Moving bool           // a bar is shown, filled up to Done
	Done   float32        // 0 to 1; below 0: not known
	Acts   []FileAct      // at most three buttons
	Press  string         // key of what pressing a picture does; "": nothing
	Label  string         // what pressing a picture does, in words

	Width, Height int  // of a picture in pixels; its room follows from them before it is read
	Away          bool // of a picture only a small one is here, shown dimmed
}

// FileAct is something that can be done with a file.
type FileAct struct {
	Key   string // handed back
	Label string
	Icon  theme.IconName
}

// IsPicture reports whether it is shown as a picture.
func (a *Attachment) IsPicture() bool { return a != nil && a.Width > 0 && a.Height > 0 }

// maxEnding bounds what counts as the ending of a file's name, in runes with
// its dot.
const maxEnding = 12

// fileNameRunes bounds what is kept of a file's name.
const fileNameRunes = 255

// SplitFileName answers a file's name, cleaned like [CleanName], as the part
// that may be cut and the ending that says what it is, with its dot.
func SplitFileName(name string) (stem, ending string) {
	name = clean(name, fileNameRunes)
	at := strings.LastIndexByte(name, '.')
	if at <= 0 || at == len(name)-1 || utf8.RuneCountInString(name[at:]) > maxEnding || strings.ContainsRune(name[at:], ' ') {
		return name, ""
	}
	return name[:at], name[at:]
}
