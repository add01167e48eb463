package privacy

import (
	"errors"
	"fmt"
	"time"

	"sotto/chat"
	"sotto/chat/content"
)

// clockLead is how far a peer's claim of time may be ahead of ours before it is cut.
const clockLead = 5 * time.Minute

// Incoming takes what a peer says about its own choice, within the unit of work that opened it. The record is marked
// ByPeer and opens none of our gates. A repetition, a late arrival or a purpose that is not told leaves no record. It is
// the messenger's handler for contents of kind consent; an error is the store's.
func (l *Ledger) Incoming(tx chat.Tx, from chat.ContactID, c content.Content) error {
	body, ok := c.Body.(content.Consent)
	if !ok {
		return nil
	}
	n, known := NoticeFor(chat.Purpose(body.Purpose))
	if !known || !n.tell {
		return nil
	}
	now := l.now().UTC().Truncate(time.Millisecond)
	at := time.UnixMilli(body.At).UTC()
	if limit := now.Add(clockLead); at.After(limit) {
		at = limit
	}
	state := chat.Withdrawn
	if body.Given {
		state = chat.Given
	}
	last, err := tx.Consents().Latest(from, n.Purpose, true)
	switch {
	case err == nil && (last.State == state || at.Before(last.Time)):
		return nil
	case err != nil && !errors.Is(err, chat.ErrNotFound):
		return fmt.Errorf("taking a peer's consent: %w", err)
	}
	record := chat.Consent{
		ID: chat.NewMessageID().String(), Subject: from, Purpose: n.Purpose, Notice: content.CleanName(body.Notice), State: state,
		Method: "peer", Time: at, ByPeer: true,
	}
	if err := tx.Consents().Append(record); err != nil {
		return fmt.Errorf("taking a peer's consent: %w", err)
	}
	return l.audit.Record(tx, "consent.peer-"+string(state), from.String(), string(n.Purpose))
}
