package relay

import (
	"net/netip"
	"os"
	"path/filepath"
	"testing"
	"time"

	"sotto/transport/wire"
)

func TestBucketGivesItsBurstAndThenItsRate(t *testing.T) {
	b := buckets{held: map[bucketKey]*bucket{}}
	now := time.Unix(1000, 0)
	key := bucketKey{mailbox: wire.Mailbox{1}}
	take := func(want bool, wait time.Duration) {
		t.Helper()
		if got, ok := b.take(key, 3, 10*time.Second, now); ok != want || got != wait {
			t.Fatalf("take = %v, %v; want %v, %v", got, ok, wait, want)
		}
	}
	for range 3 {
		take(true, 0)
	}
	take(false, 10*time.Second)
	now = now.Add(4 * time.Second)
	take(false, 6*time.Second)
	now = now.Add(6 * time.Second)
	take(true, 0)
	take(false, 10*time.Second)
	now = now.Add(time.Hour)
	for range 3 {
		take(true, 0)
	}
	take(false, 10*time.Second)
	if _, ok := b.take(bucketKey{mailbox: wire.Mailbox{2}}, 3, time.Second, now); !ok {
		t.Error("another key shares the bucket")
	}
}

func TestBucketsStayBounded(t *testing.T) {
	b := buckets{held: map[bucketKey]*bucket{}}
	now := time.Unix(1000, 0)
	for i := range 3 * maxBuckets {
		b.take(bucketKey{mailbox: wire.Mailbox{byte(i), byte(i >> 8), byte(i >> 16)}}, 60, time.Second, now)
		if i%1000 == 0 {
			now = now.Add(time.Second)
		}
	}
	if len(b.held) > 2*maxBuckets+1 {
		t.Errorf("%d buckets are held", len(b.held))
	}
}

func TestConnectionsAreCountedByAddressOrIPv6Network(t *testing.T) {
	cases := map[string]string{
		"192.0.2.7:5": "192.0.2.7/32", "[::ffff:192.0.2.7]:5": "192.0.2.7/32", "[2001:db8:1:2:3::4]:5": "2001:db8:1:2::/64",
		"127.0.0.1:5": "", "[::1]:5": "", "pipe": "",
	}
	for remote, want := range cases {
		var prefix netip.Prefix
		if want != "" {
			prefix = netip.MustParsePrefix(want)
		}
		if got := hostOf(remote); got != prefix {
			t.Errorf("%s: %v, want %v", remote, got, prefix)
		}
	}
}

func TestTransfersAreBoundedInAllAndByNetworkAddress(t *testing.T) {
	l := EmbeddedLimits()
	l.Transfers, l.HostTransfers = 5, 2
	r := &Relay{opts: Options{Limits: l}, moving: map[netip.Prefix]int{}}
	one, other, loopback := netip.MustParsePrefix("192.0.2.7/32"), netip.MustParsePrefix("2001:db8:1:2::/64"), netip.Prefix{}
	asks := func(who netip.Prefix, want bool) {
		t.Helper()
		if got := r.move(who); got != want {
			t.Errorf("%v may move: %t, of %d", who, got, r.moves)
		}
	}
	asks(one, true)
	asks(one, true)
	asks(one, false)
	asks(other, true)
	r.moved(one)
	asks(one, true)
	asks(loopback, true)
	asks(loopback, true) // where all are at one address
	asks(other, false)   // the relay is full
	for _, who := range []netip.Prefix{one, one, other, loopback, loopback} {
		r.moved(who)
	}
	if r.moves != 0 || len(r.moving) != 0 {
		t.Errorf("%d are left, of %v", r.moves, r.moving)
	}
	r.draining.Store(true)
	asks(one, false)
}

func TestIdentityAndPassAreMadeOnceAndRefusedWhenDamaged(t *testing.T) {
	dir := t.TempDir()
	first, secret, err := OpenIdentity(dir)
	if err != nil {
		t.Fatal(err)
	}
	again, secretAgain, err := OpenIdentity(dir)
	if err != nil || again.ID() != first.ID() || !secretAgain.Equal(secret) {
		t.Fatalf("opened again: another identity or pass, %v", err)
	}
	for _, name := range []string{identityFile, passFile} {
		path := filepath.Join(dir, name)
		info, err := os.Stat(path)
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: mode %v, %v", name, info.Mode(), err)
		}
		whole, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, whole[:len(whole)/3], 0o600); err != nil {
			t.Fatal(err)
		}
		if _, _, err := OpenIdentity(dir); err == nil {
			t.Errorf("a damaged %s is accepted or replaced", name)
		}
		if err := os.WriteFile(path, whole, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func TestTLSKeyIsRenewedAtHalfOfItsLife(t *testing.T) {
	id := NewIdentity()
	now := time.Unix(1_700_000_000, 0)
	first, err := id.certificate(now)
	if err != nil {
		t.Fatal(err)
	}
	same, err := id.certificate(now.Add(leafLife/2 - time.Minute))
	if err != nil || same != first {
		t.Errorf("renewed early: %v", err)
	}
	next, err := id.certificate(now.Add(leafLife/2 + time.Minute))
	if err != nil || next == first || !next.Leaf.NotAfter.After(first.Leaf.NotAfter) {
		t.Errorf("not renewed: %v", err)
	}
}
