package transporttest_test

import (
	"crypto/rand"
	"errors"
	"fmt"
	mathrand "math/rand/v2"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strconv"
	"sync"
	"testing"
	"time"

	"sotto/transport/client"
	"sotto/transport/relay"
	"sotto/transport/relay/store"
	"sotto/transport/transporttest"
	"sotto/transport/wire"
)

// fragile are blobs whose unfinished files keep for sure only what was synced.
type fragile struct {
	store.Blobs

	mu     sync.Mutex
	synced map[store.BlobFile]int64
}

type fragilePart struct {
	store.BlobPart
	blobs *fragile
	name  store.BlobFile
}

func (f *fragile) Part(name store.BlobFile) (store.BlobPart, error) {
	p, err := f.Blobs.Part(name)
	return &fragilePart{p, f, name}, err
}

func (p *fragilePart) Sync() error {
	size := p.Size()
	p.blobs.mu.Lock()
	defer p.blobs.mu.Unlock()
	p.blobs.synced[p.name] = size
	return nil
}

// fail is what a power failure leaves: behind the synced bytes some that were never written, or fewer.
func (f *fragile) fail(t testing.TB, random *mathrand.Rand) {
	t.Helper()
	list, err := f.List()
	ok(t, err)
	for _, file := range list {
		if file.Finished {
			continue
		}
		p, err := f.Blobs.Part(file.File)
		ok(t, err)
		ok(t, p.Truncate(min(f.synced[file.File], p.Size())))
		garbage := make([]byte, random.IntN(5000))
		_, _ = rand.Read(garbage)
		_, err = p.Write(garbage)
		ok(t, err)
	}
}

// TestAPowerFailureTakesNoConfirmedByte fails the power again and again in the middle of an upload.
func TestAPowerFailureTakesNoConfirmedByte(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	random := mathrand.New(mathrand.NewPCG(seed, 0))
	rows := transporttest.NewStore()
	blobs := &fragile{Blobs: transporttest.NewBlobs(0), synced: map[store.BlobFile]int64{}}
	p, confirmed := newParcel(1_000_000), int64(0)
	var box wire.Owned
	var token wire.Token
	for run := range 12 {
		t.Run(fmt.Sprint("run ", run), func(t *testing.T) {
			r := transporttest.NewRelay(t, func(o *relay.Options) { o.Store, o.Blobs = rows, blobs })
			c := r.Client(t, nil)
			if run == 0 {
				box, token = open(t, r, c)
				ok(t, p.grant(t, c, box.Mailbox, token))
			}
			at, err := c.UploadOffset(t.Context(), p.upload)
			ok(t, err)
			if at < confirmed {
				t.Fatalf("goes on at %d after %d were confirmed", at, confirmed)
			}
			confirmed = at
			for range random.IntN(4) {
				part := min(p.size()-confirmed, 1+random.Int64N(40_000))
				if part == 0 {
					break
				}
				confirmed, err = p.put(t, c, confirmed, part)
				ok(t, err)
			}
			if left := p.size() - confirmed; left > 1 { // and one that is cut
				r.CutBlobs(random.Int64N(min(left, 60_000)) + 1)
				_, _ = p.put(t, c, confirmed, left)
			}
		})
		blobs.fail(t, random)
	}
	r := transporttest.NewRelay(t, func(o *relay.Options) { o.Store, o.Blobs = rows, blobs })
	c := r.Client(t, nil)
	at, err := c.UploadOffset(t.Context(), p.upload)
	ok(t, err)
	if at < p.size() {
		_, err = p.put(t, c, at, p.size()-at)
		ok(t, err)
	}
	ok(t, c.CommitBlob(t.Context(), p.upload, p.sum()))
	p.arrives(t, c)
}

func TestBlobsPassAnOrdinaryProxy(t *testing.T) {
	r := transporttest.NewRelay(t, nil)
	behind := httptest.NewServer(r.Server.Handler())
	defer behind.Close()
	target, err := url.Parse(behind.URL)
	ok(t, err)
	front := httptest.NewServer(httputil.NewSingleHostReverseProxy(target))
	defer front.Close()
	at, err := url.Parse(front.URL)
	ok(t, err)
	port, err := strconv.Atoi(at.Port())
	ok(t, err)
	c := connect(t, wire.Address{Host: "127.0.0.1", Port: uint16(port), Mode: wire.Plain}, func(o *client.Options) { o.Timeout = 5 * time.Second })
	box, token := mailbox(t, c, r.Secret)
	p := newParcel(500_000)
	ok(t, p.grant(t, c, box.Mailbox, token))
	next, err := p.put(t, c, 0, 300_000)
	ok(t, err)
	if at, err := p.put(t, c, 0, 300_000); !errors.Is(err, wire.ErrConflict) || at != next {
		t.Errorf("again: at %d, %v", at, err)
	}
	_, err = p.put(t, c, next, p.size()-next)
	ok(t, err)
	ok(t, c.CommitBlob(t.Context(), p.upload, p.sum()))
	p.arrives(t, c)
	got, _ := p.collect(t, c)
	if len(got) != len(p.bytes) {
		t.Errorf("%d bytes", len(got))
	}
	ok(t, c.DeleteBlob(t.Context(), p.read))
	p.missing(t, c)
}
