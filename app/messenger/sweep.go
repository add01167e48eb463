package messenger

import (
	"context"

	"sotto/chat"
)

// sweep erases what is past its time: private prekeys, replay hashes, archived sessions; and shows gaps that did not
// close. It runs at the start and every hour.
func (m *Messenger) sweep(ctx context.Context) {
	//nolint:errcheck // the next sweep does what this one could not
	m.update(ctx, func(u *unit) error {
		due, err := u.Prekeys().DueBefore(u.now)
		if err != nil {
			return err
		}
		for _, id := range due {
			if err := ignoreMissing(u.Prekeys().Delete(id)); err != nil {
				return err
			}
		}
		if err := u.sweepFirsts(); err != nil {
			return err
		}
		return u.Replays().Expire(u.now)
	})
	// Apart from the keys: a damaged row elsewhere must not keep them.
	//nolint:errcheck // as above
	m.update(ctx, func(u *unit) error {
		contacts, err := u.Contacts().List()
		if err != nil {
			return err
		}
		for _, c := range contacts {
			if err := u.sweepSessions(c.ID); err != nil {
				return err
			}
			if err := u.noteExpired(c); err != nil {
				return err
			}
		}
		return u.showGaps()
	})
	//nolint:errcheck // as above
	m.update(ctx, (*unit).renewList)
}

// sweepSessions deletes the archived sessions of a contact, and tells one that goes without a post-quantum exchange.
func (u *unit) sweepSessions(peer chat.ContactID) error {
	sessions, err := u.Sessions().ForPeer(peer)
	if err != nil {
		return err
	}
	for _, s := range sessions {
		switch {
		case !s.Archived.IsZero():
			if u.now.Sub(s.Archived) <= archivedFor {
				continue
			}
			if err := u.deleteSession(s.ID); err != nil {
				return err
			}
		default:
			parsed, err := u.session(s)
			if err != nil {
				return err
			}
			warned := parsed.warned
			if err := u.warnOverdue(&parsed); err != nil {
				return err
			}
			if parsed.warned == warned {
				continue
			}
			if err := u.putSession(parsed); err != nil {
				return err
			}
		}
	}
	return nil
}
