package memstore

import "sotto/chat"

type consents struct{ t *tx }

func (r consents) Append(c chat.Consent) error {
	if err := r.t.writing(); err != nil {
		return err
	}
	if _, ok := r.t.s.consents[c.ID]; ok {
		return chat.ErrExists
	}
	put(r.t, r.t.s.consents, c.ID, copyConsent(c))
	return nil
}

func (r consents) Latest(subject chat.ContactID, purpose chat.Purpose, byPeer bool) (chat.Consent, error) {
	found := collect(r.t.s.consents, copyConsent, func(c chat.Consent) bool {
		return c.Subject == subject && c.Purpose == purpose && c.ByPeer == byPeer
	}, nil)
	if len(found) == 0 {
		return chat.Consent{}, chat.ErrNotFound
	}
	return found[len(found)-1], r.t.reading()
}

func (r consents) List() ([]chat.Consent, error) {
	return collect(r.t.s.consents, copyConsent, nil, nil), r.t.reading()
}

func (r consents) DeleteSubject(subject chat.ContactID) error {
	if err := r.t.writing(); err != nil {
		return err
	}
	for id, c := range r.t.s.consents {
		if c.v.Subject == subject {
			if err := unset(r.t, r.t.s.consents, id); err != nil {
				return err
			}
		}
	}
	return nil
}

type audit struct{ t *tx }

func (r audit) Append(e chat.AuditEntry) error {
	if err := r.t.writing(); err != nil {
		return err
	}
	if e.Seq != uint64(len(r.t.s.audit))+1 {
		return chat.ErrExists
	}
	assign(r.t, &r.t.s.audit, append(r.t.s.audit, copyEntry(e)))
	return nil
}

func (r audit) Head() (chat.AuditEntry, error) {
	n := len(r.t.s.audit)
	if n == 0 {
		return chat.AuditEntry{}, chat.ErrNotFound
	}
	return r.t.s.audit[n-1], r.t.reading()
}

func (r audit) List(after uint64, limit int) ([]chat.AuditEntry, error) {
	var out []chat.AuditEntry
	for _, e := range r.t.s.audit {
		if e.Seq > after && len(out) < limit {
			out = append(out, e)
		}
	}
	return out, r.t.reading()
}

type settings struct{ t *tx }

func (r settings) Get(name string) ([]byte, error) {
	if err := r.t.reading(); err != nil {
		return nil, err
	}
	v, ok := r.t.s.settings[name]
	if !ok {
		return nil, chat.ErrNotFound
	}
	return blob(v), nil
}

func (r settings) Put(name string, value []byte) error {
	if err := r.t.writing(); err != nil {
		return err
	}
	set(r.t, r.t.s.settings, name, blob(value))
	return nil
}

func (r settings) Delete(name string) error {
	if err := r.t.writing(); err != nil {
		return err
	}
	return unset(r.t, r.t.s.settings, name)
}

func (r settings) List() (map[string][]byte, error) {
	out := map[string][]byte{}
	for name, v := range r.t.s.settings {
		out[name] = blob(v)
	}
	return out, r.t.reading()
}
