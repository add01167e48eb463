package messenger

import (
	"cmp"
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

// Bounds and waits of the removing.
const (
	maxRemovals  = 8  // relays at a time, of which each is asked for one blob after the other
	removalTurn  = 20 // blobs, before another relay that waits has its turn
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

// blobRemoval is the removing of blobs at one relay: one that dawdles holds up no other.
type blobRemoval struct {
	running bool
	ended   time.Time     // when it last was
	retry   time.Time     // not tried before; zero: at once
	delay   time.Duration // after a failure
}

// startRemovals starts the removing of what is due at relays that nobody is at, those first that had their turn longest
// ago, and returns how long nothing else is due; t.mu is held.
func (t *transfers) startRemovals(list []doomed, now time.Time) time.Duration {
	next := time.Hour
	due := map[string][]doomed{}
	for _, d := range list {
		if left := d.Due.Sub(now); left > 0 {
			next = min(next, left)
		} else if len(due[d.Relay]) < removalTurn {
			due[d.Relay] = append(due[d.Relay], d)
		}
	}
	free := maxRemovals
	for relay, r := range t.removals {
		if r.running {
			free--
		} else if due[relay] == nil {
			delete(t.removals, relay)
		}
	}
	var relays []string
	for relay := range due {
		r := t.removals[relay]
		if r == nil {
			r = &blobRemoval{}
			t.removals[relay] = r
		}
		if left := r.retry.Sub(now); !r.running && left > 0 {
			next = min(next, left)
		} else if !r.running {
			relays = append(relays, relay)
		}
	}
	slices.SortFunc(relays, func(a, b string) int {
		return cmp.Or(t.removals[a].ended.Compare(t.removals[b].ended), cmp.Compare(a, b))
	})
	for _, relay := range relays[:min(len(relays), free)] {
		r := t.removals[relay]
		r.running = true
		t.m.group.Go(func() { t.removeBlobs(r, due[relay]) })
	}
	return next
}

// removeBlobs removes blobs on their relay that nobody is to fetch any more, until one fails.
func (t *transfers) removeBlobs(r *blobRemoval, list []doomed) {
	m := t.m
	gone := map[string]bool{}
	var err error
	for _, d := range list {
		if err = m.ctx.Err(); err != nil {
			break
		}
		if err = m.removeRemote(d); err != nil && m.now().Sub(d.Since) <= wire.BlobRetention {
			break
		}
		err = nil
		gone[string(d.ReadKey)] = true
	}
	if len(gone) > 0 {
		err = errors.Join(err, m.update(m.ctx, func(u *unit) error { return u.blobsGone(gone) }))
	}
	t.mu.Lock()
	r.running, r.ended, r.retry, t.wake = false, m.now(), time.Time{}, true
	if err == nil {
		r.delay = 0
	} else {
		r.delay = min(max(2*r.delay, removeRetry), removeLatest)
		r.retry = r.ended.Add(r.delay)
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
