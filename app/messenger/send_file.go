package messenger

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"sotto/chat"
	"sotto/chat/content"
	"sotto/crypto/filecrypt"
	"sotto/transport/wire"
)

// FileToSend is a file that is to become a message.
type FileToSend struct {
	Name          string // cleaned by chat.CleanFileName
	Type          string // media type; empty: not said
	Size          int64  // bytes, 0 to chat.MaxFile
	Width, Height int    // of a picture in pixels; 0: none
	Thumbnail     []byte // JPEG of at most chat.MaxThumbnail bytes that travels in the message; left out beside a long caption
	Preview       []byte // picture of at most chat.MaxPreview bytes that is kept here; nil: the thumbnail
	Caption       string // at most content.MaxText bytes, may be empty
	// Open gives the bytes, exactly Size of them. It is called once, and the reader closed.
	Open func() (io.ReadCloser, error)
}

// SendFile encrypts a file into the profile, then stores its message and queues it: it leaves when the relay of the contact
// has the file, and what is written later does not wait for it. progress, unless it is nil, is told how many bytes are
// encrypted, of how many; ctx ends that, and nothing is kept then. Errors: as of Send; chat.ErrNotAccepted also for a contact
// that has not accepted yet, chat.ErrTooLarge for a file over chat.MaxFile, chat.ErrMalformed when Open does not give Size
// bytes, chat.ErrDiskFull, chat.ErrUnsupported for a profile that keeps no files, and those of Open.
func (m *Messenger) SendFile(
	ctx context.Context, conv chat.ConversationID, f FileToSend, o SendOptions, progress func(done, total int64),
) (chat.Message, error) {
	msg, err := m.sendFile(ctx, conv, f, o, progress)
	if err != nil {
		return chat.Message{}, fmt.Errorf("send file: %w", err)
	}
	return msg, nil
}

func (m *Messenger) sendFile(
	ctx context.Context, conv chat.ConversationID, f FileToSend, o SendOptions, progress func(done, total int64),
) (chat.Message, error) {
	if m.blobs == nil {
		return chat.Message{}, chat.ErrUnsupported
	}
	key := filecrypt.NewKey()
	defer key.Zero()
	c := content.Content{ID: chat.NewMessageID(), Conv: conv, Seq: 1, Sent: m.now(), ReplyTo: o.ReplyTo, Body: f.body(key)}
	c, err := fitting(c)
	if err != nil {
		return chat.Message{}, err
	}
	err = m.view(ctx, func(tx chat.Tx) error { // before the work; the unit that stores asks again
		u := &unit{Tx: tx, m: m}
		peer, err := u.offeringTo(conv)
		if err != nil {
			return err
		}
		return u.m.mayTake(tx, u.to, content.Content{Body: c.Body, Conv: m.ConversationWith(peer)})
	})
	if err != nil {
		return chat.Message{}, err
	}
	blob, sum, err := m.sealFile(ctx, f, key, progress)
	if err != nil {
		return chat.Message{}, err
	}
	body, _ := c.Body.(content.Attachment)
	body.Hash = sum
	c.Body = body
	var msg chat.Message
	err = m.update(ctx, func(u *unit) (err error) {
		msg, err = u.offer(c, blob, f.Preview)
		return err
	})
	if err != nil {
		return chat.Message{}, errors.Join(err, m.blobs.Remove(blob))
	}
	return msg, nil
}

// body returns what the message says of the file, but for the hash of its ciphertext.
func (f FileToSend) body(key filecrypt.Key) content.Attachment {
	read := wire.NewReadKey()
	return content.Attachment{
		Name: chat.CleanFileName(f.Name), Type: f.Type, Size: f.Size, Key: key.Bytes(), ReadKey: read[:], Caption: f.Caption,
		Width: f.Width, Height: f.Height, Thumbnail: f.Thumbnail,
	}
}

// fitting returns the content without the thumbnail where it would be too large with it, or why it may not be sent.
func fitting(c content.Content) (content.Content, error) {
	_, err := c.Encode()
	body, _ := c.Body.(content.Attachment)
	if !errors.Is(err, chat.ErrTooLarge) || len(body.Thumbnail) == 0 {
		return c, err
	}
	body.Thumbnail = nil
	c.Body = body
	_, err = c.Encode()
	return c, err
}

// offeringTo is sendingTo for a file: whoever has not accepted gets none.
func (u *unit) offeringTo(conv chat.ConversationID) (chat.ContactID, error) {
	peer, err := u.sendingTo(conv)
	if err == nil && u.to.State != chat.ContactAccepted {
		err = chat.ErrNotAccepted
	}
	return peer, err
}

// sealFile encrypts a file into a blob that no message names yet, and returns the SHA-256 of the ciphertext.
func (m *Messenger) sealFile(ctx context.Context, f FileToSend, key filecrypt.Key, progress func(done, total int64)) (chat.BlobID, [32]byte, error) {
	if err := m.roomFor(filecrypt.SealedSize(f.Size)); err != nil {
		return chat.BlobID{}, [32]byte{}, err
	}
	src, err := f.Open()
	if err != nil {
		return chat.BlobID{}, [32]byte{}, err
	}
	defer src.Close() //nolint:errcheck // only read
	w, err := m.blobs.Create()
	if err != nil {
		return chat.BlobID{}, [32]byte{}, err
	}
	sum, err := sealInto(ctx, w, f.Size, src, key, progress)
	if err == nil {
		err = w.Commit()
	}
	if err != nil {
		return chat.BlobID{}, [32]byte{}, errors.Join(err, w.Close(), m.blobs.Remove(w.ID()))
	}
	return w.ID(), sum, nil
}

func sealInto(
	ctx context.Context, dst io.Writer, size int64, src io.Reader, key filecrypt.Key, progress func(done, total int64),
) (sum [32]byte, err error) {
	w := filecrypt.NewWriter(dst, key, size)
	defer w.Close() //nolint:errcheck // ends it after an error; else it is closed below
	buffer := make([]byte, filecrypt.ChunkSize)
	defer clear(buffer)
	for done := int64(0); ; {
		if err := ctx.Err(); err != nil {
			return sum, err
		}
		n, readErr := src.Read(buffer)
		if done += int64(n); done > size {
			return sum, fmt.Errorf("%w: the file grew while it was read", chat.ErrMalformed)
		}
		if _, err := w.Write(buffer[:n]); err != nil {
			return sum, err
		}
		if progress != nil && n > 0 {
			progress(done, size)
		}
		if errors.Is(readErr, io.EOF) {
			if done != size {
				return sum, fmt.Errorf("%w: the file shrank while it was read", chat.ErrMalformed)
			}
			break
		}
		if readErr != nil {
			return sum, readErr
		}
	}
	err = w.Close()
	return w.Sum(), err
}

// roomFor answers chat.ErrDiskFull when the disk has no room for so many bytes beside the history.
func (m *Messenger) roomFor(bytes int64) error {
	free, err := m.blobs.Free()
	if errors.Is(err, chat.ErrUnsupported) {
		return nil // the write will tell
	}
	if err == nil && free < bytes+spareRoom {
		err = chat.ErrDiskFull
	}
	return err
}

// offer stores the message of an encrypted file and queues it behind its upload.
func (u *unit) offer(c content.Content, blob chat.BlobID, preview []byte) (chat.Message, error) {
	peer, err := u.offeringTo(c.Conv)
	if err != nil {
		return chat.Message{}, err
	}
	timer, err := timerOf(u.Tx, c.Conv)
	if err != nil {
		return chat.Message{}, err
	}
	c.Sent, c.ExpiresAfter = u.now, timer.After
	if c.Seq, err = u.nextSeq(c.Conv); err != nil {
		return chat.Message{}, err
	}
	if c, err = fitting(c); err != nil {
		return chat.Message{}, err
	}
	body, _ := c.Body.(content.Attachment)
	msg, err := u.putOwn(peer, c, body.Caption)
	if err != nil {
		return chat.Message{}, err
	}
	route, err := routeTo(u.Tx, peer)
	if err := ignoreMissing(err); err != nil {
		return chat.Message{}, err
	}
	upload := wire.NewUploadKey()
	a := chat.Attachment{
		Message: c.ID, Key: body.Key, Hash: body.Hash, Sealed: filecrypt.SealedSize(body.Size), Blob: blob, Stored: true,
		State: chat.FileSending, Relay: route.Relay, ReadKey: body.ReadKey, UploadKey: upload[:], Created: u.now.UTC(),
	}
	if err := u.Attachments().Put(a); err != nil {
		return chat.Message{}, err
	}
	if preview == nil {
		preview = body.Thumbnail
	}
	if len(preview) > 0 {
		if err := u.Attachments().PutPreview(c.ID, preview); err != nil {
			return chat.Message{}, err
		}
	}
	u.files = true
	return msg, u.enqueue(peer, c, queueOptions{visible: true, held: true})
}

// attachmentContent returns the content of an own message with a file, as it is sent again. The keys are those of its blob,
// see withKeys.
func (u *unit) attachmentContent(msg chat.Message, a chat.Attachment) (content.Content, error) {
	small, err := u.Attachments().Preview(msg.ID)
	if err := ignoreMissing(err); err != nil {
		return content.Content{}, err
	}
	if len(small) > chat.MaxThumbnail {
		small = nil
	}
	f := msg.File
	return fitting(content.Content{
		ID: msg.ID, Conv: msg.Conversation, Seq: msg.Seq, Sent: msg.Sent, ReplyTo: msg.ReplyTo, ExpiresAfter: msg.ExpiresAfter,
		Body: content.Attachment{
			Name: f.Name, Type: f.Type, Size: f.Size, Key: a.Key, Hash: a.Hash, ReadKey: a.ReadKey, Caption: msg.Text, Width: f.Width,
			Height: f.Height, Thumbnail: small,
		},
	})
}

// sendFileAgain lets the upload of an own file look at its blob again, and its queued content wait for that.
func (u *unit) sendFileAgain(msg chat.Message, a chat.Attachment, item chat.QueueItem) error {
	a.State, a.Failure, a.Attempts, a.NotBefore = chat.FileSending, "", 0, time.Time{}
	if err := u.putFile(msg, a); err != nil {
		return err
	}
	item.State, item.Failure, item.Attempts, item.NotBefore = chat.QueueHeld, "", 0, time.Time{}
	item.Envelope, item.EnvelopeID, item.Session, item.Device = nil, [16]byte{}, chat.SessionID{}, chat.DeviceID{}
	return u.Queue().Put(item)
}
