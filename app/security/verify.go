package security

import (
	"errors"
	"fmt"

	"sotto/chat"
)

// Fault is what is wrong with an audit log.
type Fault string

// Faults.
const (
	FaultAltered   Fault = "altered"    // the entry is not the one that was hashed
	FaultRemoved   Fault = "removed"    // the entry is missing
	FaultReordered Fault = "reordered"  // the entry stands out of its order
	FaultHead      Fault = "head"       // the log does not end with the entry its head names
	FaultCopy      Fault = "other-copy" // the log differs from a copy of its head made earlier
)

// AuditError names the first entry at which an audit log fails; it is a chat.ErrDamaged.
type AuditError struct {
	Seq   uint64 // the entry that is altered, missing or out of order
	Fault Fault
}

// Error names fault and entry.
func (e *AuditError) Error() string { return fmt.Sprintf("audit log: entry %d: %s", e.Seq, e.Fault) }

// Is reports whether target is chat.ErrDamaged.
func (e *AuditError) Is(target error) bool { return target == chat.ErrDamaged }

// auditPage is how many entries are read at once.
const auditPage = 500

// Verify walks the whole log and returns its head, the zero Head when it is empty. An alteration, removal or reordering
// is an [AuditError] with the seq of the first entry concerned. A log cut back to an older, whole state shows only
// against a copy of its head: see [VerifyCopy].
func Verify(tx chat.Tx) (Head, error) {
	return verify(tx, nil)
}

// VerifyCopy is Verify, and fails too when the log does not contain the entry that an earlier head named.
func VerifyCopy(tx chat.Tx, copied Head) (Head, error) {
	return verify(tx, &copied)
}

func verify(tx chat.Tx, copied *Head) (Head, error) {
	var c chain
	for {
		page, err := tx.Audit().List(c.last.Seq, auditPage)
		if err != nil {
			return Head{}, fmt.Errorf("reading the audit log: %w", err)
		}
		for _, e := range page {
			if err := c.next(e, copied); err != nil {
				return Head{}, err
			}
		}
		if len(page) < auditPage {
			break
		}
	}
	if copied != nil && c.last.Seq < copied.Seq {
		return Head{}, &AuditError{Seq: c.last.Seq + 1, Fault: FaultCopy}
	}
	head, err := tx.Audit().Head()
	if errors.Is(err, chat.ErrNotFound) {
		head, err = chat.AuditEntry{}, nil
	}
	if err != nil {
		return Head{}, fmt.Errorf("reading the head of the audit log: %w", err)
	}
	if head.Seq != c.last.Seq || head.Hash != c.last.Hash {
		return Head{}, &AuditError{Seq: c.last.Seq + 1, Fault: FaultHead}
	}
	return HeadOf(c.last), nil
}

// chain checks entries one after the other.
type chain struct {
	last chat.AuditEntry
}

func (c *chain) next(e chat.AuditEntry, copied *Head) error {
	want := c.last.Seq + 1
	switch {
	case e.Seq > want:
		return &AuditError{Seq: want, Fault: FaultRemoved}
	case e.Seq < want:
		return &AuditError{Seq: e.Seq, Fault: FaultReordered}
	case HashEntry(e) != e.Hash:
		return &AuditError{Seq: e.Seq, Fault: FaultAltered}
	case e.Prev != c.last.Hash:
		// The entry is whole in itself: the one before it was rewritten, or the first one does not begin the chain.
		return &AuditError{Seq: max(c.last.Seq, 1), Fault: FaultAltered}
	}
	c.last = e
	if copied != nil && copied.Seq == e.Seq && HeadOf(e) != *copied {
		return &AuditError{Seq: e.Seq, Fault: FaultCopy}
	}
	return nil
}
