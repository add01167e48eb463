package relay

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"hash"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"

	"sotto/transport/relay/store"
	"sotto/transport/wire"
)

const (
	headerOffset = "Upload-Offset"
	headerLength = "Upload-Length"
	headerDigest = "Content-Digest"

	syncEvery  = 16 << 20 // bytes of one part after which the disk begins to sync them
	maxUploads = 4096     // uploads whose hash is kept at hand
)

// uploads gives each unfinished file to one request at a time: the newest, because the one before it may hang on a
// connection that its client has given up.
type uploads struct {
	mu   sync.Mutex
	held map[store.BlobFile]*upload
}

type upload struct {
	turn   sync.Mutex // the file is this request's
	users  int        // requests that hold or want it, of uploads.mu
	newest *transfer  // of uploads.mu

	// Of whoever has the turn: SHA-256 of the first hashed bytes; nil when not known.
	sum    hash.Hash
	hashed int64
}

// take waits until the file is this request's, ending the request that had it. It reports false when a newer one has
// ended this one. done gives the file on.
func (u *uploads) take(t *transfer, file store.BlobFile) (h *upload, done func(), ok bool) {
	u.mu.Lock()
	h = u.held[file]
	if h == nil {
		u.prune()
		h = &upload{}
		u.held[file] = h
	}
	h.users++
	if h.newest != nil {
		h.newest.cancel()
	}
	h.newest = t
	u.mu.Unlock()
	h.turn.Lock() // its holder was told to end, and only syncs
	done = func() {
		h.turn.Unlock()
		u.mu.Lock()
		defer u.mu.Unlock()
		h.users--
		if h.newest == t {
			h.newest = nil
		}
	}
	if t.ctx.Err() != nil {
		done()
		return nil, nil, false
	}
	return h, done, true
}

// prune forgets uploads nobody works on when there are many; u.mu is held. Their hash is computed anew when needed.
func (u *uploads) prune() {
	if len(u.held) < maxUploads {
		return
	}
	for file, h := range u.held {
		if h.users == 0 {
			delete(u.held, file)
		}
	}
}

// end ends the request that works on a file.
func (u *uploads) end(file store.BlobFile) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if h := u.held[file]; h != nil && h.newest != nil {
		h.newest.cancel()
	}
}

// forget drops what is kept of an upload that has ended: its row is committed or gone, and nobody appends any more.
func (u *uploads) forget(file store.BlobFile) {
	u.mu.Lock()
	defer u.mu.Unlock()
	delete(u.held, file)
}

// hold finds the upload of the key shown, and takes its file. It answers the request where it returns false.
func (t *transfer) hold() (row store.Blob, held *upload, done func(), ok bool) {
	hash := wire.UploadKey(t.key).Hash()
	row, err := t.opts.Store.Upload(t.ctx, hash, t.now)
	if err == nil {
		if held, done, ok = t.uploads.take(t, row.File); !ok {
			t.later(http.StatusServiceUnavailable, afterBusy)
			return row, nil, nil, false
		}
		row, err = t.opts.Store.Upload(t.ctx, hash, t.now) // it may have moved on, or gone, meanwhile
	}
	if err != nil {
		if done != nil {
			done()
		}
		t.fail(err)
		return row, nil, nil, false
	}
	return row, held, done, true
}

// tellOffset answers HEAD: how many bytes are on the disk.
func (t *transfer) tellOffset() {
	row, _, done, ok := t.hold()
	if !ok {
		return
	}
	defer done()
	at, err := t.reached(row)
	if err != nil {
		t.fail(err)
		return
	}
	t.w.Header().Set(headerLength, strconv.FormatInt(row.Size, 10))
	t.at(http.StatusNoContent, at)
}

// at answers with the offset.
func (t *transfer) at(status int, offset int64) {
	t.w.Header().Set(headerOffset, strconv.FormatInt(offset, 10))
	t.answer(status)
}

// reached is how many bytes of an upload are on the disk. All of them, where its file was finished and the row not yet
// changed when the relay was killed.
func (t *transfer) reached(row store.Blob) (int64, error) {
	if row.Committed || t.finished(row) {
		return row.Size, nil
	}
	if row.Synced == 0 {
		return 0, nil
	}
	part, err := t.opts.Blobs.Part(row.File)
	if err != nil {
		return 0, err
	}
	defer func() { _ = part.Close() }()
	return min(row.Synced, part.Size()), nil
}

func (t *transfer) finished(row store.Blob) bool {
	file, err := t.opts.Blobs.Open(row.File)
	if err != nil {
		return false
	}
	defer func() { _ = file.Close() }()
	return file.Size() == row.Size
}

// takePart answers PATCH: it appends the body at the offset the client names, if that is where the file ends.
func (t *transfer) takePart() {
	offset, err := decimal(t.req.Header, headerOffset)
	switch {
	case err != nil, t.req.ContentLength == 0:
		t.answer(http.StatusBadRequest)
		return
	case t.req.ContentLength < 0:
		t.answer(http.StatusLengthRequired)
		return
	}
	row, held, done, ok := t.hold()
	if !ok {
		return
	}
	defer done()
	at, err := t.reached(row)
	switch {
	case err != nil:
		t.fail(err)
	case offset != at:
		t.at(http.StatusConflict, at)
	case t.req.ContentLength > row.Size-at:
		t.answer(http.StatusRequestEntityTooLarge)
	case uint64(t.req.ContentLength) > t.room():
		t.fail(store.ErrFull)
	default:
		t.append(row, held, at)
	}
}

// decimal reads a header that is a number without sign and leading zeros.
func decimal(h http.Header, name string) (int64, error) {
	values := h.Values(name)
	if len(values) != 1 {
		return 0, wire.ErrMalformed
	}
	n, err := strconv.ParseInt(values[0], 10, 64)
	if err != nil || n < 0 || strconv.FormatInt(n, 10) != values[0] {
		return 0, wire.ErrMalformed
	}
	return n, nil
}

// append writes the body at the end of the file. Whatever of it came is synced and kept, also when it ends early.
func (t *transfer) append(row store.Blob, held *upload, at int64) {
	part, err := t.opts.Blobs.Part(row.File)
	if err != nil {
		t.fail(err)
		return
	}
	defer func() { _ = part.Close() }()
	if part.Size() > at {
		err = part.Truncate(at)
	}
	if err != nil {
		t.fail(err)
		return
	}
	if at == 0 {
		held.sum, held.hashed = sha256.New(), 0
	} else if held.hashed != at {
		held.sum = nil
	}
	s := &syncer{relay: t.Relay, file: row.File, part: part, synced: at}
	readErr, writeErr := t.receive(held, part, s)
	syncErr := s.finish(part.Size())
	if syncErr != nil || part.Size() != held.hashed {
		held.sum = nil
	}
	switch {
	case errors.Is(syncErr, wire.ErrNotFound): // its mailbox, token or time has gone meanwhile
		_ = t.opts.Blobs.Remove(row.File)
		t.fail(syncErr)
	case syncErr != nil:
		t.fail(syncErr)
	case writeErr != nil:
		t.fail(writeErr)
	case readErr != nil && t.ctx.Err() != nil:
		t.at(http.StatusConflict, part.Size())
	case readErr != nil:
		t.at(http.StatusRequestTimeout, part.Size())
	default:
		t.at(http.StatusNoContent, part.Size())
	}
}

// receive moves the body into the file, block by block.
func (t *transfer) receive(held *upload, part store.BlobPart, s *syncer) (readErr, writeErr error) {
	buffer := make([]byte, min(block, t.req.ContentLength))
	for left := t.req.ContentLength; left > 0; {
		t.pace.next()
		n, err := io.ReadFull(t.req.Body, buffer[:min(int64(len(buffer)), left)])
		if n > 0 {
			if _, err := part.Write(buffer[:n]); err != nil {
				return nil, err
			}
			if held.sum != nil {
				held.sum.Write(buffer[:n])
				held.hashed += int64(n)
			}
			left -= int64(n)
			if s.reached(part.Size()); s.err != nil {
				return nil, s.err
			}
		}
		if err != nil {
			return err, nil
		}
	}
	t.pace.next() // for the answer, after a sync that may take its time
	return nil, nil
}

// syncer brings a file to the disk while more of it comes, and records how far it is there.
type syncer struct {
	relay  *Relay
	file   store.BlobFile
	part   store.BlobPart
	synced int64
	under  chan error // a sync under way
	err    error
}

// reached begins a sync when enough has come since the last one, at most one at a time.
func (s *syncer) reached(size int64) {
	if size-s.synced < syncEvery {
		return
	}
	if s.wait(); s.err != nil {
		return
	}
	s.synced = size
	s.under = make(chan error, 1)
	go func() { s.under <- s.sync(size) }()
}

func (s *syncer) wait() {
	if s.under == nil {
		return
	}
	if err := <-s.under; s.err == nil {
		s.err = err
	}
	s.under = nil
}

func (s *syncer) sync(size int64) error {
	if err := s.part.Sync(); err != nil {
		return err
	}
	// What has come is kept whatever happens to the connection, so its context is not this one's.
	return s.relay.opts.Store.SyncBlob(context.WithoutCancel(s.relay.ctx), s.file, size)
}

// finish returns when all is on the disk and recorded.
func (s *syncer) finish(size int64) error {
	s.wait()
	if s.err == nil && size != s.synced {
		s.err = s.sync(size)
	}
	return s.err
}

// commit answers POST: the bytes are all there and have the digest the client names.
func (t *transfer) commit() {
	digest, err := parseDigest(t.req.Header.Values(headerDigest))
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

// parseDigest reads a Content-Digest of one SHA-256 (RFC 9530 section 2).
func parseDigest(values []string) (digest [32]byte, err error) {
	if len(values) != 1 {
		return digest, wire.ErrMalformed
	}
	text, ok := strings.CutPrefix(values[0], "sha-256=:")
	text, end := strings.CutSuffix(text, ":")
	if !ok || !end || len(text) != base64.StdEncoding.EncodedLen(len(digest)) {
		return digest, wire.ErrMalformed
	}
	raw, err := base64.StdEncoding.Strict().DecodeString(text)
	if err != nil || len(raw) != len(digest) {
		return digest, wire.ErrMalformed
	}
	return [32]byte(raw), nil
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
