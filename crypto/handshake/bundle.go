package handshake

import (
	"bytes"
	"crypto/ecdh"
	"crypto/mlkem"
	"errors"
	"fmt"
	"time"

	"sotto/crypto/encode"
	"sotto/crypto/identity"
)

const (
	// BundleLifetime is how long a bundle statement is valid.
	BundleLifetime = 14 * 24 * time.Hour
	// MaxPairs is how many one-time pairs a statement may list.
	MaxPairs = 512
	// MaxBundle bounds a sealed bundle in bytes; one that lists 100 pairs has about 20,900.
	MaxBundle = 64 << 10
)

// Bundle is a verified bundle (docs/PROTOCOL.md section 4.3): everything an invitation's holder needs
// to write to its device. It is safe for concurrent use.
type Bundle struct {
	// Certificate is the acceptor's.
	Certificate *identity.Certificate
	// List is the acceptor's device list; the caller judges it with identity.Advance.
	List *identity.DeviceList
	// Device is the statement of the acceptor's device, from the list.
	Device *identity.DeviceStatement
	// Created and NotAfter bound the use of the bundle, to the second, in UTC.
	Created, NotAfter time.Time

	setID ID
	dh    *ecdh.PublicKey
	kem   []byte // last-resort key; parsed only where there is no one-time pair
	pairs []byte // hashes of the unused one-time pairs, one after the other
}

// Identity returns whose bundle it is.
func (b *Bundle) Identity() identity.Fingerprint { return b.Certificate.Fingerprint() }

// NewBundle returns the bundle of the own device, signed by the device, dated now and valid for
// BundleLifetime, that lists the given one-time pairs: all that are unused, at most MaxPairs. It
// returns ErrMalformed when the arguments do not belong together.
func NewBundle(own Own, set *PrekeySet, pairs []*OneTimePair, now time.Time) ([]byte, error) {
	if _, err := own.statement(); err != nil {
		return nil, err
	}
	if len(pairs) > MaxPairs {
		return nil, ErrMalformed
	}
	hashes := make([]byte, 0, len(pairs)*32)
	for _, p := range pairs {
		h := p.Public().hash()
		hashes = append(hashes, h[:]...)
	}
	id := own.Device.ID()
	var body []byte
	body = encode.Append(body, own.List.Identity[:])
	body = encode.Append(body, id[:])
	body = encode.Append(body, encode.Uint64(own.List.Version))
	body = encode.Append(body, encode.Time(now))
	body = encode.Append(body, encode.Time(now.Add(BundleLifetime)))
	body = encode.Append(body, set.id[:])
	body = encode.Append(body, set.dh.PublicKey().Bytes())
	body = encode.Append(body, set.kem.EncapsulationKey().Bytes())
	body = encode.Append(body, hashes)

	signature, err := own.Device.Sign(encode.BundleStatement, body, now)
	if err != nil {
		return nil, fmt.Errorf("signing a bundle: %w", err)
	}
	var out []byte
	out = encode.Append(out, own.Certificate.Bytes())
	out = encode.Append(out, own.List.Bytes())
	out = encode.Append(out, body)
	return encode.Append(out, signature), nil
}

// SealBundle returns the bundle sealed under the secret, for the relay.
func SealBundle(secret Secret, bundle []byte) []byte {
	return secret.seal(encode.BundleSeal, bundle)
}

// OpenBundle opens and verifies a bundle fetched from a relay: the certificate is the one of the
// expected identity, which signed the device list, which holds the device that signed the statement. known,
// if not nil, remembers whose certificate and list were verified.
// It returns ErrBundle, ErrOtherIdentity, ErrBundleExpired or ErrBundleFuture.
func OpenBundle(known *identity.Known, secret Secret, sealed []byte, expected identity.Fingerprint, now time.Time) (*Bundle, error) {
	plain, err := secret.open(encode.BundleSeal, sealed, MaxBundle)
	if err != nil {
		return nil, err
	}
	r := encode.NewReader(plain)
	certBytes, listBytes := r.Bytes(identity.MaxCertificate), r.Bytes(identity.MaxDeviceList)
	body, signature := r.Bytes(MaxBundle), r.Bytes(identity.MaxSignature)
	if r.Done() != nil {
		return nil, ErrBundle
	}
	certificate, list, err := known.Verify(certBytes, listBytes, now)
	if err != nil {
		return nil, bundleError(err)
	}
	if !certificate.Fingerprint().Equal(expected) {
		return nil, ErrOtherIdentity
	}
	return parseStatement(certificate, list, body, signature, now)
}

func parseStatement(certificate *identity.Certificate, list *identity.DeviceList, body, signature []byte, now time.Time) (*Bundle, error) {
	r := encode.NewReader(body)
	owner, id := r.Exact(32), r.Exact(len(identity.DeviceID{}))
	version := r.Uint64()
	created, notAfter := r.Time(), r.Time()
	setID := r.Exact(len(ID{}))
	dhBytes, kemBytes := r.Exact(32), r.Exact(mlkem.EncapsulationKeySize1024)
	hashes := r.Bytes(MaxPairs * 32)
	if r.Done() != nil || len(hashes)%32 != 0 {
		return nil, ErrBundle
	}
	device := list.Device(identity.DeviceID(id))
	if device == nil || version != list.Version || identity.Fingerprint(owner) != list.Identity {
		return nil, ErrBundle
	}
	if err := device.Verify(encode.BundleStatement, body, signature, now); err != nil {
		return nil, bundleError(err)
	}
	if !notAfter.After(created) || notAfter.Sub(created) > BundleLifetime {
		return nil, ErrBundle
	}
	dh, err := ecdh.X25519().NewPublicKey(dhBytes)
	if err != nil {
		return nil, ErrBundle
	}
	bundle := &Bundle{
		Certificate: certificate,
		List:        list,
		Device:      device,
		Created:     created,
		NotAfter:    notAfter,
		setID:       ID(setID),
		dh:          dh,
		kem:         kemBytes,
		pairs:       hashes,
	}
	if err := bundle.checkDates(now); err != nil {
		return nil, err
	}
	return bundle, nil
}

// lists reports whether the statement lists a one-time pair.
func (b *Bundle) lists(pair *PublicPair) bool {
	hash := pair.hash()
	for rest := b.pairs; len(rest) > 0; rest = rest[len(hash):] {
		if bytes.Equal(rest[:len(hash)], hash[:]) {
			return true
		}
	}
	return false
}

// checkDates returns ErrBundleFuture or ErrBundleExpired when the statement may not be used at now.
func (b *Bundle) checkDates(now time.Time) error {
	switch {
	case b.Created.After(now.Add(identity.ClockSkew)):
		return ErrBundleFuture
	case now.After(b.NotAfter.Add(identity.ClockSkew)):
		return ErrBundleExpired
	}
	return nil
}

// bundleError turns an error of package identity into one of this package.
func bundleError(err error) error {
	switch {
	case errors.Is(err, identity.ErrExpired):
		return ErrBundleExpired
	case errors.Is(err, identity.ErrFuture):
		return ErrBundleFuture
	}
	return ErrBundle
}
