package chat

import (
	"encoding/hex"
	"io"
	"time"
)

// Bounds of files. Sizes in bytes.
const (
	MaxFile      = 100 << 20 // one file
	MaxThumbnail = 8 << 10   // the small picture that travels inside a message
	MaxPreview   = 64 << 10  // the small picture that is kept beside a stored file
)

// File says what a message's attachment is, as its author says it. It never changes. The zero value: no file.
type File struct {
	Name   string // base name, cleaned, 1 to 255 bytes
	Type   string // media type, never trusted; empty: not said
	Size   int64  // bytes, 0 to MaxFile
	Width  int    // of a picture in pixels; 0: not a picture, or not said
	Height int
}

// IsZero reports whether there is no file.
func (f File) IsZero() bool { return f.Name == "" }

// BlobID names a file in the profile's folder of attachments: 16 random bytes that say nothing about what is inside.
type BlobID [16]byte

// String returns the id in lowercase hexadecimal.
func (id BlobID) String() string { return hex.EncodeToString(id[:]) }

// IsZero reports whether the id is unset.
func (id BlobID) IsZero() bool { return id == BlobID{} }

// FileState says where the bytes of an attachment are on their way.
type FileState string

// File states.
const (
	FileOffered  FileState = "offered"  // announced by the peer; nothing is fetched until it is asked for
	FileFetching FileState = "fetching" // on its way from the relay
	FileSending  FileState = "sending"  // on its way to the relay; its message leaves after it
	FileHere     FileState = "here"     // all of it is here, and where it is one's own, the relay had it all
	FileFailed   FileState = "failed"   // stopped; Failure says why
)

// Codes of Attachment.Failure. The messenger has further ones.
const (
	FailureFileGone    = "file-gone"     // the relay has it no more, or never had it, and its bytes are not here
	FailureFileDamaged = "file-damaged"  // its bytes are not those that the message names
	FailureFileLeftOut = "file-left-out" // its message came back from an export that does not hold it
	FailureRestored    = "restored"      // its message waited to be sent when the backup was made: it may have been sent since
)

// Attachment is the part of a message with a file that says how its bytes are found and opened. It is destroyed, with a
// sealing key of its own, when its message is deleted. Key, ReadKey and UploadKey are opaque here.
type Attachment struct {
	Message   MessageID
	Key       []byte   // 32 bytes: opens the ciphertext (crypto/filecrypt)
	Hash      [32]byte // SHA-256 of the ciphertext
	Sealed    int64    // bytes of ciphertext
	Blob      BlobID   // its file; zero: none yet
	Stored    bool     // the file holds all of the ciphertext, checked against Hash
	State     FileState
	Failure   string // code, while State is FileFailed
	Relay     string // address of the relay that has it or is to get it
	ReadKey   []byte // 32 bytes: fetches and removes it there
	UploadKey []byte // 32 bytes, one's own only: uploads it there
	Attempts  int
	NotBefore time.Time // back-off
	Created   time.Time
}

// Attachments holds the attachments, one for a message at most, and a small picture beside each. Deleting a message or
// conversation, and putting a tombstone in the place of a message, destroys theirs: the keys and rows in the unit of work,
// the files when it has committed.
type Attachments interface {
	Get(MessageID) (Attachment, error)
	// Put inserts or replaces; ErrNotFound when the message is not stored, or is a tombstone; ErrExists when another
	// attachment has its Blob. A file that was named before and is not now goes after the commit.
	Put(Attachment) error
	// Page returns at most limit messages with an attachment, of one conversation in descending position: those before
	// the position, the newest when before is 0.
	Page(conv ConversationID, before int64, limit int) ([]Message, error)
	// Moving returns the attachments in FileSending and FileFetching, oldest first.
	Moving() ([]Attachment, error)
	// Delete destroys the attachment of a message that stays as a tombstone; nil when there is none.
	Delete(MessageID) error
	// Preview returns the small picture, ErrNotFound without one.
	Preview(MessageID) ([]byte, error)
	// PutPreview keeps a small picture of 1 to MaxPreview bytes (ErrMalformed, ErrTooLarge); ErrNotFound without an
	// attachment.
	PutPreview(MessageID, []byte) error
}

// Blobs keeps ciphertexts as files of the profile. What no attachment names is removed when the profile is opened.
type Blobs interface {
	// Create begins a file under a new name.
	Create() (BlobWriter, error)
	// Resume goes on with a file that was begun, ErrNotFound when there is none.
	Resume(BlobID) (BlobWriter, error)
	// Open opens a file that was committed, ErrNotFound when there is none.
	Open(BlobID) (BlobReader, error)
	// Remove removes files, begun or committed; one that is not there is no error.
	Remove(...BlobID) error
	// Free returns how many bytes the disk has left for files, ErrUnsupported where the system does not say.
	Free() (int64, error)
}

// BlobWriter writes one file from its present end on. Errors: ErrDiskFull, ErrReadOnly.
type BlobWriter interface {
	io.Writer
	io.ReaderAt
	ID() BlobID
	Size() int64
	// Truncate cuts the file to n bytes; writing goes on there.
	Truncate(n int64) error
	// Sync makes what was written durable.
	Sync() error
	// Commit makes the file durable and complete, and closes it.
	Commit() error
	// Close closes without committing: Resume finds what was written.
	Close() error
}

// BlobReader reads a committed file.
type BlobReader interface {
	io.ReaderAt
	io.Closer
	Size() int64
}

// FileReader reads the plaintext of an attachment, each chunk authenticated before it is given out.
type FileReader interface {
	io.ReadSeeker
	io.ReaderAt
	io.Closer
}
