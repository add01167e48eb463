package messenger

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"sotto/chat"
	"sotto/chat/content"
	"sotto/crypto/filecrypt"
	"sotto/transport/wire"
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

// FetchFile asks for the file of a received message; it is fetched behind the caller (EventFile, WatchFiles). One that is
// here, or on its way, is no error. Errors: chat.ErrNotFound, chat.ErrRefused for an own one, chat.ErrBlocked, chat.ErrFileGone
// for one of which this profile does not know where it lies, chat.ErrUnsupported for a profile that keeps no files.
func (m *Messenger) FetchFile(ctx context.Context, id chat.MessageID) error {
	err := m.update(ctx, func(u *unit) error {
		msg, a, err := u.fileOf(id)
		if err != nil {
			return err
		}
		return u.fetch(msg, a)
	})
	if err != nil {
		return fmt.Errorf("fetch file: %w", err)
	}
	return nil
}

func (u *unit) fetch(msg chat.Message, a chat.Attachment) error {
	switch {
	case u.m.blobs == nil:
		return chat.ErrUnsupported
	case a.State == chat.FileHere:
		return nil
	case msg.Direction != chat.In:
		return chat.ErrRefused
	case len(a.ReadKey) != len(wire.ReadKey{}): // from a backup or an export, without its bytes
		return chat.ErrFileGone
	}
	peer, err := u.peerOf(msg.Conversation)
	if err != nil {
		return err
	}
	contact, err := u.Contacts().Get(peer)
	if err != nil {
		return err
	}
	if contact.State == chat.ContactBlocked {
		return chat.ErrBlocked
	}
	a.State, a.Failure, a.Attempts, a.NotBefore = chat.FileFetching, "", 0, time.Time{}
	return u.putFile(msg, a)
}

// CancelFile ends what is on its way. A received file is offered again, and what came of it is removed. An own one that has
// not left is taken back with its message: nothing of it stays here, and the contact gets nothing. Errors: chat.ErrNotFound,
// chat.ErrRefused when nothing is on its way any more.
func (m *Messenger) CancelFile(ctx context.Context, id chat.MessageID) error {
	msg, err := m.Message(ctx, id)
	if err != nil {
		return fmt.Errorf("cancel file: %w", err)
	}
	if msg.Direction == chat.In {
		err = m.update(ctx, func(u *unit) error { return u.cancelFetch(id) })
	} else {
		err = m.erase(ctx, func(u *unit) error { return u.takeBack(id) })
	}
	if err != nil {
		return fmt.Errorf("cancel file: %w", err)
	}
	return nil
}

func (u *unit) cancelFetch(id chat.MessageID) error {
	msg, a, err := u.fileOf(id)
	if err != nil {
		return err
	}
	if a.State != chat.FileFetching {
		return chat.ErrRefused
	}
	a.State, a.Failure, a.Attempts, a.NotBefore, a.Blob, a.Stored = chat.FileOffered, "", 0, time.Time{}, chat.BlobID{}, false
	return u.putFile(msg, a)
}

// takeBack removes an own message whose file has not left; its number is filled by its deletion.
func (u *unit) takeBack(id chat.MessageID) error {
	msg, a, err := u.fileOf(id)
	if err != nil {
		return err
	}
	if a.State == chat.FileHere || msg.State.Rank() > chat.Queued.Rank() {
		return chat.ErrRefused
	}
	if err := u.withdraw(msg); err != nil {
		return err
	}
	if err := u.letGo(msg, true); err != nil {
		return err
	}
	if err := ignoreMissing(u.Annotations().DeleteForTarget(msg.Conversation, id)); err != nil {
		return err
	}
	if err := u.Messages().Delete(id); err != nil {
		return err
	}
	if err := u.refresh(msg.Conversation); err != nil {
		return err
	}
	peer, err := u.peerOf(msg.Conversation)
	if err != nil {
		return err
	}
	return u.emit(Event{Type: EventDelete, Contact: peer, Conversation: msg.Conversation, Message: id, Detail: RemovedCancelled})
}

// RemovedCancelled is the Detail of an EventDelete of an own message whose file was cancelled before it left.
const RemovedCancelled = "cancelled"

// settingBlobs holds the blobs that are to be removed on their relays, oldest first.
const settingBlobs = "messenger/blobs"

// maxDoomed bounds them; what is forgotten ends by itself (wire.BlobRetention).
const maxDoomed = 1000

// doomed is a blob that is to be removed on its relay.
type doomed struct {
	Relay   string
	ReadKey []byte
	Since   time.Time
	Due     time.Time `json:",omitzero"` // not before; zero: at once
}

// removeBlobLater is removeBlob for the blob of somebody else. Whoever brought it can ask the relay whether it is there
// still, so it goes at the turn of the day, and tells neither when its file was fetched or its message removed nor, with the
// minutes of chance, when this computer is there.
func (u *unit) removeBlobLater(relay string, readKey []byte) error {
	const day = 24 * time.Hour
	return u.doomBlob(relay, readKey, u.now.UTC().Truncate(day).Add(day+rand.N(time.Hour)))
}

// removeBlob lets a blob be removed on its relay, behind the commit.
func (u *unit) removeBlob(relay string, readKey []byte) error {
	return u.doomBlob(relay, readKey, time.Time{})
}

func (u *unit) doomBlob(relay string, readKey []byte, due time.Time) error {
	if relay == "" || len(readKey) != len(wire.ReadKey{}) {
		return nil
	}
	var list []doomed
	if _, err := getJSON(u.Tx, settingBlobs, &list); err != nil {
		return err
	}
	list = append(list, doomed{relay, readKey, u.now.UTC(), due})
	u.blobs = true
	return putJSON(u.Tx, settingBlobs, list[max(0, len(list)-maxDoomed):])
}
