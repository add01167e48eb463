package messenger

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"sotto/chat"
	"sotto/crypto/filecrypt"
)

// Codes of why a file stopped (Attachment.Failure, FileStatus.Failure, and Message.Failure of an own one).
const (
	FailureFileGone    = chat.FailureFileGone    // the relay has it no more, or never had it
	FailureFileDamaged = chat.FailureFileDamaged // the bytes are not those that the message names; what came of them is removed
	FailureFileLeftOut = chat.FailureFileLeftOut // the export from which its message came back does not hold it
	FailureFileSize    = "file-too-large"        // the relay takes no file of that size
	FailureFileRefused = "file-refused"          // the relay keeps no files, or takes none with this token
	FailureDiskFull    = "disk-full"             // what came of it is removed: the rest of the disk is for the history
	FailureQuota       = failureQuota            // the relay has had no room for a long time
)

// DefaultDownloadLimit is the size in bytes up to which offered files are fetched by themselves, with consent, when the
// person has not chosen another.
const DefaultDownloadLimit = 10 << 20

// spareRoom is what a file leaves of the disk to the history, in bytes.
const spareRoom = 32 << 20

// FileStatus is where the file of a message stands.
type FileStatus struct {
	Message chat.MessageID
	State   chat.FileState
	// Failure is the code of why it stopped while State is FileFailed, and of what it waits for while it moves: "offline",
	// "quota", or nothing.
	Failure string
	Stored  bool  // all of it is on this disk
	Done    int64 // bytes of ciphertext that have moved
	Total   int64 // bytes of ciphertext
}

// FileStatus returns where the files of messages stand, in the order asked. Messages without a file are left out. One
// whose row is damaged has failed, with FailureFileDamaged.
func (m *Messenger) FileStatus(ctx context.Context, ids ...chat.MessageID) ([]FileStatus, error) {
	var out []FileStatus
	err := m.view(ctx, func(tx chat.Tx) error {
		for _, id := range ids {
			a, err := tx.Attachments().Get(id)
			if errors.Is(err, chat.ErrNotFound) {
				continue
			}
			if errors.Is(err, chat.ErrDamaged) { // the message can be read; its file cannot
				out = append(out, FileStatus{Message: id, State: chat.FileFailed, Failure: FailureFileDamaged})
				continue
			}
			if err != nil {
				return err
			}
			out = append(out, m.transfers.status(a))
		}
		return nil
	})
	return out, err
}

// Files returns at most limit messages with a file, newest first, of those before a position (0: the newest).
func (m *Messenger) Files(ctx context.Context, conv chat.ConversationID, before int64, limit int) (out []chat.Message, err error) {
	err = m.view(ctx, func(tx chat.Tx) error {
		out, err = tx.Attachments().Page(conv, before, limit)
		return err
	})
	return out, err
}

// Preview returns the small picture of a file, JPEG of at most chat.MaxPreview bytes that came from the peer or was put
// here. Error: chat.ErrNotFound, also for one that is damaged: another can be put in its place.
func (m *Messenger) Preview(ctx context.Context, id chat.MessageID) (picture []byte, err error) {
	err = m.view(ctx, func(tx chat.Tx) error {
		picture, err = tx.Attachments().Preview(id)
		return err
	})
	if errors.Is(err, chat.ErrDamaged) {
		return nil, chat.ErrNotFound
	}
	return picture, err
}

// PutPreview keeps a small picture beside a file, in place of the one that came with it. Errors: chat.ErrNotFound,
// chat.ErrTooLarge.
func (m *Messenger) PutPreview(ctx context.Context, id chat.MessageID, picture []byte) error {
	if len(picture) > chat.MaxPreview {
		return chat.ErrTooLarge
	}
	return m.update(ctx, func(u *unit) error { return u.Attachments().PutPreview(id, picture) })
}

// OpenFile opens the file of a message for reading at any place. Close it before the profile is locked. Errors:
// chat.ErrNotFound for a message without a file, chat.ErrNotFetched when not all of it is here, chat.ErrFileDamaged, which
// reading may answer as well.
func (m *Messenger) OpenFile(ctx context.Context, id chat.MessageID) (chat.FileReader, chat.Message, error) {
	var msg chat.Message
	var a chat.Attachment
	err := m.view(ctx, func(tx chat.Tx) (err error) {
		if a, err = tx.Attachments().Get(id); errors.Is(err, chat.ErrDamaged) {
			return chat.ErrFileDamaged
		}
		if err != nil {
			return err
		}
		msg, err = tx.Messages().Get(id)
		return err
	})
	if err != nil {
		return nil, chat.Message{}, fmt.Errorf("open file: %w", err)
	}
	if !a.Stored || m.blobs == nil {
		return nil, msg, fmt.Errorf("open file: %w", chat.ErrNotFetched)
	}
	r, err := m.readFile(a, msg.File.Size)
	if err != nil {
		return nil, msg, fmt.Errorf("open file: %w", err)
	}
	return r, msg, nil
}

func (m *Messenger) readFile(a chat.Attachment, size int64) (chat.FileReader, error) {
	key, err := filecrypt.KeyFrom(a.Key)
	if err != nil {
		return nil, chat.ErrFileDamaged
	}
	defer key.Zero()
	blob, err := m.blobs.Open(a.Blob)
	if errors.Is(err, chat.ErrNotFound) {
		return nil, chat.ErrFileDamaged // a row names it, so it was here
	}
	if err != nil {
		return nil, err
	}
	r, err := filecrypt.NewReader(blob, key, blob.Size(), size)
	if err != nil {
		blob.Close() //nolint:errcheck // nothing was written
		return nil, damagedFile(err)
	}
	return fileReader{r, blob}, nil
}

// fileReader is an open file. What does not open is chat.ErrFileDamaged.
type fileReader struct {
	*filecrypt.Reader
	blob chat.BlobReader
}

// Read implements io.Reader.
func (f fileReader) Read(p []byte) (int, error) {
	n, err := f.Reader.Read(p)
	return n, damagedFile(err)
}

// ReadAt implements io.ReaderAt.
func (f fileReader) ReadAt(p []byte, at int64) (int, error) {
	n, err := f.Reader.ReadAt(p, at)
	return n, damagedFile(err)
}

// Close implements io.Closer.
func (f fileReader) Close() error { return errors.Join(f.Reader.Close(), f.blob.Close()) }

// damagedFile adds chat.ErrFileDamaged to what says that bytes are not those of the file.
func damagedFile(err error) error {
	if err == nil || err == io.EOF { //nolint:errorlint // io.EOF is never wrapped here
		return err
	}
	for _, damage := range []error{filecrypt.ErrChunk, filecrypt.ErrTruncated, filecrypt.ErrLength, filecrypt.ErrPadding} {
		if errors.Is(err, damage) {
			return fmt.Errorf("%w: %w", chat.ErrFileDamaged, err)
		}
	}
	return err
}

// settingDownloadLimit holds the size up to which offered files are fetched by themselves.
const settingDownloadLimit = "messenger/download-limit"

func downloadLimit(tx chat.Tx) (int64, error) {
	limit := int64(DefaultDownloadLimit)
	_, err := getJSON(tx, settingDownloadLimit, &limit)
	return limit, err
}

// DownloadLimit returns the size in bytes up to which offered files are fetched by themselves where the person allows it
// (chat.AutomaticDownload).
func (m *Messenger) DownloadLimit(ctx context.Context) (limit int64, err error) {
	err = m.view(ctx, func(tx chat.Tx) error {
		limit, err = downloadLimit(tx)
		return err
	})
	return limit, err
}

// SetDownloadLimit sets that size, 0 to chat.MaxFile; it acts on the next file. Error: chat.ErrMalformed.
func (m *Messenger) SetDownloadLimit(ctx context.Context, bytes int64) error {
	if bytes < 0 || bytes > chat.MaxFile {
		return fmt.Errorf("download limit: %w", chat.ErrMalformed)
	}
	return m.update(ctx, func(u *unit) error { return putJSON(u.Tx, settingDownloadLimit, bytes) })
}

// putFile stores an attachment and tells its state.
func (u *unit) putFile(msg chat.Message, a chat.Attachment) error {
	if err := u.Attachments().Put(a); err != nil {
		return err
	}
	return u.tellFile(msg, a)
}

func (u *unit) tellFile(msg chat.Message, a chat.Attachment) error {
	peer, err := u.peerOf(msg.Conversation)
	if err != nil {
		return err
	}
	u.files, u.told = true, append(u.told, a)
	return u.emit(Event{
		Type: EventFile, Contact: peer, Conversation: msg.Conversation, Message: msg.ID, Detail: string(a.State), Text: a.Failure,
	})
}

// fileOf returns the attachment of a message with its message; chat.ErrNotFound when there is none.
func (u *unit) fileOf(id chat.MessageID) (chat.Message, chat.Attachment, error) {
	msg, err := u.Messages().Get(id)
	if err != nil {
		return chat.Message{}, chat.Attachment{}, err
	}
	a, err := u.Attachments().Get(id)
	return msg, a, err
}

// stopFile sets a file aside that was on its way, with the code of why.
func (u *unit) stopFile(msg chat.Message, a chat.Attachment, code string) error {
	a.State, a.Failure, a.Attempts, a.NotBefore = chat.FileFailed, code, 0, time.Time{}
	return u.putFile(msg, a)
}

// stopSending sets the file of an own message aside with the message.
func (u *unit) stopSending(id chat.MessageID, code string) error {
	msg, a, err := u.fileOf(id)
	if err != nil || a.State != chat.FileSending {
		return ignoreMissing(err)
	}
	return u.stopFile(msg, a, code)
}
