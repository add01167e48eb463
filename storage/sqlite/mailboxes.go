package sqlite

import "sotto/chat"

type mailboxesRepo struct{ t *tx }

func (r mailboxesRepo) records() records[chat.Mailbox] {
	return records[chat.Mailbox]{r.t, mailboxes, decodeMailbox}
}

func (r mailboxesRepo) Get(id chat.MailboxID) (chat.Mailbox, error) {
	rs := r.records()
	return rs.get(rs.tag("id", id[:]))
}

func (r mailboxesRepo) List() ([]chat.Mailbox, error) { return r.records().values(" ORDER BY id") }

func (r mailboxesRepo) Put(m chat.Mailbox) error {
	rs := r.records()
	return rs.put(rs.tag("id", m.ID[:]), nil, encodeMailbox(m))
}

func (r mailboxesRepo) Delete(id chat.MailboxID) error {
	rs := r.records()
	return rs.delete(rs.tag("id", id[:]))
}

const mailboxV1 = 1

func encodeMailbox(m chat.Mailbox) []byte {
	return layout(mailboxV1).fixed(m.ID[:]).text(m.Relay).bytes(m.OwnerKey).bytes(m.Salt).bytes(m.Secret).bytes(m.Token).
		fixed(m.Contact[:]).text(m.Invitation).time(m.Created).time(m.Expires).time(m.Renewed).bytes(m.Cell).
		time(m.Retired).b
}

func decodeMailbox(b []byte) (m chat.Mailbox, ok bool) {
	r := read(b, mailboxV1)
	r.fixed(m.ID[:])
	m.Relay, m.OwnerKey, m.Salt, m.Secret, m.Token = r.text(), r.bytes(), r.bytes(), r.bytes(), r.bytes()
	r.fixed(m.Contact[:])
	m.Invitation, m.Created, m.Expires, m.Renewed = r.text(), r.time(), r.time(), r.time()
	m.Cell, m.Retired = r.bytes(), r.time()
	return m, r.done()
}
