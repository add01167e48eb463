package handshake_test

import (
	"bytes"
	"encoding/hex"
	"testing"
	"time"

	"sotto/crypto/handshake"
	"sotto/crypto/identity"
)

// refused fails the test unless err is the one outside error itself, wrapped in nothing (I19).
func refused(t *testing.T, what string, err error) {
	t.Helper()
	if err != handshake.ErrHandshake { //nolint:errorlint // sameness is what is tested
		t.Errorf("%s: %v, want the one outside error", what, err)
	}
}

func TestI9DeletedOneTimePairCannotBeRecomputed(t *testing.T) {
	alice, bob := newParty(t), newMailbox(t, newParty(t), 2)
	sent := bob.initiate(t, alice)
	if _, err := bob.accept(sent.Header); err != nil {
		t.Fatal(err)
	}
	// A thief of everything Bob still has after deleting the pair: device, set, other pair, secret, header.
	bob.pairs = bob.pairs[1:]
	_, err := bob.accept(sent.Header)
	refused(t, "without the pair", err)

	for _, c := range []struct {
		name string
		mode byte
		id   []byte
	}{
		{"as if it were for the remaining pair", 1, id(bob.pairs[0].ID())},
		{"as if it were for the last-resort key", 0, make([]byte, 8)},
	} {
		header := bytes.Clone(sent.Header)
		header[handshake.OffsetMode] = c.mode
		copy(header[handshake.OffsetPairID:], c.id)
		_, err := bob.accept(handshake.Regate(header, bob.secret))
		refused(t, c.name, err)
	}
}

func id(i handshake.ID) []byte { return i[:] }

func TestI14IdentityBlockMustBeTheSendersOwn(t *testing.T) {
	alice, mallory, bob := newParty(t), newParty(t), newMailbox(t, newParty(t), 1)
	pair := bob.pairs[0].Public()
	rolled, err := identity.SignDeviceList(alice.identity, nil, [][]byte{alice.own.Device.Statement(alice.identity.Fingerprint())}, now.Add(2*identity.ClockSkew))
	if err != nil {
		t.Fatal(err)
	}
	future := alice.own
	future.List = rolled

	sent, err := handshake.Initiate(future, bob.open(t), pair, bob.secret, now)
	if err != nil {
		t.Fatal(err)
	}
	_, err = bob.accept(sent.Header)
	refused(t, "a list dated in the future", err)

	old, err := handshake.Initiate(alice.own, bob.open(t), pair, bob.secret, now)
	if err != nil {
		t.Fatal(err)
	}
	later := now.Add(identity.ListLifetime + 2*identity.ClockSkew)
	_, err = bob.acceptWith(old.Header, bob.secret, bob.set, bob.pairs, later)
	refused(t, "an expired list", err)

	// Mallory sends Alice's public certificate and list with keys of her own: she cannot compute DH1, so
	// her root key is not Bob's and nothing she encrypts opens.
	forged := mallory.own
	forged.Certificate, forged.List = alice.own.Certificate, alice.own.List
	if _, err := handshake.Initiate(forged, bob.open(t), pair, bob.secret, now); err == nil {
		t.Error("a device writes under a list that does not hold it")
	}
}

func TestI15ReflectionIsRefused(t *testing.T) {
	bob := newMailbox(t, newParty(t), 1)
	if _, err := handshake.Initiate(bob.own, bob.open(t), nil, bob.secret, now); err != handshake.ErrSelf { //nolint:errorlint
		t.Errorf("writing to oneself: %v", err)
	}
	// Alice's message to Bob comes back to Alice's own mailbox with the same secret.
	alice := newParty(t)
	sent := bob.initiate(t, alice)
	mirror := newMailbox(t, alice, 1)
	_, err := mirror.acceptWith(sent.Header, bob.secret, mirror.set, mirror.pairs, now)
	refused(t, "own message reflected", err)

	// Someone with a copy of Bob's keys writes to Bob as Bob.
	out, err := handshake.InitiateUnchecked(bob.own, bob.open(t), bob.pairs[0].Public(), bob.secret, now)
	if err != nil {
		t.Fatal(err)
	}
	_, err = bob.accept(out.Header)
	refused(t, "a message from the own identity", err)
}

func TestI15PartsOfTwoHandshakesCannotBeSpliced(t *testing.T) {
	alice, carol, bob := newParty(t), newParty(t), newMailbox(t, newParty(t), 2)
	one := bob.initiate(t, alice)
	two, err := handshake.Initiate(carol.own, bob.open(t), bob.pairs[1].Public(), bob.secret, now)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name     string
		from, to int
	}{
		{"pair id", handshake.OffsetPairID, handshake.OffsetEphemeral},
		{"ephemeral key", handshake.OffsetEphemeral, handshake.OffsetKEM},
		{"ciphertext", handshake.OffsetKEM, handshake.OffsetGate},
		{"identity block", handshake.OffsetBlock, len(one.Header)},
		{"everything but the identity block", 0, handshake.OffsetBlock},
		{"pair id and ciphertext", handshake.OffsetPairID, handshake.OffsetEphemeral},
	} {
		t.Run(c.name, func(t *testing.T) {
			header := bytes.Clone(one.Header)
			copy(header[c.from:c.to], two.Header[c.from:c.to])
			_, err := bob.accept(handshake.Regate(header, bob.secret))
			refused(t, "spliced header", err)
		})
	}
}

func TestI17OldPrekeysAreRefused(t *testing.T) {
	alice, bob := newParty(t), newMailbox(t, newParty(t), 1)
	sent := bob.initiate(t, alice)
	last := now.Add(handshake.PrekeyRetention)
	if _, err := bob.acceptWith(sent.Header, bob.secret, bob.set, bob.pairs, last); err != nil {
		t.Errorf("on the last day: %v", err)
	}
	_, err := bob.acceptWith(sent.Header, bob.secret, bob.set, bob.pairs, last.Add(time.Second))
	refused(t, "after the last day", err)

	// A set and a pair of different ages: the older one decides.
	oldPair, err := handshake.NewOneTimePair(now.Add(-time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	oldSet, err := handshake.NewPrekeySet(now.Add(-time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	for name, m := range map[string]*mailbox{
		"an older pair": {party: bob.party, secret: bob.secret, set: bob.set, pairs: []*handshake.OneTimePair{oldPair}},
		"an older set":  {party: bob.party, secret: bob.secret, set: oldSet, pairs: bob.pairs},
	} {
		bundle, err := handshake.NewBundle(m.own, m.set, m.pairs, now)
		if err != nil {
			t.Fatal(err)
		}
		m.sealed = handshake.SealBundle(m.secret, bundle)
		sent := m.initiate(t, alice)
		if _, err := m.acceptWith(sent.Header, m.secret, m.set, m.pairs, last.Add(-time.Hour)); err != nil {
			t.Errorf("%s on its last day: %v", name, err)
		}
		_, err = m.acceptWith(sent.Header, m.secret, m.set, m.pairs, last)
		refused(t, name, err)
	}
}

func TestI19EveryFailureIsTheSameError(t *testing.T) {
	alice, bob := newParty(t), newMailbox(t, newParty(t), 1)
	header := bob.initiate(t, alice).Header
	otherSet, err := handshake.NewPrekeySet(now)
	if err != nil {
		t.Fatal(err)
	}
	otherPair, err := handshake.NewOneTimePair(now)
	if err != nil {
		t.Fatal(err)
	}
	initial, err := handshake.ParseInitial(header)
	if err != nil {
		t.Fatal(err)
	}
	_, err = handshake.Accept(nil, bob.own, nil, bob.pairs[0], initial, bob.secret, now)
	refused(t, "unknown set", err)
	_, err = handshake.Accept(nil, bob.own, otherSet, bob.pairs[0], initial, bob.secret, now)
	refused(t, "another set", err)
	_, err = handshake.Accept(nil, bob.own, bob.set, nil, initial, bob.secret, now)
	refused(t, "unknown pair", err)
	_, err = handshake.Accept(nil, bob.own, bob.set, otherPair, initial, bob.secret, now)
	refused(t, "another pair", err)
	_, err = handshake.Accept(nil, newParty(t).own, bob.set, bob.pairs[0], initial, bob.secret, now)
	refused(t, "another device", err)
	_, err = handshake.Accept(nil, bob.own, bob.set, bob.pairs[0], initial, handshake.NewSecret(), now)
	refused(t, "another invitation secret", err)
	refused(t, "the gate with another secret", initial.CheckGate(handshake.NewSecret()))
	if err := initial.CheckGate(bob.secret); err != nil {
		t.Error(err)
	}

	// One who knows the invitation secret replaces the ephemeral key by points of low order.
	for _, point := range []string{
		"0000000000000000000000000000000000000000000000000000000000000000",
		"0100000000000000000000000000000000000000000000000000000000000000",
		"e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
		"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	} {
		low, err := hex.DecodeString(point)
		if err != nil {
			t.Fatal(err)
		}
		bad := bytes.Clone(header)
		copy(bad[handshake.OffsetEphemeral:], low)
		_, err = bob.accept(handshake.Regate(bad, bob.secret))
		refused(t, "an ephemeral key of low order", err)
	}
}

func TestI19EveryFlippedByteOfAHeaderIsRefused(t *testing.T) {
	alice, bob := newParty(t), newMailbox(t, newParty(t), 1)
	header := bob.initiate(t, alice).Header
	for i := range header {
		if i > handshake.OffsetBlock+64 && i%211 != 0 {
			continue
		}
		bad := bytes.Clone(header)
		bad[i] ^= 0x40
		_, err := bob.accept(bad)
		refused(t, "a flipped byte", err)
		if i < handshake.OffsetGate || i >= handshake.OffsetBlock {
			_, err = bob.accept(handshake.Regate(bad, bob.secret))
			refused(t, "a flipped byte under a fresh gate", err)
		}
		if t.Failed() {
			t.Fatalf("at byte %d", i)
		}
	}
}

// I16: the gate alone refuses whatever was changed, before any key is looked for.
func TestI16TheGateCoversEveryByteOfTheHeader(t *testing.T) {
	alice, bob := newParty(t), newMailbox(t, newParty(t), 1)
	header := bob.initiate(t, alice).Header
	checked := 0
	for i := range header {
		bad := bytes.Clone(header)
		bad[i] ^= 1
		initial, err := handshake.ParseInitial(bad)
		if err != nil {
			continue // refused at an even lower price
		}
		checked++
		if err := initial.CheckGate(bob.secret); err == nil {
			t.Fatalf("byte %d of %d may be changed", i, len(header))
		}
	}
	if checked < len(header)-8 {
		t.Errorf("only %d of %d bytes reach the gate", checked, len(header))
	}
}

func TestI20OtherVersionsAndModesAreRefused(t *testing.T) {
	alice, bob := newParty(t), newMailbox(t, newParty(t), 1)
	header := bob.initiate(t, alice).Header
	for _, version := range []byte{0, 2, 0xff} {
		bad := bytes.Clone(header)
		bad[0] = version
		_, err := bob.accept(handshake.Regate(bad, bob.secret))
		refused(t, "another version", err)
	}
	for _, mode := range []byte{0, 2, 0xff} {
		bad := bytes.Clone(header)
		bad[handshake.OffsetMode] = mode
		_, err := bob.accept(handshake.Regate(bad, bob.secret))
		refused(t, "another mode", err)
	}
}

func TestMalformedHeadersAreRefused(t *testing.T) {
	header := newMailbox(t, newParty(t), 1).initiate(t, newParty(t)).Header
	changed := func(at int, b byte) []byte {
		out := bytes.Clone(header)
		out[at] = b
		return out
	}
	lastResort := newMailbox(t, newParty(t), 0).initiate(t, newParty(t)).Header
	lastResort[handshake.OffsetMode] = 2
	for name, b := range map[string][]byte{
		"a mode above":     lastResort,
		"empty":            nil,
		"only a prefix":    header[:handshake.OffsetGate],
		"without a block":  header[:handshake.OffsetBlock],
		"a byte short":     header[:len(header)-1],
		"a byte long":      append(bytes.Clone(header), 0),
		"above the bound":  make([]byte, handshake.MaxHeader+1),
		"another version":  changed(0, 2),
		"another mode":     changed(handshake.OffsetMode, 2),
		"an id of no pair": changed(handshake.OffsetMode, 0),
	} {
		_, err := handshake.ParseInitial(b)
		refused(t, name, err)
	}
}

func TestReplayHashIsTheSameForTheSameHandshakeOnly(t *testing.T) {
	alice, bob := newParty(t), newMailbox(t, newParty(t), 1)
	first, second := bob.initiate(t, alice), bob.initiate(t, alice)
	hash := func(header []byte, device identity.DeviceID) [32]byte {
		initial, err := handshake.ParseInitial(header)
		if err != nil {
			t.Fatal(err)
		}
		return initial.ReplayHash(device)
	}
	device := bob.own.Device.ID()
	accepted, err := bob.accept(first.Header)
	if err != nil {
		t.Fatal(err)
	}
	if accepted.Replay != hash(first.Header, device) {
		t.Error("the accepted handshake has another replay hash than its header")
	}
	// The gate and the block are not part of it: whoever varies them replays the same keys.
	varied := bytes.Clone(first.Header)
	varied[len(varied)-1] ^= 1
	if hash(varied, device) != hash(first.Header, device) {
		t.Error("varying the block makes a new handshake of an old one")
	}
	if hash(first.Header, device) == hash(second.Header, device) || hash(first.Header, device) == hash(first.Header, identity.DeviceID{}) {
		t.Error("two handshakes share a replay hash")
	}
}

func TestTwoHandshakesShareNothing(t *testing.T) {
	alice, bob := newParty(t), newMailbox(t, newParty(t), 1)
	one, two := bob.initiate(t, alice), bob.initiate(t, alice)
	if one.Root == two.Root || one.SessionID == two.SessionID || one.Binding == two.Binding {
		t.Error("two sessions share a key or an id")
	}
}

func TestRelaySeesNoIdentity(t *testing.T) {
	alice, bob := newParty(t), newMailbox(t, newParty(t), 1)
	sent := bob.initiate(t, alice)
	visible := map[string][]byte{
		"header": sent.Header,
		"bundle": bob.sealed,
		"pair":   handshake.SealPair(bob.secret, bob.pairs[0]),
	}
	planted := map[string][]byte{}
	for who, p := range map[string]*party{"alice": alice, "bob": bob.party} {
		fingerprint, device, cert := p.identity.Fingerprint(), p.own.Device.ID(), p.own.Certificate.Bytes()
		statement := p.own.Device.Statement(fingerprint)
		planted[who+"'s fingerprint"] = fingerprint[:]
		planted[who+"'s key id"] = fingerprint[:8]
		planted[who+"'s device id"] = device[:]
		planted[who+"'s certificate key"] = cert[10:42]
		planted[who+"'s certificate tail"] = cert[len(cert)-32:]
		planted[who+"'s identity key"] = p.own.Device.DH().PublicKey().Bytes()
		planted[who+"'s statement"] = statement[60:92]
	}
	planted["the prekey"] = sent.PeerRatchetKey.Bytes()
	planted["the session binding"] = sent.Binding[:]
	planted["the notation"] = []byte("sotto")
	find := func(haystack []byte) (found []string) {
		for name, needle := range planted {
			for _, form := range [][]byte{needle, []byte(hex.EncodeToString(needle))} {
				if bytes.Contains(haystack, form) {
					found = append(found, name)
				}
			}
		}
		return found
	}
	for name, b := range visible {
		if found := find(b); len(found) != 0 {
			t.Errorf("%s shows %v", name, found)
		}
	}
	// The same search finds them where they are.
	plain, err := handshake.NewBundle(bob.own, bob.set, bob.pairs, now)
	if err != nil {
		t.Fatal(err)
	}
	if found := find(plain); len(found) < 7 {
		t.Errorf("the search finds only %v in an unsealed bundle", found)
	}
}

func TestPrintingNeverShowsASecret(t *testing.T) {
	bob := newMailbox(t, newParty(t), 1)
	sent := bob.initiate(t, newParty(t))
	for name, secret := range map[string]interface {
		String() string
		GoString() string
	}{"invitation secret": bob.secret, "root": sent.Root, "set": bob.set, "pair": bob.pairs[0]} {
		if len(secret.String()) > 60 || len(secret.GoString()) > 60 {
			t.Errorf("%s prints %q", name, secret)
		}
	}
}

func TestSizesStayWithinThePlan(t *testing.T) {
	alice, bob := newParty(t), newMailbox(t, newParty(t), 100)
	for _, c := range []struct {
		name string
		got  int
		want int
	}{
		{"header", len(bob.initiate(t, alice).Header), 14_160},
		{"sealed bundle of 100 pairs", len(bob.sealed), 21_000},
		{"sealed pair", len(handshake.SealPair(bob.secret, bob.pairs[0])), handshake.MaxSealedPair},
		{"secret pair", len(bob.pairs[0].Marshal()), 129},
	} {
		t.Logf("%s: %d bytes", c.name, c.got)
		if c.got > c.want {
			t.Errorf("%s has %d bytes, more than %d", c.name, c.got, c.want)
		}
	}
}
