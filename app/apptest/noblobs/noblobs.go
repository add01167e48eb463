package noblobs

import (
	"context"
	"io"

	"sotto/transport/wire"
)

// Relay refuses all that is about blobs with wire.ErrUnsupported.
type Relay struct{}

// GrantBlob implements messenger.Relay.
func (Relay) GrantBlob(context.Context, wire.Mailbox, wire.Token, wire.BlobName, wire.UploadHash, int64) error {
	return wire.ErrUnsupported
}

// UploadOffset implements messenger.Relay.
func (Relay) UploadOffset(context.Context, wire.UploadKey) (int64, error) { return 0, wire.ErrNotFound }

// Upload implements messenger.Relay.
func (Relay) Upload(context.Context, wire.UploadKey, int64, io.Reader, int64) (int64, error) {
	return 0, wire.ErrUnsupported
}

// CommitBlob implements messenger.Relay.
func (Relay) CommitBlob(context.Context, wire.UploadKey, [32]byte) error { return wire.ErrUnsupported }

// Fetch implements messenger.Relay.
func (Relay) Fetch(context.Context, wire.ReadKey, int64, int64, io.Writer) (int64, error) {
	return 0, wire.ErrUnsupported
}

// DeleteBlob implements messenger.Relay.
func (Relay) DeleteBlob(context.Context, wire.ReadKey) error { return wire.ErrUnsupported }
