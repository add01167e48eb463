package relay

import (
	"context"
	"crypto/sha256"
	"io"
	"net/http"

	"sotto/transport/relay/store"
	"sotto/transport/wire"
)

// commit answers POST: the bytes are all there and have the digest the client names.
func (t *transfer) commit() {
	digest, err := wire.ParseDigest(t.req.Header.Values(wire.HeaderDigest))
	if err != nil || t.req.ContentLength != 0 {
		t.answer(http.StatusBadRequest)
		return
	}
	row, held, done, ok := t.hold()
	if !ok {
		return
	}
	defer done()
	if row.Committed {
		if row.Digest == digest {
			t.answer(http.StatusNoContent)
		} else {
			t.answer(http.StatusUnprocessableEntity)
		}
		return
	}
	at, err := t.reached(row)
	switch {
	case err != nil:
		t.fail(err)
		return
	case at != row.Size:
		t.at(http.StatusConflict, at)
		return
	}
	got, err := t.digest(row, held)
	if err != nil {
		t.fail(err)
		return
	}
	defer t.uploads.forget(row.File)
	if got != digest {
		t.drop(row, http.StatusUnprocessableEntity)
		return
	}
	if err = t.finish(row); err == nil {
		err = t.opts.Store.CommitBlob(context.WithoutCancel(t.ctx), row.File, digest, t.now)
	}
	if err != nil {
		t.fail(err)
		return
	}
	t.answer(http.StatusNoContent)
}

// digest is the SHA-256 of all bytes of an upload: kept while they came, or computed anew.
func (t *transfer) digest(row store.Blob, held *upload) (sum [32]byte, err error) {
	if held.sum != nil && held.hashed == row.Size {
		return [32]byte(held.sum.Sum(nil)), nil
	}
	file, err := t.bytes(row)
	if err != nil {
		return sum, err
	}
	defer func() { _ = file.Close() }()
	h := sha256.New()
	if _, err := io.Copy(h, contextReader{t.ctx, io.NewSectionReader(file, 0, row.Size)}); err != nil {
		return sum, err
	}
	return [32]byte(h.Sum(nil)), nil
}

// contextReader ends with its context.
type contextReader struct {
	ctx context.Context
	io.Reader
}

func (r contextReader) Read(b []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.Reader.Read(b)
}

// bytes opens the bytes of an upload, under whichever name they stand.
func (t *transfer) bytes(row store.Blob) (interface {
	io.ReaderAt
	io.Closer
}, error,
) {
	if file, err := t.opts.Blobs.Open(row.File); err == nil {
		return file, nil
	}
	return t.opts.Blobs.Part(row.File)
}

// finish gives the file its final name, if it does not have it.
func (t *transfer) finish(row store.Blob) error {
	if t.finished(row) {
		return nil
	}
	part, err := t.opts.Blobs.Part(row.File)
	if err != nil {
		return err
	}
	if part.Size() != row.Size {
		_ = part.Close()
		return wire.ErrNotFound
	}
	return part.Finish()
}

// drop removes a blob, row and file, and answers.
func (t *transfer) drop(row store.Blob, status int) {
	if err := t.opts.Store.DropBlob(t.ctx, row.File); err != nil {
		t.fail(err)
		return
	}
	t.uploads.forget(row.File)
	t.removeGone(context.WithoutCancel(t.ctx))
	t.answer(status)
}
