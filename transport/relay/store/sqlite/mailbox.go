package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"sotto/transport/relay/store"
	"sotto/transport/wire"
)

// CreateMailbox implements store.Store.
func (s *Store) CreateMailbox(ctx context.Context, m store.Mailbox, grant *wire.GrantHash, now time.Time) error {
	return s.write(ctx, func() error {
		var owner []byte
		var expires uint64
		var id int64
		err := s.conn.QueryRowContext(context.Background(),
			"SELECT id, owner, expires FROM mailbox WHERE address=?", m.Address[:]).Scan(&id, &owner, &expires)
		switch {
		case err == nil && !store.Ended(wire.Time(expires), now):
			if [32]byte(owner) != m.Owner {
				return wire.ErrConflict
			}
			return nil
		case err != nil && !errors.Is(err, sql.ErrNoRows):
			return err
		}
		ended := err == nil
		if grant != nil {
			if err := s.spend(*grant, now); err != nil {
				return err
			}
		}
		if ended {
			if err := s.drop(id, m.Address); err != nil {
				return err
			}
		}
		return s.exec("INSERT INTO mailbox(address, owner, kind, max_messages, max_bytes, expires, granted) VALUES(?,?,?,?,?,?,?)",
			m.Address[:], m.Owner[:], m.Kind, m.MaxMessages, m.MaxBytes, wire.UnixMilli(m.Expires), grant != nil)
	})
}

// spend takes one mailbox from a grant.
func (s *Store) spend(hash wire.GrantHash, now time.Time) error {
	var remaining int64
	var ends, boxEnds uint64
	err := s.conn.QueryRowContext(context.Background(),
		"SELECT p.remaining, p.expires, m.expires FROM permit p JOIN mailbox m ON m.id=p.mailbox WHERE p.hash=?",
		hash[:]).Scan(&remaining, &ends, &boxEnds)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return wire.ErrUnauthorized
	case err != nil:
		return err
	case remaining < 1 || store.Ended(wire.Time(ends), now) || store.Ended(wire.Time(boxEnds), now):
		return wire.ErrExpired
	}
	return s.exec("UPDATE permit SET remaining=remaining-1 WHERE hash=?", hash[:])
}

func (s *Store) exec(query string, args ...any) error {
	_, err := s.conn.ExecContext(context.Background(), query, args...)
	return err
}

// Mailbox implements store.Store.
func (s *Store) Mailbox(ctx context.Context, m wire.Mailbox, now time.Time) (store.Mailbox, error) {
	out := store.Mailbox{Address: m}
	var owner []byte
	var expires uint64
	err := s.readers.QueryRowContext(ctx,
		"SELECT owner, kind, max_messages, max_bytes, expires, granted FROM mailbox WHERE address=?", m[:]).
		Scan(&owner, &out.Kind, &out.MaxMessages, &out.MaxBytes, &expires, &out.Granted)
	if errors.Is(err, sql.ErrNoRows) {
		return store.Mailbox{}, wire.ErrNoMailbox
	}
	if err != nil {
		return store.Mailbox{}, err
	}
	out.Owner, out.Expires = [32]byte(owner), wire.Time(expires)
	if store.Ended(out.Expires, now) {
		return store.Mailbox{}, wire.ErrNoMailbox
	}
	return out, nil
}

// readBox returns the row id of a mailbox for a reader.
func (s *Store) readBox(ctx context.Context, m wire.Mailbox, now time.Time) (int64, error) {
	var id int64
	var expires uint64
	err := s.readers.QueryRowContext(ctx, "SELECT id, expires FROM mailbox WHERE address=?", m[:]).Scan(&id, &expires)
	if errors.Is(err, sql.ErrNoRows) || err == nil && store.Ended(wire.Time(expires), now) {
		return 0, wire.ErrNoMailbox
	}
	return id, err
}

// DeleteMailbox implements store.Store.
func (s *Store) DeleteMailbox(ctx context.Context, m wire.Mailbox, now time.Time) error {
	return s.write(ctx, func() error {
		b, err := s.box(m, now)
		if err != nil {
			return err
		}
		return s.drop(b.id, m)
	})
}

// drop removes the rows of a mailbox; the files of its blobs are gone then.
func (s *Store) drop(id int64, address wire.Mailbox) error {
	if b, ok := s.boxes[address]; ok {
		delete(s.touch, b)
	}
	s.forget(address)
	if err := s.exec("DELETE FROM message WHERE id>? AND id<?", messageID(id, 0), messageID(id+1, 0)); err != nil {
		return err
	}
	if err := s.dropBlobs("mailbox=?", id); err != nil {
		return err
	}
	for _, table := range []string{"seen", "token", "permit", "prekey"} {
		if err := s.exec("DELETE FROM "+table+" WHERE mailbox=?", id); err != nil {
			return err
		}
	}
	return s.exec("DELETE FROM mailbox WHERE id=?", id)
}

// PutToken implements store.Store.
func (s *Store) PutToken(ctx context.Context, m wire.Mailbox, t store.Token, now time.Time) error {
	return s.write(ctx, func() error {
		b, err := s.box(m, now)
		if err != nil {
			return err
		}
		var others int
		if err := s.conn.QueryRowContext(context.Background(),
			"SELECT count(*) FROM token WHERE mailbox=? AND hash<>?", b.id, t.Hash[:]).Scan(&others); err != nil {
			return err
		}
		if others >= store.MaxTokens {
			return wire.ErrQuota
		}
		delete(b.tokens, t.Hash)
		return s.exec(`INSERT INTO token(mailbox, hash, pop_burst, pop_every, max_pops, expires) VALUES(?,?,?,?,?,?)
			ON CONFLICT DO UPDATE SET pop_burst=excluded.pop_burst, pop_every=excluded.pop_every,
			max_pops=excluded.max_pops, expires=excluded.expires`,
			b.id, t.Hash[:], t.PopBurst, int64(t.PopEvery/time.Second), t.MaxPops, wire.UnixMilli(t.Expires))
	})
}

// DropToken implements store.Store.
func (s *Store) DropToken(ctx context.Context, m wire.Mailbox, hash wire.TokenHash, now time.Time) error {
	return s.write(ctx, func() error {
		b, err := s.box(m, now)
		if err != nil {
			return err
		}
		delete(b.tokens, hash)
		if err := s.dropBlobs("mailbox=? AND token=? AND digest IS NULL", b.id, hash[:]); err != nil {
			return err
		}
		return s.exec("DELETE FROM token WHERE mailbox=? AND hash=?", b.id, hash[:])
	})
}

// Token implements store.Store.
func (s *Store) Token(ctx context.Context, m wire.Mailbox, hash wire.TokenHash, now time.Time) (store.Token, error) {
	id, err := s.readBox(ctx, m, now)
	if err != nil {
		return store.Token{}, err
	}
	t := store.Token{Hash: hash}
	var every int64
	var expires uint64
	err = s.readers.QueryRowContext(ctx,
		"SELECT pop_burst, pop_every, max_pops, expires FROM token WHERE mailbox=? AND hash=?", id, hash[:]).
		Scan(&t.PopBurst, &every, &t.MaxPops, &expires)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return store.Token{}, wire.ErrUnauthorized
	case err != nil:
		return store.Token{}, err
	}
	t.PopEvery, t.Expires = time.Duration(every)*time.Second, wire.Time(expires)
	if store.Ended(t.Expires, now) {
		return store.Token{}, wire.ErrExpired
	}
	return t, nil
}

// PutGrant implements store.Store.
func (s *Store) PutGrant(ctx context.Context, m wire.Mailbox, g store.Grant, now time.Time) error {
	return s.write(ctx, func() error {
		b, err := s.box(m, now)
		if err != nil {
			return err
		}
		var granted bool
		var foreign, others int
		if err := s.conn.QueryRowContext(context.Background(), `SELECT granted,
			(SELECT count(*) FROM permit WHERE hash=?1 AND mailbox<>?2),
			(SELECT count(*) FROM permit WHERE hash<>?1 AND mailbox=?2) FROM mailbox WHERE id=?2`,
			g.Hash[:], b.id).Scan(&granted, &foreign, &others); err != nil {
			return err
		}
		switch {
		case granted || foreign > 0:
			return wire.ErrUnauthorized
		case others >= store.MaxGrants:
			return wire.ErrQuota
		}
		return s.exec("INSERT OR REPLACE INTO permit(hash, mailbox, remaining, expires) VALUES(?,?,?,?)",
			g.Hash[:], b.id, g.Mailboxes, wire.UnixMilli(g.Expires))
	})
}
