package handshake_test

import (
	"bytes"
	"crypto/mlkem"
	"errors"
	"testing"
	"time"

	"sotto/app/apptest/alloc"
	"sotto/crypto/encode"
	"sotto/crypto/handshake"
	"sotto/crypto/identity"
)

func TestBundleAndPairsSurviveSealing(t *testing.T) {
	bob := newMailbox(t, newParty(t), 2)
	bundle := bob.open(t)
	if bundle.Identity() != bob.identity.Fingerprint() || bundle.Device.ID != bob.own.Device.ID() ||
		bundle.List.Hash() != bob.own.List.Hash() || !bundle.Created.Equal(now) ||
		!bundle.NotAfter.Equal(now.Add(handshake.BundleLifetime)) {
		t.Error("another bundle came back")
	}
	pair, err := handshake.OpenPair(bob.secret, handshake.SealPair(bob.secret, bob.pairs[1]))
	if err != nil || pair.ID() != bob.pairs[1].ID() {
		t.Errorf("OpenPair = %v, %v", pair, err)
	}
	if bytes.Equal(handshake.SealPair(bob.secret, bob.pairs[0]), handshake.SealPair(bob.secret, bob.pairs[0])) {
		t.Error("sealing twice gives the same bytes")
	}
}

func TestPrivatePrekeysSurviveMarshalAndParse(t *testing.T) {
	bob := newMailbox(t, newParty(t), 1)
	sent := bob.initiate(t, newParty(t))
	set, err := handshake.ParsePrekeySet(bob.set.Marshal())
	if err != nil {
		t.Fatal(err)
	}
	pair, err := handshake.ParseOneTimePair(bob.pairs[0].Marshal())
	if err != nil {
		t.Fatal(err)
	}
	if !set.Created().Equal(now) || set.ID() != bob.set.ID() {
		t.Error("id or date changed")
	}
	got, err := bob.acceptWith(sent.Header, bob.secret, set, []*handshake.OneTimePair{pair}, now)
	if err != nil || got.Root != sent.Root {
		t.Errorf("stored prekeys do not accept: %v", err)
	}
	good := bob.set.Marshal()
	otherFormat := bytes.Clone(good)
	otherFormat[0]++
	for name, b := range map[string][]byte{
		"empty": nil, "short": good[:len(good)-1], "long": append(bytes.Clone(good), 0), "another format": otherFormat,
	} {
		if _, err := handshake.ParsePrekeySet(b); !errors.Is(err, handshake.ErrMalformed) {
			t.Errorf("set %s: %v", name, err)
		}
		if _, err := handshake.ParseOneTimePair(b); !errors.Is(err, handshake.ErrMalformed) {
			t.Errorf("pair %s: %v", name, err)
		}
	}
}

func TestBundleOpensOnlyWithTheInvitationItWasMadeFor(t *testing.T) {
	alice, bob := newParty(t), newMailbox(t, newParty(t), 1)
	expected := bob.identity.Fingerprint()
	pair := handshake.SealPair(bob.secret, bob.pairs[0])
	if _, err := handshake.OpenBundle(nil, handshake.NewSecret(), bob.sealed, expected, now); !errors.Is(err, handshake.ErrBundle) {
		t.Errorf("bundle under another secret: %v", err)
	}
	if _, err := handshake.OpenPair(handshake.NewSecret(), pair); !errors.Is(err, handshake.ErrBundle) {
		t.Errorf("pair under another secret: %v", err)
	}
	if _, err := handshake.OpenBundle(nil, bob.secret, pair, expected, now); !errors.Is(err, handshake.ErrBundle) {
		t.Errorf("a pair served as a bundle: %v", err)
	}
	if _, err := handshake.OpenPair(bob.secret, bob.sealed); !errors.Is(err, handshake.ErrBundle) {
		t.Errorf("a bundle served as a pair: %v", err)
	}
	if _, err := handshake.OpenBundle(nil, bob.secret, bob.sealed, alice.identity.Fingerprint(), now); !errors.Is(err, handshake.ErrOtherIdentity) {
		t.Errorf("I14, bundle of another identity: %v", err)
	}
	for i := 0; i < len(bob.sealed); i += 97 {
		bad := bytes.Clone(bob.sealed)
		bad[i] ^= 1
		if _, err := handshake.OpenBundle(nil, bob.secret, bad, expected, now); !errors.Is(err, handshake.ErrBundle) {
			t.Fatalf("byte %d flipped: %v", i, err)
		}
	}
	for _, b := range [][]byte{nil, {1}, make([]byte, handshake.MaxBundle+1)} {
		if _, err := handshake.OpenBundle(nil, bob.secret, b, expected, now); !errors.Is(err, handshake.ErrBundle) {
			t.Errorf("%d bytes: %v", len(b), err)
		}
	}
}

// parts of an unsealed bundle.
type parts struct{ certificate, list, body, signature []byte }

func split(t testing.TB, bundle []byte) parts {
	t.Helper()
	r := encode.NewReader(bundle)
	p := parts{r.Bytes(1 << 20), r.Bytes(1 << 20), r.Bytes(1 << 20), r.Bytes(1 << 20)}
	if err := r.Done(); err != nil {
		t.Fatal(err)
	}
	return p
}

func (p parts) join() []byte {
	var out []byte
	for _, f := range [][]byte{p.certificate, p.list, p.body, p.signature} {
		out = encode.Append(out, f)
	}
	return out
}

func TestI14BundleMadeOfForeignPartsIsRefused(t *testing.T) {
	bob, mallory := newMailbox(t, newParty(t), 1), newMailbox(t, newParty(t), 1)
	good, err := handshake.NewBundle(bob.own, bob.set, bob.pairs, now)
	if err != nil {
		t.Fatal(err)
	}
	evil, err := handshake.NewBundle(mallory.own, mallory.set, mallory.pairs, now)
	if err != nil {
		t.Fatal(err)
	}
	ours, theirs := split(t, good), split(t, evil)

	// Mallory's device, which is not on Bob's list, signs what Bob's device would have to sign.
	resigned := ours
	if resigned.signature, err = mallory.own.Device.Sign(encode.BundleStatement, ours.body, now); err != nil {
		t.Fatal(err)
	}
	// Bob's device signs the right bytes for another purpose.
	repurposed := ours
	if repurposed.signature, err = bob.own.Device.Sign(encode.BundleSeal, ours.body, now); err != nil {
		t.Fatal(err)
	}
	// Bob's device signs a statement in another's name.
	renamed := ours
	renamed.body = bytes.Clone(ours.body)
	renamed.body[4] ^= 1
	if renamed.signature, err = bob.own.Device.Sign(encode.BundleStatement, renamed.body, now); err != nil {
		t.Fatal(err)
	}
	// Bob's newer list with the statement made for the older one.
	newer := ours
	list, err := identity.SignDeviceList(bob.identity, bob.own.List, [][]byte{bob.own.Device.Statement(bob.identity.Fingerprint())}, now)
	if err != nil {
		t.Fatal(err)
	}
	newer.list = list.Bytes()

	for name, p := range map[string]parts{
		"a foreign certificate":         {theirs.certificate, ours.list, ours.body, ours.signature},
		"a foreign list":                {ours.certificate, theirs.list, ours.body, ours.signature},
		"a foreign statement":           {ours.certificate, ours.list, theirs.body, theirs.signature},
		"a foreign signature":           {ours.certificate, ours.list, ours.body, theirs.signature},
		"a signature by another device": resigned,
		"a signature for another use":   repurposed,
		"another name":                  renamed,
		"another list version":          newer,
		"a byte after the statement":    {ours.certificate, ours.list, append(bytes.Clone(ours.body), 0), ours.signature},
		"no signature":                  {ours.certificate, ours.list, ours.body, nil},
	} {
		sealed := handshake.SealBundle(bob.secret, p.join())
		_, err := handshake.OpenBundle(nil, bob.secret, sealed, bob.identity.Fingerprint(), now)
		if !errors.Is(err, handshake.ErrBundle) && !errors.Is(err, handshake.ErrOtherIdentity) {
			t.Errorf("bundle with %s: %v", name, err)
		}
	}
	if _, err := handshake.OpenBundle(nil, bob.secret, handshake.SealBundle(bob.secret, ours.join()), bob.identity.Fingerprint(), now); err != nil {
		t.Errorf("the parts put together again: %v", err)
	}
}

func TestI17ExpiredAndFutureBundlesAreRefused(t *testing.T) {
	bob := newMailbox(t, newParty(t), 1)
	end := now.Add(handshake.BundleLifetime)
	for _, c := range []struct {
		name string
		at   time.Time
		want error
	}{
		{"made", now, nil},
		{"a day before", now.Add(-identity.ClockSkew), nil},
		{"more than a day before", now.Add(-identity.ClockSkew - time.Second), handshake.ErrBundleFuture},
		{"at its end", end, nil},
		{"a day after its end", end.Add(identity.ClockSkew), nil},
		{"more than a day after its end", end.Add(identity.ClockSkew + time.Second), handshake.ErrBundleExpired},
		{"after its list has ended too", now.Add(identity.ListLifetime + 2*identity.ClockSkew), handshake.ErrBundleExpired},
	} {
		t.Run(c.name, func(t *testing.T) {
			if _, err := handshake.OpenBundle(nil, bob.secret, bob.sealed, bob.identity.Fingerprint(), c.at); !errors.Is(err, c.want) {
				t.Errorf("opening: %v, want %v", err, c.want)
			}
			_, err := handshake.Initiate(newParty(t).own, bob.open(t), nil, bob.secret, c.at)
			if c.name != "after its list has ended too" && !errors.Is(err, c.want) {
				t.Errorf("initiating: %v, want %v", err, c.want)
			}
		})
	}
}

// TestI17StatementsWithImpossibleDatesAreRefused has Bob's own device sign them.
func TestI17StatementsWithImpossibleDatesAreRefused(t *testing.T) {
	bob := newMailbox(t, newParty(t), 1)
	good, err := handshake.NewBundle(bob.own, bob.set, bob.pairs, now)
	if err != nil {
		t.Fatal(err)
	}
	const createdAt, notAfterAt = 36 + 12 + 12 + 4, 36 + 12 + 12 + 12 + 4
	stamp := func(created, notAfter time.Time) error {
		p := split(t, good)
		p.body = bytes.Clone(p.body)
		copy(p.body[createdAt:], encode.Uint64(uint64(created.Unix())))
		copy(p.body[notAfterAt:], encode.Uint64(uint64(notAfter.Unix())))
		var err error
		if p.signature, err = bob.own.Device.Sign(encode.BundleStatement, p.body, now); err != nil {
			t.Fatal(err)
		}
		_, err = handshake.OpenBundle(nil, bob.secret, handshake.SealBundle(bob.secret, p.join()), bob.identity.Fingerprint(), now)
		return err
	}
	if err := stamp(now, now.Add(time.Hour)); err != nil {
		t.Fatalf("a shorter life: %v", err)
	}
	if err := stamp(now, now.Add(handshake.BundleLifetime+time.Second)); !errors.Is(err, handshake.ErrBundle) {
		t.Errorf("a longer life: %v", err)
	}
	if err := stamp(now, now); !errors.Is(err, handshake.ErrBundle) {
		t.Errorf("no life: %v", err)
	}
	if err := stamp(now, now.Add(-time.Hour)); !errors.Is(err, handshake.ErrBundle) {
		t.Errorf("a life backwards: %v", err)
	}
}

func TestPairsMustBeListed(t *testing.T) {
	alice, bob := newParty(t), newMailbox(t, newParty(t), 1)
	stray, err := handshake.NewOneTimePair(now)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := handshake.Initiate(alice.own, bob.open(t), stray.Public(), bob.secret, now); !errors.Is(err, handshake.ErrUnlistedPair) {
		t.Errorf("a pair of the relay's own: %v", err)
	}
	if handshake.MaxSealedPair != len(handshake.SealPair(bob.secret, stray)) {
		t.Error("MaxSealedPair is not the size of a sealed pair")
	}
}

func TestBundlesAreMadeOnlyForTheOwnDevice(t *testing.T) {
	alice, bob := newParty(t), newMailbox(t, newParty(t), 1)
	mixed := []handshake.Own{
		{Device: alice.own.Device, Certificate: bob.own.Certificate, List: bob.own.List},
		{Device: bob.own.Device, Certificate: alice.own.Certificate, List: bob.own.List},
		{Device: bob.own.Device, Certificate: bob.own.Certificate, List: alice.own.List},
	}
	for i, own := range mixed {
		if _, err := handshake.NewBundle(own, bob.set, nil, now); !errors.Is(err, handshake.ErrMalformed) {
			t.Errorf("bundle of mixed party %d: %v", i, err)
		}
	}
	stranger := newMailbox(t, newParty(t), 0)
	for i, own := range mixed {
		if _, err := handshake.Initiate(own, stranger.open(t), nil, stranger.secret, now); !errors.Is(err, handshake.ErrMalformed) {
			t.Errorf("initiating as mixed party %d: %v", i, err)
		}
	}
	if _, err := handshake.NewBundle(bob.own, bob.set, make([]*handshake.OneTimePair, handshake.MaxPairs+1), now); !errors.Is(err, handshake.ErrMalformed) {
		t.Errorf("too many pairs: %v", err)
	}
}

func FuzzOpenBundle(f *testing.F) {
	alice, bob := newParty(f), newMailbox(f, newParty(f), 2)
	plain, err := handshake.NewBundle(bob.own, bob.set, bob.pairs, now)
	if err != nil {
		f.Fatal(err)
	}
	genuine := split(f, plain)
	f.Add(plain)
	f.Add(plain[:5000])
	f.Add(genuine.body)
	f.Add(genuine.body[:len(genuine.body)-1])
	f.Add([]byte{0, 0, 0, 0, 0, 0, 0, 0})
	f.Fuzz(func(t *testing.T, b []byte) {
		bundle, err := handshake.OpenBundle(nil, bob.secret, handshake.SealBundle(bob.secret, b), bob.identity.Fingerprint(), now)
		if err == nil && (bundle.Identity() != bob.identity.Fingerprint() || !bytes.Equal(b, plain)) {
			t.Error("a bundle that Bob did not make was accepted")
		}
		sealed := handshake.SealBundle(bob.secret, b)
		for _, received := range [][]byte{b, sealed} {
			alloc.Check(t, len(received), func() {
				_, _ = handshake.OpenBundle(nil, bob.secret, received, bob.identity.Fingerprint(), now)
			})
			alloc.Check(t, len(received), func() { _, _ = handshake.OpenPair(bob.secret, received) })
		}
		signedStatement(t, alice, bob, genuine, b)
	})
}

// signedStatement has Bob's own device sign what the fuzzer makes up: what a statement says is checked
// behind its signature too.
func signedStatement(t *testing.T, alice *party, bob *mailbox, p parts, body []byte) {
	t.Helper()
	signature, err := bob.own.Device.Sign(encode.BundleStatement, body, now)
	if err != nil {
		t.Fatal(err)
	}
	p.body, p.signature = body, signature
	sealed := handshake.SealBundle(bob.secret, p.join())
	alloc.Check(t, len(sealed), func() {
		_, _ = handshake.OpenBundle(nil, bob.secret, sealed, bob.identity.Fingerprint(), now)
	})
	bundle, err := handshake.OpenBundle(nil, bob.secret, sealed, bob.identity.Fingerprint(), now)
	if err != nil {
		if !errors.Is(err, handshake.ErrBundle) && !errors.Is(err, handshake.ErrBundleExpired) && !errors.Is(err, handshake.ErrBundleFuture) {
			t.Errorf("error %v", err)
		}
		return
	}
	if bundle.Identity() != bob.identity.Fingerprint() || bundle.Device.ID != bob.own.Device.ID() ||
		bundle.NotAfter.Sub(bundle.Created) > handshake.BundleLifetime {
		t.Error("a statement was accepted that the rules forbid")
	}
	// What was accepted can be written to, or is refused as a key that is none.
	if _, err := handshake.Initiate(alice.own, bundle, nil, bob.secret, now); err != nil && !errors.Is(err, handshake.ErrBundle) {
		t.Errorf("Initiate = %v", err)
	}
}

func FuzzAcceptHeader(f *testing.F) {
	alice, bob := newParty(f), newMailbox(f, newParty(f), 1)
	header := bob.initiate(f, alice).Header
	f.Add(header)
	f.Add(header[:handshake.OffsetBlock])
	f.Add(bytes.Repeat([]byte{1}, 18+32+mlkem.CiphertextSize1024+20))
	f.Fuzz(func(t *testing.T, b []byte) {
		alloc.Check(t, len(b), func() { _, _ = bob.accept(b) })
		if _, err := bob.accept(b); err != nil {
			refused(t, "fuzzed header", err)
		}
		if len(b) < handshake.OffsetBlock {
			return
		}
		gated := handshake.Regate(b, bob.secret)
		alloc.Check(t, len(b), func() { _, _ = bob.accept(gated) })
		if _, err := bob.accept(gated); err != nil {
			refused(t, "fuzzed header under a fresh gate", err)
		}
	})
}

func FuzzParsePrekeys(f *testing.F) {
	bob := newMailbox(f, newParty(f), 1)
	f.Add(bob.set.Marshal())
	f.Add(bob.pairs[0].Marshal())
	f.Add(bob.pairs[0].Marshal()[:40])
	f.Fuzz(func(t *testing.T, b []byte) {
		alloc.Check(t, len(b), func() { _, _ = handshake.ParsePrekeySet(b) })
		alloc.Check(t, len(b), func() { _, _ = handshake.ParseOneTimePair(b) })
		set, err := handshake.ParsePrekeySet(b)
		if err == nil && !bytes.Equal(set.Marshal(), b) {
			t.Error("a set was accepted that does not marshal to the bytes received")
		}
		pair, err := handshake.ParseOneTimePair(b)
		if err == nil && !bytes.Equal(pair.Marshal(), b) {
			t.Error("a pair was accepted that does not marshal to the bytes received")
		}
	})
}

// TestPeerKeysThatAreNoneAreRefused has Bob's own device sign them.
func TestPeerKeysThatAreNoneAreRefused(t *testing.T) {
	alice, bob := newParty(t), newMailbox(t, newParty(t), 0)
	good, err := handshake.NewBundle(bob.own, bob.set, nil, now)
	if err != nil {
		t.Fatal(err)
	}
	const prekeyAt = 36 + 12 + 12 + 12 + 12 + 12 + 4
	for _, c := range []struct {
		name  string
		at    int
		bytes []byte
	}{
		{"a signed prekey of low order", prekeyAt, make([]byte, 32)},
		{"a last-resort key out of range", prekeyAt + 32 + 4, bytes.Repeat([]byte{0xff}, mlkem.EncapsulationKeySize1024)},
	} {
		p := split(t, good)
		p.body = bytes.Clone(p.body)
		copy(p.body[c.at:], c.bytes)
		if p.signature, err = bob.own.Device.Sign(encode.BundleStatement, p.body, now); err != nil {
			t.Fatal(err)
		}
		bundle, err := handshake.OpenBundle(nil, bob.secret, handshake.SealBundle(bob.secret, p.join()), bob.identity.Fingerprint(), now)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := handshake.Initiate(alice.own, bundle, nil, bob.secret, now); !errors.Is(err, handshake.ErrBundle) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}
