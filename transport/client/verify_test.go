package client

import (
	"crypto"
	"crypto/ed25519"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"math/big"
	"testing"
	"time"

	"sotto/transport/wire"
)

var verifyNow = time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC)

func newKey(t *testing.T) ed25519.PrivateKey {
	t.Helper()
	_, key, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// certificate makes one: for the key, signed by the signer in the name of the parent (nil = itself).
func certificate(t *testing.T, key ed25519.PrivateKey, parent *x509.Certificate, signer crypto.Signer, change func(*x509.Certificate)) *x509.Certificate {
	t.Helper()
	c := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "leaf"},
		NotBefore: verifyNow.Add(-time.Hour), NotAfter: verifyNow.Add(time.Hour),
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	if parent == nil {
		c.Subject.CommonName, c.IsCA, c.BasicConstraintsValid, c.ExtKeyUsage = "identity", true, true, nil
		c.KeyUsage = x509.KeyUsageCertSign
	}
	if change != nil {
		change(c)
	}
	if parent == nil {
		parent = c
	}
	der, err := x509.CreateCertificate(nil, c, parent, key.Public(), signer)
	if err != nil {
		t.Fatal(err)
	}
	out, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestOnlyATLSKeySignedByThePinnedIdentityIsAccepted(t *testing.T) {
	identity, tlsKey, attacker := newKey(t), newKey(t), newKey(t)
	pin := wire.RelayIDOf(identity.Public().(ed25519.PublicKey))
	root := certificate(t, identity, nil, identity, nil)
	leaf := certificate(t, tlsKey, root, identity, nil)
	foreign := certificate(t, attacker, nil, attacker, nil)
	if err := verifyPinned([]*x509.Certificate{leaf, root}, pin, verifyNow); err != nil {
		t.Fatalf("the genuine chain: %v", err)
	}
	for name, chain := range map[string][]*x509.Certificate{
		"no certificate":                       {},
		"no identity":                          {leaf},
		"one too many":                         {leaf, root, root},
		"the identity of another":              {certificate(t, tlsKey, foreign, attacker, nil), foreign},
		"signed by another, identity attached": {certificate(t, attacker, foreign, attacker, nil), root},
		"expired": {certificate(t, tlsKey, root, identity, func(c *x509.Certificate) {
			c.NotAfter = verifyNow.Add(-time.Minute)
		}), root},
		"not yet valid": {certificate(t, tlsKey, root, identity, func(c *x509.Certificate) {
			c.NotBefore = verifyNow.Add(time.Minute)
		}), root},
		"for another use": {certificate(t, tlsKey, root, identity, func(c *x509.Certificate) {
			c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
		}), root},
		"order swapped": {root, leaf},
	} {
		if err := verifyPinned(chain, pin, verifyNow); !errors.Is(err, wire.ErrPinMismatch) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
