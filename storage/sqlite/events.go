package sqlite

import (
	"time"

	"sotto/chat"
)

type eventsRepo struct{ t *tx }

// keptEvents bounds the stream: the oldest go.
const keptEvents = 10_000

func (r eventsRepo) records() records[chat.Event] {
	return records[chat.Event]{r.t, events, decodeEvent}
}

func (r eventsRepo) Append(typ string, body []byte, now time.Time) (chat.Event, error) {
	e := chat.Event{Time: instant(now), Type: typ, Body: append([]byte(nil), body...)}
	id, err := r.records().add(nil, nil, func(id int64) []byte {
		e.Seq = uint64(id)
		return encodeEvent(e)
	})
	if err != nil {
		return chat.Event{}, err
	}
	return e, r.trim(id - keptEvents)
}

// trim removes the events up to a row.
func (r eventsRepo) trim(last int64) error {
	rows, err := r.t.c.rows("SELECT id FROM events WHERE id <= ?", last)
	if err != nil {
		return err
	}
	for _, row := range rows {
		if err := r.t.remove(events, integer(row[0])); err != nil {
			return err
		}
	}
	return nil
}

func (r eventsRepo) Since(seq uint64, limit int) ([]chat.Event, error) {
	return r.records().values(" WHERE id > ? ORDER BY id LIMIT ?", int64(min(seq, 1<<62)), int64(max(limit, 0)))
}

func (r eventsRepo) Last() (uint64, error) {
	if err := r.t.reading(); err != nil {
		return 0, err
	}
	row, err := r.t.c.row("SELECT seq FROM sqlite_sequence WHERE name = 'events'")
	if err != nil || row == nil {
		return 0, err
	}
	return uint64(integer(row[0])), nil
}

func (r eventsRepo) Forget(drop func(chat.Event) bool) error {
	if err := r.t.writing(); err != nil {
		return err
	}
	all, err := r.records().list(" ORDER BY id")
	if err != nil {
		return err
	}
	for _, f := range all {
		if drop(f.v) {
			if err := r.t.remove(events, f.id); err != nil {
				return err
			}
		}
	}
	return nil
}

const eventV1 = 1

func encodeEvent(e chat.Event) []byte {
	return layout(eventV1).uint(e.Seq).time(e.Time).text(e.Type).bytes(e.Body).b
}

func decodeEvent(b []byte) (e chat.Event, ok bool) {
	r := read(b, eventV1)
	e.Seq, e.Time, e.Type, e.Body = r.uint(), r.time(), r.text(), r.bytes()
	return e, r.done()
}
