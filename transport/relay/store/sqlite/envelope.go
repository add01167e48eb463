package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"math"
	"time"

	"sotto/transport/relay/store"
	"sotto/transport/wire"
)

// Append implements store.Store.
func (s *Store) Append(e store.Envelope, done func(uint64, error)) {
	var seq uint64
	j := job{
		do:   func() (err error) { seq, err = s.append(e); return err },
		done: func(err error) { done(seq, err) },
	}
	select {
	case s.jobs <- j:
	case <-s.quit:
		done(0, wire.ErrUnavailable)
	}
}

func (s *Store) append(e store.Envelope) (uint64, error) {
	b, err := s.box(e.Mailbox, e.Received)
	if err != nil {
		return 0, err
	}
	if err := s.token(b, e.Token, e.Received); err != nil {
		return 0, err
	}
	held := b.held.with(len(e.Body))
	counted := b.shareOut && e.Requester != store.Requester{}
	own := b.byName[e.Requester].with(len(e.Body))
	share := usage{b.limit.messages / store.Share, b.limit.bytes / store.Share}
	if held.above(b.limit) || counted && own.above(share) || b.lastSeq == math.MaxUint32 {
		return 0, s.repeated(b, e)
	}
	if again, err := s.noteID(b, e); again || err != nil {
		return 0, err
	}
	seq := b.lastSeq + 1
	if _, err := s.stmt.insertMessage.Exec(messageID(b.id, seq), e.ID[:], e.Received.UnixMilli(), e.Requester[:], e.Body); err != nil {
		return 0, err
	}
	b.lastSeq, b.held = seq, held
	if counted {
		b.byName[e.Requester] = own
	}
	s.touch[b] = true
	return seq, nil
}

// repeated answers an envelope for which there is no room: a repeat needs none.
func (s *Store) repeated(b *box, e store.Envelope) error {
	var until uint64
	err := s.stmt.findSeen.QueryRow(b.id, e.ID[:]).Scan(&until)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return wire.ErrQuota
	case err != nil:
		return err
	case store.Ended(wire.Time(until), e.Received):
		return wire.ErrQuota
	}
	return nil
}

// noteID records the envelope id and reports whether it was there already.
func (s *Store) noteID(b *box, e store.Envelope) (again bool, err error) {
	result, err := s.stmt.insertSeen.Exec(b.id, e.ID[:])
	if err != nil {
		return false, err
	}
	if n, err := result.RowsAffected(); err != nil || n == 1 {
		return false, err
	}
	var until uint64
	if err := s.stmt.findSeen.QueryRow(b.id, e.ID[:]).Scan(&until); err != nil {
		return false, err
	}
	if !store.Ended(wire.Time(until), e.Received) {
		return true, nil
	}
	_, err = s.stmt.endSeen.Exec(0, b.id, e.ID[:])
	return false, err
}

// Ack implements store.Store.
func (s *Store) Ack(ctx context.Context, m wire.Mailbox, seqs []uint64, now time.Time) error {
	return s.write(ctx, func() error {
		b, err := s.box(m, now)
		if err != nil {
			return err
		}
		for _, seq := range seqs {
			if seq > math.MaxUint32 {
				continue
			}
			if err := s.remove(b, messageID(b.id, seq), now); err != nil {
				return err
			}
		}
		return nil
	})
}

// remove deletes one envelope and keeps its id for the time a repeat is answered.
func (s *Store) remove(b *box, id int64, now time.Time) error {
	var envelope, requester []byte
	var size uint64
	err := s.stmt.deleteMessage.QueryRow(id).Scan(&envelope, &requester, &size)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err != nil {
		return err
	}
	if _, err := s.stmt.endSeen.Exec(now.Add(wire.RepeatAnsweredFor).UnixMilli(), b.id, envelope); err != nil {
		return err
	}
	b.held = b.held.without(size)
	if b.shareOut && len(requester) == len(store.Requester{}) {
		name := store.Requester(requester)
		if left := b.byName[name].without(size); left.messages > 0 {
			b.byName[name] = left
		} else {
			delete(b.byName, name)
		}
	}
	return nil
}

// After implements store.Store.
func (s *Store) After(ctx context.Context, m wire.Mailbox, seq uint64, limit, size int, now time.Time) ([]store.Stored, error) {
	id, err := s.readBox(ctx, m, now)
	if err != nil {
		return nil, err
	}
	rows, err := s.readers.QueryContext(ctx,
		"SELECT id, received, body FROM message WHERE id>? AND id<? AND received>? ORDER BY id LIMIT ?",
		messageID(id, seq), messageID(id+1, 0), now.Add(-wire.Retention).UnixMilli(), limit)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []store.Stored
	for rows.Next() {
		var e store.Stored
		var rowID int64
		var received uint64
		if err := rows.Scan(&rowID, &received, &e.Body); err != nil {
			return nil, err
		}
		if size -= len(e.Body); size < 0 && len(out) > 0 {
			break
		}
		e.Seq, e.Received = uint64(rowID&math.MaxUint32), wire.Time(received)
		out = append(out, e)
	}
	return out, rows.Err()
}
