package messenger

import (
	"context"
	"errors"
	"io"
	"sync/atomic"
	"time"

	"sotto/chat"
	"sotto/chat/content"
	"sotto/transport/wire"
)

// upload brings an own file to the relay of its contact and lets its message go (docs/PROTOCOL.md section 8.4). Whatever
// ends it, the next one goes on from the bytes that the relay has.
func (m *Messenger) upload(ctx context.Context, id chat.MessageID) wait {
	var a chat.Attachment
	var route chat.Route
	var w wait
	ready := false
	err := m.update(ctx, func(u *unit) (err error) {
		a, route, w, ready, err = u.readyUpload(id)
		return err
	})
	if err != nil {
		return wait{until: m.now().Add(firstBackoff)} // the store; nothing is lost
	}
	if !ready {
		return w
	}
	var moved atomic.Bool // a request that was given up may still read
	ctx, count, stop := watched(ctx, func(n int) {
		moved.Store(true)
		m.transfers.spent(a.Message, n)
		m.transfers.moved(a, n)
	})
	defer stop()
	err = m.bring(ctx, a, route, count)
	if err == nil {
		err = m.update(m.ctx, func(u *unit) error { return u.uploaded(a) })
		if err == nil {
			return wait{}
		}
	}
	if m.routeChanged(route) {
		return wait{} // tried over the newer one at once
	}
	return m.tryLater(ctx, a, err, moved.Load())
}

// readyUpload returns the file and where it is to go; ready is false when it is not to be moved now.
func (u *unit) readyUpload(id chat.MessageID) (a chat.Attachment, route chat.Route, w wait, ready bool, err error) {
	msg, a, err := u.fileOf(id)
	if err != nil || a.State != chat.FileSending {
		return a, route, wait{}, false, ignoreMissing(err)
	}
	peer, err := u.peerOf(msg.Conversation)
	if err != nil {
		return a, route, w, false, err
	}
	contact, err := u.Contacts().Get(peer)
	if err != nil {
		return a, route, w, false, err
	}
	switch {
	case contact.State == chat.ContactBlocked:
		return a, route, w, false, u.setFileAside(msg, a, FailureBlocked)
	case contact.State != chat.ContactAccepted || contact.Verification == chat.Changed:
		return a, route, wait{held: true}, false, nil
	}
	if allowed, err := u.m.mayRead(u.Tx, contact); err != nil {
		return a, route, w, false, err
	} else if !allowed {
		return a, route, w, false, u.setFileAside(msg, a, FailureConsent)
	}
	route, err = routeTo(u.Tx, peer)
	if errors.Is(err, chat.ErrNotFound) {
		return a, route, w, false, u.setFileAside(msg, a, FailureRoute)
	}
	if err != nil {
		return a, route, w, false, err
	}
	if len(route.Token) != len(wire.Token{}) {
		return a, route, w, false, u.setFileAside(msg, a, FailureFileRefused)
	}
	if a.Relay != route.Relay || len(a.ReadKey) != len(wire.ReadKey{}) || len(a.UploadKey) != len(wire.UploadKey{}) {
		if a, err = u.uploadAnew(a, route.Relay); err != nil {
			return a, route, w, false, err
		}
	}
	return a, route, w, true, nil
}

// routeChanged reports whether a contact is reached elsewhere than when an upload began.
func (m *Messenger) routeChanged(route chat.Route) (changed bool) {
	err := m.view(m.ctx, func(tx chat.Tx) error {
		now, err := routeTo(tx, route.Peer)
		changed = err == nil && now.Mailbox != route.Mailbox
		return err
	})
	return changed && err == nil
}

// withKeys returns an own file with new keys for its blob.
func withKeys(a chat.Attachment) chat.Attachment {
	read, upload := wire.NewReadKey(), wire.NewUploadKey()
	a.Relay, a.ReadKey, a.UploadKey = "", read[:], upload[:]
	return a
}

// uploadAnew gives a file new keys on another relay, and its queued message the new read key.
func (u *unit) uploadAnew(a chat.Attachment, relay string) (chat.Attachment, error) {
	if err := u.removeBlob(a.Relay, a.ReadKey); err != nil {
		return a, err
	}
	a = withKeys(a)
	a.Relay = relay
	if err := u.Attachments().Put(a); err != nil {
		return a, err
	}
	items, err := u.Queue().ForMessage(a.Message)
	if err != nil {
		return a, err
	}
	for _, item := range items {
		c, err := content.Decode(item.Content)
		body, ok := c.Body.(content.Attachment)
		if err != nil || !ok {
			continue
		}
		body.ReadKey = a.ReadKey
		c.Body = body
		if item.Content, err = c.Encode(); err != nil {
			return a, err
		}
		if err := u.Queue().Put(item); err != nil {
			return a, err
		}
	}
	return a, nil
}

// bring uploads what the relay has not got, and lets it commit the whole.
func (m *Messenger) bring(ctx context.Context, a chat.Attachment, route chat.Route, count func(n int)) error {
	relay, err := m.pool.get(a.Relay)
	if err != nil {
		return err
	}
	key, read := wire.UploadKey(a.UploadKey), wire.ReadKey(a.ReadKey)
	offset, err := relay.UploadOffset(ctx, key)
	if errors.Is(err, wire.ErrNotFound) {
		offset = 0
		err = relay.GrantBlob(ctx, wire.Mailbox(route.Mailbox), wire.Token(route.Token), read.Hash(), key.Hash(), a.Sealed)
	}
	if errors.Is(err, wire.ErrConflict) { // its names are taken by something else there: begin under others
		_, anewErr := m.anew(a)
		return errors.Join(wire.ErrUnavailable, anewErr)
	}
	if err != nil {
		return err
	}
	file, err := m.blobs.Open(a.Blob)
	if err != nil || file.Size() != a.Sealed {
		if err == nil || errors.Is(err, chat.ErrNotFound) {
			return errors.Join(errDamaged, closed(file))
		}
		return err
	}
	defer file.Close() //nolint:errcheck // only read
	m.transfers.begun(a, offset)
	// One request for all of it: smaller ones would have the relay wait for its disk more often, without a cut losing less, as it
	// keeps what came of each.
	for strays := 0; offset < a.Sealed; {
		n := a.Sealed - offset
		part := countingReader{io.NewSectionReader(file, offset, n), count}
		next, err := relay.Upload(ctx, key, offset, part, n)
		if errors.Is(err, wire.ErrConflict) && next >= 0 && next <= a.Sealed && strays < 3 {
			strays++ // the relay is elsewhere: go on there
			offset = next
			m.transfers.begun(a, offset)
			continue
		}
		if err != nil {
			return err
		}
		offset = next
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), commitWait)
	defer cancel()
	defer context.AfterFunc(m.ctx, cancel)()
	err = relay.CommitBlob(ctx, key, a.Hash)
	if errors.Is(err, wire.ErrDigest) {
		if ownErr := m.checkOwn(a, file); ownErr != nil {
			return ownErr
		}
	}
	return err
}

func closed(file chat.BlobReader) error {
	if file == nil {
		return nil
	}
	return file.Close()
}

// anew is uploadAnew as a unit of work of its own, on the same relay.
func (m *Messenger) anew(a chat.Attachment) (out chat.Attachment, err error) {
	err = m.update(m.ctx, func(u *unit) error {
		now, err := u.Attachments().Get(a.Message)
		if err != nil || now.State != chat.FileSending || string(now.ReadKey) != string(a.ReadKey) {
			return ignoreMissing(err)
		}
		out, err = u.uploadAnew(now, now.Relay)
		return err
	})
	return out, err
}

// checkOwn tells whether it is this disk that lost a file, when the relay got other bytes than the message names.
func (m *Messenger) checkOwn(a chat.Attachment, file io.ReaderAt) error {
	var size int64
	err := m.view(m.ctx, func(tx chat.Tx) error {
		msg, err := tx.Messages().Get(a.Message)
		size = msg.File.Size
		return err
	})
	if err != nil {
		return err
	}
	return verifyFile(file, a, size)
}

// uploaded lets the message go whose file the relay has now, unless it was taken back meanwhile or is to go elsewhere.
func (u *unit) uploaded(sent chat.Attachment) error {
	msg, a, err := u.fileOf(sent.Message)
	if err != nil || a.State != chat.FileSending || string(a.ReadKey) != string(sent.ReadKey) {
		return ignoreMissing(err)
	}
	a.State, a.Failure, a.Attempts, a.NotBefore = chat.FileHere, "", 0, time.Time{}
	if err := u.putFile(msg, a); err != nil {
		return err
	}
	items, err := u.Queue().ForMessage(msg.ID)
	if err != nil {
		return err
	}
	for _, item := range items {
		if item.State != chat.QueueHeld {
			continue
		}
		item.State = chat.QueueWaiting
		if err := u.Queue().Put(item); err != nil {
			return err
		}
		u.queued = append(u.queued, item.Peer)
	}
	return nil
}
