package sqlite

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"time"

	"sotto/transport/wire"
)

// PutPrekeys implements store.Store.
func (s *Store) PutPrekeys(ctx context.Context, m wire.Mailbox, bundle []byte, prekeys []wire.Prekey, now time.Time) error {
	return s.write(ctx, func() error {
		b, err := s.box(m, now)
		if err != nil {
			return err
		}
		if err := s.exec("UPDATE mailbox SET bundle=? WHERE id=?", bundle, b.id); err != nil {
			return err
		}
		if err := s.exec("DELETE FROM prekey WHERE mailbox=?", b.id); err != nil {
			return err
		}
		for i, p := range prekeys {
			if err := s.exec("INSERT INTO prekey(mailbox, place, id, sealed) VALUES(?,?,?,?)", b.id, i, int64(p.ID), p.Sealed); err != nil {
				return err
			}
		}
		return nil
	})
}

// PopPrekey implements store.Store.
func (s *Store) PopPrekey(ctx context.Context, m wire.Mailbox, hash wire.TokenHash, now time.Time) (bundle []byte, prekey *wire.Prekey, err error) {
	err = s.write(ctx, func() (err error) {
		bundle, prekey, err = s.pop(m, hash, now)
		return err
	})
	if err != nil {
		return nil, nil, err
	}
	return bundle, prekey, nil
}

func (s *Store) pop(m wire.Mailbox, hash wire.TokenHash, now time.Time) ([]byte, *wire.Prekey, error) {
	b, err := s.box(m, now)
	if err != nil {
		return nil, nil, err
	}
	if err := s.token(b, hash, now); err != nil {
		return nil, nil, err
	}
	var most, popped uint64
	var bundle []byte
	if err := s.conn.QueryRowContext(context.Background(),
		"SELECT t.max_pops, t.popped, m.bundle FROM token t JOIN mailbox m ON m.id=t.mailbox WHERE t.mailbox=? AND t.hash=?",
		b.id, hash[:]).Scan(&most, &popped, &bundle); err != nil {
		return nil, nil, err
	}
	switch {
	case most > 0 && popped >= most:
		return nil, nil, wire.ErrExpired
	case bundle == nil:
		return nil, nil, wire.ErrNotFound
	}
	if err := s.exec("UPDATE token SET popped=popped+1 WHERE mailbox=? AND hash=?", b.id, hash[:]); err != nil {
		return nil, nil, err
	}
	var p wire.Prekey
	var id int64
	err = s.conn.QueryRowContext(context.Background(),
		"DELETE FROM prekey WHERE mailbox=?1 AND place=(SELECT min(place) FROM prekey WHERE mailbox=?1) RETURNING id, sealed",
		b.id).Scan(&id, &p.Sealed)
	if errors.Is(err, sql.ErrNoRows) {
		return bundle, nil, nil
	}
	if err != nil {
		return nil, nil, err
	}
	p.ID = uint64(id)
	return bundle, &p, nil
}

// CountPrekeys implements store.Store.
func (s *Store) CountPrekeys(ctx context.Context, m wire.Mailbox, now time.Time) (int, error) {
	id, err := s.readBox(ctx, m, now)
	if err != nil {
		return 0, err
	}
	var n int
	err = s.readers.QueryRowContext(ctx, "SELECT count(*) FROM prekey WHERE mailbox=?", id).Scan(&n)
	return n, err
}

// State implements store.Store.
func (s *Store) State(ctx context.Context, m wire.Mailbox, now time.Time) ([]byte, error) {
	id, err := s.readBox(ctx, m, now)
	if err != nil {
		return nil, err
	}
	var cell []byte
	err = s.readers.QueryRowContext(ctx, "SELECT state FROM mailbox WHERE id=?", id).Scan(&cell)
	return cell, err
}

// SetState implements store.Store.
func (s *Store) SetState(ctx context.Context, m wire.Mailbox, old, new []byte, now time.Time) error {
	return s.write(ctx, func() error {
		b, err := s.box(m, now)
		if err != nil {
			return err
		}
		var cell []byte
		if err := s.conn.QueryRowContext(context.Background(), "SELECT state FROM mailbox WHERE id=?", b.id).Scan(&cell); err != nil {
			return err
		}
		if !bytes.Equal(cell, old) && !bytes.Equal(cell, new) {
			return wire.ErrConflict
		}
		return s.exec("UPDATE mailbox SET state=? WHERE id=?", new, b.id)
	})
}
