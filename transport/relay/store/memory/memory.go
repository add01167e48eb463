package memory

import (
	"bytes"
	"context"
	"sort"
	"sync"
	"time"

	"sotto/transport/relay/store"
	"sotto/transport/wire"
)

type envelope struct {
	store.Stored
	id        wire.EnvelopeID
	requester store.Requester
}

type token struct {
	store.Token
	popped uint64
}

type box struct {
	store.Mailbox
	tokens   map[wire.TokenHash]*token
	messages []envelope // ascending
	seen     map[wire.EnvelopeID]time.Time
	next     uint64
	bundle   []byte
	prekeys  []wire.Prekey
	state    []byte
}

type grant struct {
	store.Grant
	mailbox wire.Mailbox
}

// Store is the store. The zero value is not usable: use New.
type Store struct {
	mu     sync.Mutex
	boxes  map[wire.Mailbox]*box
	grants map[wire.GrantHash]*grant
	blobs  map[store.BlobFile]store.Blob
	gone   map[store.BlobFile]bool
}

var _ store.Store = (*Store)(nil)

// New returns an empty store.
func New() *Store {
	return &Store{
		boxes:  map[wire.Mailbox]*box{},
		grants: map[wire.GrantHash]*grant{},
		blobs:  map[store.BlobFile]store.Blob{},
		gone:   map[store.BlobFile]bool{},
	}
}

// find returns the mailbox; s.mu is held.
func (s *Store) find(m wire.Mailbox, now time.Time) (*box, error) {
	b, ok := s.boxes[m]
	if !ok || store.Ended(b.Expires, now) {
		return nil, wire.ErrNoMailbox
	}
	return b, nil
}

func (s *Store) CreateMailbox(_ context.Context, m store.Mailbox, hash *wire.GrantHash, now time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if b, err := s.find(m.Address, now); err == nil {
		if b.Owner != m.Owner {
			return wire.ErrConflict
		}
		return nil
	}
	m.Granted = hash != nil
	if hash != nil {
		g, ok := s.grants[*hash]
		if !ok {
			return wire.ErrUnauthorized
		}
		if _, err := s.find(g.mailbox, now); err != nil || store.Ended(g.Expires, now) || g.Mailboxes == 0 {
			return wire.ErrExpired
		}
		g.Mailboxes--
	}
	s.remove(m.Address) // it has ended
	s.boxes[m.Address] = &box{Mailbox: m, tokens: map[wire.TokenHash]*token{}, seen: map[wire.EnvelopeID]time.Time{}}
	return nil
}

func (s *Store) Mailbox(_ context.Context, m wire.Mailbox, now time.Time) (store.Mailbox, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	b, err := s.find(m, now)
	if err != nil {
		return store.Mailbox{}, err
	}
	return b.Mailbox, nil
}

func (s *Store) DeleteMailbox(_ context.Context, m wire.Mailbox, now time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, err := s.find(m, now); err != nil {
		return err
	}
	s.remove(m)
	return nil
}

func (s *Store) remove(m wire.Mailbox) {
	delete(s.boxes, m)
	s.dropBlobs(func(b store.Blob) bool { return b.Mailbox == m })
	for hash, g := range s.grants {
		if g.mailbox == m {
			delete(s.grants, hash)
		}
	}
}

func (s *Store) PutToken(_ context.Context, m wire.Mailbox, t store.Token, now time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	b, err := s.find(m, now)
	if err != nil {
		return err
	}
	if old, ok := b.tokens[t.Hash]; ok {
		old.Token = t
		return nil
	}
	if len(b.tokens) >= store.MaxTokens {
		return wire.ErrQuota
	}
	b.tokens[t.Hash] = &token{Token: t}
	return nil
}

func (s *Store) DropToken(_ context.Context, m wire.Mailbox, hash wire.TokenHash, now time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	b, err := s.find(m, now)
	if err != nil {
		return err
	}
	delete(b.tokens, hash)
	s.dropBlobs(func(b store.Blob) bool { return b.Mailbox == m && b.Token == hash && !b.Committed })
	return nil
}

func (b *box) token(hash wire.TokenHash, now time.Time) (*token, error) {
	t, ok := b.tokens[hash]
	if !ok {
		return nil, wire.ErrUnauthorized
	}
	if store.Ended(t.Expires, now) {
		return nil, wire.ErrExpired
	}
	return t, nil
}

func (s *Store) Token(_ context.Context, m wire.Mailbox, hash wire.TokenHash, now time.Time) (store.Token, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	b, err := s.find(m, now)
	if err != nil {
		return store.Token{}, err
	}
	t, err := b.token(hash, now)
	if err != nil {
		return store.Token{}, err
	}
	return t.Token, nil
}

func (s *Store) PutGrant(_ context.Context, m wire.Mailbox, g store.Grant, now time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	b, err := s.find(m, now)
	if err != nil {
		return err
	}
	old, exists := s.grants[g.Hash]
	if b.Granted || exists && old.mailbox != m {
		return wire.ErrUnauthorized
	}
	held := 0
	for _, other := range s.grants {
		if other.mailbox == m {
			held++
		}
	}
	if !exists && held >= store.MaxGrants {
		return wire.ErrQuota
	}
	s.grants[g.Hash] = &grant{Grant: g, mailbox: m}
	return nil
}

func (s *Store) Append(e store.Envelope, done func(uint64, error)) {
	s.mu.Lock()
	seq, err := s.append(e)
	s.mu.Unlock()
	done(seq, err)
}

func (s *Store) append(e store.Envelope) (uint64, error) {
	b, err := s.find(e.Mailbox, e.Received)
	if err != nil {
		return 0, err
	}
	if _, err := b.token(e.Token, e.Received); err != nil {
		return 0, err
	}
	if until, ok := b.seen[e.ID]; ok && !store.Ended(until, e.Received) {
		return 0, nil
	}
	var n, size, own, ownSize uint64
	for _, m := range b.messages {
		n, size = n+1, size+uint64(len(m.Body))
		if m.requester == e.Requester {
			own, ownSize = own+1, ownSize+uint64(len(m.Body))
		}
	}
	add := uint64(len(e.Body))
	shared := b.Kind == wire.InvitationMailbox && e.Requester != store.Requester{}
	if n+1 > b.MaxMessages || size+add > b.MaxBytes ||
		shared && (own+1 > b.MaxMessages/store.Share || ownSize+add > b.MaxBytes/store.Share) {
		return 0, wire.ErrQuota
	}
	b.next++
	b.seen[e.ID] = time.Time{}
	b.messages = append(b.messages, envelope{
		Stored:    store.Stored{Seq: b.next, Received: e.Received, Body: bytes.Clone(e.Body)},
		id:        e.ID,
		requester: e.Requester,
	})
	return b.next, nil
}

func (s *Store) After(_ context.Context, m wire.Mailbox, seq uint64, limit, size int, now time.Time) ([]store.Stored, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	b, err := s.find(m, now)
	if err != nil {
		return nil, err
	}
	var out []store.Stored
	start := sort.Search(len(b.messages), func(i int) bool { return b.messages[i].Seq > seq })
	for _, e := range b.messages[start:] {
		if store.Ended(e.Received.Add(wire.Retention), now) {
			continue
		}
		if size -= len(e.Body); len(out) == limit || size < 0 && len(out) > 0 {
			break
		}
		out = append(out, e.Stored)
	}
	return out, nil
}

func (s *Store) Ack(_ context.Context, m wire.Mailbox, seqs []uint64, now time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	b, err := s.find(m, now)
	if err != nil {
		return err
	}
	drop := map[uint64]bool{}
	for _, seq := range seqs {
		drop[seq] = true
	}
	b.keep(func(e envelope) bool { return !drop[e.Seq] }, now)
	return nil
}

// keep removes the envelopes that fail the test and remembers their ids.
func (b *box) keep(test func(envelope) bool, now time.Time) {
	kept := b.messages[:0:0]
	for _, e := range b.messages {
		if test(e) {
			kept = append(kept, e)
		} else {
			b.seen[e.id] = now.Add(wire.RepeatAnsweredFor)
		}
	}
	b.messages = kept
}

func (s *Store) PutPrekeys(_ context.Context, m wire.Mailbox, bundle []byte, prekeys []wire.Prekey, now time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	b, err := s.find(m, now)
	if err != nil {
		return err
	}
	b.bundle, b.prekeys = bytes.Clone(bundle), append([]wire.Prekey(nil), prekeys...)
	return nil
}

func (s *Store) PopPrekey(_ context.Context, m wire.Mailbox, hash wire.TokenHash, now time.Time) ([]byte, *wire.Prekey, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	b, err := s.find(m, now)
	if err != nil {
		return nil, nil, err
	}
	t, err := b.token(hash, now)
	switch {
	case err != nil:
		return nil, nil, err
	case t.MaxPops > 0 && t.popped >= t.MaxPops:
		return nil, nil, wire.ErrExpired
	case b.bundle == nil:
		return nil, nil, wire.ErrNotFound
	}
	t.popped++
	if len(b.prekeys) == 0 {
		return b.bundle, nil, nil
	}
	p := b.prekeys[0]
	b.prekeys = b.prekeys[1:]
	return b.bundle, &p, nil
}

func (s *Store) CountPrekeys(_ context.Context, m wire.Mailbox, now time.Time) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	b, err := s.find(m, now)
	if err != nil {
		return 0, err
	}
	return len(b.prekeys), nil
}

func (s *Store) State(_ context.Context, m wire.Mailbox, now time.Time) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	b, err := s.find(m, now)
	if err != nil {
		return nil, err
	}
	return b.state, nil
}

func (s *Store) SetState(_ context.Context, m wire.Mailbox, old, new []byte, now time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	b, err := s.find(m, now)
	if err != nil {
		return err
	}
	if !bytes.Equal(b.state, old) && !bytes.Equal(b.state, new) {
		return wire.ErrConflict
	}
	b.state = bytes.Clone(new)
	return nil
}

func (s *Store) Sweep(_ context.Context, now time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for m, b := range s.boxes {
		if store.Ended(b.Expires, now) {
			s.remove(m)
			continue
		}
		b.keep(func(e envelope) bool { return !store.Ended(e.Received.Add(wire.Retention), now) }, now)
		for id, until := range b.seen {
			if store.Ended(until, now) {
				delete(b.seen, id)
			}
		}
		for hash, t := range b.tokens {
			if store.Ended(t.Expires, now) {
				delete(b.tokens, hash)
			}
		}
	}
	s.dropBlobs(func(b store.Blob) bool { return store.Ended(b.Ends, now) })
	for hash, g := range s.grants {
		if store.Ended(g.Expires, now) {
			delete(s.grants, hash)
		}
	}
	return nil
}

func (s *Store) Ready(context.Context) error { return nil }
func (s *Store) Close() error                { return nil }
