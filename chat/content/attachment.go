package content

import (
	"strings"

	"sotto/chat"
)

// Limits of an attachment, in bytes unless said otherwise (docs/PROTOCOL.md section 8.4).
const (
	// MaxFile is the largest file.
	MaxFile = chat.MaxFile
	// MaxFileName is the longest name of a file.
	MaxFileName = chat.MaxFileName
	// MaxType is the longest media type.
	MaxType = 127
	// MaxThumbnail is the largest small picture inside a content.
	MaxThumbnail = chat.MaxThumbnail
	// MaxPixels is the largest width and height, in pixels.
	MaxPixels = 65535
)

// Attachment is a message of a conversation with one file, whose ciphertext waits on the relay of the receiver's mailbox.
// No relay is named: nobody can make a client call a strange host.
type Attachment struct {
	Name      string   `cbor:"1,keyasint"`
	Type      string   `cbor:"2,keyasint,omitempty"` // media type, a claim
	Size      int64    `cbor:"3,keyasint"`           // of the file itself; that of the ciphertext follows from it
	Key       []byte   `cbor:"4,keyasint"`           // 32 bytes: opens the ciphertext (crypto/filecrypt)
	Hash      [32]byte `cbor:"5,keyasint"`           // SHA-256 of the ciphertext
	ReadKey   []byte   `cbor:"6,keyasint"`           // 32 bytes: fetches and removes the ciphertext on the relay
	Caption   string   `cbor:"7,keyasint,omitempty"`
	Width     int      `cbor:"8,keyasint,omitempty"`
	Height    int      `cbor:"9,keyasint,omitempty"`
	Thumbnail []byte   `cbor:"10,keyasint,omitempty"` // JPEG
}

// Kind returns KindAttachment.
func (Attachment) Kind() Kind { return KindAttachment }

// File returns what the content says of the file.
func (b Attachment) File() chat.File {
	return chat.File{Name: b.Name, Type: b.Type, Size: b.Size, Width: b.Width, Height: b.Height}
}

func (b Attachment) check() error {
	switch {
	case b.Size < 0:
		return malformed("size of a file")
	case b.Size > MaxFile:
		return chat.ErrTooLarge
	case len(b.Key) != 32 || len(b.ReadKey) != 32:
		return malformed("length of a file's keys")
	case b.Width < 0 || b.Width > MaxPixels || b.Height < 0 || b.Height > MaxPixels:
		return malformed("measures of a picture")
	case len(b.Thumbnail) > MaxThumbnail:
		return chat.ErrTooLarge
	}
	if err := checkText(b.Name, MaxFileName); err != nil {
		return err
	}
	if b.Type != "" {
		if err := checkText(b.Type, MaxType); err != nil {
			return err
		}
	}
	if b.Caption == "" {
		return nil
	}
	return checkText(b.Caption, MaxText)
}

// cleaned returns the attachment with a name fit to be shown, and without a media type that is none.
func (b Attachment) cleaned() Attachment {
	b.Name = chat.CleanFileName(b.Name)
	if !isMediaType(b.Type) {
		b.Type = ""
	}
	return b
}

// isMediaType reports whether s has the form of RFC 6838 section 4.2, in lower case and without parameters.
func isMediaType(s string) bool {
	kind, of, ok := strings.Cut(s, "/")
	token := func(s string) bool {
		if s == "" {
			return false
		}
		for _, c := range []byte(s) {
			if (c < 'a' || c > 'z') && (c < '0' || c > '9') && !strings.ContainsRune("!#$&^_.+-", rune(c)) {
				return false
			}
		}
		return true
	}
	return ok && token(kind) && token(of)
}
