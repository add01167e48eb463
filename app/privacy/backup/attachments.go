package backup

import (
	"crypto/sha256"
	"time"

	"sotto/chat"
	"sotto/crypto/filecrypt"
)

// attachmentLine is the attachment of the message whose line came last. The keys that upload are not in it: they belong to
// the device.
type attachmentLine struct {
	T       string         `json:"t"`
	Key     []byte         `json:"key"`
	Hash    []byte         `json:"hash"` // SHA-256 of the ciphertext
	Sealed  int64          `json:"sealed"`
	Stored  bool           `json:"stored,omitempty"` // all of it was here
	State   chat.FileState `json:"state"`
	Failure string         `json:"failure,omitempty"`
	Relay   string         `json:"relay,omitempty"`
	ReadKey []byte         `json:"read_key,omitempty"`
	Created time.Time      `json:"created,omitzero"`
	Preview []byte         `json:"preview,omitempty"`
}

// fileLine comes before the bytes of a file: as many as it says, sealed as they lay in the profile, and a newline.
type fileLine struct {
	T       string         `json:"t"`
	Message chat.MessageID `json:"message"`
	Bytes   int64          `json:"bytes"`
}

func newAttachment(a chat.Attachment, preview []byte) attachmentLine {
	return attachmentLine{
		T: lineAttachment, Key: a.Key, Hash: a.Hash[:], Sealed: a.Sealed, Stored: a.Stored, State: a.State, Failure: a.Failure,
		Relay: a.Relay, ReadKey: a.ReadKey, Created: a.Created, Preview: preview,
	}
}

// attachment is an attachment as it is restored: first without its bytes, and once they came as the second says.
type attachment struct {
	without chat.Attachment
	with    chat.Attachment
	preview []byte
}

// value returns what becomes of the attachment of a message: on a new device nothing is on its way, a file that was offered
// can be fetched, and what was not sent yet can be sent again once its bytes came.
func (l attachmentLine) value(m chat.Message) attachment {
	out := attachment{preview: l.Preview, without: chat.Attachment{
		Message: m.ID, Key: l.Key, Hash: [sha256.Size]byte(l.Hash), Sealed: l.Sealed, State: chat.FileFailed, Failure: chat.FailureFileGone, Created: l.Created,
	}}
	out.with = out.without
	out.with.State, out.with.Failure, out.with.Stored = chat.FileHere, "", true
	switch {
	case m.Direction == chat.Out && l.State == chat.FileSending:
		out.with.State, out.with.Failure = chat.FileFailed, chat.FailureRestored
	case m.Direction == chat.Out && l.State == chat.FileFailed:
		out.with.State, out.with.Failure = chat.FileFailed, l.Failure
	case m.Direction == chat.In && !l.Stored && len(l.ReadKey) > 0:
		out.without.Relay, out.without.ReadKey = l.Relay, l.ReadKey
		if l.State != chat.FileFailed {
			out.without.State, out.without.Failure = chat.FileOffered, ""
		} else if l.Failure != "" {
			out.without.Failure = l.Failure
		}
	}
	return out
}

func (d *decoder) attachment(line []byte) (any, error) {
	var l attachmentLine
	if err := strictly(line, &l); err != nil {
		return nil, err
	}
	m := d.last
	d.last = chat.Message{} // one for each
	known := l.State == chat.FileOffered || l.State == chat.FileFetching || l.State == chat.FileSending || l.State == chat.FileHere ||
		l.State == chat.FileFailed
	if m.File.IsZero() || !known || len(l.Key) != filecrypt.KeySize || len(l.Hash) != sha256.Size ||
		l.Sealed != filecrypt.SealedSize(m.File.Size) || len(l.Failure) > maxName || len(l.Relay) > 512 ||
		len(l.ReadKey) != 0 && len(l.ReadKey) != 32 || len(l.Preview) > chat.MaxPreview || !dated(l.Created) {
		return nil, malformed("attachment")
	}
	a := l.value(m)
	if l.Stored {
		if len(d.files) >= maxFiles {
			return nil, malformed("too many lines")
		}
		d.files[m.ID] = a.with
	}
	return a, nil
}

// file is a file whose bytes follow its line; whoever takes them reads them to their end.
type file struct {
	attachment chat.Attachment // as it is once the bytes are here
	bytes      *body
}

func (d *decoder) file(line []byte) (any, error) {
	var l fileLine
	if err := strictly(line, &l); err != nil {
		return nil, err
	}
	a, ok := d.files[l.Message]
	if !ok || l.Bytes != a.Sealed {
		return nil, malformed("file")
	}
	delete(d.files, l.Message) // once
	return file{a, &body{d: d, left: l.Bytes, sum: sha256.New(), want: a.Hash}}, nil
}
