package privacy

import (
	"context"
	"errors"
	"fmt"

	"sotto/chat"
)

// Source says where an answer comes from.
type Source string

// Sources.
const (
	SourceNone    Source = "none"    // never asked: no
	SourceContact Source = "contact" // the contact's own record
	SourceDefault Source = "default" // the own default
	SourceProfile Source = "profile" // the one answer for the profile
)

// Standing is how one purpose stands for one contact, or for the own default.
type Standing struct {
	Notice  Notice
	Allowed bool
	Source  Source
	Record  chat.Consent      // the ruling record; zero when never asked
	Peer    chat.ConsentState // what the peer told about its own choice; empty: nothing
	Stale   bool              // the record is for an older notice: ask again
}

// Standings returns every purpose as it stands for the contact; the zero id asks for the own defaults, without the
// purposes that have none. Errors: chat.ErrNotFound.
func (l *Ledger) Standings(ctx context.Context, subject chat.ContactID) ([]Standing, error) {
	var out []Standing
	err := l.store.View(ctx, func(tx chat.Tx) error {
		out = nil
		if !subject.IsZero() {
			if _, err := tx.Contacts().Get(subject); err != nil {
				return err
			}
		}
		for _, n := range notices {
			if subject.IsZero() && n.scope == onlyOwn {
				continue
			}
			if !subject.IsZero() && n.scope == global {
				continue
			}
			s, err := l.standing(tx, subject, n)
			if err != nil {
				return err
			}
			out = append(out, s)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("reading the ledger: %w", err)
	}
	return out, nil
}

// Peer returns what a peer last told about its own choice, empty when it told nothing. It is advice for acts that touch
// the peer's data (export); it opens no gate.
func Peer(tx chat.Tx, peer chat.ContactID, p chat.Purpose) (chat.ConsentState, error) {
	record, err := tx.Consents().Latest(peer, p, true)
	if errors.Is(err, chat.ErrNotFound) {
		return "", nil
	}
	return record.State, err
}

// standing finds the ruling record: the contact's own, else the default where the purpose has one.
func (l *Ledger) standing(tx chat.Tx, subject chat.ContactID, n Notice) (Standing, error) {
	s := Standing{Notice: n, Source: SourceNone}
	record, err := tx.Consents().Latest(subject, n.Purpose, false)
	switch {
	case err == nil && !subject.IsZero():
		s.Source = SourceContact
	case err == nil && n.scope == global:
		s.Source = SourceProfile
	case err == nil:
		s.Source = SourceDefault
	case errors.Is(err, chat.ErrNotFound) && !subject.IsZero() && n.scope == perContact:
		record, err = tx.Consents().Latest(chat.ContactID{}, n.Purpose, false)
		if err == nil {
			s.Source = SourceDefault
		}
	}
	if err != nil && !errors.Is(err, chat.ErrNotFound) {
		return Standing{}, fmt.Errorf("asking the ledger: %w", err)
	}
	if !subject.IsZero() {
		if s.Peer, err = Peer(tx, subject, n.Purpose); err != nil {
			return Standing{}, fmt.Errorf("asking the ledger: %w", err)
		}
	}
	if s.Source == SourceNone {
		return s, nil
	}
	s.Record = record
	s.Stale = record.Notice != n.Version
	s.Allowed = record.State == chat.Given && !s.Stale && (record.Expires.IsZero() || l.now().Before(record.Expires))
	return s, nil
}
