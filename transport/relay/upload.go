package relay

import (
	"crypto/sha256"
	"errors"
	"io"
	"net/http"
	"strconv"

	"sotto/transport/relay/store"
	"sotto/transport/wire"
)

// hold finds the upload of the key shown, and takes its file. It answers the request where it returns false.
func (t *transfer) hold() (row store.Blob, held *upload, done func(), ok bool) {
	hash := wire.UploadKey(t.key).Hash()
	row, err := t.opts.Store.Upload(t.ctx, hash, t.now)
	if err == nil {
		if held, done, ok = t.uploads.take(t, row.File); !ok {
			t.later(http.StatusServiceUnavailable, afterBusy)
			return row, nil, nil, false
		}
		taken := row.File
		row, err = t.opts.Store.Upload(t.ctx, hash, t.now) // it may have moved on, or gone, meanwhile
		if err == nil && row.File != taken {               // gone, and granted anew: this is not its turn
			err = wire.ErrUnavailable
		}
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
	t.w.Header().Set(wire.HeaderLength, strconv.FormatInt(row.Size, 10))
	t.at(http.StatusNoContent, at)
}

// at answers with the offset.
func (t *transfer) at(status int, offset int64) {
	t.w.Header().Set(wire.HeaderOffset, strconv.FormatInt(offset, 10))
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
	offset, err := wire.ParseDecimal(t.req.Header.Values(wire.HeaderOffset))
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

// receive moves the body into the file, block by block, and hashes it beside.
func (t *transfer) receive(held *upload, part store.BlobPart, s *syncer) (readErr, writeErr error) {
	h := hashing(held, t.req.ContentLength)
	defer h.end()
	for left := t.req.ContentLength; left > 0; {
		t.pace.next()
		buffer := <-h.free
		n, err := io.ReadFull(t.req.Body, buffer[:min(int64(len(buffer)), left)])
		if n > 0 {
			if _, err := part.Write(buffer[:n]); err != nil {
				return nil, err
			}
			h.came <- buffer[:n]
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
