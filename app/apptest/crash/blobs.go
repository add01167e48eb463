package crash

import (
	"context"
	"io"

	"sotto/chat"
	"sotto/transport/wire"
)

// Blobs is the folder of files of a process, over the one that outlives it. It has a point at every change: what was
// written before a death is there after it, as of a process that is killed.
type Blobs struct {
	Beneath chat.Blobs
	Fuse    *Fuse
}

func (b Blobs) writer(w chat.BlobWriter, err error) (chat.BlobWriter, error) {
	if err != nil {
		return nil, err
	}
	if err := b.Fuse.Pass("after opening a file"); err != nil {
		w.Close() //nolint:errcheck // the process is dead
		return nil, err
	}
	return blobWriter{w, b.Fuse}, nil
}

// Create implements chat.Blobs.
func (b Blobs) Create() (chat.BlobWriter, error) {
	if err := b.Fuse.Pass("before Blobs.Create"); err != nil {
		return nil, err
	}
	return b.writer(b.Beneath.Create())
}

// Resume implements chat.Blobs.
func (b Blobs) Resume(id chat.BlobID) (chat.BlobWriter, error) {
	if err := b.Fuse.Alive(); err != nil {
		return nil, err
	}
	return b.writer(b.Beneath.Resume(id))
}

// Open implements chat.Blobs.
func (b Blobs) Open(id chat.BlobID) (chat.BlobReader, error) {
	if err := b.Fuse.Alive(); err != nil {
		return nil, err
	}
	return b.Beneath.Open(id)
}

// Remove implements chat.Blobs.
func (b Blobs) Remove(ids ...chat.BlobID) error {
	if err := b.Fuse.Pass("before Blobs.Remove"); err != nil {
		return err
	}
	return b.Beneath.Remove(ids...)
}

// Free implements chat.Blobs.
func (b Blobs) Free() (int64, error) {
	if err := b.Fuse.Alive(); err != nil {
		return 0, err
	}
	return b.Beneath.Free()
}

type blobWriter struct {
	chat.BlobWriter
	fuse *Fuse
}

// Write writes half of p before its point, so that a death leaves part of a chunk.
func (w blobWriter) Write(p []byte) (int, error) {
	if err := w.fuse.Alive(); err != nil {
		return 0, err
	}
	n, err := w.BlobWriter.Write(p[:len(p)/2])
	if err != nil {
		return n, err
	}
	if err := w.fuse.Pass("in Blob.Write"); err != nil {
		return n, err
	}
	rest, err := w.BlobWriter.Write(p[n:])
	return n + rest, err
}

func (w blobWriter) Truncate(n int64) error {
	if err := w.fuse.Pass("before Blob.Truncate"); err != nil {
		return err
	}
	return w.BlobWriter.Truncate(n)
}

func (w blobWriter) Commit() error {
	if err := w.fuse.Pass("before Blob.Commit"); err != nil {
		return err
	}
	if err := w.BlobWriter.Commit(); err != nil {
		return err
	}
	return w.fuse.Pass("after Blob.Commit")
}

// GrantBlob implements messenger.Relay.
func (r Relay) GrantBlob(ctx context.Context, m wire.Mailbox, token wire.Token, name wire.BlobName, upload wire.UploadHash, size int64) error {
	return r.around("GrantBlob", func() error { return r.Relay.GrantBlob(ctx, m, token, name, upload, size) })
}

// UploadOffset implements messenger.Relay.
func (r Relay) UploadOffset(ctx context.Context, key wire.UploadKey) (int64, error) {
	if err := r.Fuse.Alive(); err != nil {
		return 0, err
	}
	return r.Relay.UploadOffset(ctx, key)
}

// Upload implements messenger.Relay. It has a point within, too: dead there, part of the part has left.
func (r Relay) Upload(ctx context.Context, key wire.UploadKey, offset int64, from io.Reader, n int64) (next int64, err error) {
	err = r.around("Upload", func() (err error) {
		next, err = r.Relay.Upload(ctx, key, offset, dying{from, r.Fuse}, n)
		return err
	})
	return next, err
}

type dying struct {
	io.Reader
	fuse *Fuse
}

func (d dying) Read(p []byte) (int, error) {
	n, err := d.Reader.Read(p)
	if dead := d.fuse.Pass("in Upload"); dead != nil {
		return n, dead
	}
	return n, err
}

// CommitBlob implements messenger.Relay.
func (r Relay) CommitBlob(ctx context.Context, key wire.UploadKey, sum [32]byte) error {
	return r.around("CommitBlob", func() error { return r.Relay.CommitBlob(ctx, key, sum) })
}

// Fetch implements messenger.Relay. Its points are those of the file that is written.
func (r Relay) Fetch(ctx context.Context, key wire.ReadKey, offset int64, size int64, w io.Writer) (int64, error) {
	if err := r.Fuse.Alive(); err != nil {
		return 0, err
	}
	return r.Relay.Fetch(ctx, key, offset, size, w)
}

// DeleteBlob implements messenger.Relay.
func (r Relay) DeleteBlob(ctx context.Context, key wire.ReadKey) error {
	return r.around("DeleteBlob", func() error { return r.Relay.DeleteBlob(ctx, key) })
}
