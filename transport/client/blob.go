package client

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strconv"

	"sotto/transport/wire"
)

// GrantBlob makes room for a blob of size bytes in the mailbox of another, over the sending connection. It may be
// repeated with the same values. Errors: ErrNoMailbox, ErrUnauthorized, ErrExpired (token), ErrTooLarge (size is not 1
// to wire.MaxBlob), ErrQuota (with wire.RetryAfter), ErrConflict (the keys have other values here), ErrUnsupported (the
// relay keeps no blobs), ErrOffline. docs/PROTOCOL.md section 9.4.
func (c *Client) GrantBlob(ctx context.Context, m wire.Mailbox, token wire.Token, name wire.BlobName, upload wire.UploadHash, size int64) error {
	if size < 1 || size > wire.MaxBlob {
		return wrap("grant blob", wire.ErrTooLarge)
	}
	session, err := c.sender.session(ctx)
	if err != nil {
		return wrap("grant blob", err)
	}
	return wrap("grant blob", session.callOK(ctx, &wire.BlobGrant{
		Mailbox: m, Token: token, Name: name, Upload: upload, Size: uint64(size),
	}))
}

// UploadOffset returns how many bytes of an upload are on the relay's disk. It ends a part of the same upload that is
// still under way on another connection. Errors: ErrNotFound (no such upload, or it has ended: grant and begin again),
// ErrUnavailable, ErrOffline.
func (c *Client) UploadOffset(ctx context.Context, key wire.UploadKey) (offset int64, err error) {
	answer, err := c.uploads.ask(ctx, request{method: http.MethodHead, path: wire.UploadPath, bearer: key.Bearer()})
	if err != nil {
		return 0, wrap("ask for upload", err)
	}
	defer answer.close()
	if answer.StatusCode != http.StatusNoContent {
		return 0, wrap("ask for upload", answer.refusal())
	}
	offset, err = wire.ParseDecimal(answer.Header.Values(wire.HeaderOffset))
	if err != nil {
		return 0, wrap("ask for upload", err)
	}
	if length, err := wire.ParseDecimal(answer.Header.Values(wire.HeaderLength)); err != nil || offset > length || length > wire.MaxBlob {
		return 0, wrap("ask for upload", wire.ErrMalformed)
	}
	return offset, nil
}

// Upload brings one part: the n bytes of r belong at offset. next is what is on the relay's disk then: offset+n after
// success, and with ErrConflict (the relay is elsewhere, or another part came first) where to go on. After any other
// error ask UploadOffset. r must not hang: a read that has begun may be waited for, or outlive the call. Other errors: those of reading r, ErrNotFound, ErrTooLarge (beyond the granted size), ErrQuota
// (the relay's disk is full, with wire.RetryAfter), ErrUnavailable, ErrOffline, ErrMalformed (no sense in the answer).
func (c *Client) Upload(ctx context.Context, key wire.UploadKey, offset int64, r io.Reader, n int64) (next int64, err error) {
	if offset < 0 || n < 1 || offset > wire.MaxBlob || n > wire.MaxBlob-offset {
		return offset, wrap("upload", wire.ErrTooLarge)
	}
	body := &part{from: r, left: n}
	defer body.Close() //nolint:errcheck // it has none
	answer, err := c.uploads.ask(ctx, request{
		method: http.MethodPatch, path: wire.UploadPath, bearer: key.Bearer(), body: body, length: n,
		header: map[string]string{wire.HeaderOffset: strconv.FormatInt(offset, 10), "Expect": "100-continue"},
	})
	if err != nil {
		if own := body.failure(); own != nil {
			return offset, wrap("upload", own)
		}
		return offset, wrap("upload", err)
	}
	defer answer.close()
	switch answer.StatusCode {
	case http.StatusNoContent:
		if next, err = wire.ParseDecimal(answer.Header.Values(wire.HeaderOffset)); err != nil || next != offset+n {
			return offset, wrap("upload", wire.ErrMalformed)
		}
		return next, nil
	case http.StatusConflict:
		if next, err = wire.ParseDecimal(answer.Header.Values(wire.HeaderOffset)); err != nil || next > wire.MaxBlob {
			return offset, wrap("upload", wire.ErrMalformed)
		}
		return next, wrap("upload", wire.ErrConflict)
	}
	return offset, wrap("upload", answer.refusal())
}

// CommitBlob ends an upload: the relay checks that all bytes are there and have this SHA-256. It may be repeated.
// Errors: ErrConflict (bytes are missing), ErrDigest (the relay has discarded what it had: grant and begin again),
// ErrNotFound, ErrUnavailable, ErrOffline.
func (c *Client) CommitBlob(ctx context.Context, key wire.UploadKey, sum [32]byte) error {
	answer, err := c.uploads.ask(ctx, request{
		method: http.MethodPost, path: wire.UploadPath, bearer: key.Bearer(),
		header: map[string]string{wire.HeaderDigest: wire.FormatDigest(sum)},
	})
	if err != nil {
		return wrap("commit blob", err)
	}
	defer answer.close()
	if answer.StatusCode == http.StatusNoContent {
		return nil
	}
	return wrap("commit blob", answer.refusal())
}

// Fetch writes the bytes of a blob of size bytes from offset to its end and returns how many were written: after an
// error, Fetch goes on at offset+n. It refuses every answer that is not exactly those bytes. Errors: those of w,
// ErrNotFound (not there, or it has ended), ErrMalformed (the relay has another size there, or lies about what it
// sends), ErrUnavailable, ErrOffline.
func (c *Client) Fetch(ctx context.Context, key wire.ReadKey, offset int64, size int64, w io.Writer) (n int64, err error) {
	if offset < 0 || size < 1 || size > wire.MaxBlob || offset >= size {
		return 0, wrap("fetch", wire.ErrTooLarge)
	}
	header := map[string]string{}
	if offset > 0 {
		header["Range"] = fmt.Sprintf("bytes=%d-%d", offset, size-1)
	}
	answer, err := c.downloads.ask(ctx, request{method: http.MethodGet, path: wire.BlobPath, bearer: key.Bearer(), header: header})
	if err != nil {
		return 0, wrap("fetch", err)
	}
	defer answer.close()
	if err := answer.isBytes(offset, size); err != nil {
		return 0, wrap("fetch", err)
	}
	n, err = answer.copyTo(w, size-offset)
	return n, wrap("fetch", err)
}

// DeleteBlob removes a blob. One that is not there is removed. Errors: ErrUnavailable, ErrOffline.
func (c *Client) DeleteBlob(ctx context.Context, key wire.ReadKey) error {
	answer, err := c.downloads.ask(ctx, request{method: http.MethodDelete, path: wire.BlobPath, bearer: key.Bearer()})
	if err != nil {
		return wrap("delete blob", err)
	}
	defer answer.close()
	if answer.StatusCode == http.StatusNoContent {
		return nil
	}
	return wrap("delete blob", answer.refusal())
}

// isBytes checks the head of an answer to GET: 200 for the whole, 206 for the rest from offset on, nothing encoded.
func (a *answer) isBytes(offset, size int64) error {
	want := http.StatusOK
	if offset > 0 {
		want = http.StatusPartialContent
	}
	if a.StatusCode >= 300 {
		return a.refusal()
	}
	rangeOf := fmt.Sprintf("bytes %d-%d/%d", offset, size-1, size)
	switch {
	case a.StatusCode != want,
		a.ContentLength != size-offset,
		len(a.Header.Values("Content-Encoding")) > 0,
		offset > 0 && a.Header.Get("Content-Range") != rangeOf,
		offset == 0 && len(a.Header.Values("Content-Range")) > 0:
		return wire.ErrMalformed
	}
	return nil
}
