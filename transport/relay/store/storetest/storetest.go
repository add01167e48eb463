package storetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"sotto/transport/relay/store"
	"sotto/transport/wire"
)

// Start is the time the suite begins at.
var Start = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// Run runs the suite; open returns a new, empty store.
func Run(t *testing.T, open func(*testing.T) store.Store) {
	for name, test := range map[string]func(*fixture){
		"envelopes come back in order until acknowledged":        envelopesInOrder,
		"a repeat is answered while stored and seven days after": repeats,
		"numbers are never used twice":                           numbers,
		"a full mailbox refuses and says so":                     quota,
		"one requester holds at most a quarter":                  quarter,
		"envelopes end with retention":                           retention,
		"a sweep removes many and only what has ended":           sweepsMany,
		"a revoked or ended token sends nothing":                 tokens,
		"mailboxes are created once":                             createOnce,
		"grants are used up, end, and go with their mailbox":     grants,
		"prekeys are popped once each":                           prekeys,
		"the state cell compares and sets":                       state,
		"a mailbox ends with all it holds":                       ends,
		"deleting leaves nothing":                                deletes,
		"reads are bounded":                                      bounded,
		"a blob is granted, synced, committed and dropped":       blobLife,
		"a blob is granted once for its names":                   blobNames,
		"blobs hold to their limits":                             blobQuota,
		"uploads end after two days, blobs after thirty":         blobEnds,
		"blobs go with their mailbox":                            blobsOfMailbox,
		"a revoked token leaves committed blobs":                 blobsOfToken,
		"rows of blobs are paged by file":                        blobPages,
	} {
		t.Run(name, func(t *testing.T) {
			s := open(t)
			t.Cleanup(func() {
				if err := s.Close(); err != nil {
					t.Error(err)
				}
			})
			f := &fixture{T: t, Store: s, now: Start}
			f.create(store.Mailbox{Kind: wire.ContactMailbox})
			test(f)
		})
	}
}

type fixture struct {
	*testing.T
	store.Store
	now   time.Time
	box   wire.Mailbox
	token wire.Token
	made  byte
}

// create makes a mailbox with a token and makes it the present one.
func (f *fixture) create(m store.Mailbox) {
	f.Helper()
	f.open(m, nil)
}

// createGranted opens a mailbox by a grant of another.
func (f *fixture) createGranted(granter wire.Mailbox) {
	f.Helper()
	hash := wire.Grant{f.made}.Hash()
	f.ok(f.PutGrant(f.Context(), granter, store.Grant{Hash: hash, Mailboxes: 1}, f.now))
	f.open(store.Mailbox{Kind: wire.ContactMailbox}, &hash)
}

func (f *fixture) open(m store.Mailbox, grant *wire.GrantHash) {
	f.Helper()
	f.made++
	m.Address, m.Owner = wire.Mailbox{f.made}, [32]byte{f.made}
	if m.MaxMessages == 0 {
		m.MaxMessages, m.MaxBytes = 10, 1<<20
	}
	f.ok(f.CreateMailbox(f.Context(), m, grant, f.now))
	f.box, f.token = m.Address, wire.Token{f.made}
	f.ok(f.PutToken(f.Context(), f.box, store.Token{Hash: f.token.Hash()}, f.now))
}

func (f *fixture) ok(err error) {
	f.Helper()
	if err != nil {
		f.Fatal(err)
	}
}

func (f *fixture) is(err, want error) {
	f.Helper()
	if !errors.Is(err, want) {
		f.Fatalf("got %v, want %v", err, want)
	}
}

func (f *fixture) append(id byte, requester byte, size int) (uint64, error) {
	f.Helper()
	type result struct {
		seq uint64
		err error
	}
	done := make(chan result, 1)
	f.Append(store.Envelope{
		Mailbox: f.box, Token: f.token.Hash(), ID: wire.EnvelopeID{id}, Requester: store.Requester{requester},
		Received: f.now, Body: bytes.Repeat([]byte{id}, size),
	}, func(seq uint64, err error) { done <- result{seq, err} })
	r := <-done
	return r.seq, r.err
}

func (f *fixture) stored() []store.Stored {
	f.Helper()
	all, err := f.After(f.Context(), f.box, 0, 1000, 1<<30, f.now)
	f.ok(err)
	return all
}

func envelopesInOrder(f *fixture) {
	for id := byte(1); id <= 5; id++ {
		seq, err := f.append(id, 0, 100)
		f.ok(err)
		if seq != uint64(id) {
			f.Fatalf("envelope %d has number %d", id, seq)
		}
	}
	f.ok(f.Ack(f.Context(), f.box, []uint64{2, 4, 77, 1 << 40}, f.now))
	var got []uint64
	for _, e := range f.stored() {
		got = append(got, e.Seq)
		if !bytes.Equal(e.Body, bytes.Repeat([]byte{byte(e.Seq)}, 100)) || !e.Received.Equal(f.now) {
			f.Errorf("number %d came back changed", e.Seq)
		}
	}
	if fmt.Sprint(got) != "[1 3 5]" {
		f.Errorf("stored %v, want [1 3 5]", got)
	}
	after, err := f.After(f.Context(), f.box, 3, 10, 1<<20, f.now)
	f.ok(err)
	if len(after) != 1 || after[0].Seq != 5 {
		f.Errorf("after 3: %v", after)
	}
}

func repeats(f *fixture) {
	_, err := f.append(1, 0, 10)
	f.ok(err)
	again := func(want uint64) {
		f.Helper()
		seq, err := f.append(1, 0, 10)
		f.ok(err)
		if seq != want {
			f.Fatalf("repeat has number %d, want %d", seq, want)
		}
	}
	again(0)
	f.ok(f.Ack(f.Context(), f.box, []uint64{1}, f.now))
	f.now = f.now.Add(wire.RepeatAnsweredFor - time.Second)
	f.ok(f.Sweep(f.Context(), f.now))
	again(0)
	if n := len(f.stored()); n != 0 {
		f.Fatalf("a repeat stored %d envelopes", n)
	}
	f.now = f.now.Add(time.Second)
	again(2)
}

func numbers(f *fixture) {
	_, err := f.append(1, 0, 10)
	f.ok(err)
	f.ok(f.Ack(f.Context(), f.box, []uint64{1}, f.now))
	f.ok(f.Sweep(f.Context(), f.now.Add(60*24*time.Hour)))
	seq, err := f.append(2, 0, 10)
	f.ok(err)
	if seq != 2 {
		f.Errorf("number %d, want 2", seq)
	}
}

func quota(f *fixture) {
	for id := byte(1); id <= 10; id++ {
		_, err := f.append(id, 0, 10)
		f.ok(err)
	}
	_, err := f.append(11, 0, 10)
	f.is(err, wire.ErrQuota)
	if seq, err := f.append(10, 0, 10); seq != 0 || err != nil {
		f.Errorf("a repeat at a full mailbox: %d, %v", seq, err)
	}
	f.ok(f.Ack(f.Context(), f.box, []uint64{1}, f.now))
	_, err = f.append(11, 0, 10)
	f.ok(err)
	f.create(store.Mailbox{Kind: wire.ContactMailbox, MaxMessages: 10, MaxBytes: 1000})
	_, err = f.append(1, 0, 1000)
	f.ok(err)
	_, err = f.append(2, 0, 1)
	f.is(err, wire.ErrQuota)
}

func quarter(f *fixture) {
	f.create(store.Mailbox{Kind: wire.InvitationMailbox, MaxMessages: 8, MaxBytes: 8000})
	for id := byte(1); id <= 2; id++ {
		_, err := f.append(id, 1, 10)
		f.ok(err)
	}
	_, err := f.append(3, 1, 10)
	f.is(err, wire.ErrQuota)
	_, err = f.append(3, 2, 10)
	f.ok(err)
	_, err = f.append(4, 2, 1995)
	f.is(err, wire.ErrQuota)
	for id := byte(10); id < 13; id++ { // requester zero is not counted
		_, err = f.append(id, 0, 10)
		f.ok(err)
	}
	f.ok(f.Ack(f.Context(), f.box, []uint64{1}, f.now))
	_, err = f.append(5, 1, 10)
	f.ok(err)
}

func retention(f *fixture) {
	_, err := f.append(1, 0, 10)
	f.ok(err)
	f.now = f.now.Add(wire.Retention)
	if n := len(f.stored()); n != 0 {
		f.Errorf("%d envelopes after retention", n)
	}
	_, err = f.append(2, 0, 10)
	f.ok(err)
	f.ok(f.Sweep(f.Context(), f.now))
	if n := len(f.stored()); n != 1 {
		f.Errorf("%d envelopes after the sweep, want the new one", n)
	}
	for id := byte(3); id <= 11; id++ { // the room of the swept one is free again
		_, err = f.append(id, 0, 10)
		f.ok(err)
	}
}

func tokens(f *fixture) {
	hash := f.token.Hash()
	_, err := f.Token(f.Context(), f.box, wire.TokenHash{9}, f.now)
	f.is(err, wire.ErrUnauthorized)
	limits := store.Token{Hash: hash, PopBurst: 3, PopEvery: 60 * time.Second, MaxPops: 4, Expires: f.now.Add(time.Hour)}
	f.ok(f.PutToken(f.Context(), f.box, limits, f.now))
	got, err := f.Token(f.Context(), f.box, hash, f.now)
	f.ok(err)
	if got != limits {
		f.Errorf("limits %+v, want %+v", got, limits)
	}
	_, err = f.append(1, 0, 10)
	f.ok(err)
	f.now = f.now.Add(time.Hour)
	_, err = f.append(2, 0, 10)
	f.is(err, wire.ErrExpired)
	_, err = f.Token(f.Context(), f.box, hash, f.now)
	f.is(err, wire.ErrExpired)
	f.ok(f.PutToken(f.Context(), f.box, store.Token{Hash: hash}, f.now))
	_, err = f.append(2, 0, 10)
	f.ok(err)
	f.ok(f.DropToken(f.Context(), f.box, hash, f.now))
	f.ok(f.DropToken(f.Context(), f.box, hash, f.now))
	_, err = f.append(3, 0, 10)
	f.is(err, wire.ErrUnauthorized)
	for i := range store.MaxTokens {
		f.ok(f.PutToken(f.Context(), f.box, store.Token{Hash: wire.TokenHash{byte(i), byte(i >> 8), 1}}, f.now))
	}
	f.is(f.PutToken(f.Context(), f.box, store.Token{Hash: hash}, f.now), wire.ErrQuota)
}

func createOnce(f *fixture) {
	_, err := f.append(1, 0, 10)
	f.ok(err)
	same := store.Mailbox{Address: f.box, Owner: [32]byte{f.made}, Kind: wire.ContactMailbox, MaxMessages: 1}
	f.ok(f.CreateMailbox(f.Context(), same, &wire.GrantHash{7}, f.now)) // not charged, so not looked at
	if n := len(f.stored()); n != 1 {
		f.Errorf("creating again left %d envelopes", n)
	}
	m, err := f.Mailbox(f.Context(), f.box, f.now)
	f.ok(err)
	if m.MaxMessages != 10 || m.Granted {
		f.Errorf("creating again changed it: %+v", m)
	}
	same.Owner = [32]byte{99}
	f.is(f.CreateMailbox(f.Context(), same, nil, f.now), wire.ErrConflict)
	_, err = f.Mailbox(f.Context(), wire.Mailbox{200}, f.now)
	f.is(err, wire.ErrNoMailbox)
}

func grants(f *fixture) {
	granter, hash := f.box, wire.GrantHash{1}
	open := func(n byte) error {
		return f.CreateMailbox(f.Context(), store.Mailbox{
			Address: wire.Mailbox{100, n}, Owner: [32]byte{n}, Kind: wire.ContactMailbox, MaxMessages: 5, MaxBytes: 5000,
		}, &hash, f.now)
	}
	f.is(open(1), wire.ErrUnauthorized)
	f.ok(f.PutGrant(f.Context(), granter, store.Grant{Hash: hash, Mailboxes: 2, Expires: f.now.Add(time.Hour)}, f.now))
	f.ok(open(1))
	f.ok(open(1))
	f.ok(open(2))
	f.is(open(3), wire.ErrExpired)
	f.is(f.PutGrant(f.Context(), wire.Mailbox{100, 1}, store.Grant{Hash: wire.GrantHash{2}, Mailboxes: 1}, f.now), wire.ErrUnauthorized)
	f.create(store.Mailbox{Kind: wire.ContactMailbox})
	f.is(f.PutGrant(f.Context(), f.box, store.Grant{Hash: hash, Mailboxes: 9}, f.now), wire.ErrUnauthorized)
	f.ok(f.PutGrant(f.Context(), granter, store.Grant{Hash: hash, Mailboxes: 2, Expires: f.now.Add(time.Hour)}, f.now))
	f.now = f.now.Add(time.Hour)
	f.is(open(3), wire.ErrExpired)
	f.ok(f.PutGrant(f.Context(), granter, store.Grant{Hash: hash, Mailboxes: 2}, f.now))
	f.ok(open(3))
	f.ok(f.DeleteMailbox(f.Context(), granter, f.now))
	f.is(open(4), wire.ErrUnauthorized)
	m, err := f.Mailbox(f.Context(), wire.Mailbox{100, 3}, f.now)
	f.ok(err)
	if !m.Granted {
		f.Error("a granted mailbox does not say so")
	}
}

func prekeys(f *fixture) {
	hash := f.token.Hash()
	_, _, err := f.PopPrekey(f.Context(), f.box, hash, f.now)
	f.is(err, wire.ErrNotFound)
	f.ok(f.PutPrekeys(f.Context(), f.box, []byte("old"), []wire.Prekey{{ID: 7, Sealed: []byte("z")}}, f.now))
	f.ok(f.PutPrekeys(f.Context(), f.box, []byte("bundle"), []wire.Prekey{{ID: 1 << 63, Sealed: []byte("a")}, {ID: 1, Sealed: []byte("b")}}, f.now))
	n, err := f.CountPrekeys(f.Context(), f.box, f.now)
	f.ok(err)
	if n != 2 {
		f.Fatalf("%d prekeys, want 2", n)
	}
	for _, want := range []*wire.Prekey{{ID: 1 << 63, Sealed: []byte("a")}, {ID: 1, Sealed: []byte("b")}, nil} {
		bundle, p, err := f.PopPrekey(f.Context(), f.box, hash, f.now)
		f.ok(err)
		if string(bundle) != "bundle" || (p == nil) != (want == nil) || p != nil && (p.ID != want.ID || !bytes.Equal(p.Sealed, want.Sealed)) {
			f.Fatalf("popped %s, %+v; want %+v", bundle, p, want)
		}
	}
	_, _, err = f.PopPrekey(f.Context(), f.box, wire.TokenHash{1}, f.now)
	f.is(err, wire.ErrUnauthorized)
	f.ok(f.PutToken(f.Context(), f.box, store.Token{Hash: hash, MaxPops: 4}, f.now))
	_, _, err = f.PopPrekey(f.Context(), f.box, hash, f.now)
	f.ok(err)
	_, _, err = f.PopPrekey(f.Context(), f.box, hash, f.now)
	f.is(err, wire.ErrExpired)
}

func state(f *fixture) {
	cell, err := f.State(f.Context(), f.box, f.now)
	f.ok(err)
	if cell != nil {
		f.Errorf("a new cell holds %q", cell)
	}
	f.is(f.SetState(f.Context(), f.box, []byte("x"), []byte("a"), f.now), wire.ErrConflict)
	f.ok(f.SetState(f.Context(), f.box, nil, []byte("a"), f.now))
	f.ok(f.SetState(f.Context(), f.box, nil, []byte("a"), f.now)) // a repeat whose answer was lost
	f.is(f.SetState(f.Context(), f.box, nil, []byte("b"), f.now), wire.ErrConflict)
	f.ok(f.SetState(f.Context(), f.box, []byte("a"), []byte("b"), f.now))
	cell, err = f.State(f.Context(), f.box, f.now)
	f.ok(err)
	if string(cell) != "b" {
		f.Errorf("cell %q, want b", cell)
	}
}

func ends(f *fixture) {
	f.create(store.Mailbox{Kind: wire.ContactMailbox, Expires: f.now.Add(time.Hour)})
	_, err := f.append(1, 0, 10)
	f.ok(err)
	f.now = f.now.Add(time.Hour)
	for _, swept := range []bool{false, true} {
		f.gone()
		if !swept {
			f.ok(f.Sweep(f.Context(), f.now))
		}
	}
	f.ok(f.CreateMailbox(f.Context(), store.Mailbox{Address: f.box, Owner: [32]byte{f.made}, Kind: wire.ContactMailbox, MaxMessages: 5, MaxBytes: 500}, nil, f.now))
	if n := len(f.stored()); n != 0 {
		f.Errorf("opened again with %d envelopes", n)
	}
}

// gone checks that every method says the present mailbox is not there.
func (f *fixture) gone() {
	f.Helper()
	_, err := f.append(9, 0, 10)
	f.is(err, wire.ErrNoMailbox)
	_, err = f.Mailbox(f.Context(), f.box, f.now)
	f.is(err, wire.ErrNoMailbox)
	_, err = f.After(f.Context(), f.box, 0, 1, 1, f.now)
	f.is(err, wire.ErrNoMailbox)
	_, err = f.Token(f.Context(), f.box, f.token.Hash(), f.now)
	f.is(err, wire.ErrNoMailbox)
	_, err = f.State(f.Context(), f.box, f.now)
	f.is(err, wire.ErrNoMailbox)
	_, err = f.CountPrekeys(f.Context(), f.box, f.now)
	f.is(err, wire.ErrNoMailbox)
	_, _, err = f.PopPrekey(f.Context(), f.box, f.token.Hash(), f.now)
	f.is(err, wire.ErrNoMailbox)
	f.is(f.Ack(f.Context(), f.box, []uint64{1}, f.now), wire.ErrNoMailbox)
	f.is(f.PutToken(f.Context(), f.box, store.Token{}, f.now), wire.ErrNoMailbox)
	f.is(f.DropToken(f.Context(), f.box, f.token.Hash(), f.now), wire.ErrNoMailbox)
	f.is(f.PutGrant(f.Context(), f.box, store.Grant{Mailboxes: 1}, f.now), wire.ErrNoMailbox)
	f.is(f.PutPrekeys(f.Context(), f.box, []byte("b"), nil, f.now), wire.ErrNoMailbox)
	f.is(f.SetState(f.Context(), f.box, nil, []byte("b"), f.now), wire.ErrNoMailbox)
	f.is(f.DeleteMailbox(f.Context(), f.box, f.now), wire.ErrNoMailbox)
}

func deletes(f *fixture) {
	_, err := f.append(1, 0, 10)
	f.ok(err)
	f.ok(f.PutPrekeys(f.Context(), f.box, []byte("b"), []wire.Prekey{{ID: 1, Sealed: []byte("a")}}, f.now))
	f.ok(f.DeleteMailbox(f.Context(), f.box, f.now))
	f.gone()
	f.ok(f.CreateMailbox(f.Context(), store.Mailbox{Address: f.box, Owner: [32]byte{f.made}, Kind: wire.ContactMailbox, MaxMessages: 5, MaxBytes: 500}, nil, f.now))
	if n, err := f.CountPrekeys(f.Context(), f.box, f.now); n != 0 || err != nil || len(f.stored()) != 0 {
		f.Errorf("left behind: %d prekeys, %d envelopes, %v", n, len(f.stored()), err)
	}
	_, err = f.append(2, 0, 10)
	f.is(err, wire.ErrUnauthorized)
}

func sweepsMany(f *fixture) {
	f.create(store.Mailbox{Kind: wire.ContactMailbox, MaxMessages: 1000, MaxBytes: 1 << 20})
	for i := range 450 {
		if i == 440 {
			f.now = f.now.Add(time.Hour)
		}
		f.Append(store.Envelope{
			Mailbox: f.box, Token: f.token.Hash(), ID: wire.EnvelopeID{byte(i), byte(i >> 8), 1}, Received: f.now, Body: []byte{1},
		}, func(_ uint64, err error) {
			if err != nil {
				f.Error(err)
			}
		})
	}
	f.ok(f.Ready(f.Context()))
	f.ok(f.Sweep(f.Context(), f.now.Add(wire.Retention-time.Hour)))
	if n := len(f.stored()); n != 10 {
		f.Errorf("%d envelopes are left, want the 10 newest", n)
	}
}

func bounded(f *fixture) {
	for id := byte(1); id <= 5; id++ {
		_, err := f.append(id, 0, 100)
		f.ok(err)
	}
	for _, c := range []struct{ limit, bytes, want int }{{2, 1000, 2}, {10, 250, 2}, {10, 10, 1}, {10, 500, 5}} {
		got, err := f.After(context.Background(), f.box, 0, c.limit, c.bytes, f.now)
		f.ok(err)
		if len(got) != c.want {
			f.Errorf("limit %d, bytes %d: %d envelopes, want %d", c.limit, c.bytes, len(got), c.want)
		}
	}
}
