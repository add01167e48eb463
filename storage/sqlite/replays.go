package sqlite

import (
	"time"

	"sotto/chat"
)

type replaysRepo struct{ t *tx }

// keptRejections bounds what a flood of garbage can make the store keep.
const keptRejections = 1_000

func (r replaysRepo) initials() records[time.Time] {
	return records[time.Time]{r.t, initials, decodeInitial}
}

func (r replaysRepo) rejections() records[chat.Rejected] {
	return records[chat.Rejected]{r.t, rejections, decodeRejected}
}

func (r replaysRepo) SeenInitial(hash [32]byte) (bool, error) {
	rs := r.initials()
	_, err := rs.get(rs.tag("hash", hash[:]))
	if err == chat.ErrNotFound {
		return false, nil
	}
	return err == nil, err
}

func (r replaysRepo) RecordInitial(hash [32]byte, until time.Time) error {
	rs := r.initials()
	return rs.put(rs.tag("hash", hash[:]), nil, encodeInitial(until))
}

func (r replaysRepo) Reject(hash [32]byte, now time.Time) (chat.Rejected, error) {
	rs := r.rejections()
	if err := r.t.writing(); err != nil {
		return chat.Rejected{}, err
	}
	if err := r.t.check(rejections); err != nil {
		return chat.Rejected{}, err
	}
	tag := rs.tag("hash", hash[:])
	v, err := rs.get(tag)
	if err == chat.ErrNotFound {
		v, err = chat.Rejected{Hash: hash, First: instant(now)}, r.trim(rs)
	}
	if err != nil {
		return chat.Rejected{}, err
	}
	v.Count++
	v.Last = instant(now)
	return v, rs.put(tag, nil, encodeRejected(v))
}

// trim makes room for one more: the rows that came first go.
func (r replaysRepo) trim(rs records[chat.Rejected]) error {
	row, err := r.t.c.row("SELECT count(*) FROM rejections")
	if err != nil {
		return err
	}
	for n := integer(row[0]); n >= keptRejections; n-- {
		row, err := r.t.c.row("SELECT min(id) FROM rejections")
		if err != nil {
			return err
		}
		if err := r.t.remove(rs.table, integer(row[0])); err != nil {
			return err
		}
	}
	return nil
}

func (r replaysRepo) Rejections() ([]chat.Rejected, error) {
	return r.rejections().values(" ORDER BY id")
}

func (r replaysRepo) Expire(now time.Time) error {
	if err := r.t.writing(); err != nil {
		return err
	}
	all, err := r.initials().list("")
	if err != nil {
		return err
	}
	for _, f := range all {
		if !f.v.After(now) {
			if err := r.t.remove(initials, f.id); err != nil {
				return err
			}
		}
	}
	return nil
}

const (
	initialV1  = 1
	rejectedV1 = 1
)

func encodeInitial(until time.Time) []byte { return layout(initialV1).time(until).b }

func decodeInitial(b []byte) (time.Time, bool) {
	r := read(b, initialV1)
	until := r.time()
	return until, r.done()
}

func encodeRejected(v chat.Rejected) []byte {
	return layout(rejectedV1).fixed(v.Hash[:]).int(int64(v.Count)).time(v.First).time(v.Last).b
}

func decodeRejected(b []byte) (v chat.Rejected, ok bool) {
	r := read(b, rejectedV1)
	r.fixed(v.Hash[:])
	v.Count, v.First, v.Last = int(r.int()), r.time(), r.time()
	return v, r.done()
}
