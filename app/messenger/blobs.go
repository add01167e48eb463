package messenger

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"time"

	"sotto/chat"
	"sotto/transport/wire"
)

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

// Waits of the removing.
const (
	removeWait   = 45 * time.Second
	removeRetry  = time.Minute
	removeLatest = time.Hour
)

// letGo destroys what is kept of the file of a message that goes or becomes a tombstone. Its blob on the relay goes as well
// where nobody is to fetch it any more: what was offered here and not fetched, and an own one that is taken back.
func (u *unit) letGo(msg chat.Message, takenBack bool) error {
	if msg.Kind != chat.KindAttachment {
		return nil
	}
	if err := u.leaveBlob(msg, takenBack); err != nil {
		return err
	}
	u.files = true
	return u.Attachments().Delete(msg.ID)
}

// leaveBlobs is leaveBlob for a whole conversation that is removed.
func (u *unit) leaveBlobs(conv chat.ConversationID) error {
	const page = 200
	for before := int64(0); ; {
		list, err := u.Attachments().Page(conv, before, page)
		if err != nil || len(list) == 0 {
			return ignoreDamage(err)
		}
		u.files = true
		for _, msg := range list {
			if err := u.leaveBlob(msg, false); err != nil {
				return err
			}
			before = msg.Position
		}
	}
}

// ignoreDamage is ignoreMissing for what goes: where it cannot be read, the blob ends by itself.
func ignoreDamage(err error) error {
	if errors.Is(err, chat.ErrDamaged) {
		return nil
	}
	return ignoreMissing(err)
}

// leaveBlob lets the blob of a message go on the relay where nobody is to fetch it any more.
func (u *unit) leaveBlob(msg chat.Message, takenBack bool) error {
	if msg.Kind != chat.KindAttachment {
		return nil
	}
	a, err := u.Attachments().Get(msg.ID)
	if err != nil {
		return ignoreDamage(err)
	}
	left := msg.State.Rank() > chat.Queued.Rank() // so that the contact may fetch it
	if a.State == chat.FileHere && (msg.Direction == chat.In || left && !takenBack) {
		return nil
	}
	if msg.Direction == chat.In {
		return u.removeBlobLater(a.Relay, a.ReadKey)
	}
	return u.removeBlob(a.Relay, a.ReadKey)
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

// removeBlobs removes on their relays the blobs that nobody is to fetch any more.
func (t *transfers) removeBlobs() {
	m := t.m
	var list []doomed
	err := m.view(m.ctx, func(tx chat.Tx) error {
		_, err := getJSON(tx, settingBlobs, &list)
		return err
	})
	gone := map[string]bool{}
	away := map[string]bool{}
	var due time.Time // of the next
	for _, d := range list {
		if away[d.Relay] || m.ctx.Err() != nil {
			continue
		}
		if m.now().Before(d.Due) {
			if due.IsZero() || d.Due.Before(due) {
				due = d.Due
			}
			continue
		}
		err := m.removeRemote(d)
		if err == nil || m.now().Sub(d.Since) > wire.BlobRetention {
			gone[string(d.ReadKey)] = true
		} else {
			away[d.Relay] = true
		}
	}
	if err == nil && len(gone) > 0 {
		err = m.update(m.ctx, func(u *unit) error { return u.blobsGone(gone) })
	}
	t.mu.Lock()
	t.remove, t.wake = false, true
	t.delay = min(max(2*t.delay, removeRetry), removeLatest)
	if err == nil && len(away) == 0 {
		t.delay = 0
	}
	t.retry = m.now().Add(t.delay)
	if t.delay == 0 && !due.IsZero() {
		t.retry = due
	}
	t.mu.Unlock()
	t.signal()
}

// removeRemote removes one blob. A relay that refuses for good is not asked again.
func (m *Messenger) removeRemote(d doomed) error {
	relay, err := m.pool.get(d.Relay)
	if errors.Is(err, chat.ErrMalformed) {
		return nil
	}
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(m.ctx, removeWait)
	defer cancel()
	err = relay.DeleteBlob(ctx, wire.ReadKey(d.ReadKey))
	if errors.Is(err, wire.ErrNotFound) || errors.Is(err, wire.ErrUnsupported) || errors.Is(err, wire.ErrUnauthorized) {
		return nil
	}
	return err
}

// blobsGone forgets blobs that are removed.
func (u *unit) blobsGone(gone map[string]bool) error {
	var list []doomed
	if _, err := getJSON(u.Tx, settingBlobs, &list); err != nil {
		return err
	}
	list = slices.DeleteFunc(list, func(d doomed) bool { return gone[string(d.ReadKey)] })
	if len(list) == 0 {
		return dropSetting(u.Tx, settingBlobs)
	}
	return putJSON(u.Tx, settingBlobs, list)
}
