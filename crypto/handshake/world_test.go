package handshake_test

import (
	"testing"
	"time"

	"sotto/crypto/handshake"
	"sotto/crypto/identity"
)

var now = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// party is a person with one device.
type party struct {
	identity *identity.Identity
	own      handshake.Own
}

func newParty(t testing.TB) *party {
	t.Helper()
	id, err := identity.New(now)
	if err != nil {
		t.Fatal(err)
	}
	device, err := identity.NewDevice(now)
	if err != nil {
		t.Fatal(err)
	}
	list, err := identity.SignDeviceList(id, nil, [][]byte{device.Statement(id.Fingerprint())}, now)
	if err != nil {
		t.Fatal(err)
	}
	return &party{identity: id, own: handshake.Own{Device: device, Certificate: id.Certificate(), List: list}}
}

// mailbox is an acceptor with a published bundle.
type mailbox struct {
	*party
	secret handshake.Secret
	set    *handshake.PrekeySet
	pairs  []*handshake.OneTimePair
	sealed []byte
	known  *identity.Known // what open and accept remember; nil: nothing
}

func newMailbox(t testing.TB, owner *party, pairs int) *mailbox {
	t.Helper()
	m := &mailbox{party: owner, secret: handshake.NewSecret()}
	var err error
	if m.set, err = handshake.NewPrekeySet(now); err != nil {
		t.Fatal(err)
	}
	for range pairs {
		pair, err := handshake.NewOneTimePair(now)
		if err != nil {
			t.Fatal(err)
		}
		m.pairs = append(m.pairs, pair)
	}
	bundle, err := handshake.NewBundle(owner.own, m.set, m.pairs, now)
	if err != nil {
		t.Fatal(err)
	}
	m.sealed = handshake.SealBundle(m.secret, bundle)
	return m
}

func (m *mailbox) open(t testing.TB) *handshake.Bundle {
	t.Helper()
	bundle, err := handshake.OpenBundle(m.known, m.secret, m.sealed, m.identity.Fingerprint(), now)
	if err != nil {
		t.Fatal(err)
	}
	return bundle
}

// initiate lets sender write to the mailbox, with the first one-time pair if there is one.
func (m *mailbox) initiate(t testing.TB, sender *party) *handshake.Initiated {
	t.Helper()
	var pair *handshake.PublicPair
	if len(m.pairs) > 0 {
		pair = m.pairs[0].Public()
	}
	out, err := handshake.Initiate(sender.own, m.open(t), pair, m.secret, now)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// accept runs all stages on the acceptor's side.
func (m *mailbox) accept(header []byte) (*handshake.Accepted, error) {
	return m.acceptWith(header, m.secret, m.set, m.pairs, now)
}

func (m *mailbox) acceptWith(header []byte, secret handshake.Secret, set *handshake.PrekeySet, pairs []*handshake.OneTimePair, at time.Time) (*handshake.Accepted, error) {
	initial, err := handshake.ParseInitial(header)
	if err != nil {
		return nil, err
	}
	if err := initial.CheckGate(secret); err != nil {
		return nil, err
	}
	var pair *handshake.OneTimePair
	if id, ok := initial.PairID(); ok {
		for _, p := range pairs {
			if p.ID() == id {
				pair = p
			}
		}
	}
	return handshake.Accept(m.known, m.own, set, pair, initial, secret, at)
}
