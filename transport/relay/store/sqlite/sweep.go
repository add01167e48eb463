package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"sotto/transport/wire"
)

// Sweep implements store.Store.
func (s *Store) Sweep(ctx context.Context, now time.Time) error {
	ms := now.UnixMilli()
	if err := s.sweepMailboxes(ctx, ms); err != nil {
		return err
	}
	return s.write(ctx, func() error {
		clear(s.boxes) // they count what is removed here; nothing in this group may use an older copy
		for b := range s.touch {
			if err := s.exec("UPDATE mailbox SET last_seq=? WHERE id=?", int64(b.lastSeq), b.id); err != nil {
				return err
			}
		}
		clear(s.touch)
		old := now.Add(-wire.Retention).UnixMilli()
		if err := s.exec(`UPDATE seen SET until=? WHERE until=0 AND (mailbox, envelope) IN
			(SELECT id>>32, envelope FROM message WHERE received<=?)`, now.Add(wire.RepeatAnsweredFor).UnixMilli(), old); err != nil {
			return err
		}
		if err := s.exec("DELETE FROM message WHERE received<=?", old); err != nil {
			return err
		}
		if err := s.exec("DELETE FROM seen WHERE until>0 AND until<=?", ms); err != nil {
			return err
		}
		if err := s.exec("DELETE FROM token WHERE expires>0 AND expires<=?", ms); err != nil {
			return err
		}
		return s.exec("DELETE FROM permit WHERE expires>0 AND expires<=?", ms)
	})
}

// sweepMailboxes removes ended mailboxes, each in a job of its own.
func (s *Store) sweepMailboxes(ctx context.Context, ms int64) error {
	for {
		more := false
		err := s.write(ctx, func() error {
			var id int64
			var address []byte
			err := s.conn.QueryRowContext(context.Background(),
				"SELECT id, address FROM mailbox WHERE expires>0 AND expires<=? LIMIT 1", ms).Scan(&id, &address)
			if errors.Is(err, sql.ErrNoRows) {
				return nil
			}
			if err != nil {
				return err
			}
			more = true
			return s.drop(id, wire.Mailbox(address))
		})
		if err != nil || !more {
			return err
		}
	}
}
