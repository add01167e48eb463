package transporttest_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"io"
	"sync"
	"testing"
	"time"

	"sotto/transport/relay"
	"sotto/transport/transporttest"
	"sotto/transport/wire"
)

// blobs is what the messenger uses of a client.
type blobs interface {
	GrantBlob(context.Context, wire.Mailbox, wire.Token, wire.BlobName, wire.UploadHash, int64) error
	UploadOffset(context.Context, wire.UploadKey) (int64, error)
	Upload(context.Context, wire.UploadKey, int64, io.Reader, int64) (int64, error)
	CommitBlob(context.Context, wire.UploadKey, [32]byte) error
	Fetch(context.Context, wire.ReadKey, int64, int64, io.Writer) (int64, error)
	DeleteBlob(context.Context, wire.ReadKey) error
}

// parcel is a blob on its way.
type parcel struct {
	read   wire.ReadKey
	upload wire.UploadKey
	bytes  []byte
}

func newParcel(size int) parcel {
	p := parcel{read: wire.NewReadKey(), upload: wire.NewUploadKey(), bytes: make([]byte, size)}
	rand.Read(p.bytes)
	return p
}

func (p parcel) size() int64   { return int64(len(p.bytes)) }
func (p parcel) sum() [32]byte { return sha256.Sum256(p.bytes) }

func (p parcel) grant(t testing.TB, c blobs, m wire.Mailbox, token wire.Token) error {
	t.Helper()
	return c.GrantBlob(t.Context(), m, token, p.read.Hash(), p.upload.Hash(), p.size())
}

// put uploads n bytes from an offset.
func (p parcel) put(t testing.TB, c blobs, offset, n int64) (int64, error) {
	t.Helper()
	return c.Upload(t.Context(), p.upload, offset, bytes.NewReader(p.bytes[offset:offset+n]), n)
}

// send grants, uploads and commits.
func (p parcel) send(t testing.TB, c blobs, m wire.Mailbox, token wire.Token) {
	t.Helper()
	ok(t, p.grant(t, c, m, token))
	next, err := p.put(t, c, 0, p.size())
	ok(t, err)
	if next != p.size() {
		t.Fatalf("at %d of %d", next, p.size())
	}
	ok(t, c.CommitBlob(t.Context(), p.upload, p.sum()))
}

// arrives fetches all and compares.
func (p parcel) arrives(t testing.TB, c blobs) {
	t.Helper()
	var got bytes.Buffer
	n, err := c.Fetch(t.Context(), p.read, 0, p.size(), &got)
	ok(t, err)
	if n != p.size() || !bytes.Equal(got.Bytes(), p.bytes) {
		t.Fatalf("%d bytes came, others than were sent", n)
	}
}

func (p parcel) missing(t testing.TB, c blobs) {
	t.Helper()
	_, err := c.Fetch(t.Context(), p.read, 0, p.size(), io.Discard)
	is(t, err, wire.ErrNotFound)
}

func TestABlobIsBroughtCommittedFetchedAndRemoved(t *testing.T) {
	r := transporttest.NewRelay(t, nil)
	bob, alice := r.Client(t, nil), r.Client(t, nil)
	box, token := open(t, r, bob)
	for _, size := range []int{1, 65535, 65536, 65537, 1 << 20, 3<<20 + 7} {
		p := newParcel(size)
		p.send(t, alice, box.Mailbox, token)
		p.arrives(t, bob)
		var rest bytes.Buffer
		at := p.size() / 2
		if n, err := bob.Fetch(t.Context(), p.read, at, p.size(), &rest); err != nil || n != p.size()-at || !bytes.Equal(rest.Bytes(), p.bytes[at:]) {
			t.Errorf("from %d on: %d, %v", at, n, err)
		}
		ok(t, bob.DeleteBlob(t.Context(), p.read))
		ok(t, bob.DeleteBlob(t.Context(), p.read))
		p.missing(t, bob)
	}
}

func TestEveryStepOfAnUploadMayBeRepeated(t *testing.T) {
	r := transporttest.NewRelay(t, nil)
	bob, alice := r.Client(t, nil), r.Client(t, nil)
	box, token := open(t, r, bob)
	p := newParcel(100_000)
	_, err := alice.UploadOffset(t.Context(), p.upload)
	is(t, err, wire.ErrNotFound)
	for range 2 {
		ok(t, p.grant(t, alice, box.Mailbox, token))
	}
	_, err = p.put(t, alice, 0, 60_000)
	ok(t, err)
	if next, err := p.put(t, alice, 0, 60_000); !errors.Is(err, wire.ErrConflict) || next != 60_000 {
		t.Errorf("the same part again: at %d, %v", next, err)
	}
	is(t, alice.CommitBlob(t.Context(), p.upload, p.sum()), wire.ErrConflict)
	p.missing(t, bob)
	if at, err := alice.UploadOffset(t.Context(), p.upload); err != nil || at != 60_000 {
		t.Errorf("offset %d, %v", at, err)
	}
	_, err = p.put(t, alice, 60_000, 40_000)
	ok(t, err)
	for range 2 {
		ok(t, alice.CommitBlob(t.Context(), p.upload, p.sum()))
		ok(t, p.grant(t, alice, box.Mailbox, token))
	}
	is(t, alice.CommitBlob(t.Context(), p.upload, [32]byte{1}), wire.ErrDigest)
	if at, err := alice.UploadOffset(t.Context(), p.upload); err != nil || at != p.size() {
		t.Errorf("offset after the commit %d, %v", at, err)
	}
	p.arrives(t, bob)
}

func TestAnUploadOfAnotherDigestIsDiscarded(t *testing.T) {
	r := transporttest.NewRelay(t, nil)
	bob, alice := r.Client(t, nil), r.Client(t, nil)
	box, token := open(t, r, bob)
	p := newParcel(10_000)
	ok(t, p.grant(t, alice, box.Mailbox, token))
	_, err := p.put(t, alice, 0, p.size())
	ok(t, err)
	is(t, alice.CommitBlob(t.Context(), p.upload, [32]byte{1}), wire.ErrDigest)
	_, err = alice.UploadOffset(t.Context(), p.upload)
	is(t, err, wire.ErrNotFound)
	p.send(t, alice, box.Mailbox, token)
	p.arrives(t, bob)
}

func TestAPartBeyondTheGrantedSizeIsRefused(t *testing.T) {
	r := transporttest.NewRelay(t, nil)
	bob, alice := r.Client(t, nil), r.Client(t, nil)
	box, token := open(t, r, bob)
	p := newParcel(10_000)
	ok(t, p.grant(t, alice, box.Mailbox, token))
	_, err := alice.Upload(t.Context(), p.upload, 0, bytes.NewReader(make([]byte, 10_001)), 10_001)
	is(t, err, wire.ErrTooLarge)
	is(t, alice.GrantBlob(t.Context(), box.Mailbox, token, wire.BlobName{1}, wire.UploadHash{1}, wire.MaxBlob+1), wire.ErrTooLarge)
	p.send(t, alice, box.Mailbox, token)
}

func TestTheKeysOfABlobOpenNothingElse(t *testing.T) {
	r := transporttest.NewRelay(t, nil)
	bob, alice := r.Client(t, nil), r.Client(t, nil)
	box, token := open(t, r, bob)
	p := newParcel(10_000)
	p.send(t, alice, box.Mailbox, token)
	_, err := bob.Fetch(t.Context(), wire.ReadKey(p.upload), 0, p.size(), io.Discard)
	is(t, err, wire.ErrNotFound)
	_, err = alice.UploadOffset(t.Context(), wire.UploadKey(p.read))
	is(t, err, wire.ErrNotFound)
	_, err = bob.Fetch(t.Context(), wire.ReadKey(p.read.Hash()), 0, p.size(), io.Discard)
	is(t, err, wire.ErrNotFound)
	ok(t, bob.DeleteBlob(t.Context(), wire.ReadKey(p.upload)))
	p.arrives(t, bob)
}

func TestOnlyATokenOfTheMailboxGrantsABlob(t *testing.T) {
	r := transporttest.NewRelay(t, nil)
	bob, alice := r.Client(t, nil), r.Client(t, nil)
	box, token := open(t, r, bob)
	p := newParcel(10)
	is(t, p.grant(t, alice, box.Mailbox, wire.NewToken()), wire.ErrUnauthorized)
	is(t, p.grant(t, alice, wire.Mailbox{1}, token), wire.ErrNoMailbox)
	ok(t, p.grant(t, alice, box.Mailbox, token))
	other := p
	other.upload = wire.NewUploadKey()
	is(t, other.grant(t, alice, box.Mailbox, token), wire.ErrConflict)
	larger := p
	larger.bytes = make([]byte, 11)
	is(t, larger.grant(t, alice, box.Mailbox, token), wire.ErrConflict)
}

func TestARelayWithoutBlobsSaysSo(t *testing.T) {
	r := transporttest.NewRelay(t, func(o *relay.Options) { o.Blobs = nil })
	bob, alice := r.Client(t, nil), r.Client(t, nil)
	box, token := open(t, r, bob)
	p := newParcel(10)
	is(t, p.grant(t, alice, box.Mailbox, token), wire.ErrUnsupported)
	p.missing(t, bob)
}

// carry uploads and commits over whatever cuts there are, as a messenger does it.
func (p parcel) carry(t testing.TB, c blobs, m wire.Mailbox, token wire.Token) (tries int) {
	t.Helper()
	ok(t, p.grant(t, c, m, token))
	for ; tries < 200; tries++ {
		at, err := c.UploadOffset(t.Context(), p.upload)
		if err == nil && at < p.size() {
			_, err = p.put(t, c, at, p.size()-at)
		}
		if err == nil {
			err = c.CommitBlob(t.Context(), p.upload, p.sum())
		}
		if err == nil {
			return tries
		}
		if !errors.Is(err, wire.ErrOffline) && !errors.Is(err, wire.ErrConflict) && !errors.Is(err, wire.ErrUnavailable) {
			t.Fatal(err)
		}
	}
	t.Fatal("it never arrives")
	panic("unreachable")
}

// collect fetches over whatever cuts there are.
func (p parcel) collect(t testing.TB, c blobs) (got []byte, tries int) {
	t.Helper()
	var all bytes.Buffer
	for ; int64(all.Len()) < p.size() && tries < 200; tries++ {
		_, err := c.Fetch(t.Context(), p.read, int64(all.Len()), p.size(), &all)
		if err != nil && !errors.Is(err, wire.ErrOffline) {
			t.Fatal(err)
		}
	}
	return all.Bytes(), tries
}

func TestTwentyCutsBothWaysCostNothingButTheirTime(t *testing.T) {
	r := transporttest.NewRelay(t, nil)
	bob, alice := r.Client(t, nil), r.Client(t, nil)
	box, token := open(t, r, bob)
	p := newParcel(2 << 20)
	cuts := make([]int64, 20)
	for i := range cuts {
		cuts[i] = int64(1000 + i*9_973)
	}
	r.CutBlobs(append([]int64(nil), cuts...)...)
	p.carry(t, alice, box.Mailbox, token)
	if left := r.CutsLeft(); left > 0 {
		t.Errorf("%d cuts were not made", left)
	}
	r.CutBlobs(cuts...)
	got, _ := p.collect(t, bob)
	if left := r.CutsLeft(); left > 0 || !bytes.Equal(got, p.bytes) {
		t.Errorf("%d bytes, %d cuts left", len(got), left)
	}
}

func TestTwoPartsAtOnceNeverMix(t *testing.T) {
	r := transporttest.NewRelay(t, nil)
	bob := r.Client(t, nil)
	box, token := open(t, r, bob)
	p := newParcel(4 << 20)
	ok(t, p.grant(t, bob, box.Mailbox, token))
	var group sync.WaitGroup
	for range 4 {
		alice := r.Client(t, nil)
		group.Go(func() {
			for {
				at, err := alice.UploadOffset(t.Context(), p.upload)
				if err == nil && at == p.size() {
					return
				}
				if err == nil {
					_, err = p.put(t, alice, at, min(100_000, p.size()-at))
				}
				switch {
				case err == nil, errors.Is(err, wire.ErrConflict), errors.Is(err, wire.ErrOffline), errors.Is(err, wire.ErrUnavailable):
				default:
					t.Error(err)
					return
				}
			}
		})
	}
	group.Wait()
	ok(t, bob.CommitBlob(t.Context(), p.upload, p.sum()))
	p.arrives(t, bob)
}

func TestANewPartEndsTheOneThatHangs(t *testing.T) {
	r := transporttest.NewRelay(t, nil)
	bob, alice := r.Client(t, nil), r.Client(t, nil)
	box, token := open(t, r, bob)
	p := newParcel(200_000)
	ok(t, p.grant(t, alice, box.Mailbox, token))
	stuck, feed := io.Pipe()
	hung := make(chan error, 1)
	go func() {
		_, err := alice.Upload(context.Background(), p.upload, 0, stuck, p.size())
		hung <- err
	}()
	_, err := feed.Write(p.bytes[:100_000]) // and no more
	ok(t, err)
	again := r.Client(t, nil)
	deadline := time.Now().Add(10 * time.Second)
	at, err := again.UploadOffset(t.Context(), p.upload)
	ok(t, err)
	_, err = p.put(t, again, at, p.size()-at)
	ok(t, err)
	ok(t, again.CommitBlob(t.Context(), p.upload, p.sum()))
	if time.Now().After(deadline) {
		t.Error("the second part waited for the first")
	}
	_ = feed.CloseWithError(io.ErrClosedPipe)
	if err := <-hung; err == nil {
		t.Error("the first part succeeded")
	}
	p.arrives(t, bob)
}
