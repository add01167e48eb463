package memstore

import (
	"cmp"
	"time"

	"sotto/chat"
)

type sessions struct{ t *tx }

func (r sessions) Get(id chat.SessionID) (chat.Session, error) {
	return get(r.t, r.t.s.sessions, id, copySession)
}

func (r sessions) ForPeer(peer chat.ContactID) ([]chat.Session, error) {
	out := collect(r.t.s.sessions, copySession, func(s chat.Session) bool { return s.Peer == peer },
		func(a, b chat.Session) int {
			return cmp.Or(b.Created.Compare(a.Created),
				cmp.Compare(r.t.s.sessions[b.ID].n, r.t.s.sessions[a.ID].n))
		})
	return out, r.t.reading()
}

func (r sessions) Put(s chat.Session) error {
	if err := r.t.writing(); err != nil {
		return err
	}
	put(r.t, r.t.s.sessions, s.ID, copySession(s))
	return nil
}

func (r sessions) Delete(id chat.SessionID) error {
	if err := r.t.writing(); err != nil {
		return err
	}
	return unset(r.t, r.t.s.sessions, id)
}

type prekeys struct{ t *tx }

func (r prekeys) Get(id chat.KeyID) (chat.Prekey, error) {
	return get(r.t, r.t.s.prekeys, id, copyPrekey)
}

func (r prekeys) ForMailbox(id chat.MailboxID) ([]chat.Prekey, error) {
	return collect(r.t.s.prekeys, copyPrekey, func(p chat.Prekey) bool { return p.Mailbox == id }, nil), r.t.reading()
}

func (r prekeys) Put(p chat.Prekey) error {
	if err := r.t.writing(); err != nil {
		return err
	}
	put(r.t, r.t.s.prekeys, p.ID, copyPrekey(p))
	return nil
}

func (r prekeys) Delete(id chat.KeyID) error {
	if err := r.t.writing(); err != nil {
		return err
	}
	return unset(r.t, r.t.s.prekeys, id)
}

func (r prekeys) DueBefore(now time.Time) ([]chat.KeyID, error) {
	due := collect(r.t.s.prekeys, copyPrekey, func(p chat.Prekey) bool {
		return !p.Erase.IsZero() && !p.Erase.After(now)
	}, nil)
	var out []chat.KeyID
	for _, p := range due {
		out = append(out, p.ID)
	}
	return out, r.t.reading()
}

type replays struct{ t *tx }

const keptRejections = 1_000

func (r replays) SeenInitial(hash [32]byte) (bool, error) {
	_, ok := r.t.s.initials[hash]
	return ok, r.t.reading()
}

func (r replays) RecordInitial(hash [32]byte, until time.Time) error {
	if err := r.t.writing(); err != nil {
		return err
	}
	set(r.t, r.t.s.initials, hash, instant(until))
	return nil
}

func (r replays) Reject(hash [32]byte, now time.Time) (chat.Rejected, error) {
	if err := r.t.writing(); err != nil {
		return chat.Rejected{}, err
	}
	rejected := r.t.s.rejected
	v := rejected[hash].v
	v.Hash, v.Last = hash, instant(now)
	v.Count++
	if v.Count == 1 {
		v.First = v.Last
	}
	put(r.t, rejected, hash, v)
	if len(rejected) > keptRejections {
		oldest := hash
		for h, row := range rejected {
			if row.n < rejected[oldest].n {
				oldest = h
			}
		}
		return v, unset(r.t, rejected, oldest)
	}
	return v, nil
}

func (r replays) Rejections() ([]chat.Rejected, error) {
	return collect(r.t.s.rejected, copyRejected, nil, nil), r.t.reading()
}

func (r replays) Expire(now time.Time) error {
	if err := r.t.writing(); err != nil {
		return err
	}
	for hash, until := range r.t.s.initials {
		if !until.After(now) {
			if err := unset(r.t, r.t.s.initials, hash); err != nil {
				return err
			}
		}
	}
	return nil
}

type mailboxes struct{ t *tx }

func (r mailboxes) Get(id chat.MailboxID) (chat.Mailbox, error) {
	return get(r.t, r.t.s.mailboxes, id, copyMailbox)
}

func (r mailboxes) List() ([]chat.Mailbox, error) {
	return collect(r.t.s.mailboxes, copyMailbox, nil, nil), r.t.reading()
}

func (r mailboxes) Put(m chat.Mailbox) error {
	if err := r.t.writing(); err != nil {
		return err
	}
	put(r.t, r.t.s.mailboxes, m.ID, copyMailbox(m))
	return nil
}

func (r mailboxes) Delete(id chat.MailboxID) error {
	if err := r.t.writing(); err != nil {
		return err
	}
	return unset(r.t, r.t.s.mailboxes, id)
}

type routeKey struct {
	peer   chat.ContactID
	device chat.DeviceID
}

type routes struct{ t *tx }

func (r routes) Get(peer chat.ContactID, device chat.DeviceID) (chat.Route, error) {
	return get(r.t, r.t.s.routes, routeKey{peer, device}, copyRoute)
}

func (r routes) ForPeer(peer chat.ContactID) ([]chat.Route, error) {
	return collect(r.t.s.routes, copyRoute, func(v chat.Route) bool { return v.Peer == peer }, nil), r.t.reading()
}

func (r routes) Put(v chat.Route) error {
	if err := r.t.writing(); err != nil {
		return err
	}
	put(r.t, r.t.s.routes, routeKey{v.Peer, v.Device}, copyRoute(v))
	return nil
}

func (r routes) Delete(peer chat.ContactID, device chat.DeviceID) error {
	if err := r.t.writing(); err != nil {
		return err
	}
	return unset(r.t, r.t.s.routes, routeKey{peer, device})
}

type invitations struct{ t *tx }

func (r invitations) Get(id string) (chat.Invitation, error) {
	return get(r.t, r.t.s.invitations, id, copyInvitation)
}

func (r invitations) ByMailbox(id chat.MailboxID) (chat.Invitation, error) {
	found := collect(r.t.s.invitations, copyInvitation, func(i chat.Invitation) bool { return i.Mailbox == id }, nil)
	if len(found) == 0 {
		return chat.Invitation{}, chat.ErrNotFound
	}
	return found[0], r.t.reading()
}

func (r invitations) List() ([]chat.Invitation, error) {
	return collect(r.t.s.invitations, copyInvitation, nil, nil), r.t.reading()
}

func (r invitations) Put(i chat.Invitation) error {
	if err := r.t.writing(); err != nil {
		return err
	}
	put(r.t, r.t.s.invitations, i.ID, copyInvitation(i))
	return nil
}

func (r invitations) Delete(id string) error {
	if err := r.t.writing(); err != nil {
		return err
	}
	return unset(r.t, r.t.s.invitations, id)
}
