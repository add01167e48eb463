package messenger

import (
	"context"
	"fmt"
	"time"

	"sotto/chat"
	"sotto/transport/wire"
)

// FetchFile asks for the file of a received message; it is fetched behind the caller (EventFile, WatchFiles). One that is
// here, or on its way, is no error. Errors: chat.ErrNotFound, chat.ErrRefused for an own one, chat.ErrBlocked, chat.ErrFileGone
// for one of which this profile does not know where it lies, chat.ErrFileLeftOut for one that an export did
// not hold, chat.ErrUnsupported for a profile that keeps no files.
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
	case a.Failure == FailureFileLeftOut:
		return chat.ErrFileLeftOut
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
