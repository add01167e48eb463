package sqlite

import "sotto/chat"

type invitationsRepo struct{ t *tx }

func (r invitationsRepo) records() records[chat.Invitation] {
	return records[chat.Invitation]{r.t, invitations, decodeInvitation}
}

func (r invitationsRepo) Get(id string) (chat.Invitation, error) {
	rs := r.records()
	return rs.get(rs.tag("id", []byte(id)))
}

func (r invitationsRepo) ByMailbox(id chat.MailboxID) (chat.Invitation, error) {
	rs := r.records()
	f, err := rs.one(" WHERE ref = ? ORDER BY id", rs.tag("mailbox", id[:]))
	return f.v, err
}

func (r invitationsRepo) List() ([]chat.Invitation, error) { return r.records().values(" ORDER BY id") }

func (r invitationsRepo) Put(v chat.Invitation) error {
	rs := r.records()
	return rs.put(rs.tag("id", []byte(v.ID)), rs.tag("mailbox", v.Mailbox[:]), encodeInvitation(v))
}

func (r invitationsRepo) Delete(id string) error {
	rs := r.records()
	return rs.delete(rs.tag("id", []byte(id)))
}

const invitationV1 = 1

func encodeInvitation(v chat.Invitation) []byte {
	return layout(invitationV1).text(v.ID).text(v.Link).bool(v.Reusable).time(v.Created).time(v.Expires).
		int(int64(v.Max)).int(int64(v.Used)).bool(v.Revoked).fixed(v.Mailbox[:]).b
}

func decodeInvitation(b []byte) (v chat.Invitation, ok bool) {
	r := read(b, invitationV1)
	v.ID, v.Link, v.Reusable, v.Created, v.Expires = r.text(), r.text(), r.bool(), r.time(), r.time()
	v.Max, v.Used, v.Revoked = int(r.int()), int(r.int()), r.bool()
	r.fixed(v.Mailbox[:])
	return v, r.done()
}
