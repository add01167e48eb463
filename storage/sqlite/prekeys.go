package sqlite

import (
	"time"

	"sotto/chat"
)

type prekeysRepo struct{ t *tx }

func (r prekeysRepo) records() records[chat.Prekey] {
	return records[chat.Prekey]{r.t, prekeys, decodePrekey}
}

func (r prekeysRepo) Get(id chat.KeyID) (chat.Prekey, error) {
	rs := r.records()
	return rs.get(rs.tag("id", id[:]))
}

func (r prekeysRepo) ForMailbox(id chat.MailboxID) ([]chat.Prekey, error) {
	rs := r.records()
	return rs.values(" WHERE ref = ? ORDER BY id", rs.tag("mailbox", id[:]))
}

func (r prekeysRepo) Put(p chat.Prekey) error {
	rs := r.records()
	return rs.put(rs.tag("id", p.ID[:]), rs.tag("mailbox", p.Mailbox[:]), encodePrekey(p))
}

func (r prekeysRepo) Delete(id chat.KeyID) error {
	rs := r.records()
	return rs.delete(rs.tag("id", id[:]))
}

func (r prekeysRepo) DueBefore(now time.Time) ([]chat.KeyID, error) {
	all, err := r.records().values(" ORDER BY id")
	var due []chat.KeyID
	for _, p := range all {
		if !p.Erase.IsZero() && !p.Erase.After(now) {
			due = append(due, p.ID)
		}
	}
	return due, err
}

const prekeyV1 = 1

func encodePrekey(p chat.Prekey) []byte {
	return layout(prekeyV1).fixed(p.ID[:]).text(string(p.Kind)).fixed(p.Mailbox[:]).bytes(p.Private).time(p.Created).
		time(p.Erase).b
}

func decodePrekey(b []byte) (p chat.Prekey, ok bool) {
	r := read(b, prekeyV1)
	r.fixed(p.ID[:])
	p.Kind = chat.PrekeyKind(r.text())
	r.fixed(p.Mailbox[:])
	p.Private, p.Created, p.Erase = r.bytes(), r.time(), r.time()
	return p, r.done()
}
