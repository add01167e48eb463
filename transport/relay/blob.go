package relay

import (
	"context"
	"crypto/rand"
	"errors"
	"math"
	"net/http"
	"net/netip"
	"strconv"
	"time"

	"sotto/transport/relay/store"
	"sotto/transport/wire"
)

// When to come back, where the relay cannot know.
const (
	afterQuota = 5 * time.Minute
	afterFull  = 10 * time.Minute
	afterBusy  = 10 * time.Second
)

// grantBlob makes room for a blob (docs/PROTOCOL.md section 9.4).
func (r *Relay) grantBlob(ctx context.Context, b *wire.BlobGrant) error {
	if r.opts.Blobs == nil {
		return wire.ErrUnsupported
	}
	now, hash, l := r.opts.Now(), b.Token.Hash(), r.opts.Limits
	key := bucketKey{mailbox: b.Mailbox, token: hash, kind: wire.KindBlobGrant}
	if wait, ok := r.buckets.take(key, l.SendBurst, l.SendEvery, now); !ok {
		return &wire.Error{Code: wire.CodeQuota, After: wait}
	}
	blob := store.Blob{Name: b.Name, Upload: b.Upload, Mailbox: b.Mailbox, Token: hash, Size: int64(b.Size)}
	rand.Read(blob.File[:])
	err := r.opts.Store.GrantBlob(ctx, blob, store.BlobLimits{
		MailboxBytes: l.MaxBlobBytes, MailboxBlobs: l.MaxBlobs,
		TokenBytes: l.TokenBlobBytes, TokenBlobs: l.TokenBlobs,
		Room: r.room(),
	}, now)
	if errors.Is(err, wire.ErrQuota) {
		return &wire.Error{Code: wire.CodeQuota, After: afterQuota}
	}
	return err
}

// room is how many bytes more blobs may take of the disk; without a bound where the system does not say.
func (r *Relay) room() uint64 {
	free, err := r.opts.Blobs.Free()
	if err != nil {
		return math.MaxInt64
	}
	return free - min(free, r.opts.Limits.KeepFree)
}

// removeGone removes the files whose rows have gone. What fails is left for the next sweep.
func (r *Relay) removeGone(ctx context.Context) {
	if r.opts.Blobs == nil {
		return
	}
	for {
		files, err := r.opts.Store.GoneBlobs(ctx, 256)
		if err == nil && len(files) > 0 {
			err = r.opts.Blobs.Remove(files...)
		}
		if err == nil && len(files) > 0 {
			err = r.opts.Store.ForgetBlobs(ctx, files...)
		}
		if err != nil && ctx.Err() == nil {
			r.opts.Log.Error("removing blobs failed")
		}
		if err != nil || len(files) == 0 {
			return
		}
	}
}

// sweepBlobs makes rows and files agree: rows of committed blobs without their file are dropped, files without row
// removed. A row comes before its file, so the files are listed first.
func (r *Relay) sweepBlobs(ctx context.Context) {
	if r.opts.Blobs == nil {
		return
	}
	if err := r.matchBlobs(ctx); err != nil && ctx.Err() == nil {
		r.opts.Log.Error("sweeping blobs failed")
	}
	r.removeGone(ctx)
}

func (r *Relay) matchBlobs(ctx context.Context) error {
	list, err := r.opts.Blobs.List()
	if err != nil {
		return err
	}
	unnamed := make(map[store.BlobFile]bool, len(list))
	for _, f := range list {
		unnamed[f.File] = true
	}
	var after store.BlobFile
	for {
		rows, err := r.opts.Store.BlobsAfter(ctx, after, 500)
		if err != nil {
			return err
		}
		if len(rows) == 0 {
			break
		}
		for _, b := range rows {
			after = b.File
			delete(unnamed, b.File)
			if b.Committed && !r.whole(b) {
				if err := r.opts.Store.DropBlob(ctx, b.File); err != nil {
					return err
				}
			}
		}
	}
	for file := range unnamed {
		if err := r.opts.Blobs.Remove(file); err != nil {
			return err
		}
	}
	return nil
}

// whole reports whether the file of a committed blob has its size, as far as it can be read.
func (r *Relay) whole(b store.Blob) bool {
	file, err := r.opts.Blobs.Open(b.File)
	if err != nil {
		return !errors.Is(err, wire.ErrNotFound)
	}
	defer func() { _ = file.Close() }()
	return file.Size() == b.Size
}

// serveBlobs adds the HTTPS side of blobs (docs/PROTOCOL.md section 9.9).
func (r *Relay) serveBlobs(mux *http.ServeMux) {
	for pattern, do := range map[string]func(*transfer){
		"HEAD " + wire.UploadPath:  (*transfer).tellOffset,
		"PATCH " + wire.UploadPath: (*transfer).takePart,
		"POST " + wire.UploadPath:  (*transfer).commit,
		"GET " + wire.BlobPath:     (*transfer).give, // HEAD, too
		"DELETE " + wire.BlobPath:  (*transfer).remove,
	} {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, req *http.Request) { r.transfer(w, req, do) })
	}
}

// transfer is one request about a blob.
type transfer struct {
	*Relay
	w      http.ResponseWriter
	req    *http.Request
	key    [32]byte // the capability that was shown
	ctx    context.Context
	cancel context.CancelFunc
	pace   *pace
	now    time.Time
	status int
}

// transfer admits a request, reads its capability, and bounds its time.
func (r *Relay) transfer(w http.ResponseWriter, req *http.Request, do func(*transfer)) {
	t := &transfer{Relay: r, w: w, req: req, now: r.opts.Now()}
	defer func() {
		r.metrics.transfers.WithLabelValues(req.Method+" "+req.URL.Path, strconv.Itoa(t.status)).Inc()
	}()
	w.Header().Set("Cache-Control", "no-store")
	if len(req.Header.Values("Origin")) > 0 {
		t.answer(http.StatusForbidden)
		return
	}
	host := hostOf(req.RemoteAddr)
	if !r.move(host) {
		t.later(http.StatusServiceUnavailable, afterBusy)
		return
	}
	defer r.moved(host)
	key, err := wire.ParseBearer(req.Header.Get("Authorization"))
	if err != nil || len(req.Header.Values("Authorization")) != 1 {
		w.Header().Set("WWW-Authenticate", "Bearer")
		t.answer(http.StatusUnauthorized)
		return
	}
	t.key = key
	t.ctx, t.cancel = context.WithCancel(req.Context())
	defer t.cancel()
	defer context.AfterFunc(r.ctx, t.cancel)()
	t.pace = newPace(w)
	defer context.AfterFunc(t.ctx, t.pace.end)()
	do(t)
}

// move counts a transfer, unless there are too many.
func (r *Relay) move(host netip.Prefix) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	l := r.opts.Limits
	if r.draining.Load() || l.Transfers > 0 && r.moves >= l.Transfers ||
		host.IsValid() && l.HostTransfers > 0 && r.moving[host] >= l.HostTransfers {
		return false
	}
	r.moves++
	r.moving[host]++
	r.group.Add(1)
	return true
}

func (r *Relay) moved(host netip.Prefix) {
	defer r.group.Done()
	r.mu.Lock()
	defer r.mu.Unlock()
	r.moves--
	if r.moving[host]--; r.moving[host] <= 0 {
		delete(r.moving, host)
	}
}

// answer ends the request with a status and no body.
func (t *transfer) answer(status int) {
	t.status = status
	if status != http.StatusNoContent {
		t.w.Header().Set("Content-Length", "0")
	}
	t.w.WriteHeader(status)
}

// later answers with a time to come back.
func (t *transfer) later(status int, after time.Duration) {
	t.w.Header().Set("Retry-After", strconv.Itoa(int(after/time.Second)))
	t.answer(status)
}

// fail answers a failure of the store or the disk.
func (t *transfer) fail(err error) {
	switch {
	case errors.Is(err, wire.ErrNotFound):
		t.answer(http.StatusNotFound)
	case errors.Is(err, store.ErrFull):
		t.later(http.StatusInsufficientStorage, afterFull)
	default:
		if t.ctx.Err() == nil && t.Relay.ctx.Err() == nil {
			t.opts.Log.Error("storing a blob failed")
		}
		t.later(http.StatusServiceUnavailable, afterBusy)
	}
}
