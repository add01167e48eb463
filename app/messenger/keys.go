package messenger

import (
	"context"
	"time"

	"sotto/chat"
)

// KeyReport is where the keys of a profile are in their lives (docs/PROTOCOL.md sections 4.2, 4.4 and 6.6). It holds
// counts and times, ids of contacts, no names and no addresses but those of relays.
type KeyReport struct {
	Sessions  int // that send
	Archived  int // that only open late messages
	PQPending int // of those that send, without proof of the peer's post-quantum keys
	PQOverdue int // of those that send, without an exchange for too long: replaced by the next message
	NoForward int // of those that send, begun without a one-time key and not answered since
	Skipped   int // message keys kept for messages that have not arrived

	Signed  int       // private prekey sets with their last-resort key
	OneTime int       // private one-time pairs that nobody has used
	Due     int       // private prekeys past their time; the next sweep erases them
	Oldest  time.Time // when the oldest private prekey was made

	Bundles []BundleReport

	// Contacts holds the sessions of each contact that has any, in the order of Messenger.Contacts.
	Contacts []ContactKeys

	DevicesUntil time.Time // end of the own device list, which is renewed 30 days before
	Generations  int       // own mailboxes whose state cell is at the generation of this run
	RolledBack   bool      // a rollback was noticed in this run
}

// ContactKeys counts the sessions with one contact.
type ContactKeys struct {
	Contact   chat.ContactID
	Sessions  int // that send
	Archived  int // that only open late messages
	NoForward int // of those that send, begun without a one-time key and not answered since
}

// BundleReport is what one open mailbox offers to whoever begins a session.
type BundleReport struct {
	Relay      string
	Invitation bool      // else a contact's
	Published  time.Time // renewed after a week
	Size       int       // one-time pairs in a full pool
	Left       int       // at the relay when it was last asked; -1: not asked in this run
}

// Stale reports whether a renewal is overdue by more than a day.
func (b BundleReport) Stale(now time.Time) bool {
	return now.Sub(b.Published) > renewAfter+24*time.Hour
}

// Keys reports on the keys of this profile.
func (m *Messenger) Keys(ctx context.Context) (KeyReport, error) {
	now := m.now()
	var out KeyReport
	err := m.view(ctx, func(tx chat.Tx) error {
		out = KeyReport{DevicesUntil: m.own().List.NotAfter}
		contacts, err := tx.Contacts().List()
		if err != nil {
			return err
		}
		for _, c := range contacts {
			sessions, err := tx.Sessions().ForPeer(c.ID)
			if err != nil {
				return err
			}
			before := out
			for _, s := range sessions {
				if err := out.addSession(s, now); err != nil {
					return err
				}
			}
			if len(sessions) > 0 {
				out.Contacts = append(out.Contacts, ContactKeys{
					Contact: c.ID, Sessions: out.Sessions - before.Sessions, Archived: out.Archived - before.Archived,
					NoForward: out.NoForward - before.NoForward,
				})
			}
		}
		mailboxes, err := tx.Mailboxes().List()
		if err != nil {
			return err
		}
		for _, mb := range mailboxes {
			if err := out.addMailbox(tx, mb, m.tender.leftOf(mb.ID)); err != nil {
				return err
			}
		}
		due, err := tx.Prekeys().DueBefore(now)
		out.Due = len(due)
		return err
	})
	if err != nil {
		return KeyReport{}, err
	}
	out.Generations = m.tender.generations()
	m.commits.Lock()
	out.RolledBack = m.rolled
	m.commits.Unlock()
	return out, nil
}

func (r *KeyReport) addSession(s chat.Session, now time.Time) error {
	if !s.Archived.IsZero() {
		r.Archived++
		return nil
	}
	parsed, err := parseSession(s)
	if err != nil {
		return err
	}
	status := parsed.ratchet.Status(now)
	r.Sessions++
	r.Skipped += status.SkippedKeys
	if status.PQPending {
		r.PQPending++
	}
	if status.Overdue {
		r.PQOverdue++
	}
	if parsed.noForward {
		r.NoForward++
	}
	return nil
}

func (r *KeyReport) addMailbox(tx chat.Tx, mb chat.Mailbox, left int) error {
	prekeys, err := tx.Prekeys().ForMailbox(mb.ID)
	if err != nil {
		return err
	}
	for _, k := range prekeys {
		if k.Kind == chat.PrekeyOneTime {
			r.OneTime++
		} else {
			r.Signed++
		}
		if r.Oldest.IsZero() || k.Created.Before(r.Oldest) {
			r.Oldest = k.Created
		}
	}
	if mb.Renewed.IsZero() || !mb.Retired.IsZero() {
		return nil
	}
	b := BundleReport{Relay: mb.Relay, Invitation: mb.Invitation != "", Published: mb.Renewed, Left: left}
	reusable := false
	if b.Invitation {
		inv, err := tx.Invitations().Get(mb.Invitation)
		if err := ignoreMissing(err); err != nil {
			return err
		}
		reusable = inv.Reusable
	}
	b.Size = poolSize(mb, reusable)
	r.Bundles = append(r.Bundles, b)
	return nil
}

// leftOf returns how many one-time pairs of a mailbox the relay had when it was last asked, -1 when it was not.
func (t *tender) leftOf(id chat.MailboxID) int {
	t.mu.Lock()
	defer t.mu.Unlock()
	if left, ok := t.left[id]; ok {
		return left
	}
	return -1
}

// generations returns how many cells were brought to the generation of this run.
func (t *tender) generations() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.advanced)
}
