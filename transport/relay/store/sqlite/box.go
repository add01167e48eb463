package sqlite

import (
	"database/sql"
	"errors"
	"math"
	"time"

	"sotto/transport/relay/store"
	"sotto/transport/wire"
)

const maxBoxes = 8192

type boxKey = wire.Mailbox

// box is the writer's copy of a mailbox: its limits and what it holds.
type box struct {
	id       int64
	kind     wire.MailboxKind
	limit    usage
	expires  time.Time
	lastSeq  uint64
	held     usage
	byName   map[store.Requester]usage // of invitation mailboxes
	tokens   map[wire.TokenHash]time.Time
	shareOut bool
}

type usage struct{ messages, bytes uint64 }

func (u usage) with(size int) usage { return usage{u.messages + 1, u.bytes + uint64(size)} }

func (u usage) without(size uint64) usage {
	return usage{u.messages - min(1, u.messages), u.bytes - min(size, u.bytes)}
}

func (u usage) above(limit usage) bool {
	return u.messages > limit.messages || u.bytes > limit.bytes
}

// box returns the mailbox from memory or from the file; ErrNoMailbox.
func (s *Store) box(address wire.Mailbox, now time.Time) (*box, error) {
	b, ok := s.boxes[address]
	if !ok {
		var err error
		if b, err = s.loadBox(address); err != nil {
			return nil, err
		}
		s.boxes[address] = b
	}
	if store.Ended(b.expires, now) {
		return nil, wire.ErrNoMailbox
	}
	return b, nil
}

func (s *Store) loadBox(address wire.Mailbox) (*box, error) {
	b := &box{tokens: map[wire.TokenHash]time.Time{}, byName: map[store.Requester]usage{}}
	var expires uint64
	err := s.stmt.findBox.QueryRow(address[:]).Scan(&b.id, &b.kind, &b.limit.messages, &b.limit.bytes, &expires, &b.lastSeq)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, wire.ErrNoMailbox
	}
	if err != nil {
		return nil, err
	}
	b.expires = wire.Time(expires)
	b.shareOut = b.kind == wire.InvitationMailbox
	rows, err := s.stmt.boxUsage.Query(messageID(b.id, 0), messageID(b.id+1, 0))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var name []byte
		var u usage
		if err := rows.Scan(&name, &u.messages, &u.bytes); err != nil {
			return nil, err
		}
		b.held.messages += u.messages
		b.held.bytes += u.bytes
		if b.shareOut && len(name) == len(store.Requester{}) {
			b.byName[store.Requester(name)] = u
		}
	}
	return b, rows.Err()
}

func messageID(box int64, seq uint64) int64 { return box<<32 | int64(min(seq, math.MaxUint32)) }

// token checks a token of the mailbox: ErrUnauthorized, ErrExpired.
func (s *Store) token(b *box, hash wire.TokenHash, now time.Time) error {
	expires, ok := b.tokens[hash]
	if !ok {
		var ms uint64
		err := s.stmt.findToken.QueryRow(b.id, hash[:]).Scan(&ms)
		if errors.Is(err, sql.ErrNoRows) {
			return wire.ErrUnauthorized
		}
		if err != nil {
			return err
		}
		expires = wire.Time(ms)
		b.tokens[hash] = expires
	}
	if store.Ended(expires, now) {
		return wire.ErrExpired
	}
	return nil
}

// forget drops the copy of a mailbox after a change that did not go through it.
func (s *Store) forget(address wire.Mailbox) { delete(s.boxes, address) }
