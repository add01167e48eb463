package security

import (
	"bufio"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"sotto/chat"
)

// auditLine is one exported entry: one JSON object per line.
type auditLine struct {
	V       int    `json:"v"`
	Seq     uint64 `json:"seq"`
	Time    string `json:"time"`
	Action  string `json:"action"`
	Subject string `json:"subject,omitempty"`
	Detail  string `json:"detail,omitempty"`
	Prev    string `json:"prev"`
	Hash    string `json:"hash"`
}

const timeLayout = "2006-01-02T15:04:05.000Z"

// Export writes the log as JSON Lines, oldest first, and returns its head. It does not verify: an exported log is
// checked with [VerifyExport] like any other.
func Export(tx chat.Tx, w io.Writer) (Head, error) {
	var last chat.AuditEntry
	enc := json.NewEncoder(w)
	for {
		page, err := tx.Audit().List(last.Seq, auditPage)
		if err != nil {
			return Head{}, fmt.Errorf("reading the audit log: %w", err)
		}
		for _, e := range page {
			line := auditLine{
				V: 1, Seq: e.Seq, Time: e.Time.UTC().Format(timeLayout), Action: e.Action, Subject: e.Subject, Detail: e.Detail,
				Prev: hex.EncodeToString(e.Prev[:]), Hash: hex.EncodeToString(e.Hash[:]),
			}
			if err := enc.Encode(line); err != nil {
				return Head{}, fmt.Errorf("writing the audit log: %w", err)
			}
			last = e
		}
		if len(page) < auditPage {
			return HeadOf(last), nil
		}
	}
}

// VerifyExport checks an exported log of entries without a profile and returns its head. It fails with an [AuditError]
// like [Verify], or with chat.ErrMalformed for a line that is none.
func VerifyExport(r io.Reader) (Head, error) {
	var c chain
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 64<<10)
	for lines.Scan() {
		entry, err := parseLine(lines.Bytes())
		if err != nil {
			return Head{}, fmt.Errorf("audit log: line %d: %w", c.last.Seq+1, err)
		}
		if err := c.next(entry, nil); err != nil {
			return Head{}, err
		}
	}
	if err := lines.Err(); err != nil {
		return Head{}, fmt.Errorf("audit log: line %d: %w", c.last.Seq+1, chat.ErrMalformed)
	}
	return HeadOf(c.last), nil
}

func parseLine(b []byte) (chat.AuditEntry, error) {
	var l auditLine
	if err := json.Unmarshal(b, &l); err != nil || l.V != 1 {
		return chat.AuditEntry{}, chat.ErrMalformed
	}
	at, err := time.Parse(timeLayout, l.Time)
	if err != nil {
		return chat.AuditEntry{}, chat.ErrMalformed
	}
	e := chat.AuditEntry{Seq: l.Seq, Time: at, Action: l.Action, Subject: l.Subject, Detail: l.Detail}
	for _, field := range []struct {
		dst []byte
		src string
	}{{e.Prev[:], l.Prev}, {e.Hash[:], l.Hash}} {
		if len(field.src) != 2*len(field.dst) {
			return chat.AuditEntry{}, chat.ErrMalformed
		}
		if _, err := hex.Decode(field.dst, []byte(field.src)); err != nil {
			return chat.AuditEntry{}, chat.ErrMalformed
		}
	}
	return e, nil
}
