package relay

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"sotto/app/apptest/alloc"
	"sotto/transport/relay/store"
	"sotto/transport/relay/store/memory"
	"sotto/transport/wire"
)

// What lies on the relay of a fuzz target: one blob that is committed and one of which half has come.
const (
	fuzzSize = 1000
	fuzzHalf = 500
)

var (
	wholeRead, wholeUpload = wire.ReadKey{1}, wire.UploadKey{1}
	halfRead, halfUpload   = wire.ReadKey{2}, wire.UploadKey{2}
	wholeFile, halfFile    = store.BlobFile{1}, store.BlobFile{2}
)

func fuzzBytes() []byte {
	out := make([]byte, fuzzSize)
	for i := range out {
		out[i] = byte(i)
	}
	return out
}

func digestHeader(b []byte) string {
	sum := sha256.Sum256(b)
	return "sha-256=:" + base64.StdEncoding.EncodeToString(sum[:]) + ":"
}

// fuzzRelay makes a relay with both blobs.
func fuzzRelay(t testing.TB) *Relay {
	t.Helper()
	rows, blobs, now := memory.New(), memory.NewBlobs(1<<20), time.Now()
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	box := store.Mailbox{Address: wire.Mailbox{1}, Kind: wire.ContactMailbox}
	check(rows.CreateMailbox(t.Context(), box, nil, now))
	check(rows.PutToken(t.Context(), box.Address, store.Token{}, now))
	for file, b := range map[store.BlobFile]store.Blob{
		wholeFile: {Name: wholeRead.Hash(), Upload: wholeUpload.Hash()},
		halfFile:  {Name: halfRead.Hash(), Upload: halfUpload.Hash()},
	} {
		b.File, b.Mailbox, b.Size = file, box.Address, fuzzSize
		check(rows.GrantBlob(t.Context(), b, store.BlobLimits{
			MailboxBytes: 1 << 20, MailboxBlobs: 9, TokenBytes: 1 << 20, TokenBlobs: 9, Room: 1 << 20,
		}, now))
		part, err := blobs.Part(file)
		check(err)
		if file == halfFile {
			_, err = part.Write(fuzzBytes()[:fuzzHalf])
			check(err)
			check(rows.SyncBlob(t.Context(), file, fuzzHalf))
			continue
		}
		_, err = part.Write(fuzzBytes())
		check(err)
		check(part.Finish())
		check(rows.CommitBlob(t.Context(), file, sha256.Sum256(fuzzBytes()), now))
	}
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(cancel)
	limits := EmbeddedLimits()
	limits.KeepFree = 0
	r := &Relay{
		opts:    Options{Store: rows, Blobs: blobs, Limits: limits, Now: func() time.Time { return now }},
		metrics: newMetrics(), uploads: uploads{held: map[store.BlobFile]*upload{}}, moving: map[netip.Prefix]int{},
		conns: map[*conn]bool{}, hosts: map[netip.Prefix]int{},
		ctx: ctx, cancel: cancel,
	}
	return r
}

// served is the answer to a request whose headers and body are those given, and how its memory is bounded.
func served(t *testing.T, method, path string, header http.Header, length int64, body []byte) (*Relay, *httptest.ResponseRecorder) {
	t.Helper()
	var r *Relay
	var answer *httptest.ResponseRecorder
	size := len(body) + fuzzSize
	for name, values := range header {
		size += len(name) + len(strings.Join(values, ""))
	}
	ask := func() {
		req := httptest.NewRequest(method, path, bytes.NewReader(body))
		req.Header, req.ContentLength = header, length
		answer = httptest.NewRecorder()
		r.Handler().ServeHTTP(answer, req)
	}
	fresh := alloc.Bytes(func() { r = fuzzRelay(t) })
	alloc.CheckBesides(t, size, 2*fresh+2*block, func() {
		r = fuzzRelay(t)
		ask()
	})
	return r, answer
}

// said checks the status, and that a refused request has changed nothing.
func said(t *testing.T, r *Relay, answer *httptest.ResponseRecorder, allowed ...int) int {
	t.Helper()
	if !slices.Contains(allowed, answer.Code) {
		t.Fatalf("status %d", answer.Code)
	}
	if answer.Code < 300 && answer.Code >= 200 {
		return answer.Code
	}
	now := r.opts.Now()
	half, err := r.opts.Store.Upload(t.Context(), halfUpload.Hash(), now)
	if err != nil || half.Committed || half.Synced != fuzzHalf {
		t.Fatalf("refused with %d, and changed to %+v, %v", answer.Code, half, err)
	}
	if whole, err := r.opts.Store.Blob(t.Context(), wholeRead.Hash(), now); err != nil || !whole.Committed {
		t.Fatalf("refused with %d, and changed to %+v, %v", answer.Code, whole, err)
	}
	return answer.Code
}

const (
	unauthorized = http.StatusUnauthorized
	notFound     = http.StatusNotFound
	badRequest   = http.StatusBadRequest
	noContent    = http.StatusNoContent
)

// headersOf makes the headers of a request; false for what net/http lets through to no handler.
func headersOf(pairs ...string) (http.Header, bool) {
	h := http.Header{}
	for i := 0; i < len(pairs); i += 2 {
		if strings.ContainsAny(pairs[i+1], "\r\n\x00") {
			return nil, false
		}
		if pairs[i+1] != "" {
			h.Add(pairs[i], pairs[i+1])
		}
	}
	return h, true
}

func FuzzUploadHead(f *testing.F) {
	for _, bearer := range []string{"", halfUpload.Bearer(), wholeUpload.Bearer(), halfRead.Bearer(), "Bearer"} {
		f.Add(bearer, "")
	}
	f.Add(halfUpload.Bearer(), "https://example.org")
	f.Fuzz(func(t *testing.T, bearer, origin string) {
		h, ok := headersOf("Authorization", bearer, "Origin", origin)
		if !ok {
			return
		}
		r, answer := served(t, http.MethodHead, wire.UploadPath, h, 0, nil)
		if said(t, r, answer, noContent, unauthorized, notFound, http.StatusForbidden) != noContent {
			return
		}
		want := map[string]string{halfUpload.Bearer(): "500", wholeUpload.Bearer(): "1000"}[bearer]
		if got := answer.Header().Get(wire.HeaderOffset); got != want || origin != "" {
			t.Fatalf("at %s, want %s", got, want)
		}
	})
}

func FuzzUploadPart(f *testing.F) {
	rest := fuzzBytes()[fuzzHalf:]
	f.Add(halfUpload.Bearer(), "500", int64(len(rest)), rest)
	f.Add(halfUpload.Bearer(), "500", int64(1), []byte{1})
	f.Add(halfUpload.Bearer(), "500", int64(501), make([]byte, 501))
	f.Add(halfUpload.Bearer(), "500", int64(400), rest[:300]) // ends early
	f.Add(halfUpload.Bearer(), "500", int64(-1), rest)
	f.Add(halfUpload.Bearer(), "0", int64(10), rest)
	f.Add(halfUpload.Bearer(), "+500", int64(10), rest)
	f.Add(wholeUpload.Bearer(), "1000", int64(1), rest)
	f.Add("", "500", int64(0), []byte{})
	f.Fuzz(func(t *testing.T, bearer, offset string, length int64, body []byte) {
		h, ok := headersOf("Authorization", bearer, wire.HeaderOffset, offset)
		if !ok || length < -1 || length >= 0 && int64(len(body)) > length {
			return // net/http gives a handler no more than the length says
		}
		r, answer := served(t, http.MethodPatch, wire.UploadPath, h, length, body)
		row, err := r.opts.Store.Upload(t.Context(), halfUpload.Hash(), r.opts.Now())
		part, partErr := r.opts.Blobs.Part(halfFile)
		if err != nil || partErr != nil || row.Synced != part.Size() || row.Synced > fuzzSize {
			t.Fatalf("the row says %d, the file %d, %v, %v", row.Synced, part.Size(), err, partErr)
		}
		if answer.Code == http.StatusRequestTimeout { // it ended early: what came is kept
			if row.Synced != fuzzHalf+int64(len(body)) {
				t.Fatalf("kept %d of %d", row.Synced-fuzzHalf, len(body))
			}
			return
		}
		if said(t, r, answer, noContent, badRequest, unauthorized, notFound, http.StatusConflict,
			http.StatusLengthRequired, http.StatusRequestEntityTooLarge, http.StatusInsufficientStorage) != noContent {
			return
		}
		if bearer != halfUpload.Bearer() || offset != "500" || row.Synced != fuzzHalf+length ||
			answer.Header().Get(wire.HeaderOffset) != strconv.FormatInt(row.Synced, 10) {
			t.Fatalf("took a part at %s, and is at %d", offset, row.Synced)
		}
	})
}

func FuzzUploadCommit(f *testing.F) {
	f.Add(wholeUpload.Bearer(), digestHeader(fuzzBytes()), int64(0))
	f.Add(wholeUpload.Bearer(), digestHeader(nil), int64(0))
	f.Add(halfUpload.Bearer(), digestHeader(fuzzBytes()), int64(0))
	f.Add(wholeUpload.Bearer(), "sha-256=::", int64(0))
	f.Add(wholeUpload.Bearer(), "sha-256=:"+strings.Repeat("=", 44)+":", int64(0))
	f.Add(wholeUpload.Bearer(), digestHeader(fuzzBytes())+", sha-512=:AA==:", int64(0))
	f.Add("", "", int64(7))
	f.Fuzz(func(t *testing.T, bearer, digest string, length int64) {
		h, ok := headersOf("Authorization", bearer, wire.HeaderDigest, digest)
		if !ok || length < -1 {
			return
		}
		r, answer := served(t, http.MethodPost, wire.UploadPath, h, length, nil)
		status := said(t, r, answer, noContent, badRequest, unauthorized, notFound, http.StatusConflict, http.StatusUnprocessableEntity)
		if status == noContent && (bearer != wholeUpload.Bearer() || digest != digestHeader(fuzzBytes())) {
			t.Fatalf("committed by %q", digest)
		}
	})
}

func FuzzBlobGet(f *testing.F) {
	for _, ranges := range []string{
		"", "bytes=0-", "bytes=500-", "bytes=999-999", "bytes=1000-", "bytes=0-5000", "bytes=-5", "bytes=5-4", "bytes=0-1,2-3",
		"bytes=99999999999999999999-", "bytes=+1-2", "lines=1-2", "bytes=", "bytes=-",
	} {
		f.Add(wholeRead.Bearer(), ranges)
	}
	f.Add(halfRead.Bearer(), "")
	f.Add("", "bytes=0-")
	f.Fuzz(func(t *testing.T, bearer, ranges string) {
		h, ok := headersOf("Authorization", bearer, "Range", ranges)
		if !ok {
			return
		}
		r, answer := served(t, http.MethodGet, wire.BlobPath, h, 0, nil)
		status := said(t, r, answer, http.StatusOK, http.StatusPartialContent, badRequest, unauthorized, notFound,
			http.StatusRequestedRangeNotSatisfiable)
		body, _ := io.ReadAll(answer.Body)
		switch {
		case status >= 300 && len(body) > 0:
			t.Fatalf("%d bytes with status %d", len(body), status)
		case status >= 300:
			return
		case bearer != wholeRead.Bearer():
			t.Fatalf("given for %q", bearer)
		case status == http.StatusOK && !bytes.Equal(body, fuzzBytes()):
			t.Fatal("other bytes")
		case status == http.StatusPartialContent:
			var first, last, size int
			if _, err := fmt.Sscanf(answer.Header().Get("Content-Range"), "bytes %d-%d/%d", &first, &last, &size); err != nil ||
				first > last || size != fuzzSize || !bytes.Equal(body, fuzzBytes()[first:last+1]) {
				t.Fatalf("range %q: %q, %d bytes, %v", ranges, answer.Header().Get("Content-Range"), len(body), err)
			}
		}
	})
}

func FuzzBlobDelete(f *testing.F) {
	for _, bearer := range []string{"", wholeRead.Bearer(), halfRead.Bearer(), wholeUpload.Bearer(), "Bearer " + strings.Repeat("A", 43)} {
		f.Add(bearer)
	}
	f.Fuzz(func(t *testing.T, bearer string) {
		h, ok := headersOf("Authorization", bearer)
		if !ok {
			return
		}
		r, answer := served(t, http.MethodDelete, wire.BlobPath, h, 0, nil)
		said(t, r, answer, noContent, unauthorized)
		for key, file := range map[wire.ReadKey]store.BlobFile{wholeRead: wholeFile, halfRead: halfFile} {
			_, err := r.opts.Store.Blob(t.Context(), key.Hash(), r.opts.Now())
			list, listErr := r.opts.Blobs.List()
			left := slices.ContainsFunc(list, func(i store.BlobInfo) bool { return i.File == file })
			if removed := bearer == key.Bearer(); listErr != nil || (err != nil) != removed || left == removed {
				t.Fatalf("asked with %q: row %v, file there %t, %v", bearer, err, left, listErr)
			}
		}
	})
}

// FuzzRequest asks anything of the whole relay: what is no request of ours changes nothing and opens no connection.
func FuzzRequest(f *testing.F) {
	f.Add("GET", wire.Path, "", "", "websocket", wire.Subprotocol)
	f.Add("GET", wire.Path, "", "https://example.org", "websocket", wire.Subprotocol)
	f.Add("GET", wire.Path, "", "", "h2c", "chat")
	f.Add("POST", wire.Path, "", "", "", "")
	f.Add("PUT", wire.UploadPath, halfUpload.Bearer(), "", "", "")
	f.Add("OPTIONS", wire.BlobPath, wholeRead.Bearer(), "https://example.org", "", "")
	f.Add("DELETE", wire.BlobPath, wholeRead.Bearer(), "https://example.org", "", "")
	f.Add("GET", wire.BlobPath+"/../upload?"+wholeRead.Bearer(), wholeRead.Bearer(), "", "", "")
	for _, path := range []string{"/livez", "/readyz", "/metrics", "/", "//", "/v1/%2e%2e/metrics"} {
		f.Add("GET", path, "", "", "", "")
	}
	f.Fuzz(func(t *testing.T, method, path, bearer, origin, upgrade, protocol string) {
		h, ok := headersOf("Authorization", bearer, "Origin", origin, "Upgrade", upgrade, "Sec-WebSocket-Protocol", protocol,
			"Connection", "Upgrade", "Sec-WebSocket-Version", "13", "Sec-WebSocket-Key", "AAAAAAAAAAAAAAAAAAAAAA==")
		at, err := url.ParseRequestURI(path)
		if !ok || err != nil || strings.ContainsAny(path, " \x7f") || !regexp.MustCompile(`^[A-Z]{1,16}$`).MatchString(method) {
			return // net/http lets it through to no handler
		}
		r, answer := served(t, method, path, h, 0, nil)
		if len(r.conns) > 0 || len(r.moving) > 0 || r.moves > 0 {
			t.Fatalf("%d connections, %d transfers are left", len(r.conns), r.moves)
		}
		own := at.Path == wire.BlobPath || at.Path == wire.UploadPath
		given := own && bearer != "" && origin == "" // what those do is the matter of their own targets
		switch {
		case answer.Code >= 200 && answer.Code < 300 && !given:
			t.Fatalf("%s %s: status %d", method, path, answer.Code)
		case (own || at.Path == wire.Path) && origin != "" && answer.Code != http.StatusForbidden && answer.Code != http.StatusMethodNotAllowed:
			t.Fatalf("%s %s from a web page: status %d", method, path, answer.Code)
		case !given:
			said(t, r, answer, answer.Code)
		}
		for _, secret := range []string{wholeRead.Bearer(), halfUpload.Bearer(), "\x00\x01\x02\x03"} {
			if !given && strings.Contains(answer.Body.String(), secret) {
				t.Fatalf("%s %s gives away %q", method, path, secret)
			}
		}
		operations := httptest.NewRecorder()
		req := httptest.NewRequest(method, path, nil)
		req.Header = h
		r.Operations().ServeHTTP(operations, req)
		open := method == "GET" || method == "HEAD"
		if known := slices.Contains([]string{"/livez", "/readyz", "/metrics"}, at.Path); operations.Code == http.StatusOK && !(known && open) {
			t.Fatalf("operations answer %s %s", method, path)
		}
	})
}
