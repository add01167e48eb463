package handshake_test

import (
	"bytes"
	"crypto/mlkem"
	"errors"
	"testing"

	"sotto/crypto/handshake"
	"sotto/crypto/ratchet"
)

var envelope = []byte("associated data")

// initiatorSession is the initiator's ratchet after a handshake, with the static key it claims.
func initiatorSession(t *testing.T, sent *handshake.Initiated, static *mlkem.DecapsulationKey768) ratchet.State {
	t.Helper()
	s, err := ratchet.NewInitiator(ratchet.InitiatorParams{
		Root: ratchet.Root(sent.Root), Binding: ratchet.Binding(sent.Binding), SessionID: ratchet.SessionID(sent.SessionID),
		PeerRatchetKey: sent.PeerRatchetKey, OwnStaticKEM: static,
	}, now)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func acceptorSession(t *testing.T, got *handshake.Accepted) ratchet.State {
	t.Helper()
	kem, err := got.PeerDevice.KEM()
	if err != nil {
		t.Fatal(err)
	}
	s, err := ratchet.NewAcceptor(ratchet.AcceptorParams{
		Root: ratchet.Root(got.Root), Binding: ratchet.Binding(got.Binding), SessionID: ratchet.SessionID(got.SessionID),
		OwnRatchetKey: got.OwnRatchetKey, PeerStaticKEM: kem,
	}, now)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func send(t *testing.T, s ratchet.State) (ratchet.State, []byte) {
	t.Helper()
	next, message, err := ratchet.Encrypt(s, []byte("text"), envelope)
	if err != nil {
		t.Fatal(err)
	}
	return next, message
}

func open(t *testing.T, s ratchet.State, message []byte) ratchet.State {
	t.Helper()
	next, _, _, err := ratchet.Decrypt(s, message, envelope, now)
	if err != nil {
		t.Fatal(err)
	}
	return next
}

func pending(s ratchet.State) bool { return s.Status(now).PQPending && !s.Status(now).PQAuthenticated }

// K7, from the handshake on: an attacker with Alice's X25519 identity key, but not the static ML-KEM key
// of her device, passes the classical handshake as Alice. Bob shows "PQ authentication pending" for as
// long as it lasts.
func TestK7EveryX25519KeyAloneNeverGetsPastPending(t *testing.T) {
	alice, bob := newParty(t), newMailbox(t, newParty(t), 1)
	other, err := mlkem.GenerateKey768()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name   string
		static *mlkem.DecapsulationKey768
		passes bool
	}{
		{"Alice", alice.own.Device.KEM(), true},
		{"attacker", other, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			// Of Alice's device Initiate uses the X25519 key alone, and what is public.
			sent := bob.initiate(t, alice)
			got, err := bob.accept(sent.Header)
			if err != nil {
				t.Fatal(err)
			}
			writer, reader := initiatorSession(t, sent, c.static), acceptorSession(t, got)
			var reply []byte
			for range 30 {
				var message []byte
				writer, message = send(t, writer)
				reader = open(t, reader, message)
				reader, reply = send(t, reader)
				if !pending(reader) {
					t.Fatal("authenticated by a first chain")
				}
			}
			next, _, _, err := ratchet.Decrypt(writer, reply, envelope, now)
			if !c.passes {
				if !errors.Is(err, ratchet.ErrUndecryptable) {
					t.Errorf("the reply opens without the static key: %v", err)
				}
				return
			}
			if err != nil || pending(next) {
				t.Fatalf("Alice cannot authenticate Bob: %v", err)
			}
			_, message := send(t, next)
			if pending(open(t, reader, message)) {
				t.Error("Alice's next chain does not authenticate her")
			}
		})
	}
}

// The other direction: an attacker with every X25519 key of Bob, and the invitation secret, but without
// his ML-KEM-1024 keys opens nothing of a first message and can write nothing that Alice opens.
func TestK7NobodyPosesAsTheAcceptorWithoutItsKEMKeys(t *testing.T) {
	for name, pairs := range map[string]int{"one-time pair": 1, "last-resort key": 0} {
		t.Run(name, func(t *testing.T) {
			alice, bob := newParty(t), newMailbox(t, newParty(t), pairs)
			sent := bob.initiate(t, alice)
			thief := *bob
			set, err := handshake.ParsePrekeySet(withOtherKEM(bob.set.Marshal()))
			if err != nil {
				t.Fatal(err)
			}
			thief.set, thief.pairs = set, nil
			for _, p := range bob.pairs {
				pair, err := handshake.ParseOneTimePair(withOtherKEM(p.Marshal()))
				if err != nil {
					t.Fatal(err)
				}
				thief.pairs = append(thief.pairs, pair)
			}
			_, err = thief.accept(sent.Header)
			refused(t, "without the KEM keys", err)
			got, err := bob.accept(sent.Header)
			if err != nil {
				t.Fatalf("control: Bob himself: %v", err)
			}

			// The thief guesses the root, and knows everything else.
			writer, first := send(t, initiatorSession(t, sent, alice.own.Device.KEM()))
			got.Root = handshake.RootKey{}
			if _, _, _, err := ratchet.Decrypt(acceptorSession(t, got), first, envelope, now); !errors.Is(err, ratchet.ErrUndecryptable) {
				t.Errorf("the first message opens under a guessed root: %v", err)
			}
			if !pending(writer) {
				t.Error("Alice is past pending")
			}
		})
	}
}

// withOtherKEM keeps the X25519 half of stored prekeys; the ML-KEM seed is their last 64 bytes.
func withOtherKEM(secret []byte) []byte {
	out := bytes.Clone(secret)
	for i := len(out) - mlkem.SeedSize; i < len(out); i++ {
		out[i] ^= 0xff
	}
	return out
}
