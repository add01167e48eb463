package relay

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"sotto/transport/wire"
)

// give answers GET and HEAD of a blob: all of it, or one range.
func (t *transfer) give() {
	row, err := t.opts.Store.Blob(t.ctx, wire.ReadKey(t.key).Hash(), t.now)
	if err == nil && !row.Committed {
		err = wire.ErrNotFound
	}
	if err != nil {
		t.fail(err)
		return
	}
	file, err := t.opts.Blobs.Open(row.File)
	if err != nil {
		t.fail(err)
		return
	}
	defer func() { _ = file.Close() }()
	if file.Size() != row.Size {
		t.fail(wire.ErrNotFound)
		return
	}
	header := t.w.Header()
	header.Set("Accept-Ranges", "bytes")
	first, last, err := parseRange(t.req.Header.Values("Range"), row.Size)
	switch {
	case errors.Is(err, errOutside):
		header.Set("Content-Range", fmt.Sprintf("bytes */%d", row.Size))
		t.answer(http.StatusRequestedRangeNotSatisfiable)
		return
	case err != nil:
		t.answer(http.StatusBadRequest)
		return
	}
	t.status = http.StatusOK
	if len(t.req.Header.Values("Range")) > 0 {
		t.status = http.StatusPartialContent
		header.Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", first, last, row.Size))
	}
	header.Set("Content-Type", "application/octet-stream")
	header.Set("Content-Length", strconv.FormatInt(last-first+1, 10))
	t.w.WriteHeader(t.status)
	if t.req.Method == http.MethodHead {
		return
	}
	buffer := make([]byte, min(block, last-first+1))
	for at := first; at <= last; {
		if t.ctx.Err() != nil {
			panic(http.ErrAbortHandler) // a cut says more than a body that ends early
		}
		chunk := buffer[:min(int64(len(buffer)), last-at+1)]
		if _, err := file.ReadAt(chunk, at); err != nil {
			t.opts.Log.Error("reading a blob failed")
			panic(http.ErrAbortHandler)
		}
		t.pace.next()
		if _, err := t.w.Write(chunk); err != nil {
			return
		}
		at += int64(len(chunk))
	}
}

var errOutside = errors.New("range begins behind the end")

// parseRange reads a Range header of one range, `bytes=first-` or `bytes=first-last`, within size bytes. Without a header
// it is all of them. Errors: errOutside, wire.ErrMalformed.
func parseRange(values []string, size int64) (first, last int64, err error) {
	if len(values) == 0 {
		return 0, size - 1, nil
	}
	text, ok := strings.CutPrefix(values[0], "bytes=")
	from, to, dash := strings.Cut(text, "-")
	if len(values) > 1 || !ok || !dash {
		return 0, 0, wire.ErrMalformed
	}
	if first, err = digits(from); err != nil {
		return 0, 0, err
	}
	last = size - 1
	if to != "" {
		if last, err = digits(to); err != nil || last < first {
			return 0, 0, wire.ErrMalformed
		}
	}
	if first >= size {
		return 0, 0, errOutside
	}
	return first, min(last, size-1), nil
}

// digits reads a number of 1 to 18 digits.
func digits(text string) (int64, error) {
	if text == "" || len(text) > 18 || strings.Trim(text, "0123456789") != "" {
		return 0, wire.ErrMalformed
	}
	return strconv.ParseInt(text, 10, 64)
}

// remove answers DELETE: whoever may read a blob may remove it, finished or not.
func (t *transfer) remove() {
	row, err := t.opts.Store.Blob(t.ctx, wire.ReadKey(t.key).Hash(), t.now)
	switch {
	case errors.Is(err, wire.ErrNotFound):
		t.answer(http.StatusNoContent)
	case err != nil:
		t.fail(err)
	default:
		t.uploads.end(row.File)
		t.drop(row, http.StatusNoContent)
	}
}
