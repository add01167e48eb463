package messenger

import (
	"bytes"
	"errors"
	"time"

	"sotto/chat"
	"sotto/chat/content"
	"sotto/crypto/filecrypt"
)

// applyAttachment takes a message with a file. It is only offered, unless the person allows files of this size to be
// fetched by themselves, which is asked here (docs/PROTOCOL.md section 8.4).
func (in *intake) applyAttachment(mb chat.Mailbox, contact chat.Contact, s session, c content.Content, b content.Attachment) error {
	if known, err := in.Messages().Get(c.ID); err == nil {
		return in.offeredAgain(mb, s, known, b)
	} else if !errors.Is(err, chat.ErrNotFound) {
		return err
	}
	err := in.storeMessage(contact, s, c, chat.Message{Kind: chat.KindAttachment, Text: b.Caption, File: b.File()})
	if err != nil {
		return err
	}
	msg, err := in.Messages().Get(c.ID)
	if err != nil {
		return err
	}
	if msg.Deleted { // its deletion was here before it
		return in.removeBlobLater(mb.Relay, b.ReadKey)
	}
	a := chat.Attachment{
		Message: c.ID, Key: b.Key, Hash: b.Hash, Sealed: filecrypt.SealedSize(b.Size), State: chat.FileOffered, Relay: mb.Relay,
		ReadKey: b.ReadKey, Created: in.now.UTC(),
	}
	if in.m.blobs != nil {
		unasked, err := in.fetchesUnasked(contact.ID, b.Size, a.Sealed)
		if err != nil {
			return err
		}
		if unasked {
			a.State, a.Failure, in.files = chat.FileFetching, fetchedUnasked, true
		}
	}
	if err := in.Attachments().Put(a); err != nil || len(b.Thumbnail) == 0 {
		return err
	}
	return in.Attachments().PutPreview(c.ID, b.Thumbnail)
}

// fetchedUnasked is the Failure of a file on its way that nobody asked for: it is fetched only while the consent stands.
const fetchedUnasked = "unasked"

// Bounds of what is fetched unasked, of one contact in a day: files, and so many times the size that one may have. What is
// beyond them is offered. Neither does it take the last of the disk.
const (
	unaskedFiles = 500
	unaskedSizes = 16
	unaskedRoom  = 1 << 30
	settingTaken = "messenger/unasked/" // takenUnasked, under a contact's id
)

// takenUnasked counts what was fetched unasked since a time.
type takenUnasked struct {
	Since time.Time
	Files int
	Bytes int64
}

// fetchesUnasked reports whether a file is fetched without being asked for, and counts it then.
func (in *intake) fetchesUnasked(peer chat.ContactID, size, sealed int64) (bool, error) {
	limit, err := downloadLimit(in.Tx)
	if err != nil || size > limit {
		return false, err
	}
	allowed, err := in.m.gate.Allowed(in.Tx, peer, chat.AutomaticDownload)
	if err != nil || !allowed {
		return false, err
	}
	if free, err := in.m.blobs.Free(); err == nil && free < sealed+unaskedRoom {
		return false, nil
	}
	var t takenUnasked
	if _, err := getJSON(in.Tx, settingTaken+peer.String(), &t); err != nil {
		return false, err
	}
	if in.now.Sub(t.Since) >= 24*time.Hour || in.now.Before(t.Since) {
		t = takenUnasked{Since: in.now.UTC()}
	}
	t.Files, t.Bytes = t.Files+1, t.Bytes+sealed
	if t.Files > unaskedFiles || t.Bytes > unaskedSizes*filecrypt.SealedSize(limit) {
		return false, nil
	}
	return true, putJSON(in.Tx, settingTaken+peer.String(), t)
}

// offeredAgain takes a message that is known already and was sent again. Nothing of it changes but where its file lies, if
// it is the same file of the same author and was not fetched.
func (in *intake) offeredAgain(mb chat.Mailbox, s session, msg chat.Message, b content.Attachment) error {
	a, err := in.Attachments().Get(msg.ID)
	if err != nil {
		return ignoreMissing(err)
	}
	if msg.Author != s.Peer || msg.Direction != chat.In || msg.File.Size != b.Size || a.Hash != b.Hash || !bytes.Equal(a.Key, b.Key) ||
		bytes.Equal(a.ReadKey, b.ReadKey) && a.Relay == mb.Relay {
		return nil
	}
	if a.State == chat.FileHere {
		return in.removeBlobLater(mb.Relay, b.ReadKey)
	}
	a.Relay, a.ReadKey, a.Attempts, a.NotBefore = mb.Relay, b.ReadKey, 0, time.Time{}
	if a.State == chat.FileFailed {
		a.State, a.Failure = chat.FileOffered, ""
	}
	return in.putFile(msg, a)
}
