package messenger

import (
	"context"
	"errors"
	"io"
	"slices"
	"time"

	"sotto/chat"
	"sotto/transport/wire"
)

// offered is a received file that is to be fetched.
type offered struct {
	chat.Attachment
	size   int64    // of the file
	relays []string // where its blob may lie, in the order asked
	from   string   // where it was found
}

// download fetches a file, checks all of it and only then says that it is here (docs/PROTOCOL.md section 8.4). Whatever ends
// it, the next one goes on from the bytes that are on the disk.
func (m *Messenger) download(ctx context.Context, id chat.MessageID) wait {
	var o offered
	var w chat.BlobWriter
	var earlier bool
	err := m.update(ctx, func(u *unit) (err error) {
		o, err = u.readyDownload(id)
		return err
	})
	if err == nil && o.Message.IsZero() {
		return wait{}
	}
	if err != nil {
		return wait{until: m.now().Add(firstBackoff)} // the store; nothing is lost
	}
	came := 0
	ctx, count, stop := watched(ctx, func(n int) {
		came += n
		m.transfers.moved(o.Attachment, n)
	})
	defer stop()
	if o.Attachment, w, err = m.target(ctx, o.Attachment); err != nil {
		return m.tryLater(ctx, o.Attachment, err, false)
	}
	if w == nil { // it was complete when the process ended
		err = m.checkComplete(o)
	} else {
		earlier = w.Size() > 0
		err = m.fetchInto(ctx, &o, w, count)
		if errors.Is(err, errDamaged) && earlier && w.Truncate(0) == nil {
			// A disk that lost its power may have kept less than it said: once more, all of it.
			err = m.fetchInto(ctx, &o, w, count)
		}
		if err == nil {
			err = w.Commit()
		} else if closeErr := w.Close(); closeErr != nil {
			err = errors.Join(err, closeErr)
		}
	}
	if err == nil {
		err = m.update(m.ctx, func(u *unit) error { return u.fetched(o) })
		if err == nil {
			return wait{}
		}
	}
	return m.tryLater(ctx, o.Attachment, err, came >= leastMoved)
}

// readyDownload returns what is to be fetched; the zero value: nothing.
func (u *unit) readyDownload(id chat.MessageID) (offered, error) {
	msg, a, err := u.fileOf(id)
	if err != nil || a.State != chat.FileFetching {
		return offered{}, ignoreMissing(err)
	}
	if len(a.ReadKey) != len(wire.ReadKey{}) {
		return offered{}, u.setFileAside(msg, a, FailureFileGone)
	}
	peer, err := u.peerOf(msg.Conversation)
	if err != nil {
		return offered{}, err
	}
	contact, err := u.Contacts().Get(peer)
	if err != nil {
		return offered{}, err
	}
	if contact.State == chat.ContactBlocked { // nothing of theirs is taken
		return offered{}, u.cancelFetch(id)
	}
	if a.Failure == fetchedUnasked {
		if allowed, err := u.m.gate.Allowed(u.Tx, peer, chat.AutomaticDownload); err != nil {
			return offered{}, err
		} else if !allowed {
			return offered{}, u.cancelFetch(id)
		}
	}
	mailboxes, err := u.Mailboxes().List()
	if err != nil {
		return offered{}, err
	}
	relays := []string{a.Relay}
	for _, mb := range mailboxes {
		if mb.Contact == peer && !mb.Renewed.IsZero() && !slices.Contains(relays, mb.Relay) {
			relays = append(relays, mb.Relay)
		}
	}
	return offered{a, msg.File.Size, relays, a.Relay}, nil
}

// target opens the file that the bytes of an attachment go to; its name is committed before the first of them comes. It
// returns nil for one that is complete already.
func (m *Messenger) target(ctx context.Context, a chat.Attachment) (chat.Attachment, chat.BlobWriter, error) {
	if !a.Blob.IsZero() {
		w, err := m.blobs.Resume(a.Blob)
		if err == nil {
			return a, w, m.goOn(w, a.Sealed)
		}
		if !errors.Is(err, chat.ErrNotFound) {
			return a, nil, err
		}
		done, err := m.blobs.Open(a.Blob)
		if err == nil {
			return a, nil, done.Close()
		}
		if !errors.Is(err, chat.ErrNotFound) {
			return a, nil, err
		}
	}
	if err := m.roomFor(a.Sealed); err != nil {
		return a, nil, err
	}
	w, err := m.blobs.Create()
	if err != nil {
		return a, nil, err
	}
	var now chat.Attachment
	err = m.update(ctx, func(u *unit) error {
		if now, err = u.Attachments().Get(a.Message); err != nil {
			return err
		}
		if now.State != chat.FileFetching {
			return chat.ErrNotFound // cancelled
		}
		now.Blob = w.ID()
		return u.Attachments().Put(now)
	})
	if err != nil {
		return a, nil, errors.Join(err, w.Close(), m.blobs.Remove(w.ID()))
	}
	return now, w, nil
}

// goOn empties a part that is longer than its file, and looks whether there is room for the rest. After an error the part is
// closed.
func (m *Messenger) goOn(w chat.BlobWriter, sealed int64) error {
	var err error
	if w.Size() > sealed {
		err = w.Truncate(0)
	}
	if err == nil {
		err = m.roomFor(sealed - w.Size())
	}
	if err != nil {
		err = errors.Join(err, w.Close())
	}
	return err
}

// fetchInto fetches what is missing and checks the whole. Errors: errDamaged, those of the relay and of the disk.
func (m *Messenger) fetchInto(ctx context.Context, o *offered, w chat.BlobWriter, count func(n int)) error {
	m.transfers.begun(o.Attachment, w.Size())
	if w.Size() == 0 {
		return m.fetchWhole(ctx, o, w, count)
	}
	if w.Size() < o.Sealed {
		if err := m.fetchMissing(ctx, o, w, w, count); err != nil {
			return err
		}
	}
	return verifyFile(w, o.Attachment, o.size)
}

// fetchWhole fetches all of a file and checks it while it comes.
func (m *Messenger) fetchWhole(ctx context.Context, o *offered, w chat.BlobWriter, count func(n int)) error {
	v, err := verifying(o.Attachment, o.size)
	if err != nil {
		return err
	}
	defer v.close()
	if err := m.fetchMissing(ctx, o, w, v.into(w), count); err != nil {
		return err
	}
	return v.check()
}

// fetchMissing asks the relays in turn for what is missing in w, until one has it; it goes to w by way of to.
func (m *Messenger) fetchMissing(ctx context.Context, o *offered, w chat.BlobWriter, to io.Writer, count func(n int)) error {
	var away error
	for _, address := range o.relays {
		relay, err := m.pool.get(address)
		if err == nil {
			_, err = relay.Fetch(ctx, wire.ReadKey(o.ReadKey), w.Size(), o.Sealed, countingWriter{to, count})
		}
		if err == nil {
			if w.Size() != o.Sealed {
				return wire.ErrMalformed
			}
			o.from = address
			return nil
		}
		if !errors.Is(err, wire.ErrNotFound) && away == nil {
			away = err
		}
		if ctx.Err() != nil || errors.Is(err, chat.ErrDiskFull) {
			break
		}
	}
	if away != nil {
		return away // it may lie where nobody answered
	}
	return wire.ErrNotFound
}

// checkComplete checks a file that was complete when the process ended before it could say so.
func (m *Messenger) checkComplete(o offered) error {
	file, err := m.blobs.Open(o.Blob)
	if err != nil {
		return err
	}
	defer file.Close() //nolint:errcheck // only read
	return verifyFile(io.NewSectionReader(file, 0, file.Size()), o.Attachment, o.size)
}

// fetched says that a file is here, and lets its blob be removed on the relay.
func (u *unit) fetched(got offered) error {
	msg, a, err := u.fileOf(got.Message)
	if err != nil || a.State != chat.FileFetching || a.Blob != got.Blob {
		return ignoreMissing(err)
	}
	told, err := u.mayKnowFetched(msg, a.Failure == fetchedUnasked)
	if err != nil {
		return err
	}
	a.State, a.Stored, a.Failure, a.Attempts, a.NotBefore = chat.FileHere, true, "", 0, time.Time{}
	if err := u.putFile(msg, a); err != nil {
		return err
	}
	if told {
		return u.removeBlob(got.from, a.ReadKey)
	}
	return u.removeBlobLater(got.from, a.ReadKey)
}

// mayKnowFetched reports whether the author of a file may learn now that it was fetched: it says that the message was read,
// or where nobody asked for the file, that it arrived.
func (u *unit) mayKnowFetched(msg chat.Message, unasked bool) (bool, error) {
	peer, err := u.peerOf(msg.Conversation)
	if err != nil || peer.IsZero() {
		return false, err
	}
	allowed, err := u.m.gate.Allowed(u.Tx, peer, chat.ReadReceipts)
	if err != nil || allowed || !unasked {
		return allowed, err
	}
	return u.m.gate.Allowed(u.Tx, peer, chat.DeliveryReceipts)
}
