package sqlite

import "sotto/chat"

type consentsRepo struct{ t *tx }

func (r consentsRepo) records() records[chat.Consent] {
	return records[chat.Consent]{r.t, consents, decodeConsent}
}

func (r consentsRepo) ref(subject chat.ContactID, purpose chat.Purpose, byPeer bool) value {
	return r.records().tag("choice", subject[:], []byte(purpose), layout(0).bool(byPeer).b)
}

func (r consentsRepo) Append(c chat.Consent) error {
	rs := r.records()
	_, err := rs.add(rs.tag("id", []byte(c.ID)), r.ref(c.Subject, c.Purpose, c.ByPeer), func(int64) []byte {
		return encodeConsent(c)
	})
	return err
}

func (r consentsRepo) Latest(subject chat.ContactID, purpose chat.Purpose, byPeer bool) (chat.Consent, error) {
	f, err := r.records().one(" WHERE ref = ? ORDER BY id DESC", r.ref(subject, purpose, byPeer))
	return f.v, err
}

func (r consentsRepo) List() ([]chat.Consent, error) { return r.records().values(" ORDER BY id") }

func (r consentsRepo) DeleteSubject(subject chat.ContactID) error {
	if err := r.t.writing(); err != nil {
		return err
	}
	all, err := r.records().list("")
	if err != nil {
		return err
	}
	for _, f := range all {
		if f.v.Subject == subject {
			if err := r.t.remove(consents, f.id); err != nil {
				return err
			}
		}
	}
	return nil
}

const consentV1 = 1

func encodeConsent(c chat.Consent) []byte {
	return layout(consentV1).text(c.ID).fixed(c.Subject[:]).text(string(c.Purpose)).text(c.Notice).
		text(string(c.State)).text(c.Method).time(c.Time).time(c.Expires).bool(c.ByPeer).b
}

func decodeConsent(b []byte) (c chat.Consent, ok bool) {
	r := read(b, consentV1)
	c.ID = r.text()
	r.fixed(c.Subject[:])
	c.Purpose, c.Notice, c.State = chat.Purpose(r.text()), r.text(), chat.ConsentState(r.text())
	c.Method, c.Time, c.Expires, c.ByPeer = r.text(), r.time(), r.time(), r.bool()
	return c, r.done()
}
