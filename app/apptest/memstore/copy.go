package memstore

import (
	"bytes"
	"cmp"
	"slices"
	"time"

	"sotto/chat"
)

func instant(t time.Time) time.Time {
	if t.IsZero() {
		return time.Time{}
	}
	return t.UTC().Round(0)
}

func blob(b []byte) []byte {
	if len(b) == 0 {
		return nil
	}
	return bytes.Clone(b)
}

func list[V any](v []V) []V {
	if len(v) == 0 {
		return nil
	}
	return slices.Clone(v)
}

func copyContact(c chat.Contact) chat.Contact {
	c.Certificate, c.DeviceList = blob(c.Certificate), blob(c.DeviceList)
	c.Created, c.Accepted = instant(c.Created), instant(c.Accepted)
	return c
}

func copyConversation(c chat.Conversation) chat.Conversation {
	c.Members = list(c.Members)
	c.Created, c.Last = instant(c.Created), instant(c.Last)
	return c
}

func copyMessage(m chat.Message) chat.Message {
	m.Reactions, m.Raw = list(m.Reactions), blob(m.Raw)
	m.Sent, m.Received, m.Expires = instant(m.Sent), instant(m.Received), instant(m.Expires)
	return m
}

func copyAnnotation(a chat.Annotation) chat.Annotation {
	a.Sent = instant(a.Sent)
	return a
}

func copyAttachment(a chat.Attachment) chat.Attachment {
	a.Key, a.ReadKey, a.UploadKey = blob(a.Key), blob(a.ReadKey), blob(a.UploadKey)
	a.NotBefore, a.Created = instant(a.NotBefore), instant(a.Created)
	return a
}

func copySession(s chat.Session) chat.Session {
	s.State, s.Header = blob(s.State), blob(s.Header)
	s.Created, s.Used, s.Archived = instant(s.Created), instant(s.Used), instant(s.Archived)
	return s
}

func copyPrekey(p chat.Prekey) chat.Prekey {
	p.Private = blob(p.Private)
	p.Created, p.Erase = instant(p.Created), instant(p.Erase)
	return p
}

func copyRejected(r chat.Rejected) chat.Rejected {
	r.First, r.Last = instant(r.First), instant(r.Last)
	return r
}

func copyMailbox(m chat.Mailbox) chat.Mailbox {
	m.OwnerKey, m.Salt, m.Secret = blob(m.OwnerKey), blob(m.Salt), blob(m.Secret)
	m.Token, m.Cell = blob(m.Token), blob(m.Cell)
	m.Created, m.Expires = instant(m.Created), instant(m.Expires)
	m.Renewed, m.Retired = instant(m.Renewed), instant(m.Retired)
	return m
}

func copyRoute(r chat.Route) chat.Route {
	r.Token, r.Secret = blob(r.Token), blob(r.Secret)
	return r
}

func copyInvitation(i chat.Invitation) chat.Invitation {
	i.Created, i.Expires = instant(i.Created), instant(i.Expires)
	return i
}

func copyQueueItem(q chat.QueueItem) chat.QueueItem {
	q.Content, q.Envelope = blob(q.Content), blob(q.Envelope)
	q.NotBefore, q.Created, q.Expires = instant(q.NotBefore), instant(q.Created), instant(q.Expires)
	return q
}

func copyConsent(c chat.Consent) chat.Consent {
	c.Time, c.Expires = instant(c.Time), instant(c.Expires)
	return c
}

func copyEntry(e chat.AuditEntry) chat.AuditEntry {
	e.Time = instant(e.Time)
	return e
}

func copyEvent(e chat.Event) chat.Event {
	e.Time, e.Body = instant(e.Time), blob(e.Body)
	return e
}

// collect copies the rows that keep, in the order of less and then of insertion.
func collect[K comparable, V any](m map[K]row[V], dup func(V) V, keep func(V) bool, order func(a, b V) int) []V {
	var rows []row[V]
	for _, r := range m {
		if keep == nil || keep(r.v) {
			rows = append(rows, r)
		}
	}
	slices.SortFunc(rows, func(a, b row[V]) int {
		if order != nil {
			if c := order(a.v, b.v); c != 0 {
				return c
			}
		}
		return cmp.Compare(a.n, b.n)
	})
	var out []V
	for _, r := range rows {
		out = append(out, dup(r.v))
	}
	return out
}

func get[K comparable, V any](t *tx, m map[K]row[V], k K, dup func(V) V) (V, error) {
	var zero V
	if err := t.reading(); err != nil {
		return zero, err
	}
	r, ok := m[k]
	if !ok {
		return zero, chat.ErrNotFound
	}
	return dup(r.v), nil
}
