package messenger

import (
	"context"
	"io"
	"time"

	"sotto/chat"
	"sotto/transport/wire"
)

// Relay is the connection to one relay. transport/client.Client implements it; every method may be repeated after an
// error, and errors match the sentinels of transport/wire.
type Relay interface {
	// Own, Subscribe and Forget hand over and take back owner keys; they return at once.
	Own(owned ...wire.Owned)
	Subscribe(owned ...wire.Owned)
	Forget(mailboxes ...wire.Mailbox)
	// Pushes delivers envelopes until Done is closed.
	Pushes() <-chan wire.Push
	Done() <-chan struct{}
	Online() bool
	// Wake ends a back-off wait.
	Wake()
	Close() error

	CreateMailbox(ctx context.Context, spec wire.MailboxSpec) (wire.Mailbox, error)
	DeleteMailbox(ctx context.Context, m wire.Mailbox) error
	PutToken(ctx context.Context, m wire.Mailbox, hash wire.TokenHash, limits wire.TokenLimits) error
	RevokeToken(ctx context.Context, m wire.Mailbox, hash wire.TokenHash) error
	PutGrant(ctx context.Context, m wire.Mailbox, hash wire.GrantHash, n int, expires time.Time) error
	PutPrekeys(ctx context.Context, m wire.Mailbox, bundle []byte, prekeys []wire.Prekey) error
	PrekeyCount(ctx context.Context, m wire.Mailbox) (int, error)
	State(ctx context.Context, m wire.Mailbox) ([]byte, error)
	CompareAndSetState(ctx context.Context, m wire.Mailbox, old, cell []byte) error
	Ack(ctx context.Context, m wire.Mailbox, seqs ...uint64) error

	Send(ctx context.Context, m wire.Mailbox, token wire.Token, id wire.EnvelopeID, envelope []byte) error
	PopPrekey(ctx context.Context, m wire.Mailbox, token wire.Token) ([]byte, *wire.Prekey, error)

	// GrantBlob makes room for a blob in the mailbox of another; UploadOffset, Upload and CommitBlob bring its bytes.
	// Upload answers with ErrConflict where to go on.
	GrantBlob(ctx context.Context, m wire.Mailbox, token wire.Token, name wire.BlobName, upload wire.UploadHash, size int64) error
	UploadOffset(ctx context.Context, key wire.UploadKey) (offset int64, err error)
	Upload(ctx context.Context, key wire.UploadKey, offset int64, r io.Reader, n int64) (next int64, err error)
	CommitBlob(ctx context.Context, key wire.UploadKey, sum [32]byte) error
	// Fetch writes a blob of so many bytes from offset to its end.
	Fetch(ctx context.Context, key wire.ReadKey, offset int64, size int64, w io.Writer) (n int64, err error)
	DeleteBlob(ctx context.Context, key wire.ReadKey) error
}

// Relays opens relays. The messenger keeps one Relay per address and closes it.
type Relays interface {
	// Open returns a relay at once; connecting goes on behind it. onEvent is called in order, from one goroutine.
	Open(address wire.Address, onEvent func(wire.Event)) (Relay, error)
}

// Retention says which messages the person's own rules do not keep. Privacy implements it; it is asked in the unit of
// work that removes them.
type Retention interface {
	// Due returns at most limit messages that are not kept at now, and when the next would not be: zero for never.
	Due(tx chat.Tx, now time.Time, limit int) (due []chat.Message, next time.Time, err error)
	// Removed records how many were removed.
	Removed(tx chat.Tx, count int) error
}
