package store

import (
	"context"
	"time"

	"sotto/transport/wire"
)

// Mailbox is what a relay knows of a mailbox. Zero Expires = never.
type Mailbox struct {
	Address     wire.Mailbox
	Owner       [32]byte // Ed25519 public key
	Kind        wire.MailboxKind
	MaxMessages uint64
	MaxBytes    uint64
	Expires     time.Time
	Granted     bool // opened by a grant: may not grant on
}

// Token is an accepted capability to send to one mailbox, with the limits of its owner.
type Token struct {
	Hash     wire.TokenHash
	PopBurst uint64
	PopEvery time.Duration
	MaxPops  uint64 // 0 = unbounded
	Expires  time.Time
}

// Grant lets its holder open so many mailboxes.
type Grant struct {
	Hash      wire.GrantHash
	Mailboxes uint64
	Expires   time.Time
}

// Requester is a pseudonym of who sends, for the share one requester may hold of an invitation
// mailbox. It means nothing after the relay process has ended. Zero is not counted.
type Requester [8]byte

// Envelope is an envelope to store.
type Envelope struct {
	Mailbox   wire.Mailbox
	Token     wire.TokenHash
	ID        wire.EnvelopeID
	Requester Requester
	Received  time.Time
	Body      []byte
}

// Stored is an envelope that waits for its owner.
type Stored struct {
	Seq      uint64
	Received time.Time
	Body     []byte
}

// Share is the part of an invitation mailbox one requester may hold: a quarter.
const Share = 4

// Store keeps the state of a relay. It is safe for concurrent use. A nil error means the change is
// durable. Errors match the sentinels of transport/wire; any other is a failure of the storage.
type Store interface {
	// CreateMailbox opens a mailbox; one that exists for the same owner is left as it is and nothing is
	// charged. With a grant, one of its mailboxes is used up: ErrUnauthorized if there is no such grant,
	// ErrExpired if it has ended or is used up.
	CreateMailbox(ctx context.Context, m Mailbox, grant *wire.GrantHash, now time.Time) error
	// Mailbox returns a mailbox, or ErrNoMailbox.
	Mailbox(ctx context.Context, m wire.Mailbox, now time.Time) (Mailbox, error)
	// DeleteMailbox removes a mailbox and all that hangs on it, its grants and blobs too; or ErrNoMailbox.
	DeleteMailbox(ctx context.Context, m wire.Mailbox, now time.Time) error

	// PutToken adds a token or replaces its limits; ErrQuota above MaxTokens.
	PutToken(ctx context.Context, m wire.Mailbox, t Token, now time.Time) error
	// DropToken removes a token if it is there, and the blobs it granted that are not committed.
	DropToken(ctx context.Context, m wire.Mailbox, hash wire.TokenHash, now time.Time) error
	// Token returns a token: ErrNoMailbox, ErrUnauthorized, ErrExpired.
	Token(ctx context.Context, m wire.Mailbox, hash wire.TokenHash, now time.Time) (Token, error)
	// PutGrant adds or replaces a grant; ErrUnauthorized if the mailbox was itself granted, or another
	// mailbox holds a grant of this name; ErrQuota above MaxGrants.
	PutGrant(ctx context.Context, m wire.Mailbox, g Grant, now time.Time) error

	// Append stores an envelope and calls done when it is durable, or with the error. Envelopes appended
	// to a mailbox one after the other get growing numbers. A repeat of an id, while stored and
	// wire.RepeatAnsweredFor after its acknowledgement, is done with seq 0 and no error. Errors:
	// ErrNoMailbox, ErrUnauthorized, ErrExpired (token), ErrQuota. done must not block or call the store.
	Append(e Envelope, done func(seq uint64, err error))
	// After returns stored envelopes with a number above seq, ascending: at most limit, and no more
	// than bytes unless the first is larger.
	After(ctx context.Context, m wire.Mailbox, seq uint64, limit, bytes int, now time.Time) ([]Stored, error)
	// Ack deletes envelopes; numbers that are not there are skipped.
	Ack(ctx context.Context, m wire.Mailbox, seqs []uint64, now time.Time) error

	// PutPrekeys replaces bundle and one-time prekeys.
	PutPrekeys(ctx context.Context, m wire.Mailbox, bundle []byte, prekeys []wire.Prekey, now time.Time) error
	// PopPrekey returns the bundle and removes the first one-time prekey, nil if none is left. Errors of
	// Token; ErrNotFound without a bundle; ErrExpired after MaxPops.
	PopPrekey(ctx context.Context, m wire.Mailbox, hash wire.TokenHash, now time.Time) ([]byte, *wire.Prekey, error)
	// CountPrekeys returns how many one-time prekeys are left.
	CountPrekeys(ctx context.Context, m wire.Mailbox, now time.Time) (int, error)

	// State returns the state cell, nil if never set.
	State(ctx context.Context, m wire.Mailbox, now time.Time) ([]byte, error)
	// SetState replaces the cell if it equals old (empty = never set) or already equals new, else
	// ErrConflict.
	SetState(ctx context.Context, m wire.Mailbox, old, new []byte, now time.Time) error

	BlobRows

	// Sweep removes what has ended: envelopes after wire.Retention, repeats, mailboxes, tokens, grants, rows of blobs.
	Sweep(ctx context.Context, now time.Time) error
	// Ready reports whether the store can be written.
	Ready(ctx context.Context) error
	Close() error
}

// What one mailbox may have.
const (
	MaxTokens = 1000
	MaxGrants = 100
)

// Ended reports whether an end (zero = never) has come.
func Ended(end, now time.Time) bool { return !end.IsZero() && !now.Before(end) }
