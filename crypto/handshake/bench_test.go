package handshake_test

import (
	"testing"

	"sotto/crypto/handshake"
)

// BenchmarkInitiate is one session set-up by the initiator, the bundle's signatures included.
func BenchmarkInitiate(b *testing.B) {
	alice, bob := newParty(b), newMailbox(b, newParty(b), 100)
	sealed := handshake.SealPair(bob.secret, bob.pairs[0])
	b.ReportAllocs()
	for b.Loop() {
		bundle := bob.open(b)
		pair, err := handshake.OpenPair(bob.secret, sealed)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := handshake.Initiate(alice.own, bundle, pair, bob.secret, now); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkAccept is one session set-up by the acceptor, the initiator's signatures included.
func BenchmarkAccept(b *testing.B) {
	alice, bob := newParty(b), newMailbox(b, newParty(b), 1)
	header := bob.initiate(b, alice).Header
	b.ReportAllocs()
	for b.Loop() {
		if _, err := bob.accept(header); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkForgedGate is what a flood without the invitation secret costs.
func BenchmarkForgedGate(b *testing.B) {
	alice, bob := newParty(b), newMailbox(b, newParty(b), 1)
	header := bob.initiate(b, alice).Header
	other := handshake.NewSecret()
	for b.Loop() {
		if _, err := bob.acceptWith(header, other, bob.set, bob.pairs, now); err == nil {
			b.Fatal("accepted")
		}
	}
}
