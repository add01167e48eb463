package transporttest_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"sotto/transport/client"
	"sotto/transport/relay"
	"sotto/transport/relay/store"
	"sotto/transport/relay/store/folder"
	"sotto/transport/relay/store/sqlite"
	"sotto/transport/transporttest"
	"sotto/transport/wire"
)

// counting is a dialer that counts.
type counting struct {
	net.Dialer
	n atomic.Int32
}

func (d *counting) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	d.n.Add(1)
	return d.Dialer.DialContext(ctx, network, address)
}

func TestBlobsGoThroughTheDialerOfTheirSideUnderThePinnedKey(t *testing.T) {
	r := startTCP(t, func(o *relay.Options) { o.Blobs = transporttest.NewBlobs(0) })
	var owner, sender counting
	c := connect(t, r.pass.Address, func(o *client.Options) { o.Owner, o.Sender = &owner, &sender })
	box, token := mailbox(t, c, r.pass.Secret)
	p := newParcel(300_000)
	ok(t, p.grant(t, c, box.Mailbox, token))
	owners, senders := owner.n.Load(), sender.n.Load()
	_, err := p.put(t, c, 0, p.size())
	ok(t, err)
	ok(t, c.CommitBlob(t.Context(), p.upload, p.sum()))
	if owner.n.Load() != owners || sender.n.Load() != senders+2 {
		t.Error("an upload went through the owner's dialer")
	}
	p.arrives(t, c)
	ok(t, c.DeleteBlob(t.Context(), p.read))
	if owner.n.Load() != owners+2 || sender.n.Load() != senders+2 {
		t.Error("a download went through the sender's dialer")
	}
}

func TestABlobIsNotAskedOfAnotherIdentity(t *testing.T) {
	r := startTCP(t, func(o *relay.Options) { o.Blobs = transporttest.NewBlobs(0) })
	wrong := r.pass.Address
	wrong.Pin[3] ^= 1
	c := connect(t, wrong, nil)
	_, err := c.Fetch(t.Context(), wire.NewReadKey(), 0, 1, io.Discard)
	is(t, err, wire.ErrPinMismatch)
	_, err = c.Upload(t.Context(), wire.NewUploadKey(), 0, strings.NewReader("x"), 1)
	is(t, err, wire.ErrPinMismatch)
	_, err = c.UploadOffset(t.Context(), wire.NewUploadKey())
	is(t, err, wire.ErrPinMismatch)
	is(t, c.CommitBlob(t.Context(), wire.NewUploadKey(), [32]byte{}), wire.ErrPinMismatch)
	is(t, c.DeleteBlob(t.Context(), wire.NewReadKey()), wire.ErrPinMismatch)
}

// disk is a relay's folder on disk.
type disk struct {
	dir   string
	rows  *sqlite.Store
	blobs store.Blobs
}

func openDisk(t testing.TB, dir string) *disk {
	t.Helper()
	rows, err := sqlite.Open(dir)
	ok(t, err)
	blobs, err := folder.Open(filepath.Join(dir, "blobs"))
	ok(t, err)
	return &disk{dir, rows, blobs}
}

// files lists the folder of blobs.
func (d *disk) files(t testing.TB) []string {
	t.Helper()
	entries, err := os.ReadDir(filepath.Join(d.dir, "blobs"))
	ok(t, err)
	var out []string
	for _, e := range entries {
		out = append(out, e.Name())
	}
	return out
}

func onDisk(t testing.TB, d *disk, change func(*relay.Options)) *transporttest.Relay {
	t.Helper()
	return transporttest.NewRelay(t, func(o *relay.Options) {
		o.Store, o.Blobs = d.rows, d.blobs
		if change != nil {
			change(o)
		}
	})
}

func TestWhatTheRelayKeepsLogsAndCountsHoldsNothingOfAFile(t *testing.T) {
	const name, kind, exact = "holiday-in-lisbon.jpeg", "image/jpeg", 123_457
	logs := &buffer{}
	d := openDisk(t, t.TempDir())
	r := onDisk(t, d, func(o *relay.Options) {
		o.Log = slog.New(slog.NewTextHandler(logs, &slog.HandlerOptions{Level: slog.LevelDebug}))
	})
	var mu sync.Mutex
	var traffic bytes.Buffer
	r.Tap(func(_ bool, b []byte) {
		mu.Lock()
		defer mu.Unlock()
		traffic.Write(b)
	})
	bob, alice := r.Client(t, nil), r.Client(t, nil)
	box, token := open(t, r, bob)
	p := newParcel(131_104) // what a file of that size is padded and sealed to
	p.send(t, alice, box.Mailbox, token)
	unfinished := newParcel(131_104)
	ok(t, unfinished.grant(t, alice, box.Mailbox, token))
	_, err := unfinished.put(t, alice, 0, 70_000)
	ok(t, err)
	p.arrives(t, bob)
	_, err = bob.Fetch(t.Context(), p.read, 65_536, p.size(), io.Discard)
	ok(t, err)

	readKey, uploadKey := p.read, p.upload
	words := []string{name, kind, strconv.Itoa(exact), "lisbon", "image/", "filename"}
	keys := []string{
		string(readKey[:]), string(uploadKey[:]), p.read.Bearer()[7:], p.upload.Bearer()[7:], string(unfinished.upload[:]),
	}
	mu.Lock()
	seen := traffic.String()
	mu.Unlock()
	for _, w := range words {
		if strings.Contains(seen, w) {
			t.Errorf("the traffic holds %q", w)
		}
	}
	for line := range strings.SplitSeq(seen, "\r\n") {
		for _, key := range keys[2:4] {
			if strings.Contains(line, key) && !strings.HasPrefix(line, "Authorization: Bearer ") {
				t.Errorf("a capability stands in %q", line)
			}
		}
	}
	kept := map[string]string{"logs": logs.String(), "metrics": metricsOf(t, r)}
	ok(t, filepath.WalkDir(d.dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		kept[e.Name()] = e.Name() + string(b)
		return err
	}))
	if len(kept) < 5 {
		t.Fatalf("only %d things are kept", len(kept))
	}
	for where, text := range kept {
		for _, w := range append(words, keys...) {
			if strings.Contains(text, w) {
				t.Errorf("%s holds %q", where, w)
			}
		}
		if (where == "logs" || where == "metrics") && strings.Contains(text, "131104") {
			t.Errorf("%s hold a size", where)
		}
	}
}

func TestRemovedBlobsLeaveNoFile(t *testing.T) {
	now := time.Now()
	var mu sync.Mutex
	d := openDisk(t, t.TempDir())
	r := onDisk(t, d, func(o *relay.Options) { o.Now = func() time.Time { mu.Lock(); defer mu.Unlock(); return now } })
	bob, alice := r.Client(t, nil), r.Client(t, nil)
	box, token := open(t, r, bob)
	begun := func() parcel {
		p := newParcel(100_000)
		ok(t, p.grant(t, alice, box.Mailbox, token))
		_, err := p.put(t, alice, 0, 50_000)
		ok(t, err)
		return p
	}
	none := func(what string) {
		t.Helper()
		if left := d.files(t); len(left) > 0 {
			t.Fatalf("after %s there are %v", what, left)
		}
	}
	p := newParcel(100_000)
	p.send(t, alice, box.Mailbox, token)
	ok(t, bob.DeleteBlob(t.Context(), p.read))
	none("its removal")

	ok(t, bob.DeleteBlob(t.Context(), begun().read))
	none("the removal of an unfinished one")

	p = begun()
	_, err := p.put(t, alice, 50_000, 50_000)
	ok(t, err)
	is(t, alice.CommitBlob(t.Context(), p.upload, [32]byte{1}), wire.ErrDigest)
	none("a digest that was wrong")

	begun()
	kept := newParcel(100_000)
	kept.send(t, alice, box.Mailbox, token)
	ok(t, bob.RevokeToken(t.Context(), box.Mailbox, token.Hash()))
	if left := d.files(t); len(left) != 1 || strings.HasSuffix(left[0], ".part") {
		t.Errorf("after the token was revoked there are %v", left)
	}
	kept.arrives(t, bob)
	is(t, newParcel(10).grant(t, alice, box.Mailbox, token), wire.ErrUnauthorized)

	ok(t, bob.DeleteMailbox(t.Context(), box.Mailbox))
	none("the mailbox was deleted")
	kept.missing(t, bob)
}

func TestBlobsEndWithTheirTime(t *testing.T) {
	for name, c := range map[string]struct {
		life   time.Duration
		commit bool
	}{
		"an upload": {wire.UploadRetention, false},
		"a blob":    {wire.BlobRetention, true},
	} {
		t.Run(name, func(t *testing.T) {
			dir, began := t.TempDir(), time.Now()
			p := newParcel(100_000)
			there := func(c blobs) bool {
				_, err := c.UploadOffset(t.Context(), p.upload)
				if err != nil {
					is(t, err, wire.ErrNotFound)
				}
				return err == nil
			}
			t.Run("its life", func(t *testing.T) {
				var mu sync.Mutex
				now := began
				d := openDisk(t, dir)
				r := onDisk(t, d, func(o *relay.Options) { o.Now = func() time.Time { mu.Lock(); defer mu.Unlock(); return now } })
				client := r.Client(t, nil)
				box, token := open(t, r, client)
				if c.commit {
					p.send(t, client, box.Mailbox, token)
				} else {
					ok(t, p.grant(t, client, box.Mailbox, token))
					_, err := p.put(t, client, 0, 50_000)
					ok(t, err)
				}
				for after, want := range map[time.Duration]bool{c.life - time.Second: true, c.life: false} {
					mu.Lock()
					now = began.Add(after)
					mu.Unlock()
					if there(client) != want {
						t.Errorf("after %s it is there: %t", after, !want)
					}
				}
				if left := d.files(t); len(left) != 1 {
					t.Errorf("before the sweep there are %v", left)
				}
			})
			d := openDisk(t, dir)
			onDisk(t, d, func(o *relay.Options) { o.Now = func() time.Time { return began.Add(c.life) } })
			waitFor(t, "the sweep", func() bool { return len(d.files(t)) == 0 })
		})
	}
}

// waitFor waits for what happens beside the test.
func waitFor(t testing.TB, what string, reached func() bool) {
	t.Helper()
	deadline := time.After(10 * time.Second)
	for !reached() {
		select {
		case <-deadline:
			t.Fatalf("%s did not come", what)
		case <-time.After(time.Millisecond):
		}
	}
}

func TestASweepAtTheStartMakesRowsAndFilesAgree(t *testing.T) {
	dir := t.TempDir()
	var whole, lost, cut, begun parcel
	t.Run("before", func(t *testing.T) {
		d := openDisk(t, dir)
		r := onDisk(t, d, nil)
		c := r.Client(t, nil)
		box, token := open(t, r, c)
		lost, cut = newParcel(1000), newParcel(2000)
		lost.send(t, c, box.Mailbox, token)
		cut.send(t, c, box.Mailbox, token)
		for _, f := range d.files(t) {
			path := filepath.Join(dir, "blobs", f)
			info, err := os.Stat(path)
			ok(t, err)
			if info.Size() == lost.size() {
				ok(t, os.Remove(path))
			} else {
				ok(t, os.Truncate(path, 100))
			}
		}
		lost.missing(t, c)
		cut.missing(t, c)
		whole, begun = newParcel(3000), newParcel(4000)
		whole.send(t, c, box.Mailbox, token)
		ok(t, begun.grant(t, c, box.Mailbox, token))
		_, err := begun.put(t, c, 0, 1500)
		ok(t, err)
	})
	for _, name := range []string{strings.Repeat("ab", 16), strings.Repeat("cd", 16) + ".part"} {
		ok(t, os.WriteFile(filepath.Join(dir, "blobs", name), []byte("whose?"), 0o600))
	}
	d := openDisk(t, dir)
	r := onDisk(t, d, nil)
	c := r.Client(t, nil)
	waitFor(t, "the sweep", func() bool { return len(d.files(t)) == 2 })
	whole.arrives(t, c)
	if at, err := c.UploadOffset(t.Context(), begun.upload); err != nil || at != 1500 {
		t.Errorf("the unfinished one is at %d, %v", at, err)
	}
	for _, p := range []parcel{lost, cut} {
		p.missing(t, c)
		if _, err := c.UploadOffset(t.Context(), p.upload); !errors.Is(err, wire.ErrNotFound) {
			t.Errorf("a row without its file: %v", err)
		}
	}
}

// crashing fails where a kill would leave the relay.
type crashing struct {
	*sqlite.Store
	at string
}

var errKilled = errors.New("killed")

func (c *crashing) SyncBlob(ctx context.Context, file store.BlobFile, n int64) error {
	if c.at == "before the sync is recorded" {
		return errKilled
	}
	return c.Store.SyncBlob(ctx, file, n)
}

func (c *crashing) CommitBlob(ctx context.Context, file store.BlobFile, digest [32]byte, now time.Time) error {
	if c.at == "between rename and row" {
		return errKilled
	}
	return c.Store.CommitBlob(ctx, file, digest, now)
}

func (c *crashing) ForgetBlobs(ctx context.Context, files ...store.BlobFile) error {
	if c.at == "after the file is removed" {
		return errKilled
	}
	return c.Store.ForgetBlobs(ctx, files...)
}

func TestAKillAnywhereIsMended(t *testing.T) {
	for _, at := range []string{"before the sync is recorded", "between rename and row", "after the file is removed"} {
		t.Run(at, func(t *testing.T) {
			dir := t.TempDir()
			p := newParcel(100_000)
			t.Run("killed", func(t *testing.T) {
				d := openDisk(t, dir)
				rows := &crashing{Store: d.rows}
				r := onDisk(t, d, func(o *relay.Options) { o.Store = rows })
				c := r.Client(t, nil)
				box, token := open(t, r, c)
				ok(t, p.grant(t, c, box.Mailbox, token))
				_, err := p.put(t, c, 0, 40_000)
				ok(t, err)
				rows.at = at
				_, err = p.put(t, c, 40_000, 60_000)
				if (err != nil) != (at == "before the sync is recorded") {
					t.Errorf("the part: %v", err)
				}
				if err == nil {
					err = c.CommitBlob(t.Context(), p.upload, p.sum())
					if (err != nil) != (at == "between rename and row") {
						t.Errorf("the commit: %v", err)
					}
				}
				if at == "after the file is removed" {
					ok(t, c.DeleteBlob(t.Context(), p.read))
				}
			})
			d := openDisk(t, dir)
			r := onDisk(t, d, nil)
			c := r.Client(t, nil)
			offset, err := c.UploadOffset(t.Context(), p.upload)
			if at == "after the file is removed" {
				is(t, err, wire.ErrNotFound)
				p.missing(t, c)
				return
			}
			ok(t, err)
			want := map[string]int64{"before the sync is recorded": 40_000, "between rename and row": 100_000}[at]
			if offset != want {
				t.Fatalf("goes on at %d, want %d", offset, want)
			}
			p.missing(t, c)
			if offset < p.size() {
				_, err = p.put(t, c, offset, p.size()-offset)
				ok(t, err)
			}
			is(t, c.CommitBlob(t.Context(), wire.NewUploadKey(), p.sum()), wire.ErrNotFound)
			ok(t, c.CommitBlob(t.Context(), p.upload, p.sum()))
			p.arrives(t, c)
			if left := d.files(t); len(left) != 1 || strings.HasSuffix(left[0], ".part") {
				t.Errorf("there are %v", left)
			}
		})
	}
}

func TestARelayThatGoesAwayKeepsWhatCame(t *testing.T) {
	dir := t.TempDir()
	p := newParcel(300_000)
	t.Run("going", func(t *testing.T) {
		d := openDisk(t, dir)
		r := onDisk(t, d, nil)
		c := r.Client(t, nil)
		box, token := open(t, r, c)
		ok(t, p.grant(t, c, box.Mailbox, token))
		body, feed := io.Pipe()
		ended := make(chan error, 1)
		go func() {
			_, err := c.Upload(context.Background(), p.upload, 0, body, p.size())
			ended <- err
		}()
		_, err := feed.Write(p.bytes[:200_000])
		ok(t, err)
		ok(t, r.Server.Shutdown(t.Context()))
		_ = feed.Close()
		if err := <-ended; err == nil {
			t.Error("the part succeeded")
		}
	})
	d := openDisk(t, dir)
	r := onDisk(t, d, nil)
	c := r.Client(t, nil)
	at, err := c.UploadOffset(t.Context(), p.upload)
	ok(t, err)
	if at == 0 || at > 200_000 {
		t.Errorf("kept %d of 200000", at)
	}
	_, err = p.put(t, c, at, p.size()-at)
	ok(t, err)
	ok(t, c.CommitBlob(t.Context(), p.upload, p.sum()))
	p.arrives(t, c)
}
