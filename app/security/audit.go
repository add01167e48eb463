package security

import (
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"sotto/chat"
	"sotto/crypto/encode"
)

// Limits of one audit entry, in bytes.
const (
	MaxAction  = 64
	MaxSubject = 128
	MaxDetail  = 256
)

// Audit appends to the audit log: every entry holds the hash of the one before it.
type Audit struct {
	now func() time.Time
}

// NewAudit returns an Audit that dates its entries with now.
func NewAudit(now func() time.Time) *Audit { return &Audit{now: now} }

// Record appends one entry within the unit of work it is about. Action is lowercase words joined by dots and hyphens,
// subject an id in hexadecimal or empty, detail short words without plaintext or names. It returns chat.ErrMalformed for
// anything else.
func (a *Audit) Record(tx chat.Tx, action, subject, detail string) error {
	if err := checkEntry(action, subject, detail); err != nil {
		return err
	}
	head, err := tx.Audit().Head()
	if err != nil && !errors.Is(err, chat.ErrNotFound) {
		return fmt.Errorf("reading the head of the audit log: %w", err)
	}
	entry := chat.AuditEntry{
		Seq: head.Seq + 1, Time: a.now().UTC().Truncate(time.Millisecond),
		Action: action, Subject: subject, Detail: detail, Prev: head.Hash,
	}
	entry.Hash = HashEntry(entry)
	if err := tx.Audit().Append(entry); err != nil {
		return fmt.Errorf("appending to the audit log: %w", err)
	}
	return nil
}

// HashEntry returns the hash of an entry over everything else in it (docs/STORAGE.md, audit): seq, time in milliseconds,
// action, subject, detail, previous hash. The first entry's previous hash is zero.
func HashEntry(e chat.AuditEntry) [32]byte {
	return encode.Hash(encode.AuditEntry,
		encode.Uint64(e.Seq), encode.Uint64(uint64(e.Time.UnixMilli())),
		[]byte(e.Action), []byte(e.Subject), []byte(e.Detail), e.Prev[:])
}

func checkEntry(action, subject, detail string) error {
	switch {
	case action == "" || len(action) > MaxAction || strings.Trim(action, "abcdefghijklmnopqrstuvwxyz0123456789.-") != "":
		return fmt.Errorf("%w: action of an audit entry", chat.ErrMalformed)
	case len(subject) > MaxSubject || strings.Trim(subject, "0123456789abcdef") != "":
		return fmt.Errorf("%w: subject of an audit entry", chat.ErrMalformed)
	case len(detail) > MaxDetail || !utf8.ValidString(detail) || strings.ContainsFunc(detail, func(r rune) bool { return r < ' ' || r == 0x7f }):
		return fmt.Errorf("%w: detail of an audit entry", chat.ErrMalformed)
	}
	return nil
}
