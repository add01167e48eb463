package handshake_test

import (
	"testing"

	"sotto/crypto/handshake"
)

func TestBothSidesAgree(t *testing.T) {
	for _, c := range []struct {
		name  string
		pairs int
	}{{"with a one-time pair", 3}, {"with the last-resort key", 0}} {
		t.Run(c.name, func(t *testing.T) {
			alice, bob := newParty(t), newMailbox(t, newParty(t), c.pairs)
			sent := bob.initiate(t, alice)
			got, err := bob.accept(sent.Header)
			if err != nil {
				t.Fatal(err)
			}
			if got.Root != sent.Root || got.Binding != sent.Binding || got.SessionID != sent.SessionID {
				t.Error("the two sides computed different keys")
			}
			if got.Root == (handshake.RootKey{}) {
				t.Error("the root key is all zeros")
			}
			if got.Peer != alice.identity.Fingerprint() || got.PeerDevice.ID != alice.own.Device.ID() {
				t.Error("the acceptor holds someone else for the initiator")
			}
			if sent.Peer != bob.identity.Fingerprint() || sent.PeerDevice.ID != bob.own.Device.ID() {
				t.Error("the initiator holds someone else for the acceptor")
			}
			if !sent.PeerRatchetKey.Equal(got.OwnRatchetKey.PublicKey()) {
				t.Error("the first ratchet keys do not belong together")
			}
			kem, err := got.PeerDevice.KEM()
			if err != nil {
				t.Fatal(err)
			}
			if string(kem.Bytes()) != string(alice.own.Device.KEM().EncapsulationKey().Bytes()) {
				t.Error("the initiator's static KEM keys do not belong together")
			}
			none := c.pairs == 0
			if sent.NoOneTimeKey != none || got.NoOneTimeKey != none {
				t.Error("the missing one-time key is not marked")
			}
			if !none && got.UsedPair != bob.pairs[0].ID() {
				t.Error("the used pair is not named")
			}
			t.Logf("header %d bytes, sealed bundle %d bytes", len(sent.Header), len(bob.sealed))
		})
	}
}
