package memstore

import (
	"cmp"
	"slices"
	"time"

	"sotto/chat"
)

type deadlines struct{ t *tx }

func (r deadlines) Due(at time.Time, limit int) ([]chat.Message, error) {
	if err := r.t.reading(); err != nil {
		return nil, err
	}
	var due []chat.Message
	for _, m := range r.t.s.messages {
		if !m.Expires.IsZero() && !m.Expires.After(at) {
			due = append(due, copyMessage(m))
		}
	}
	slices.SortFunc(due, func(a, b chat.Message) int {
		return cmp.Or(a.Expires.Compare(b.Expires), cmp.Compare(a.Position, b.Position), slices.Compare(a.ID[:], b.ID[:]))
	})
	return due[:min(len(due), max(limit, 0))], nil
}

func (r deadlines) Count(at time.Time) (int, error) {
	due, err := r.Due(at, len(r.t.s.messages))
	return len(due), err
}

func (r deadlines) Next() (time.Time, error) {
	var next time.Time
	for _, m := range r.t.s.messages {
		if !m.Expires.IsZero() && (next.IsZero() || m.Expires.Before(next)) {
			next = m.Expires
		}
	}
	if err := r.t.reading(); err != nil {
		return time.Time{}, err
	}
	if next.IsZero() {
		return next, chat.ErrNotFound
	}
	return next, nil
}
