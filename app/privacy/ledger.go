package privacy

import (
	"context"
	"errors"
	"fmt"
	"time"

	"sotto/chat"
	"sotto/chat/content"
)

// Ledger is the consent ledger. It only ever appends: the newest record of a (subject, purpose) rules.
type Ledger struct {
	store chat.Store
	audit chat.Auditor
	now   func() time.Time
	mail  mail
}

// NewLedger returns the ledger of a profile. It answers as a gate at once; before a choice can be told to a peer it needs
// [Ledger.Connect].
func NewLedger(store chat.Store, audit chat.Auditor, now func() time.Time) *Ledger {
	return &Ledger{store: store, audit: audit, now: now}
}

// Connect hands the ledger the way to the peers. Call it once, before the first choice is recorded.
func (l *Ledger) Connect(self chat.ContactID, out chat.Outbox) { l.mail = mail{self: self, out: out} }

// Choice is one answer to one question.
type Choice struct {
	Subject chat.ContactID // zero: the own default, or the whole profile
	Purpose chat.Purpose
	Given   bool
	Method  string    // how it was asked, as of chat.Consent
	Expires time.Time // zero: until withdrawn
}

// Allowed implements chat.Gate. No record, a record for an older notice, a withdrawn or an expired one mean no, and so
// does a contact that is unknown, blocked, removed or still a request. What a peer chose for itself never counts here.
func (l *Ledger) Allowed(tx chat.Tx, subject chat.ContactID, purpose chat.Purpose) (bool, error) {
	n, ok := NoticeFor(purpose)
	if !ok {
		return false, nil
	}
	if !subject.IsZero() {
		if n.scope == global {
			subject = chat.ContactID{}
		} else if open, err := mayBeServed(tx, subject); err != nil || !open {
			return false, err
		}
	}
	s, err := l.standing(tx, subject, n)
	return s.Allowed, err
}

func mayBeServed(tx chat.Tx, id chat.ContactID) (bool, error) {
	contact, err := tx.Contacts().Get(id)
	switch {
	case errors.Is(err, chat.ErrNotFound):
		return false, nil
	case err != nil:
		return false, fmt.Errorf("asking the ledger: %w", err)
	}
	return !contact.Removed && (contact.State == chat.ContactAccepted || contact.State == chat.ContactPending), nil
}

// Record writes choices in a unit of work of its own, with their audit entries and the word to the peers concerned.
// Errors: chat.ErrMalformed for an unknown purpose or one that has no default, chat.ErrNotFound for an unknown contact.
func (l *Ledger) Record(ctx context.Context, choices ...Choice) error {
	if err := l.store.Update(ctx, func(tx chat.Tx) error { return l.RecordIn(tx, choices...) }); err != nil {
		return err
	}
	l.mail.flush()
	return nil
}

// RecordIn is [Ledger.Record] within the caller's unit of work; the caller calls the outbox's Flush after the commit.
func (l *Ledger) RecordIn(tx chat.Tx, choices ...Choice) error {
	for _, c := range choices {
		state := chat.Withdrawn
		if c.Given {
			state = chat.Given
		}
		if err := l.append(tx, c, state); err != nil {
			return fmt.Errorf("recording consent: %w", err)
		}
	}
	return nil
}

// append writes one record and its audit entry, and tells the peers for whom the answer changed.
func (l *Ledger) append(tx chat.Tx, c Choice, state chat.ConsentState) error {
	n, ok := NoticeFor(c.Purpose)
	switch {
	case !ok:
		return fmt.Errorf("%w: unknown purpose", chat.ErrMalformed)
	case c.Subject.IsZero() && n.scope == onlyOwn:
		return fmt.Errorf("%w: %s is asked for each contact", chat.ErrMalformed, n.Purpose)
	case !c.Subject.IsZero() && n.scope == global:
		return fmt.Errorf("%w: %s is asked once for the profile", chat.ErrMalformed, n.Purpose)
	}
	peers, err := l.concerned(tx, c.Subject, n)
	if err != nil {
		return err
	}
	now := l.now().UTC().Truncate(time.Millisecond)
	record := chat.Consent{
		ID: chat.NewMessageID().String(), Subject: c.Subject, Purpose: n.Purpose, Notice: n.Version, State: state,
		Method: c.Method, Time: now, Expires: c.Expires,
	}
	if err := tx.Consents().Append(record); err != nil {
		return err
	}
	if err := l.audit.Record(tx, "consent."+string(state), subjectHex(c.Subject), string(n.Purpose)+", notice "+n.Version); err != nil {
		return err
	}
	return l.tell(tx, n, peers, now)
}

// concerned returns the contacts that a record about subject may change something for, with the answer they have now. Who
// has not accepted yet is told once it has. It also refuses a subject that is no contact.
func (l *Ledger) concerned(tx chat.Tx, subject chat.ContactID, n Notice) (map[chat.ContactID]bool, error) {
	var contacts []chat.Contact
	if subject.IsZero() {
		all, err := tx.Contacts().List()
		if err != nil {
			return nil, err
		}
		contacts = all
	} else {
		one, err := tx.Contacts().Get(subject)
		if err != nil {
			return nil, err
		}
		contacts = []chat.Contact{one}
	}
	before := map[chat.ContactID]bool{}
	if !n.tell {
		return before, nil
	}
	for _, c := range contacts {
		if c.State != chat.ContactAccepted && c.State != chat.ContactPending || c.Removed {
			continue
		}
		allowed, err := l.Allowed(tx, c.ID, n.Purpose)
		if err != nil {
			return nil, err
		}
		before[c.ID] = allowed
	}
	return before, nil
}

func (l *Ledger) tell(tx chat.Tx, n Notice, before map[chat.ContactID]bool, now time.Time) error {
	for peer, was := range before {
		is, err := l.Allowed(tx, peer, n.Purpose)
		if err != nil {
			return err
		}
		if is == was {
			continue
		}
		body := content.Consent{Purpose: string(n.Purpose), Given: is, Notice: n.Version, At: now.UnixMilli()}
		if err := l.mail.send(tx, peer, chat.NewMessageID(), now, body); err != nil {
			return err
		}
	}
	return nil
}

// Expire records as expired every own consent whose time has run out, and tells the peers concerned. The gate does not
// depend on it. It returns how many there were; the composition root calls it at unlock and once an hour.
func (l *Ledger) Expire(ctx context.Context) (int, error) {
	count := 0
	err := l.store.Update(ctx, func(tx chat.Tx) error {
		count = 0
		newest, err := newest(tx)
		if err != nil {
			return err
		}
		for _, c := range newest {
			if c.ByPeer || c.State != chat.Given || c.Expires.IsZero() || l.now().Before(c.Expires) {
				continue
			}
			if err := l.expire(tx, c); err != nil {
				return err
			}
			count++
		}
		return nil
	})
	if err != nil {
		return 0, fmt.Errorf("expiring consents: %w", err)
	}
	l.mail.flush()
	return count, nil
}

func (l *Ledger) expire(tx chat.Tx, c chat.Consent) error {
	n, ok := NoticeFor(c.Purpose)
	if !ok {
		return nil
	}
	now := l.now().UTC().Truncate(time.Millisecond)
	if err := tx.Consents().Append(chat.Consent{
		ID: chat.NewMessageID().String(), Subject: c.Subject, Purpose: c.Purpose, Notice: c.Notice, State: chat.Expired,
		Method: c.Method, Time: now, Expires: c.Expires,
	}); err != nil {
		return err
	}
	if err := l.audit.Record(tx, "consent.expired", subjectHex(c.Subject), string(c.Purpose)+", notice "+c.Notice); err != nil {
		return err
	}
	if !n.tell || c.Subject.IsZero() && n.scope == onlyOwn {
		return nil
	}
	// The gate closed when the time ran out; only the word to the peer is still owed.
	after, err := l.concerned(tx, c.Subject, n)
	if err != nil {
		if errors.Is(err, chat.ErrNotFound) {
			return nil
		}
		return err
	}
	before := map[chat.ContactID]bool{}
	for peer, allowed := range after {
		if own, err := hasOwn(tx, peer, n.Purpose); err != nil {
			return err
		} else if !allowed && (own == !c.Subject.IsZero()) {
			before[peer] = true
		}
	}
	return l.tell(tx, n, before, now)
}

// hasOwn reports whether the contact has a record of its own, so that a default does not concern it.
func hasOwn(tx chat.Tx, peer chat.ContactID, p chat.Purpose) (bool, error) {
	_, err := tx.Consents().Latest(peer, p, false)
	if errors.Is(err, chat.ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}

// newest returns the ruling record of every (subject, purpose, by whom), oldest first.
func newest(tx chat.Tx) ([]chat.Consent, error) {
	all, err := tx.Consents().List()
	if err != nil {
		return nil, err
	}
	type key struct {
		subject chat.ContactID
		purpose chat.Purpose
		byPeer  bool
	}
	seen := map[key]bool{}
	var out []chat.Consent
	for i := len(all) - 1; i >= 0; i-- {
		k := key{all[i].Subject, all[i].Purpose, all[i].ByPeer}
		if !seen[k] {
			seen[k] = true
			out = append(out, all[i])
		}
	}
	for i, j := 0, len(out)-1; i < j; i, j = i+1, j-1 {
		out[i], out[j] = out[j], out[i]
	}
	return out, nil
}

func subjectHex(id chat.ContactID) string {
	if id.IsZero() {
		return ""
	}
	return id.String()
}
