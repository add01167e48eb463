package sqlite

import (
	"slices"

	"sotto/chat"
)

type sessionsRepo struct{ t *tx }

func (r sessionsRepo) records() records[chat.Session] {
	return records[chat.Session]{r.t, sessions, decodeSession}
}

func (r sessionsRepo) Get(id chat.SessionID) (chat.Session, error) {
	rs := r.records()
	return rs.get(rs.tag("id", id[:]))
}

func (r sessionsRepo) ForPeer(peer chat.ContactID) ([]chat.Session, error) {
	rs := r.records()
	out, err := rs.values(" WHERE ref = ? ORDER BY id DESC", rs.tag("peer", peer[:]))
	slices.SortStableFunc(out, func(a, b chat.Session) int { return b.Created.Compare(a.Created) })
	return out, err
}

func (r sessionsRepo) Put(s chat.Session) error {
	rs := r.records()
	return rs.put(rs.tag("id", s.ID[:]), rs.tag("peer", s.Peer[:]), encodeSession(s))
}

func (r sessionsRepo) Delete(id chat.SessionID) error {
	rs := r.records()
	return rs.delete(rs.tag("id", id[:]))
}

const sessionV1 = 1

func encodeSession(s chat.Session) []byte {
	return layout(sessionV1).fixed(s.ID[:]).fixed(s.Peer[:]).fixed(s.Device[:]).bytes(s.State).bytes(s.Header).
		time(s.Created).time(s.Used).time(s.Archived).b
}

func decodeSession(b []byte) (s chat.Session, ok bool) {
	r := read(b, sessionV1)
	r.fixed(s.ID[:])
	r.fixed(s.Peer[:])
	r.fixed(s.Device[:])
	s.State, s.Header = r.bytes(), r.bytes()
	s.Created, s.Used, s.Archived = r.time(), r.time(), r.time()
	return s, r.done()
}
