package sqlite

import "sotto/chat"

type queueRepo struct{ t *tx }

func (r queueRepo) records() records[chat.QueueItem] {
	return records[chat.QueueItem]{r.t, queue, decodeQueueItem}
}

func (r queueRepo) Add(q chat.QueueItem) (chat.QueueItem, error) {
	rs := r.records()
	id, err := rs.add(nil, rs.tag("message", q.Message[:]), func(id int64) []byte {
		q.ID = id
		return encodeQueueItem(q)
	})
	if err != nil {
		return chat.QueueItem{}, err
	}
	q.ID = id
	q.NotBefore, q.Created, q.Expires = instant(q.NotBefore), instant(q.Created), instant(q.Expires)
	return q, nil
}

func (r queueRepo) Get(id int64) (chat.QueueItem, error) {
	f, err := r.records().one(" WHERE id = ?", id)
	return f.v, err
}

func (r queueRepo) ForMessage(id chat.MessageID) ([]chat.QueueItem, error) {
	rs := r.records()
	return rs.values(" WHERE ref = ? ORDER BY id", rs.tag("message", id[:]))
}

func (r queueRepo) List() ([]chat.QueueItem, error) { return r.records().values(" ORDER BY id") }

func (r queueRepo) Put(q chat.QueueItem) error {
	rs := r.records()
	if err := r.t.writing(); err != nil {
		return err
	}
	row, err := r.t.c.row("SELECT id FROM queue WHERE id = ?", q.ID)
	if err != nil {
		return err
	}
	if row == nil {
		return chat.ErrNotFound
	}
	return rs.replace(q.ID, nil, rs.tag("message", q.Message[:]), encodeQueueItem(q))
}

func (r queueRepo) Delete(id int64) error { return r.records().deleteID(id) }

const queueItemV1 = 1

func encodeQueueItem(q chat.QueueItem) []byte {
	return layout(queueItemV1).int(q.ID).fixed(q.Peer[:]).fixed(q.Device[:]).fixed(q.Message[:]).bool(q.Visible).
		bytes(q.Content).bytes(q.Envelope).fixed(q.EnvelopeID[:]).fixed(q.Session[:]).text(string(q.State)).
		text(q.Failure).int(int64(q.Attempts)).time(q.NotBefore).time(q.Created).time(q.Expires).b
}

func decodeQueueItem(b []byte) (q chat.QueueItem, ok bool) {
	r := read(b, queueItemV1)
	q.ID = r.int()
	r.fixed(q.Peer[:])
	r.fixed(q.Device[:])
	r.fixed(q.Message[:])
	q.Visible, q.Content, q.Envelope = r.bool(), r.bytes(), r.bytes()
	r.fixed(q.EnvelopeID[:])
	r.fixed(q.Session[:])
	q.State, q.Failure, q.Attempts = chat.QueueState(r.text()), r.text(), int(r.int())
	q.NotBefore, q.Created, q.Expires = r.time(), r.time(), r.time()
	return q, r.done()
}
