package sqlite

import "sotto/chat"

type routesRepo struct{ t *tx }

func (r routesRepo) records() records[chat.Route] {
	return records[chat.Route]{r.t, routes, decodeRoute}
}

func (r routesRepo) Get(peer chat.ContactID, device chat.DeviceID) (chat.Route, error) {
	rs := r.records()
	return rs.get(rs.tag("id", peer[:], device[:]))
}

func (r routesRepo) ForPeer(peer chat.ContactID) ([]chat.Route, error) {
	rs := r.records()
	return rs.values(" WHERE ref = ? ORDER BY id", rs.tag("peer", peer[:]))
}

func (r routesRepo) Put(v chat.Route) error {
	rs := r.records()
	return rs.put(rs.tag("id", v.Peer[:], v.Device[:]), rs.tag("peer", v.Peer[:]), encodeRoute(v))
}

func (r routesRepo) Delete(peer chat.ContactID, device chat.DeviceID) error {
	rs := r.records()
	return rs.delete(rs.tag("id", peer[:], device[:]))
}

const routeV1 = 1

func encodeRoute(v chat.Route) []byte {
	return layout(routeV1).fixed(v.Peer[:]).fixed(v.Device[:]).uint(v.Seq).text(v.Relay).fixed(v.Mailbox[:]).
		bytes(v.Token).bytes(v.Secret).b
}

func decodeRoute(b []byte) (v chat.Route, ok bool) {
	r := read(b, routeV1)
	r.fixed(v.Peer[:])
	r.fixed(v.Device[:])
	v.Seq, v.Relay = r.uint(), r.text()
	r.fixed(v.Mailbox[:])
	v.Token, v.Secret = r.bytes(), r.bytes()
	return v, r.done()
}
