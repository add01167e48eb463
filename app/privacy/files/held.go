package files

import (
	"errors"
	"strings"
	"unicode"
	"unicode/utf8"

	"sotto/chat"
	"sotto/chat/content"
)

// Held says what files some messages have.
type Held struct {
	Files int   // that are here
	Bytes int64 // of those, as they were sent
	Away  int   // messages whose file is not here
}

// Plus returns the sum.
func (h Held) Plus(o Held) Held { return Held{h.Files + o.Files, h.Bytes + o.Bytes, h.Away + o.Away} }

// Of returns what file a message has.
func Of(tx chat.Tx, m chat.Message) (Held, error) {
	if m.File.IsZero() {
		return Held{}, nil
	}
	a, err := tx.Attachments().Get(m.ID)
	switch {
	case err == nil && a.Stored:
		return Held{Files: 1, Bytes: m.File.Size}, nil
	case err == nil, errors.Is(err, chat.ErrNotFound), errors.Is(err, chat.ErrDamaged):
		return Held{Away: 1}, nil
	}
	return Held{}, err
}

// Page is how many messages with a file are read at once.
const Page = 200

// In returns what files a conversation has. What is damaged from some place on is not counted.
func In(tx chat.Tx, conv chat.ConversationID) (sum Held, err error) {
	for before := int64(0); ; {
		page, err := tx.Attachments().Page(conv, before, Page)
		if errors.Is(err, chat.ErrDamaged) || errors.Is(err, chat.ErrNotFound) || err == nil && len(page) == 0 {
			return sum, nil
		}
		if err != nil {
			return sum, err
		}
		for _, m := range page {
			one, err := Of(tx, m)
			if err != nil {
				return sum, err
			}
			sum, before = sum.Plus(one), m.Position
		}
	}
}

// Valid reports whether a file is described as this program would describe one: a base name of at most 255 bytes without
// control characters, a size up to chat.MaxFile, a media type of at most 127 bytes, measures up to 65,535 pixels.
func Valid(f chat.File) bool {
	return f.Name != "" && f.Name != "." && f.Name != ".." && len(f.Name) <= content.MaxFileName && utf8.ValidString(f.Name) &&
		!strings.ContainsAny(f.Name, `/\`) && !strings.ContainsFunc(f.Name, unicode.IsControl) &&
		len(f.Type) <= content.MaxType && !strings.ContainsFunc(f.Type, func(r rune) bool { return r <= ' ' || r >= 0x7f }) &&
		f.Size >= 0 && f.Size <= chat.MaxFile &&
		f.Width >= 0 && f.Width <= content.MaxPixels && f.Height >= 0 && f.Height <= content.MaxPixels
}
