package sqlite

import (
	"slices"

	"sotto/chat"
)

type contactsRepo struct{ t *tx }

func (r contactsRepo) records() records[chat.Contact] {
	return records[chat.Contact]{r.t, contacts, decodeContact}
}

func (r contactsRepo) Get(id chat.ContactID) (chat.Contact, error) {
	rs := r.records()
	return rs.get(rs.tag("id", id[:]))
}

func (r contactsRepo) List() ([]chat.Contact, error) {
	out, err := r.records().values(" ORDER BY id")
	slices.SortStableFunc(out, func(a, b chat.Contact) int { return a.Created.Compare(b.Created) })
	return out, err
}

func (r contactsRepo) Put(c chat.Contact) error {
	rs := r.records()
	return rs.put(rs.tag("id", c.ID[:]), nil, encodeContact(c))
}

func (r contactsRepo) Delete(id chat.ContactID) error {
	rs := r.records()
	return rs.delete(rs.tag("id", id[:]))
}

const contactV1 = 1

func encodeContact(c chat.Contact) []byte {
	return layout(contactV1).fixed(c.ID[:]).text(c.Name).text(c.ProfileName).bool(c.Bot).text(string(c.State)).
		text(string(c.Verification)).bytes(c.Certificate).bytes(c.DeviceList).time(c.Created).time(c.Accepted).
		text(c.FirstText).bool(c.Removed).b
}

func decodeContact(b []byte) (c chat.Contact, ok bool) {
	r := read(b, contactV1)
	r.fixed(c.ID[:])
	c.Name, c.ProfileName, c.Bot = r.text(), r.text(), r.bool()
	c.State, c.Verification = chat.ContactState(r.text()), chat.Verification(r.text())
	c.Certificate, c.DeviceList = r.bytes(), r.bytes()
	c.Created, c.Accepted, c.FirstText, c.Removed = r.time(), r.time(), r.text(), r.bool()
	return c, r.done()
}
