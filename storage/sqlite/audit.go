package sqlite

import "sotto/chat"

type auditRepo struct{ t *tx }

func (r auditRepo) records() records[chat.AuditEntry] {
	return records[chat.AuditEntry]{r.t, audit, decodeEntry}
}

// Append refuses a seq that does not follow the head's. The row id is the seq: rows of this table are never deleted.
func (r auditRepo) Append(e chat.AuditEntry) error {
	if err := r.t.writing(); err != nil {
		return err
	}
	head, err := r.Head()
	if err != nil && err != chat.ErrNotFound {
		return err
	}
	if e.Seq != head.Seq+1 {
		return chat.ErrExists
	}
	_, err = r.records().add(nil, nil, func(int64) []byte { return encodeEntry(e) })
	return err
}

func (r auditRepo) Head() (chat.AuditEntry, error) {
	f, err := r.records().one(" ORDER BY id DESC")
	return f.v, err
}

func (r auditRepo) List(after uint64, limit int) ([]chat.AuditEntry, error) {
	return r.records().values(" WHERE id > ? ORDER BY id LIMIT ?", int64(after), int64(max(limit, 0)))
}

const entryV1 = 1

func encodeEntry(e chat.AuditEntry) []byte {
	return layout(entryV1).uint(e.Seq).time(e.Time).text(e.Action).text(e.Subject).text(e.Detail).fixed(e.Prev[:]).
		fixed(e.Hash[:]).b
}

func decodeEntry(b []byte) (e chat.AuditEntry, ok bool) {
	r := read(b, entryV1)
	e.Seq, e.Time, e.Action, e.Subject, e.Detail = r.uint(), r.time(), r.text(), r.text(), r.text()
	r.fixed(e.Prev[:])
	r.fixed(e.Hash[:])
	return e, r.done()
}
