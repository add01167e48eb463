package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"sotto/transport/relay/store"
	"sotto/transport/wire"
)

// sweepBatch bounds the envelopes removed in one job, so that senders do not wait for the sweep.
const sweepBatch = 200

// Sweep implements store.Store. It looks with a reader and writes only where something has ended, by
// mailbox.
func (s *Store) Sweep(ctx context.Context, now time.Time) error {
	ms := now.UnixMilli()
	boxes, err := s.allBoxes(ctx)
	if err != nil {
		return err
	}
	for _, b := range boxes {
		if store.Ended(wire.Time(b.expires), now) {
			err = s.sweepBox(ctx, b)
		} else {
			err = s.sweepInside(ctx, b, now)
		}
		if err != nil {
			return err
		}
	}
	return s.write(ctx, func() error {
		if err := s.exec("DELETE FROM token WHERE expires>0 AND expires<=?", ms); err != nil {
			return err
		}
		if err := s.dropBlobs("ends<=?", ms); err != nil {
			return err
		}
		return s.exec("DELETE FROM permit WHERE expires>0 AND expires<=?", ms)
	})
}

type sweptBox struct {
	id      int64
	address wire.Mailbox
	expires uint64
}

func (s *Store) allBoxes(ctx context.Context) ([]sweptBox, error) {
	rows, err := s.readers.QueryContext(ctx, "SELECT id, address, expires FROM mailbox")
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []sweptBox
	for rows.Next() {
		var b sweptBox
		var address []byte
		if err := rows.Scan(&b.id, &address, &b.expires); err != nil {
			return nil, err
		}
		b.address = wire.Mailbox(address)
		out = append(out, b)
	}
	return out, rows.Err()
}

// sweepBox removes an ended mailbox, unless it was opened again meanwhile.
func (s *Store) sweepBox(ctx context.Context, b sweptBox) error {
	return s.write(ctx, func() error {
		var same bool
		err := s.conn.QueryRowContext(context.Background(),
			"SELECT expires=? FROM mailbox WHERE id=?", int64(b.expires), b.id).Scan(&same)
		if errors.Is(err, sql.ErrNoRows) || err == nil && !same {
			return nil
		}
		if err != nil {
			return err
		}
		return s.drop(b.id, b.address)
	})
}

// sweepInside removes what has ended in a mailbox that goes on.
func (s *Store) sweepInside(ctx context.Context, b sweptBox, now time.Time) error {
	for more := true; more; {
		var id, oldest int64
		err := s.readers.QueryRowContext(ctx, oldestMessage, messageID(b.id, 0), messageID(b.id+1, 0)).Scan(&id, &oldest)
		if errors.Is(err, sql.ErrNoRows) {
			break
		}
		if err != nil {
			return err
		}
		if !past(oldest, now) {
			break
		}
		if more, err = s.sweepOldest(ctx, b, now); err != nil {
			return err
		}
	}
	var ended bool
	if err := s.readers.QueryRowContext(ctx, "SELECT EXISTS(SELECT 1 FROM seen WHERE mailbox=? AND until>0 AND until<=?)",
		b.id, now.UnixMilli()).Scan(&ended); err != nil || !ended {
		return err
	}
	return s.write(ctx, func() error {
		return s.exec("DELETE FROM seen WHERE mailbox=? AND until>0 AND until<=?", b.id, now.UnixMilli())
	})
}

const oldestMessage = "SELECT id, received FROM message WHERE id>? AND id<? ORDER BY id LIMIT 1"

// past reports whether an envelope received then is past retention.
func past(received int64, now time.Time) bool {
	return store.Ended(time.UnixMilli(received).Add(wire.Retention), now)
}

// sweepOldest removes up to sweepBatch of the oldest envelopes that are past retention.
func (s *Store) sweepOldest(ctx context.Context, b sweptBox, now time.Time) (more bool, err error) {
	err = s.write(ctx, func() error {
		box, err := s.box(b.address, now)
		if err != nil {
			return err
		}
		for range sweepBatch {
			var id, received int64
			err := s.conn.QueryRowContext(context.Background(), oldestMessage,
				messageID(b.id, 0), messageID(b.id+1, 0)).Scan(&id, &received)
			if errors.Is(err, sql.ErrNoRows) || err == nil && !past(received, now) {
				return nil
			}
			if err != nil {
				return err
			}
			if err := s.remove(box, id, now); err != nil {
				return err
			}
		}
		more = true
		return nil
	})
	if errors.Is(err, wire.ErrNoMailbox) {
		return false, nil
	}
	return more, err
}
