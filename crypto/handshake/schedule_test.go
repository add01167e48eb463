package handshake

import (
	"bytes"
	"errors"
	"testing"
	"time"

	"sotto/app/apptest/alloc"
	"sotto/crypto/encode"
	"sotto/crypto/identity"
)

var scheduleNow = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func newOwn(t testing.TB) Own {
	t.Helper()
	id, err := identity.New(scheduleNow)
	if err != nil {
		t.Fatal(err)
	}
	device, err := identity.NewDevice(scheduleNow)
	if err != nil {
		t.Fatal(err)
	}
	list, err := identity.SignDeviceList(id, nil, [][]byte{device.Statement(id.Fingerprint())}, scheduleNow)
	if err != nil {
		t.Fatal(err)
	}
	return Own{Device: device, Certificate: id.Certificate(), List: list}
}

func fill(b byte, n int) []byte { return bytes.Repeat([]byte{b}, n) }

// inputs are all inputs of the key schedule.
type inputs struct {
	secrets    secrets
	invitation Secret
	prefix     []byte
	transcript transcript
}

func (in inputs) run() keys {
	s := secrets{
		dh1:    bytes.Clone(in.secrets.dh1),
		dh2:    bytes.Clone(in.secrets.dh2),
		dh3:    bytes.Clone(in.secrets.dh3),
		dh4:    bytes.Clone(in.secrets.dh4),
		shared: bytes.Clone(in.secrets.shared),
	}
	return newStage(&s, in.invitation, in.prefix, in.transcript.peerDevice).finish(s.dh1, in.transcript)
}

func TestRootKeyDependsOnEverySecretAndEveryFieldOfTheTranscript(t *testing.T) {
	alice, bob, other := newOwn(t), newOwn(t), newOwn(t)
	base := func() inputs {
		return inputs{
			secrets:    secrets{fill(1, 32), fill(2, 32), fill(3, 32), fill(4, 32), fill(5, 32)},
			invitation: Secret(fill(6, 32)),
			prefix:     fill(7, prefixSize),
			transcript: transcript{
				initiator:       alice.List,
				acceptor:        bob.List,
				initiatorDevice: alice.List.Devices[0],
				peerDevice:      bob.List.Devices[0],
				setID:           ID(fill(8, 8)),
				signedPrekey:    fill(9, 32),
				pairID:          fill(10, 8),
				oneTimeKey:      fill(11, 32),
				kemKey:          fill(12, 1568),
				kemCiphertext:   fill(13, 1568),
				ephemeral:       fill(14, 32),
				header:          fill(15, 99),
			},
		}
	}
	want := base().run()
	if again := base().run(); again != want {
		t.Fatal("the schedule is not a function of its inputs")
	}
	onlyTranscript := func(change func(*transcript)) func(*inputs) {
		return func(in *inputs) { change(&in.transcript) }
	}
	sameDevices := *other.List
	sameDevices.Identity, sameDevices.Devices = alice.List.Identity, alice.List.Devices
	for name, change := range map[string]func(*inputs){
		"DH1":                   func(in *inputs) { in.secrets.dh1[0] ^= 1 },
		"DH2":                   func(in *inputs) { in.secrets.dh2[0] ^= 1 },
		"DH3":                   func(in *inputs) { in.secrets.dh3[0] ^= 1 },
		"DH4":                   func(in *inputs) { in.secrets.dh4[0] ^= 1 },
		"no DH4":                func(in *inputs) { in.secrets.dh4 = nil },
		"the KEM secret":        func(in *inputs) { in.secrets.shared[0] ^= 1 },
		"the invitation secret": func(in *inputs) { in.invitation[0] ^= 1 },
		"the header's prefix":   func(in *inputs) { in.prefix[0] ^= 1 },
		"initiator":             onlyTranscript(func(t *transcript) { t.initiator = other.List }),
		"acceptor":              onlyTranscript(func(t *transcript) { t.acceptor = other.List }),
		"both swapped":          onlyTranscript(func(t *transcript) { t.initiator, t.acceptor = t.acceptor, t.initiator }),
		"initiator certificate": onlyTranscript(func(t *transcript) { t.initiator = &sameDevices }),
		"initiator device":      onlyTranscript(func(t *transcript) { t.initiatorDevice = other.List.Devices[0] }),
		"acceptor device":       onlyTranscript(func(t *transcript) { t.peerDevice = other.List.Devices[0] }),
		"set id":                onlyTranscript(func(t *transcript) { t.setID[0] ^= 1 }),
		"signed prekey":         onlyTranscript(func(t *transcript) { t.signedPrekey = fill(99, 32) }),
		"pair id":               onlyTranscript(func(t *transcript) { t.pairID = fill(99, 8) }),
		"no pair id":            onlyTranscript(func(t *transcript) { t.pairID = nil }),
		"one-time key":          onlyTranscript(func(t *transcript) { t.oneTimeKey = fill(99, 32) }),
		"no one-time key":       onlyTranscript(func(t *transcript) { t.oneTimeKey = nil }),
		"KEM key":               onlyTranscript(func(t *transcript) { t.kemKey = fill(99, 1568) }),
		"KEM ciphertext":        onlyTranscript(func(t *transcript) { t.kemCiphertext = fill(99, 1568) }),
		"ephemeral key":         onlyTranscript(func(t *transcript) { t.ephemeral = fill(99, 32) }),
		"header":                onlyTranscript(func(t *transcript) { t.header = fill(99, 99) }),
	} {
		in := base()
		change(&in)
		got := in.run()
		if got.root == want.root || got.sessionID == want.sessionID {
			t.Errorf("changing %s leaves the keys as they were", name)
		}
	}
}

func TestIdentityBlockOpensOnlyWithAllSecretsOfItsStage(t *testing.T) {
	bob := newOwn(t).List.Devices[0]
	stageOf := func(change func(*secrets, *Secret, []byte)) *stage {
		s, invitation, prefix := secrets{dh2: fill(2, 32), dh3: fill(3, 32), dh4: fill(4, 32), shared: fill(5, 32)}, Secret(fill(6, 32)), fill(7, 9)
		change(&s, &invitation, prefix)
		return newStage(&s, invitation, prefix, bob)
	}
	sealed := stageOf(func(*secrets, *Secret, []byte) {}).seal([]byte("who I am"))
	if plain, err := stageOf(func(*secrets, *Secret, []byte) {}).open(sealed); err != nil || string(plain) != "who I am" {
		t.Fatalf("open = %q, %v", plain, err)
	}
	for name, change := range map[string]func(*secrets, *Secret, []byte){
		"a broken DH2, quantum adversary without the KEM": func(s *secrets, _ *Secret, _ []byte) { s.shared[0] ^= 1 },
		"the KEM broken, DHs whole":                       func(s *secrets, _ *Secret, _ []byte) { s.dh2[0] ^= 1; s.dh3[0] ^= 1; s.dh4[0] ^= 1 },
		"without the one-time key":                        func(s *secrets, _ *Secret, _ []byte) { s.dh4 = nil },
		"without the invitation":                          func(_ *secrets, i *Secret, _ []byte) { i[0] ^= 1 },
		"another prefix":                                  func(_ *secrets, _ *Secret, p []byte) { p[0] ^= 1 },
	} {
		if _, err := stageOf(change).open(sealed); !errors.Is(err, ErrHandshake) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestI14IdentityBlockMustHoldTogether(t *testing.T) {
	alice, mallory := newOwn(t), newOwn(t)
	aliceID, malloryID := alice.Device.ID(), mallory.Device.ID()
	block := func(fields ...[]byte) []byte {
		var out []byte
		for _, f := range fields {
			out = encode.Append(out, f)
		}
		return out
	}
	good := block(alice.Certificate.Bytes(), alice.List.Bytes(), aliceID[:])
	if _, err := parseBlock(nil, good, scheduleNow); err != nil {
		t.Fatal(err)
	}
	for name, b := range map[string][]byte{
		"another certificate":      block(mallory.Certificate.Bytes(), alice.List.Bytes(), aliceID[:]),
		"another list":             block(alice.Certificate.Bytes(), mallory.List.Bytes(), aliceID[:]),
		"a device not on the list": block(alice.Certificate.Bytes(), alice.List.Bytes(), malloryID[:]),
		"no device":                block(alice.Certificate.Bytes(), alice.List.Bytes()),
		"a byte too many":          append(bytes.Clone(good), 0),
		"nothing":                  nil,
	} {
		if _, err := parseBlock(nil, b, scheduleNow); !errors.Is(err, ErrHandshake) {
			t.Errorf("block with %s: %v", name, err)
		}
	}
}

func FuzzParseBlock(f *testing.F) {
	alice := newOwn(f)
	id := alice.Device.ID()
	var block []byte
	block = encode.Append(block, alice.Certificate.Bytes())
	block = encode.Append(block, alice.List.Bytes())
	block = encode.Append(block, id[:])
	f.Add(block)
	f.Add(block[:100])
	f.Fuzz(func(t *testing.T, b []byte) {
		alloc.Check(t, len(b), func() { _, _ = parseBlock(nil, b, scheduleNow) })
		got, err := parseBlock(nil, b, scheduleNow)
		if err == nil && got.list.Device(got.device.ID) != got.device {
			t.Error("the device of an accepted block is not on its list")
		}
	})
}
